/*
 * jail - the judge of one jail (architecture, decision 7)
 *
 * Failures wait in one bounded FIFO in line order and are decided one after
 * another: resolve > clamp time > ignore > log > tally > ban. What is decided
 * in one turn of the loop is committed to the history once, then the actions
 * run. Nothing here blocks. Callbacks come from the loop or from inside the
 * call that asked, as said.
 */
#ifndef ENGINE_JAIL_H
#define ENGINE_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/action.h"
#include "engine/history.h"
#include "engine/ignore.h"
#include "engine/runner.h"
#include "failure.h"

struct jail;

/* Failures that may wait before jail_full() says so. */
#define JAIL_FIFO_MAX 1000
/* And their memory in bytes. */
#define JAIL_FIFO_BYTES (16u << 20)
/* Nobody who was told that the jail is full gives so much more. */
#define JAIL_FIFO_OVERRUN (64u << 20)
/*
 * The same for all jails together. It is those with more than a share that
 * must wait, so that a jail with little goes on.
 */
#define JAIL_ALL_BYTES (64u << 20)
#define JAIL_ALL_OVERRUN (256u << 20)
#define JAIL_ALL_SHARE (1u << 20)

/* Copied by jail_new(); what it points to must outlive the jail. */
struct jail_env {
	void *arg; /* for all functions */
	uv_loop_t *loop;
	struct runner *runner;
	struct history *history; /* NULL: no database */
	size_t *waiting_bytes;   /* of the FIFOs of all jails; NULL: one jail */
	/*
	 * Names to addresses, as resolver_name(): fn once, from inside the
	 * call or from the loop. Cancelled: fn is not called any more.
	 */
	void (*resolve)(
	    void *arg, const char *name, resolved_fn fn, void *fn_arg);
	void (*resolve_cancel)(void *arg, void *fn_arg);
	/* For the actions, see struct action_env. */
	void (*reverse)(void *arg, const struct addr *a,
	    void (*fn)(void *fn_arg, const char *name), void *fn_arg);
	bool (*ipv6)(void *arg);
	/* jail_full() was true and there is room again. May be NULL. */
	void (*drained)(void *arg, struct jail *j);
	/* jail_next_due() has changed. May be NULL. */
	void (*due)(void *arg, struct jail *j);
};

/* Enters the jail into the history. */
struct jail *jail_new(const char *name, const struct jail_env *env);
/*
 * Drops everything, no callback is called any more; the loop must run once
 * more. Use jail_stop() first to lift the bans.
 */
void jail_free(struct jail *j);
const char *jail_name(const struct jail *j);
struct actionset *jail_actions(struct jail *j);

/* ---- life */

/*
 * Starts the actions, then restores bans from the history, a slice a turn;
 * failures that come meanwhile go first. done once, when the actions are
 * started (before restoring has finished); may be NULL.
 */
typedef void (*jail_done_fn)(void *arg);
void jail_start(struct jail *j, jail_done_fn done, void *arg);
/*
 * Decides what can be decided at once, lifts all bans ("Repeal Ban"), stops
 * the actions; the history keeps the bans. done once, from the loop. Ignores
 * failures from now on.
 */
void jail_stop(struct jail *j, jail_done_fn done, void *arg);
/* A stop that hangs: see actionset_give_up(). done comes all the same. */
void jail_give_up(struct jail *j);
/* Commands of actions started so far. */
unsigned long jail_commands(const struct jail *j);
/* "set JAIL idle": nothing is decided and nothing unbanned meanwhile. */
void jail_idle(struct jail *j, bool idle);
bool jail_is_idle(const struct jail *j);

/* ---- input */

/*
 * Judged from inside the call when nothing has to be waited for, else what f
 * borrows is copied; always taken, full or not.
 */
void jail_failure(struct jail *j, const struct failure *f);
/* Time to pause the sensor for this jail. */
bool jail_full(const struct jail *j);
/* Whoever gives the failures does not care: to be cut off. */
bool jail_overrun(const struct jail *j);
/*
 * All failures before this position were given: written to the history once
 * those are decided.
 */
void jail_position(
    struct jail *j, const char *path, const struct history_pos *pos);

/*
 * Ends of bans: wall-clock time of the earliest one, INFINITY when there is
 * none (or the jail is idle). jail_run_due() unbans what has ended, some
 * hundreds a call: the rest is due still.
 */
double jail_next_due(const struct jail *j);
void jail_run_due(struct jail *j, double now);

/* ---- commands (spec 10 section 7); done once, maybe from inside the call */

typedef void (*jail_count_fn)(void *arg, int count);

/*
 * Commands given from now on are done when what they ask is decided, before
 * the actions have run: an action asks, and cannot wait for its own end.
 */
void jail_hasty(struct jail *j, bool hasty);

/* "attempt": matches is a list of texts, copied. 1, or 0 when ignored. */
void jail_attempt(struct jail *j, const char *id, const struct value *matches,
    jail_count_fn done, void *arg);
/* ids: n texts, copied. Number newly banned or banned again. */
void jail_banip(struct jail *j, struct value *const *ids, size_t n,
    jail_count_fn done, void *arg);
/*
 * Number unbanned. absent: list of the texts that were not banned, borrowed
 * during the call.
 */
typedef void (*jail_unban_fn)(void *arg, int count, const struct value *absent);
void jail_unbanip(struct jail *j, struct value *const *ids, size_t n,
    jail_unban_fn done, void *arg);
/* "unban --all", "reload --unban": flush, also from the history. */
void jail_unban_all(struct jail *j, jail_count_fn done, void *arg);

/* ---- options (spec 15 section 5) that are the judge's */

/*
 * bantime findtime maxretry maxmatches ignoreself ignoreip addignoreip
 * delignoreip ignorecommand ignorecache and bantime.NAME.
 */
bool jail_has_option(const char *name);
/*
 * args: the n words after the name. Logs what fail2ban logs. -1 with its
 * text in err; nothing has changed then. Between jail_reload_begin() and its
 * end this goes to the new settings, which hold at commit.
 */
int jail_set(struct jail *j, const char *name, struct value *const *args,
    size_t n, struct err *err);
/* New value; NULL when there is no such option to get. */
struct value *jail_get(const struct jail *j, const char *name);

/* "usedns warn": resolved names are logged; the default. As jail_set(). */
void jail_warn_dns(struct jail *j, bool warn);

/* ---- reload (actions included) */

void jail_reload_begin(struct jail *j);
/* done once, when the actions have done what they have to. */
void jail_reload_commit(struct jail *j, jail_done_fn done, void *arg);
void jail_reload_abort(struct jail *j);

/* ---- what it knows */

struct jail_counts {
	size_t failed;              /* ids with failures now */
	unsigned long failed_total; /* failures counted */
	size_t banned;              /* ids banned now */
	unsigned long banned_total;
	size_t waiting;        /* undecided failures */
	unsigned long evicted; /* ids forgotten because of the bound */
};
void jail_counts(const struct jail *j, struct jail_counts *ret);

/* Lists of texts, owned by the caller: in order of banning; by end. */
struct value *jail_banned(const struct jail *j);
struct value *jail_banned_by_end(const struct jail *j);
/* "192.0.2.1 \t2026-11-22 09:33:36 + 60 = 2026-11-22 09:34:36", by end. */
struct value *jail_banned_with_time(const struct jail *j);
/* id in any spelling of an address. */
bool jail_is_banned(const struct jail *j, const char *id, size_t n);

#endif
