/*
 * monitor - the parent's end of the worker: logs in, failures out
 *
 * Opens logs and journals, passes their descriptors to the unprivileged
 * worker, keeps what the worker must be told again when it is restarted, and
 * checks everything that comes back. One per server. Nothing here blocks.
 * Jails are known by name; calls with an unknown jail do nothing (-1).
 *
 * Callbacks come from the loop only, never from inside a call below, except
 * stored(), the first position() of a log that is being added and the last
 * one of a log that is removed.
 */
#ifndef SERVER_MONITOR_H
#define SERVER_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/value.h"
#include "failure.h"
#include "sensor/filterspec.h"

struct monitor;

#define MONITOR_JOURNAL "systemd-journal" /* its path in table logs */

/* A row of table logs (spec 07 section 8). */
struct monitor_pos {
	char mark[72]; /* files: SHA-1 of the first line, "" when there is no
	                  complete one; journal: ISO time */
	double at;     /* files: bytes; journal: seconds since the epoch */
};

/* What the worker counted for a jail since the server started. */
struct monitor_health {
	bool in_operation;     /* every source was read to its end once */
	uint64_t lines;        /* lines read */
	uint64_t errors;       /* lines that could not be processed */
	uint64_t truncated;    /* lines longer than the bound, cut */
	uint64_t bad_encoding; /* lines with bytes that had to be replaced */
	uint64_t evicted;      /* connection ids dropped, table full */
	uint64_t limit_hits;   /* regex limits that were hit */
	uint64_t skipped;      /* lines that killed the worker twice */
	uint64_t restarts;     /* of the worker, the same for all jails */
};

struct monitor_ops {
	/*
	 * One failure, in line order per log. Takes the contents of f over.
	 * Call monitor_pause() when there is no room for more; those that are
	 * on their way still come (a few hundred at most).
	 */
	void (*failure)(void *arg, const char *jail, const struct failure *f);
	/*
	 * Everything of this log up to pos->at has come through failure():
	 * goes to table logs when (not before) the failures that were given
	 * earlier are decided. path is MONITOR_JOURNAL for the journal.
	 */
	void (*position)(void *arg, const char *jail, const char *path,
	    const struct monitor_pos *pos);
	/*
	 * Asks for the stored row of a log that is being added; false: there
	 * is none. Not asked for logs added with tail.
	 */
	bool (*stored)(void *arg, const char *jail, const char *path,
	    struct monitor_pos *ret);
	/* in_operation changed, or the worker was restarted. May be NULL. */
	void (*state)(
	    void *arg, const char *jail, const struct monitor_health *h);
	/* The jail stands still ("Too many errors at once (100), going idle"
	   was logged): the same as "set JAIL idle on". */
	void (*idle)(void *arg, const char *jail);
};

/*
 * loop and ops are borrowed. The worker is started with the first jail. NULL
 * when there is no inotify or no channel (reason in err).
 */
struct monitor *monitor_new(
    uv_loop_t *loop, const struct monitor_ops *ops, void *arg, struct err *err);
/*
 * Kills what still runs. The handles it has in the loop are closed: run the
 * loop once more (UV_RUN_DEFAULT ends) before uv_loop_close().
 */
void monitor_free(struct monitor *m);

/*
 * Creates the jail or gives it new rules: they hold from the next line on, in
 * one step; what the jail remembers survives. encoding is a name for which
 * codec_known() is true. Logs stay. spec is copied. -1 with the reason in err
 * and nothing changed.
 */
int monitor_jail_set(struct monitor *m, const char *jail,
    const struct filterspec *spec, const char *encoding, struct err *err);
/* Forgets the jail and its logs; no callback for it comes afterwards. */
void monitor_jail_del(struct monitor *m, const char *jail);
/* "set JAIL idle on|off": its logs are not read meanwhile. */
void monitor_idle(struct monitor *m, const char *jail, bool idle);
/* The same for back-pressure; both must be off for the jail to be read. */
void monitor_pause(struct monitor *m, const char *jail, bool pause);
/*
 * A jail reads nothing until it was started ("start JAIL"). No-op later.
 */
void monitor_start(struct monitor *m, const char *jail);

/*
 * addlogpath: opens path now. Returns 0; 1 when the jail has it already
 * ("F already exists" was logged); -1 with fail2ban's text in err: "[Errno 2]
 * No such file or directory: '/x'". Logs "Added logfile: ...". The caller
 * makes builtins.FileNotFoundError of errno, which is set on -1.
 */
int monitor_add_log(struct monitor *m, const char *jail, const char *path,
    bool tail, struct err *err);
/*
 * The same for what may not exist yet and may grow: pattern is a path or a
 * glob. What matches is added now or as soon as it appears. Returns how many
 * logs were added now. The same pattern again is no error.
 */
int monitor_await_log(
    struct monitor *m, const char *jail, const char *pattern, bool tail);
/* dellogpath: path or awaited pattern. Logs "Removed logfile: ...". */
void monitor_del_log(struct monitor *m, const char *jail, const char *path);
/* "get JAIL logpath": list of texts in order of adding. Owned by caller. */
struct value *monitor_logs(const struct monitor *m, const char *jail);
/* Patterns of monitor_await_log() that match nothing so far. Owned. */
struct value *monitor_awaited(const struct monitor *m, const char *jail);

/*
 * The jail reads the journal. options: dict of text, those in the brackets of
 * backend (spec 07 section 5), or NULL. -1 when libsystemd or the journal
 * cannot be opened (reason in err).
 */
int monitor_set_journal(struct monitor *m, const char *jail,
    const struct value *options, struct err *err);
/*
 * Replaces its journalmatch: list of lists of words, as "get JAIL
 * journalmatch" shows it. -1: "Error adding journal match for: '<words>'".
 */
int monitor_set_matches(struct monitor *m, const char *jail,
    const struct value *matches, struct err *err);

/* Counters so far; all zero for an unknown jail. */
void monitor_health(
    struct monitor *m, const char *jail, struct monitor_health *ret);
/*
 * The worker does not heed monitor_pause(): another one goes on from what was
 * handed over. Allowed from failure() and position().
 */
void monitor_cut_off(struct monitor *m);
/* Process number of the worker, -1 while there is none. */
int monitor_worker_pid(const struct monitor *m);

/*
 * fn is called once everything asked for so far is in the socket: the worker
 * reads it before its next line. Always from the loop. A command that
 * changes a jail answers after that.
 */
typedef void (*monitor_done_fn)(void *arg);
void monitor_sync(struct monitor *m, monitor_done_fn fn, void *arg);

/*
 * The worker finishes: its last failures and positions come through the
 * callbacks, then fn, and the worker is gone. After a second it is killed.
 */
void monitor_stop(struct monitor *m, monitor_done_fn fn, void *arg);

#endif
