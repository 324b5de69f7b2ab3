/*
 * Failures are not stored one by one: an offender is a count, the two ends of
 * its window and a ticket, packed where there are many. A heap by the last
 * failure serves both the expiry and the eviction, so nothing is ever scanned.
 */
#include <math.h>
#include <stdlib.h>

#include "base/dict.h"
#include "base/heap.h"
#include "base/mem.h"
#include "engine/tally.h"

enum {
	PACKED_FROM = 100, /* offenders: with fewer memory is no matter */
};

struct offender {
	struct heap_node node; /* first member; key: latest failure */
	struct tally *tally;
	struct ticket *ticket; /* the first failure's, owned */
	double first;          /* start of the window */
	int retry;             /* failures in it, estimated */
	size_t bytes;          /* of id, data and matches */
};

struct tally {
	struct dict *offenders; /* id -> struct offender, owned */
	struct heap by_last;
	double findtime;
	int maxmatches;
	size_t ids_max;
	size_t bytes_max;
	size_t bytes; /* of all offenders */
	unsigned long total;
	unsigned long evicted;
};

static void
offender_free(void *p)
{
	struct offender *o = p;

	heap_remove(&o->tally->by_last, &o->node);
	o->tally->bytes -= o->bytes;
	ticket_free(o->ticket);
	free(o);
}

struct tally *
tally_new(void)
{
	struct tally *t = xcalloc(1, sizeof(*t));

	t->offenders = dict_new(offender_free);
	t->findtime = 600;
	t->maxmatches = 5;
	t->ids_max = TALLY_IDS_MAX;
	t->bytes_max = TALLY_BYTES_MAX;
	return t;
}

void
tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	dict_free(t->offenders);
	heap_release(&t->by_last);
	free(t);
}

void
tally_set_findtime(struct tally *t, double seconds)
{
	t->findtime = seconds;
}

void
tally_set_maxmatches(struct tally *t, int n)
{
	t->maxmatches = n;
}

void
tally_set_bounds(struct tally *t, size_t ids, size_t bytes)
{
	t->ids_max = ids;
	t->bytes_max = bytes;
}

/*
 * Slides the window so that it ends at when. What falls out of it is
 * estimated from the mean rate so far.
 * fail2ban: the same estimate, rounded half to even; users tuned maxretry
 * to it.
 */
static void
offender_slide(struct offender *o, double when)
{
	double start = when - o->tally->findtime;

	if (when <= o->node.key)
		return; /* late line: never slide back */
	if (o->first < start) {
		double rate = o->retry / (when - o->first);

		o->retry = (int)nearbyint(rate * o->tally->findtime);
		o->first = start;
	}
	heap_set(&o->tally->by_last, &o->node, when);
}

static size_t
match_bytes(const struct value *m)
{
	size_t bytes = sizeof(*m) + m->text_n;

	for (size_t k = 0; k < m->n; k++)
		bytes += sizeof(*m) + m->items[k]->text_n;
	return bytes;
}

static void
offender_add_bytes(struct offender *o, size_t bytes)
{
	o->bytes += bytes;
	o->tally->bytes += bytes;
}

static struct offender *
find(struct tally *t, const char *id, size_t n)
{
	return dict_getn(t->offenders, id, n);
}

static struct offender *
insert(struct tally *t, struct ticket *tk, int weight)
{
	struct offender *o = xcalloc(1, sizeof(*o));

	o->tally = t;
	o->ticket = tk;
	o->first = tk->time;
	o->retry = weight > tk->failures ? weight : tk->failures;
	if (tk->failures < 1)
		tk->failures = 1;
	heap_set(&t->by_last, &o->node, tk->time);
	offender_add_bytes(o, tk->id_n + value_bytes(tk->data));
	for (size_t i = 0; i < tk->matches->n; i++)
		offender_add_bytes(o, match_bytes(tk->matches->items[i]));
	dict_setn(t->offenders, tk->id, tk->id_n, o);
	return o;
}

static void
add_match(struct offender *o, const struct value *m)
{
	struct value *joined = ticket_match_joined(m);

	offender_add_bytes(o, match_bytes(joined));
	(void)value_add(o->ticket->matches, joined);
}

static void
keep_matches(struct offender *o)
{
	const struct value *matches = o->ticket->matches;
	int max = o->tally->maxmatches;

	if (max > TALLY_MATCHES_FEW && o->tally->bytes > TALLY_BYTES_PLENTY)
		max = TALLY_MATCHES_FEW;
	for (size_t i = 0; i + (size_t)(max < 0 ? 0 : max) < matches->n; i++)
		offender_add_bytes(o, -match_bytes(matches->items[i]));
	ticket_keep_matches(o->ticket, max);
}

/*
 * fail2ban: the first ticket keeps its matches as lists and is not cut; what
 * is merged into it becomes text, and then only maxmatches stay.
 */
static void
merge(struct offender *o, struct ticket *tk, int weight)
{
	struct ticket *kept = o->ticket;

	ticket_unpack(kept);
	offender_slide(o, tk->time);
	o->retry += weight;
	kept->failures += tk->failures > 1 ? tk->failures : 1;
	for (size_t i = 0; i < tk->matches->n; i++)
		add_match(o, tk->matches->items[i]);
	keep_matches(o);
	ticket_free(tk);
}

static bool
is_too_big(const struct tally *t)
{
	size_t n = dict_count(t->offenders);

	return n > 1 && (n > t->ids_max || t->bytes > t->bytes_max);
}

/* Forgets the oldest; keep is the one that was just seen. */
static void
evict(struct tally *t, struct offender *keep)
{
	double last = keep->node.key;

	if (!is_too_big(t))
		return;
	heap_set(&t->by_last, &keep->node, INFINITY);
	while (is_too_big(t)) {
		struct offender *o = (struct offender *)heap_min(&t->by_last);

		t->evicted++;
		dict_deln(t->offenders, o->ticket->id, o->ticket->id_n);
	}
	heap_set(&t->by_last, &keep->node, last);
}

int
tally_add(struct tally *t, struct ticket *tk, int weight)
{
	struct offender *o = find(t, tk->id, tk->id_n);
	int retry;

	t->total++;
	if (o == NULL)
		o = insert(t, tk, weight);
	else
		merge(o, tk, weight);
	retry = o->retry;
	if (dict_count(t->offenders) >= PACKED_FROM)
		ticket_pack(o->ticket);
	evict(t, o);
	return retry;
}

int
tally_weigh(struct tally *t, const char *id, size_t n, int weight, int bancount)
{
	struct offender *o = find(t, id, n);

	if (o == NULL)
		return 0;
	o->retry += weight;
	o->ticket->failures++;
	if (o->ticket->bancount < bancount)
		o->ticket->bancount = bancount;
	return o->retry;
}

struct ticket *
tally_take(struct tally *t, const char *id, size_t n)
{
	struct offender *o = find(t, id, n);
	struct ticket *tk;

	if (o == NULL)
		return NULL;
	tk = o->ticket;
	ticket_unpack(tk);
	tk->time = o->node.key;
	tk->retry = o->retry;
	o->ticket = NULL;
	dict_deln(t->offenders, id, n);
	return tk;
}

void
tally_prune(struct tally *t, double now)
{
	struct offender *o;

	while ((o = (struct offender *)heap_min(&t->by_last)) != NULL &&
	       o->node.key <= now - t->findtime)
		dict_deln(t->offenders, o->ticket->id, o->ticket->id_n);
}

size_t
tally_count(const struct tally *t)
{
	return dict_count(t->offenders);
}

unsigned long
tally_total(const struct tally *t)
{
	return t->total;
}

unsigned long
tally_evicted(const struct tally *t)
{
	return t->evicted;
}
