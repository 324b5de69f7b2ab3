/*
 * command - a request becomes an answer (spec 15; architecture, decision 2)
 *
 * Every command is a const row: words, least number of arguments, whether it
 * only reads, function. A row is DONE at once or PENDING, and then finishes
 * its call later.
 */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"

struct server;
struct record;

enum outcome {
	DONE,
	PENDING,
};

/* answer is taken over by fn; failed: it is an exception. */
typedef void (*answer_fn)(void *arg, struct value *answer, bool failed);

enum call_flag {
	CALL_READONLY = 1, /* the peer may only look */
	CALL_QUIET = 2,    /* part of a stream: nobody reads the answer */
};

/* Who gives a command. */
struct caller {
	unsigned flags; /* enum call_flag */
	/*
	 * The command of an action, in the runner, that asks; 0: none. It
	 * cannot be told to wait for actions, one of which is itself.
	 */
	unsigned long job;
};

/* One command under way. */
struct call {
	struct server *server;     /* borrowed */
	const struct value *words; /* the command, borrowed until finished */
	struct value *copy;        /* of it, when the caller has a job */
	size_t at;                 /* index of the first argument */
	const char *jail;      /* name, jail commands; borrowed from words */
	bool multi;            /* multi-set */
	unsigned flags;        /* enum call_flag */
	unsigned long job;     /* of the caller, 0: none */
	struct value *scratch; /* texts made of arguments, owned */
	struct value *answer;  /* owned, NULL: None */
	bool failed;
	bool said;         /* the failure is in the log already */
	bool exclusive;    /* holds the server's lock for streams */
	struct call *next; /* waits for that lock */
	const struct row *row;
	answer_fn fn; /* NULL: has its answer */
	void *arg;
};

enum row_flag {
	ROW_READ = 1,      /* members of the socket group may */
	ROW_EXCLUSIVE = 2, /* one at a time: stream, reload, stop */
	ROW_STREAM = 4,    /* executes a list of commands */
	ROW_PLAIN = 8,     /* arguments are texts and numbers, no lists */
	ROW_SECRET = 16,   /* but for those members: passwords, tokens */
	ROW_TEXT = 32,     /* the first argument is a text, no number */
	ROW_UTF8 = 64,     /* what goes into the database: no other bytes */
};

struct row {
	const char *name;
	size_t min_args;
	enum outcome (*run)(struct call *c);
	unsigned flags; /* enum row_flag */
};

/*
 * Runs a command. fn is called exactly once, maybe before this returns. words
 * must live until then.
 */
void command_run(struct server *s, const struct value *words, struct caller by,
    answer_fn fn, void *arg);

/* ---- for the rows */

/* Sets the answer (taken over); returns DONE. */
enum outcome call_ok(struct call *c, struct value *answer);
/* Sets an exception of class "builtins.X" with one text; returns DONE. */
enum outcome call_fail(struct call *c, const char *cls, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, exception ready made. */
enum outcome call_raise(struct call *c, struct value *exception);
/* The text collected in err as ValueError, err is released. Returns DONE. */
enum outcome call_error(struct call *c, struct err *err);
/*
 * A caller with a job has this answer (taken over) now, what the call does
 * goes on. False: somebody else asks, who waits; nothing has happened.
 */
bool call_answer_job(struct call *c, struct value *answer);
/* Ends a PENDING call; c is gone afterwards. */
void call_end(struct call *c);

/* Number of arguments. */
size_t call_nargs(const struct call *c);
/* Argument i as it came; NULL beyond the end. */
const struct value *call_arg(const struct call *c, size_t i);
/* str() of argument i, valid while the call lives; NULL beyond the end. */
const char *call_text(struct call *c, size_t i);
/* The arguments from this one on as a list of texts, valid likewise. */
struct value *call_texts(struct call *c, size_t from);
/* int() of an argument: 0, or -1 and the answer is Python's ValueError. */
int call_int(struct call *c, size_t i, long long *ret);
/* A boolean as in the configuration: 1 on true yes. */
bool call_bool(struct call *c, size_t i);
/*
 * A time expression (spec 11 section 3). ret is an INT or FLOAT, owned by the
 * caller, or NONE for None. -1: the answer says why.
 */
int call_span(struct call *c, size_t i, struct value **ret);

/* Exception of this class with one text. */
struct value *exception(const char *cls, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct value *exception_index(void);
struct value *exception_jail(const char *jail);
/* OSError of this errno about a path, in the class that Python has for it. */
struct value *exception_errno(int errnum, const char *path);

/* ---- the tables, each ends with an empty row */

extern const struct row server_rows[];     /* first word */
extern const struct row global_set_rows[]; /* set X ... */
extern const struct row global_get_rows[];
extern const struct row jail_set_rows[]; /* set JAIL X ... */
extern const struct row jail_get_rows[];

/* ---- rows that have a file of their own, of the same name */

enum outcome status_status(struct call *c);
enum outcome status_stats(struct call *c);

enum outcome ban_banned(struct call *c);
enum outcome ban_unban(struct call *c);
enum outcome ban_get_banip(struct call *c);
enum outcome ban_get_banned(struct call *c);
enum outcome ban_set_attempt(struct call *c);
enum outcome ban_set_banip(struct call *c);
enum outcome ban_set_unbanip(struct call *c);

enum outcome action_row_add(struct call *c);
enum outcome action_row_del(struct call *c);
enum outcome action_row_set(struct call *c);
enum outcome action_row_get(struct call *c);
enum outcome action_row_list(struct call *c);
enum outcome action_row_methods(struct call *c);
enum outcome action_row_properties(struct call *c);

enum outcome log_row_get_logpath(struct call *c);
enum outcome log_row_add_logpath(struct call *c);
enum outcome log_row_await_logpath(struct call *c);
enum outcome log_row_del_logpath(struct call *c);
enum outcome log_row_get_journalmatch(struct call *c);
enum outcome log_row_add_journalmatch(struct call *c);
enum outcome log_row_del_journalmatch(struct call *c);

/*
 * A row has changed the rules of the sensor: answers with v (taken over) once
 * the worker has them.
 */
enum outcome call_settle(struct call *c, struct value *v);
/* The jail of a jail command; never NULL in its rows. */
struct record *call_jail(const struct call *c);

/* The rows of "set" and "get", which look further (command.c). */
enum outcome command_set(struct call *c);
enum outcome command_get(struct call *c);
enum outcome command_multi_set(struct call *c);

#endif
