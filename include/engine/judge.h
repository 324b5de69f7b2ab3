/*
 * judge - what the parts of jail share; nobody else includes it
 */
#ifndef ENGINE_JUDGE_H
#define ENGINE_JUDGE_H

#include "base/span.h"
#include "engine/bans.h"
#include "engine/bantime.h"
#include "engine/jail.h"
#include "engine/tally.h"

/* Options that a reload prepares aside. Contents owned. */
struct judge_rules {
	struct span bantime;
	struct span findtime;
	int maxretry;
	int maxmatches;
	bool warn_dns;
	struct bantime *increment;
	struct ignore *ignore;
};

/* ---- FIFO */

enum item_kind {
	ITEM_FAILURE,
	ITEM_ATTEMPT,
	ITEM_POSITION,
};

struct item {
	struct item *next;
	struct jail *jail;
	enum item_kind kind;
	char *name; /* to be resolved first; FAILURE only */
	bool resolving;
	bool resolved;
	bool name_said;          /* what came of it is in the log */
	char *name_error;        /* why there is no address, NULL: there is */
	struct ticket **tickets; /* FAILURE, ATTEMPT: still to be judged */
	struct ticket *single;   /* where tickets points to for one */
	size_t n;
	size_t at;
	int weight;
	size_t bytes; /* memory, roughly; set by judge_push() */
	char *path;   /* POSITION */
	struct history_pos pos;
	jail_count_fn done; /* ATTEMPT */
	void *arg;
};

/* ---- what a command waits for */

/* Answers when the last of its operations has ended. */
struct work {
	struct jail *jail;
	struct work *next; /* of jail->works */
	int count;
	int pending; /* operations and the caller itself */
	bool hasty;  /* does not wait for operations of the actions */
	jail_count_fn count_done;
	jail_unban_fn unban_done;
	jail_done_fn done;
	void *arg;
	struct value *absent; /* unban: owned */
};

/* An operation of the actions that runs. */
struct note {
	struct note *next;
	struct note *prev;
	struct jail *jail;
	struct work *work; /* or NULL */
	char *id;          /* of a ban, else NULL */
	size_t id_n;
	bool recheck; /* after a check: ban again when the epoch is old */
};

/* A ban that was decided in this turn. */
struct decided {
	struct ticket *ticket; /* borrowed from bans */
	struct work *work;
	enum runner_lane lane;
};

/* A name that "unbanip" waits for. */
struct unban_name {
	struct unban_name *next;
	struct jail *jail;
	struct work *work;
	char *name;
};

/* When the jail looks at what has come in. */
struct turn {
	uv_timer_t later;
	/*
	 * In the next round of the loop, after it has looked for events: a
	 * timer of zero milliseconds that starts itself again would come
	 * before them for ever.
	 */
	uv_idle_t soon;
	int handles; /* not closed yet */
};

struct jail {
	char *name;
	struct jail_env env;
	struct action_env action_env;
	struct actionset *actions;
	struct tally *tally;
	struct bans *bans;
	struct judge_rules rules;
	struct judge_rules *shadow; /* of a reload, else NULL */

	struct item *head;
	struct item *tail;
	size_t waiting;
	size_t waiting_bytes;
	bool was_full;
	struct ignore_check *check; /* of the first item */

	struct decided *decided;
	size_t ndecided;
	size_t cap_decided;
	bool decided_live; /* one of them is no restored ban */
	struct note *notes;
	struct work *works;
	struct unban_name *names;

	bool restoring;
	struct history_restore query;
	struct ticket **restored; /* read and not yet judged, owned */
	size_t nrestored;
	size_t cap_restored;
	size_t at_restored;
	struct ignore_check *restore_check;

	struct turn *turn; /* owned, closed by itself */
	bool idle;
	bool hasty; /* see jail_hasty() */
	bool stopping;
	bool stopped;
	jail_done_fn stop_done;
	void *stop_arg;
	int epoch;
	double last_check; /* of all actions */
	double last_prune;
	double told_due;
};

/* ---- jail: the turn */

/* Something is to be done in the next turn of the loop, or in ms. */
void judge_wake(struct jail *j, int ms);
/* Commits what was decided and gives it to the actions. */
void judge_commit(struct jail *j);
/* Tells the server when the earliest end has moved. */
void judge_tell_due(struct jail *j);
void judge_push(struct jail *j, struct item *it);
/* Forgets old failures; not more often than fail2ban does. */
void judge_prune(struct jail *j);
void judge_item_free(struct item *it);

/* ---- jailname: failures with a name instead of an address */

/* Asks for the addresses; wakes the jail when they are there. */
void judge_ask_name(struct item *it);
/* Whether they are; the first time it says in the log what has come of it. */
bool judge_name_known(struct item *it);

/* ---- jailrestore */

/* Begins to bring back the bans of the history. */
void judge_restore(struct jail *j);
/* Judges one of them. False: nothing more can be done now. */
bool judge_restore_step(struct jail *j);
/* Reads more. False: what was decided may wait for it. */
bool judge_restore_more(struct jail *j);
void judge_restore_drop(struct jail *j);

/* ---- jailban: verdicts */

/* Counts a failure and bans. */
void judge_failure(struct jail *j, const struct offence *of, bool attempt);
/* Bans t, takes it over; work may be NULL. */
void judge_ban(
    struct jail *j, struct ticket *t, enum runner_lane lane, struct work *work);
/* Lifts one ban: log line and actions. Takes t over. */
void judge_unban(struct jail *j, struct ticket *t, struct work *work);
/* Lifts all bans at once; stopping and done as in actionset_flush(). */
void judge_flush(struct jail *j, bool stopping, action_done_fn done, void *arg);

/* ---- jailwork: operations that run */

/* With one pending operation: the caller itself. */
struct work *work_new(struct jail *j, void *arg);
void work_begin(struct work *w);
/* One operation less; answers and frees w when it was the last. */
void work_end(struct work *w);
struct note *note_new(struct jail *j, struct work *w, const struct ticket *t);
/* action_done_fn for all operations; arg is a note. */
void note_done(void *arg, bool ok);
void judge_forget_work(struct jail *j);
/* Names that "unbanip" waits for are not banned: who asked has an answer. */
void judge_end_names(struct jail *j);

/* ---- jailopts */

void judge_rules_init(struct jail *j, struct judge_rules *r);
void judge_rules_copy(
    struct jail *j, struct judge_rules *to, const struct judge_rules *from);
void judge_rules_release(struct judge_rules *r);
/* Tally and bans follow the rules. */
void judge_rules_apply(struct jail *j);

#endif
