/*
 * Failures are not stored one by one: an offender is a count, the two ends of
 * its window and its evidence. A heap by the last failure serves both the
 * expiry and the eviction, so nothing is ever scanned.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/evidence.h"
#include "engine/tally.h"

struct offender {
	struct heap_node node; /* first member; key: latest failure */
	struct evidence evidence;
	double first; /* start of the window */
	int retry;    /* failures in it, estimated */
	int failures; /* real ones */
	int bancount;
	uint32_t id_n;
	char id[]; /* and a NUL */
};

struct tally {
	struct dict *offenders; /* id -> struct offender, owned */
	struct heap by_last;
	double findtime;
	int maxmatches;
	size_t ids_max;
	size_t bytes_max;
	size_t bytes; /* of all offenders in memory */
	unsigned long total;
	unsigned long evicted;
	char *folder; /* of the spool; NULL: there is none */
	struct spool *spool;
};

static size_t
offender_bytes(const struct offender *o)
{
	return o->id_n + evidence_bytes(&o->evidence);
}

static void
offender_free(void *p)
{
	struct offender *o = p;

	evidence_release(&o->evidence);
	free(o);
}

struct tally *
tally_new(void)
{
	struct tally *t = xcalloc(1, sizeof(*t));

	t->offenders = dict_new_lent(offender_free);
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
	heap_release(&t->by_last); /* looks at its nodes */
	dict_free(t->offenders);
	spool_free(t->spool);
	free(t->folder);
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
tally_set_folder(struct tally *t, const char *folder)
{
	free(t->folder);
	t->folder = folder == NULL ? NULL : xstrdup(folder);
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
offender_slide(struct tally *t, struct offender *o, double when)
{
	double start = when - t->findtime;

	if (when <= o->node.key)
		return; /* late line: never slide back */
	if (o->first < start) {
		double rate = o->retry / (when - o->first);

		o->retry = (int)nearbyint(rate * t->findtime);
		o->first = start;
	}
	heap_set(&t->by_last, &o->node, when);
}

static struct offender *
find(struct tally *t, const char *id, size_t n)
{
	return dict_getn(t->offenders, id, n);
}

/* ---- evidence */

static void
no_spool(struct tally *t)
{
	log_msg(LOG_WARN, "filter",
	    "Matches cannot be kept in '%s' (%m): the last %d of each address "
	    "stay in memory",
	    t->folder, TALLY_MATCHES_FEW);
	free(t->folder);
	t->folder = NULL;
}

/* There is much of it: everything that is in memory goes to the spool. */
static void
begin_spool(struct tally *t)
{
	t->spool = spool_new(t->folder);
	if (t->spool == NULL) {
		no_spool(t);
		return;
	}
	for (struct dict_iter it = {0}; dict_next(t->offenders, &it);) {
		struct offender *o = it.value;

		t->bytes -= offender_bytes(o);
		if (!o->evidence.spooled)
			(void)evidence_spool(&o->evidence, t->spool);
		t->bytes += offender_bytes(o);
	}
}

static void
settle(struct tally *t, struct offender *o)
{
	t->bytes += offender_bytes(o);
	if (t->folder == NULL || o->evidence.spooled)
		return;
	if (t->spool == NULL) {
		if (t->bytes > TALLY_BYTES_SPOOL)
			begin_spool(t);
		return;
	}
	t->bytes -= offender_bytes(o);
	if (!evidence_spool(&o->evidence, t->spool))
		no_spool(t);
	t->bytes += offender_bytes(o);
}

static struct offender *
insert(struct tally *t, const struct offence *of)
{
	struct offender *o = xcalloc(1, sizeof(*o) + of->id_n + 1);

	evidence_init(&o->evidence, of->matches, of->data);
	o->first = of->time;
	o->retry = of->weight > of->failures ? of->weight : of->failures;
	o->failures = of->failures < 1 ? 1 : of->failures;
	o->id_n = (uint32_t)of->id_n;
	memcpy(o->id, of->id, of->id_n);
	heap_set(&t->by_last, &o->node, of->time);
	dict_setn(t->offenders, o->id, o->id_n, o);
	settle(t, o);
	return o;
}

static void
merge(struct tally *t, struct offender *o, const struct offence *of)
{
	int max = t->maxmatches;

	if (max > TALLY_MATCHES_FEW && t->bytes > TALLY_BYTES_PLENTY)
		max = TALLY_MATCHES_FEW;
	offender_slide(t, o, of->time);
	o->retry = ticket_bounded((long long)o->retry + of->weight);
	o->failures = ticket_bounded(
	    (long long)o->failures + (of->failures > 1 ? of->failures : 1));
	t->bytes -= offender_bytes(o);
	if (!evidence_add(&o->evidence, of->matches, max, t->spool) &&
	    t->folder != NULL)
		no_spool(t);
	settle(t, o);
}

/* ---- bounds */

/* The spool goes with the last one whose evidence is in it. */
static void
forget(struct tally *t, struct offender *o)
{
	heap_remove(&t->by_last, &o->node);
	t->bytes -= offender_bytes(o);
	dict_deln(t->offenders, o->id, o->id_n);
	if (dict_count(t->offenders) > 0)
		return;
	spool_free(t->spool);
	t->spool = NULL;
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
		forget(t, o);
	}
	heap_set(&t->by_last, &keep->node, last);
}

int
tally_add(struct tally *t, const struct offence *of)
{
	struct offender *o = find(t, of->id, of->id_n);

	t->total++;
	if (o == NULL)
		o = insert(t, of);
	else
		merge(t, o, of);
	evict(t, o);
	return o->retry;
}

int
tally_weigh(struct tally *t, const char *id, size_t n, int weight, int bancount)
{
	struct offender *o = find(t, id, n);

	if (o == NULL)
		return 0;
	o->retry = ticket_bounded((long long)o->retry + weight);
	o->failures = ticket_bounded(o->failures + 1LL);
	if (o->bancount < bancount)
		o->bancount = bancount;
	return o->retry;
}

struct ticket *
tally_take(struct tally *t, const char *id, size_t n)
{
	struct offender *o = find(t, id, n);
	struct ticket *tk;
	int max = t->maxmatches;

	if (o == NULL)
		return NULL;
	if (o->evidence.spooled && max > TALLY_MATCHES_SPOOLED)
		max = TALLY_MATCHES_SPOOLED;
	tk = ticket_new(o->id, o->id_n, o->node.key);
	tk->retry = o->retry;
	tk->failures = o->failures;
	tk->bancount = o->bancount;
	evidence_get(&o->evidence, t->spool, max, tk);
	forget(t, o);
	return tk;
}

void
tally_prune(struct tally *t, double now)
{
	struct offender *o;

	while ((o = (struct offender *)heap_min(&t->by_last)) != NULL &&
	       o->node.key <= now - t->findtime)
		forget(t, o);
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
