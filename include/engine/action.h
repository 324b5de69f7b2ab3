/*
 * action - the actions of one jail: definitions, state, execution (spec 12)
 *
 * An actionset belongs to a jail. Its operations are queued on the jail's
 * lane of the runner and finish later, in order; done is then called from the
 * loop. Nothing here blocks.
 */
#ifndef ENGINE_ACTION_H
#define ENGINE_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/runner.h"
#include "engine/ticket.h"

struct action;
struct actionset;

/*
 * What actions ask their jail for. Called while a command is rendered.
 */
struct action_env {
	void *arg;
	const char *jail; /* name, borrowed for the life of the set */
	/*
	 * Value of a tag that the jail or the database knows: "ipmatches",
	 * "ipjailmatches", "ipfailures", "ipjailfailures", "bantime" (the
	 * jail's, for tickets without their own and for start),
	 * "jail.banned", "jail.banned_total", "jail.found",
	 * "jail.found_total". Appends to out; false: unknown tag.
	 */
	bool (*tag)(void *arg, const char *name, const struct ticket *t,
	    struct buf *out);
	/*
	 * Looks up the name of an address and calls cb (name NULL: none) once,
	 * from inside or from the loop, even when the set is gone meanwhile.
	 */
	void (*resolve)(void *arg, const struct addr *a,
	    void (*cb)(void *cb_arg, const char *name), void *cb_arg);
	/* Whether inet6 commands are run: "allowipv6". */
	bool (*ipv6)(void *arg);
	/* A failed invariant check: the jail's epoch + 1, which is returned. */
	int (*next_epoch)(void *arg);
	int (*epoch)(void *arg);
};

/* env is copied, runner borrowed: it must outlive the set. */
struct actionset *actionset_new(
    const struct action_env *env, struct runner *runner);
/* Drops what is queued without running it. */
void actionset_free(struct actionset *s);

/*
 * Adds an action. python: path of a .py action and json its options, both
 * NULL for a command action; smtp.py runs natively, any other is refused.
 * NULL with fail2ban's text in err ("Action NAME already exists").
 */
struct action *actionset_add(struct actionset *s, const char *name,
    const char *python, const char *json, struct err *err);
/* Drops it without stop or unban (spec 15 section 6). -1: no such action. */
int actionset_del(struct actionset *s, const char *name, struct err *err);
struct action *actionset_find(const struct actionset *s, const char *name);
size_t actionset_count(const struct actionset *s);
struct action *actionset_at(const struct actionset *s, size_t i);
const char *action_name(const struct action *a);

/* Sets a property; takes effect with the next command rendered. */
int action_set(struct action *a, const char *property, const struct value *v,
    struct err *err);
/* Borrowed until the next action_set(); NULL with fail2ban's text in err. */
const struct value *action_get(
    const struct action *a, const char *property, struct err *err);
/* New lists of text, sorted. */
struct value *action_properties(const struct action *a);
struct value *action_methods(const struct action *a);

/* ok: every command succeeded. */
typedef void (*action_done_fn)(void *arg, bool ok);

/* Calls a method by name, as "set JAIL action A METHOD [json]" does. */
int action_call(struct action *a, const char *method, const char *json,
    void (*done)(void *arg, struct value *result, const char *error), void *arg,
    struct err *err);

/*
 * Operations. Tickets are copied. done may be NULL; it is called once, from
 * the loop, and may free the set. lane: LANE_LIVE goes before LANE_RESTORE;
 * order within a lane is kept. An unban of a ticket whose ban has not begun
 * cancels both, a prolong of it changes the ban.
 */
void actionset_start(struct actionset *s, action_done_fn done, void *arg);
void actionset_ban(struct actionset *s, const struct ticket *t,
    enum runner_lane lane, action_done_fn done, void *arg);
/*
 * Again, by the actions whose epoch is newer than the ticket's, or by all;
 * logs "Reban".
 */
void actionset_reban(struct actionset *s, const struct ticket *t,
    action_done_fn done, void *arg);
void actionset_unban(struct actionset *s, const struct ticket *t,
    action_done_fn done, void *arg);
void actionset_prolong(struct actionset *s, const struct ticket *t,
    action_done_fn done, void *arg);
/* Checks every action and repairs (already banned, flush). */
void actionset_check(struct actionset *s, action_done_fn done, void *arg);
/*
 * Unbans all tickets: actions with actionflush flush, for the others every
 * ticket is unbanned singly. stopping: part of a stop (no repair). Logs
 * "[JAIL] Flush ticket(s) with A", then for each ticket "[JAIL] Repeal Ban ID"
 * (stopping) or "[JAIL] Unban ID". Bans that wait in the queue are dropped.
 */
void actionset_flush(struct actionset *s, const struct ticket *const *tickets,
    size_t n, bool stopping, action_done_fn done, void *arg);
/* actionstop for what was started, in reverse order. */
/*
 * The command that runs is killed, those that remain fail without being
 * started: what hangs shall end.
 */
void actionset_give_up(struct actionset *s);
/* Commands started so far. */
unsigned long actionset_commands(const struct actionset *s);
void actionset_stop(struct actionset *s, action_done_fn done, void *arg);

/*
 * Reload (spec 12 section 4): begin marks all; actions that the stream does
 * not add again are unbanned and stopped at commit, new ones are started
 * (and given the running bans), kept ones run actionreload.
 */
void actionset_reload_begin(struct actionset *s);
void actionset_reload_commit(struct actionset *s,
    const struct ticket *const *tickets, size_t n, action_done_fn done,
    void *arg);
/* The stream failed: everything is as before begin. */
void actionset_reload_abort(struct actionset *s);

#endif
