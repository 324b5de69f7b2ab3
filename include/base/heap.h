/*
 * heap - indexed binary min-heap over nodes that the caller embeds
 *
 * A node knows its place, so any node can be removed or moved in O(log n).
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

struct heap_node {
	double key; /* smallest first */
	size_t at;  /* place + 1; 0: in no heap */
};

struct heap {
	struct heap_node **nodes; /* borrowed nodes */
	size_t n;
	size_t cap;
};

#define HEAP_INIT                                                              \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

void heap_release(struct heap *h);
/* Inserts, or moves a node that is in the heap already. */
void heap_set(struct heap *h, struct heap_node *node, double key);
/* No-op when the node is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);
/* Smallest node, NULL when empty; stays in the heap. */
struct heap_node *heap_min(const struct heap *h);

#endif
