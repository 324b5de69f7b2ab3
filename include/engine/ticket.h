/*
 * ticket - one offender on its way from failure to ban and back (spec 10)
 */
#ifndef ENGINE_TICKET_H
#define ENGINE_TICKET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/packed.h"
#include "base/value.h"

struct ticket {
	char *id;     /* normalised text: address, network, name, F-ID; owned */
	size_t id_n;  /* bytes of id */
	bool is_addr; /* id is an address or network: addr is set */
	struct addr addr;
	double time;      /* of the last failure, or of the ban */
	double bantime;   /* seconds, -1 permanent; only when has_bantime */
	bool has_bantime; /* else the jail's bantime counts, whatever it is then
	                   */
	int bancount;
	int retry;    /* what is compared with maxretry */
	int failures; /* real failures */
	struct value
	    *matches; /* list of [before, date, after] or text; owned */
	struct value
	    *data;    /* dict of captures without matches, failures; owned */
	char *packed; /* both as bytes while they are NULL; owned */
	size_t packed_n;
	size_t packed_matches; /* bytes of matches; those of data follow */
	bool restored;         /* came from the database */
	bool banned;           /* the actions have run */
	int epoch; /* ban epoch of the jail when it was (re)banned */
};

/*
 * No count is larger, whatever a database says, so that one can be added to
 * another.
 */
#define TICKET_COUNT_MAX 1000000000
/* n, but at least 0 and at most TICKET_COUNT_MAX. */
int ticket_bounded(long long n);

/* The id is normalised; matches and data are empty. Free: ticket_free(). */
struct ticket *ticket_new(const char *id, size_t n, double time);
/* The same, packed: matches (a list) and data (a dict) are copied. */
struct ticket *ticket_new_packed(const char *id, size_t n, double time,
    const struct packed matches, const struct packed data);
/* Another id; matches, data and time are those of t. */
struct ticket *ticket_new_like(
    const char *id, size_t n, const struct ticket *t);
void ticket_free(struct ticket *t);
struct ticket *ticket_copy(const struct ticket *t);

/*
 * While a ticket waits, for its turn or for its end, its matches and data
 * take a fifth of the memory as bytes. Packed it has an id and times, and can
 * be copied (the copy is packed too) and freed.
 */
void ticket_pack(struct ticket *t);
/* No-op when it is not packed. */
void ticket_unpack(struct ticket *t);
/*
 * Matches and data as bytes, whether t is packed or not: borrowed from it, or
 * from scratch, which is emptied first.
 */
void ticket_parts(const struct ticket *t, struct buf *scratch,
    struct packed *matches, struct packed *data);

/* Address for <ip>: data "ip" if there, else the id. Borrowed. */
const char *ticket_ip(const struct ticket *t);
/* AF_INET, AF_INET6, or 0 for raw ids (of ticket_ip()). */
int ticket_family(const struct ticket *t);
/* End of the ban; INFINITY when permanent. bantime: the jail's. */
double ticket_end(const struct ticket *t, double bantime);
/* Lines of matches joined by newlines, as <matches> prints them. */
void ticket_matches(struct buf *out, const struct ticket *t);
/* Drops the oldest matches beyond max. */
void ticket_keep_matches(struct ticket *t, int max);
/*
 * An id for a log line: control bytes, newlines too, are escaped, so that it
 * cannot forge a line.
 */
void ticket_shown(struct buf *out, const char *id, size_t n);
/* "2026-11-22 09:35:53" in local time, 9999-12-31 23:59:59 at the latest. */
void ticket_print_time(struct buf *out, double when);

#endif
