/*
 * record - one jail of the server: judge, filter rules, logs
 *
 * Ties what the engine knows (struct jail) to what the sensor is told
 * (struct filterspec, logs, journal matches). While a reload runs, commands
 * change a second set of rules, which holds at commit.
 */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/jail.h"
#include "sensor/filterspec.h"

struct server;

/* What the sensor is told. */
struct rules {
	struct filterspec spec;
	char *encoding;        /* name of a codec, owned */
	struct value *matches; /* journal: list of lists of words */
	struct value *logs;    /* of a reload: list of (path, mode, await) */
	bool dirty;            /* the monitor does not know them yet */
};

struct record {
	struct server *server; /* borrowed */
	char *name;
	char *backend;         /* as asked for, with options */
	const char *used;      /* "polling", "pyinotify", "systemd" */
	struct value *options; /* of the backend, dict */
	struct jail *judge;    /* owned */
	struct rules rules;    /* that hold */
	struct rules *next;    /* of a reload under way, NULL: none */
	char *broken;          /* why it does not run, NULL: it may */
	bool started;
	bool idle;
	bool staged; /* made by a reload that has not been committed */
	bool seen;   /* the stream of the reload has named it */
	/* of a stop under way */
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct record *ending_next;
	struct record **ending_at;
	unsigned long commands; /* of its actions, at the last look */
	int looks;              /* at which nothing had gone on */
};

/* The backend names that may be asked for, for messages. */
struct value *record_backends(void);

/*
 * "add NAME BACKEND". NULL with the reason in err. Logs "Creating new jail"
 * and so on. staged: part of a reload, the monitor hears nothing until
 * record_commit().
 */
struct record *record_new(struct server *s, const char *name,
    const char *backend, bool staged, struct err *err);
/* Whether it runs with this backend: 1 or 0; -1 with the reason in err. */
int record_has_backend(
    const struct record *r, const char *backend, struct err *err);
/* Drops it as it is; see record_stop(). */
void record_free(struct record *r);
/* For a dict. */
void record_free_value(void *r);

/* The rules that commands change. */
struct rules *record_rules(struct record *r);
/* Tells the monitor what has changed. -1 with the reason in err. */
int record_push(struct record *r, struct err *err);

/* Begins to read and judge; no-op when it does already. */
int record_start(struct record *r, struct err *err);
/*
 * Ends it: bans are lifted, the history keeps them; it is no longer among
 * the server's jails. done is called from the loop; the record is freed then.
 */
void record_stop(struct record *r, void (*done)(void *arg), void *arg);
/*
 * A look at those that are stopping: one whose actions hang is given up.
 * Whether there are any.
 */
bool record_look(struct server *s);
void record_idle(struct record *r, bool idle);

/*
 * addlogpath, dellogpath. await: what does not exist yet is waited for.
 * Returns 0; -1 with the exception, owned by the caller.
 */
int record_add_log(struct record *r, const char *path, bool tail, bool await,
    struct value **exception);
void record_del_log(struct record *r, const char *path);
/* New list of texts. */
struct value *record_logs(const struct record *r);

/* The reload of a running jail. */
void record_reload_begin(struct record *r);
void record_reload_commit(struct record *r, jail_done_fn done, void *arg);
void record_reload_abort(struct record *r);

#endif
