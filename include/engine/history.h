/*
 * history - fail2ban's SQLite database: bans, offenders, log positions
 *
 * Schema v4 (spec 13). Writes are queued in order and committed together by
 * history_flush(); reads see what is queued. Nobody waits for a lock: while
 * another program holds it the queue stays and a timer tries again. When the
 * file cannot be used everything goes on in memory, said loudly in the log.
 */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/ticket.h"

struct history;

#define HISTORY_MARK_MAX 72

/*
 * Opens, creates, upgrades or repairs the file at path (":memory:" for none),
 * with the log lines of spec 13 section 5. loop is borrowed and may be NULL:
 * then who wrote has to call history_flush(). NULL only for a database of a
 * later version (fail2ban's text in err); a file that cannot be used at all
 * gives a database in memory.
 */
struct history *history_open(
    const char *path, uv_loop_t *loop, struct err *err);
/*
 * Writes what is queued (waits at most a second for others), closes. The loop
 * must run once more to close the timer.
 */
void history_close(struct history *h);

/* As it was given to history_open(). Borrowed. */
const char *history_path(const struct history *h);
/* The file could not be used: everything is lost at exit. */
bool history_is_lost(const struct history *h);
/* Writes that wait for the file; writes given up because of an error. */
size_t history_queued(const struct history *h);
unsigned long history_dropped(const struct history *h);

/* dbmaxmatches (default 10) and dbpurgeage (default 86400 s). */
void history_set_maxmatches(struct history *h, int n);
int history_maxmatches(const struct history *h);
void history_set_purgeage(struct history *h, double seconds);
double history_purgeage(const struct history *h);
/*
 * Deletes what is older than the purge age (spec 13 section 4). With a loop
 * this is done once an hour without being asked.
 */
void history_purge(struct history *h);

/*
 * Commits the queue now. Returns 0 when it is empty then, -1 when others hold
 * the file; with a loop it is tried again by itself.
 */
int history_flush(struct history *h);

/* Row of table jails: exists and is enabled; or is disabled. */
void history_jail_add(struct history *h, const char *jail);
void history_jail_stop(struct history *h, const char *jail);

/* A row of table logs; path MONITOR_JOURNAL: at is a time, mark ISO text. */
struct history_pos {
	char mark[HISTORY_MARK_MAX];
	double at;
};

/* False: no row. */
bool history_log_get(struct history *h, const char *jail, const char *path,
    struct history_pos *ret);
/*
 * Inserts or replaces. Committed with the next ban, else at the latest after
 * 10 seconds.
 */
void history_log_set(struct history *h, const char *jail, const char *path,
    const struct history_pos *pos);

/* A new ban: table bans and bips. bantime: seconds, -1 permanent. */
void history_ban(struct history *h, const char *jail, const struct ticket *t,
    double bantime);
/* Deletes the rows of an id, or all rows of the jail. */
void history_unban(
    struct history *h, const char *jail, const char *id, size_t n);
void history_unban_all(struct history *h, const char *jail);

/* What bips knows about an id. */
struct history_row {
	int bancount;
	double timeofban;
	double bantime;
};

/*
 * jail NULL: all jails together (sum of counts, latest time, sum of ban
 * times). Returns 1, 0 when there is no row, -1 when the file is locked by
 * others for more than some milliseconds (logged).
 */
int history_find(struct history *h, const char *jail, const char *id, size_t n,
    struct history_row *ret);

/*
 * All bans of an id merged into one ticket (spec 12 section 2): newest row
 * first, failures summed, up to dbmaxmatches newest matches. jail NULL: all.
 * NULL: no row. Owned by the caller.
 */
struct ticket *history_merged(
    struct history *h, const char *jail, const char *id, size_t n);

/* Which bans come back when a jail starts (spec 10 section 8). */
struct history_restore {
	const char *jail;
	double now;
	double bantime; /* of the jail */
	bool increment; /* bantime.increment is on */
	double maxtime; /* bantime.maxtime, 0: none */
	int maxmatches; /* of the jail */
	int64_t next;   /* private; 0 to begin */
	int64_t end;    /* private; 0 to begin */
};

/* Takes t over. */
typedef void (*history_row_fn)(void *arg, struct ticket *t);

/*
 * Reads up to max rows more and calls fn for those that still run. Returns 1
 * when there may be more, 0 when that was all, -1 when the file is locked.
 */
int history_restore_some(struct history *h, struct history_restore *q, int max,
    history_row_fn fn, void *arg);

#endif
