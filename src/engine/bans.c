/*
 * Two heaps: bans with a time of their own by end, the others by start. The
 * jail's bantime can then change at any time without touching the bans.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/dict.h"
#include "base/heap.h"
#include "base/mem.h"
#include "engine/bans.h"

struct ban {
	struct heap_node node; /* first member; in own or in common */
	struct bans *bans;
	struct ticket *ticket; /* owned */
};

struct bans {
	struct dict *by_id; /* id -> struct ban, owned */
	struct heap own;    /* key: end */
	struct heap common; /* key: start */
	double bantime;
	unsigned long total;
};

static void
ban_unlink(struct ban *n)
{
	heap_remove(n->ticket->has_bantime ? &n->bans->own : &n->bans->common,
	    &n->node);
}

/* Permanent ones are in the heap with an infinite key: no special case. */
static void
ban_link(struct ban *n)
{
	if (n->ticket->has_bantime)
		heap_set(&n->bans->own, &n->node, ticket_end(n->ticket, 0));
	else
		heap_set(&n->bans->common, &n->node, n->ticket->time);
}

static void
ban_free(void *p)
{
	struct ban *n = p;

	if (n->ticket != NULL) {
		ban_unlink(n);
		ticket_free(n->ticket);
	}
	free(n);
}

struct bans *
bans_new(void)
{
	struct bans *b = xcalloc(1, sizeof(*b));

	b->by_id = dict_new(ban_free);
	b->bantime = 600;
	return b;
}

void
bans_free(struct bans *b)
{
	if (b == NULL)
		return;
	dict_free(b->by_id);
	heap_release(&b->own);
	heap_release(&b->common);
	free(b);
}

void
bans_set_bantime(struct bans *b, double seconds)
{
	b->bantime = seconds;
}

double
bans_bantime(const struct bans *b)
{
	return b->bantime;
}

static void
prolong(struct ban *n, const struct ticket *t)
{
	struct ticket *old = n->ticket;
	double bantime = t->has_bantime ? t->bantime : n->bans->bantime;

	if (ticket_end(t, n->bans->bantime) <=
	    ticket_end(old, n->bans->bantime))
		return;
	ban_unlink(n);
	if (bantime != -1 && t->time > old->time)
		bantime += t->time - old->time;
	old->bantime = bantime;
	old->has_bantime = true;
	ban_link(n);
}

enum bans_result
bans_add(struct bans *b, struct ticket **t, double now)
{
	struct ban *n;

	if (ticket_end(*t, b->bantime) < now)
		return BANS_EXPIRED;
	n = dict_getn(b->by_id, (*t)->id, (*t)->id_n);
	if (n != NULL) {
		prolong(n, *t);
		return BANS_KNOWN;
	}
	n = xcalloc(1, sizeof(*n));
	n->bans = b;
	n->ticket = *t;
	n->ticket->bancount = ticket_bounded(n->ticket->bancount + 1LL);
	b->total++;
	ban_link(n);
	dict_setn(b->by_id, n->ticket->id, n->ticket->id_n, n);
	*t = NULL;
	return BANS_ADDED;
}

struct ticket *
bans_find(const struct bans *b, const char *id, size_t n)
{
	struct ban *found = dict_getn(b->by_id, id, n);

	return found == NULL ? NULL : found->ticket;
}

struct ticket *
bans_take(struct bans *b, const char *id, size_t n)
{
	struct ban *taken = dict_taken(b->by_id, id, n);
	struct ticket *t;

	if (taken == NULL)
		return NULL;
	ban_unlink(taken);
	t = taken->ticket;
	taken->ticket = NULL;
	ban_free(taken);
	return t;
}

static double
common_end(const struct bans *b)
{
	struct heap_node *min = heap_min(&b->common);

	return min == NULL || b->bantime == -1 ? INFINITY
	                                       : min->key + b->bantime;
}

static double
own_end(const struct bans *b)
{
	struct heap_node *min = heap_min(&b->own);

	return min == NULL ? INFINITY : min->key;
}

double
bans_next_end(const struct bans *b)
{
	return fmin(own_end(b), common_end(b));
}

struct ticket *
bans_take_ended(struct bans *b, double now)
{
	struct ban *n;

	if (now <= bans_next_end(b))
		return NULL;
	n = (struct ban *)heap_min(
	    own_end(b) <= common_end(b) ? &b->own : &b->common);
	return bans_take(b, n->ticket->id, n->ticket->id_n);
}

size_t
bans_count(const struct bans *b)
{
	return dict_count(b->by_id);
}

unsigned long
bans_total(const struct bans *b)
{
	return b->total;
}

struct ticket **
bans_list(const struct bans *b)
{
	struct ticket **list =
	    xreallocarray(NULL, dict_count(b->by_id) + 1, sizeof(*list));
	size_t n = 0;

	for (struct dict_iter it = {0}; dict_next(b->by_id, &it);)
		list[n++] = ((struct ban *)it.value)->ticket;
	list[n] = NULL;
	return list;
}

static int
compare_end(const void *x, const void *y, void *arg)
{
	const struct bans *b = arg;
	const struct ticket *const *s = x, *const *t = y;
	double ends[] = {
	    ticket_end(*s, b->bantime), ticket_end(*t, b->bantime)};

	return (ends[0] > ends[1]) - (ends[0] < ends[1]);
}

struct ticket **
bans_list_by_end(const struct bans *b)
{
	struct ticket **list = bans_list(b);

	/* glibc's is a merge sort: equal ends keep the order of banning */
	qsort_r(list, dict_count(b->by_id), sizeof(*list), compare_end,
	    (void *)(uintptr_t)b);
	return list;
}
