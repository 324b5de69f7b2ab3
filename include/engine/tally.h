/*
 * tally - failures per offender within findtime (spec 10 section 3)
 *
 * One per jail. What is remembered is bounded in ids and in bytes;
 * beyond that the offender seen longest ago is forgotten, and counted.
 */
#ifndef ENGINE_TALLY_H
#define ENGINE_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/ticket.h"

struct tally;

#define TALLY_IDS_MAX 65536
#define TALLY_BYTES_MAX (64u << 20)
/* Captures and matches beyond these bytes go to the spool. */
#define TALLY_BYTES_SPOOL (128u << 10)
/* So many matches of one id come back from there at most. */
#define TALLY_MATCHES_SPOOLED 1000
/*
 * Without a spool: matches of a jail beyond these bytes. An id then keeps its
 * last few only, whatever maxmatches says. A flood costs no memory, and the
 * database keeps no more than dbmaxmatches (10) anyway.
 */
#define TALLY_BYTES_PLENTY (256u << 10)
#define TALLY_MATCHES_FEW 10

/* findtime 600 s, maxmatches 5, no spool. */
struct tally *tally_new(void);
void tally_free(struct tally *t);
void tally_set_findtime(struct tally *t, double seconds);
void tally_set_maxmatches(struct tally *t, int n);
/* Where there is a folder for the spool; copied. NULL: none. */
void tally_set_folder(struct tally *t, const char *folder);
/* For tests; both at least 1. */
void tally_set_bounds(struct tally *t, size_t ids, size_t bytes);

/* A failure that is counted; all of it borrowed. */
struct offence {
	const char *id; /* normalised */
	size_t id_n;
	double time;
	int weight;   /* how often it counts, at least 1 */
	int failures; /* real failures, less than 1: one */
	struct packed matches;
	struct packed data;
};

/*
 * Counts a failure. The data of the first one of an id is kept, of later ones
 * only the matches. Returns the count to compare with maxretry. Failures may
 * come out of order.
 */
int tally_add(struct tally *t, const struct offence *of);
/*
 * More weight for a failure that was just added, because its id was banned
 * bancount times before. Returns the count; 0 when the id is not there.
 */
int tally_weigh(
    struct tally *t, const char *id, size_t n, int weight, int bancount);
/* Removes the id and gives its ticket to the caller; NULL when unknown. */
struct ticket *tally_take(struct tally *t, const char *id, size_t n);
/* Forgets those whose last failure is not after now - findtime. */
void tally_prune(struct tally *t, double now);

/* Ids remembered; failures counted; ids forgotten because of the bounds. */
size_t tally_count(const struct tally *t);
unsigned long tally_total(const struct tally *t);
unsigned long tally_evicted(const struct tally *t);

#endif
