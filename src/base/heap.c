#include <stdlib.h>

#include "base/heap.h"
#include "base/mem.h"

static void
place(struct heap *h, size_t i, struct heap_node *node)
{
	h->nodes[i] = node;
	node->at = i + 1;
}

static void
sift_up(struct heap *h, size_t i, struct heap_node *node)
{
	while (i > 0 && h->nodes[(i - 1) / 2]->key > node->key) {
		place(h, i, h->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, node);
}

static void
sift_down(struct heap *h, size_t i, struct heap_node *node)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n &&
		    h->nodes[child + 1]->key < h->nodes[child]->key)
			child++;
		if (h->nodes[child]->key >= node->key)
			break;
		place(h, i, h->nodes[child]);
		i = child;
	}
	place(h, i, node);
}

static void
settle(struct heap *h, size_t i, struct heap_node *node)
{
	if (i > 0 && h->nodes[(i - 1) / 2]->key > node->key)
		sift_up(h, i, node);
	else
		sift_down(h, i, node);
}

void
heap_release(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->nodes[i]->at = 0;
	free(h->nodes);
	h->nodes = NULL;
	h->n = h->cap = 0;
}

void
heap_set(struct heap *h, struct heap_node *node, double key)
{
	node->key = key;
	if (node->at != 0) {
		settle(h, node->at - 1, node);
		return;
	}
	GROW(h->nodes, h->n, h->cap);
	sift_up(h, h->n++, node);
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	size_t i = node->at;
	struct heap_node *last;

	if (i == 0)
		return;
	node->at = 0;
	last = h->nodes[--h->n];
	if (last != node)
		settle(h, i - 1, last);
}

struct heap_node *
heap_min(const struct heap *h)
{
	return h->n == 0 ? NULL : h->nodes[0];
}
