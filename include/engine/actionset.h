/*
 * actionset - queue of a jail's operations and the steps they consist of
 *
 * Inside of module action (include/engine/action.h is what others use).
 *
 * One command of a jail runs at a time. What an operation does is written as
 * steps on a small stack: a step function is called when it is pushed and
 * again each time what it waited for has ended; "ok" tells how.
 */
#ifndef ENGINE_ACTIONSET_H
#define ENGINE_ACTIONSET_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/dict.h"
#include "engine/actiondef.h"
#include "engine/actiontags.h"

enum op_type {
	OP_START,
	OP_STOP,
	OP_CHECK,
	OP_FLUSH,
	OP_COMMIT,
	OP_CALL,
	OP_BAN, /* from here on: for one ticket, action by action */
	OP_REBAN,
	OP_UNBAN,
	OP_PROLONG,
};

struct call;

struct op {
	struct op *next;
	struct op *prev;
	enum op_type type;
	enum op_type
	    as; /* what it does for a ticket: type, or that of a CALL */
	enum runner_lane lane;
	struct ticket *ticket;   /* an empty one where there is none; owned */
	struct ticket **tickets; /* FLUSH, COMMIT: all that are banned; owned */
	size_t n;
	struct value *known; /* dict: see struct tagctx */
	struct call *call;   /* CALL; owned */
	size_t at;           /* next action: those before are done with it */
	unsigned long seq;   /* order of the calls */
	int min_epoch;       /* REBAN: of the actions that do it */
	int phase;           /* FLUSH, COMMIT */
	bool more;           /* wants one more turn */
	bool stopping;       /* FLUSH: part of a stop */
	bool part;   /* made by a FLUSH or COMMIT: for marked actions only */
	bool begun;  /* a command has run or runs */
	bool empty;  /* has become pointless: only answers */
	bool single; /* the batch it was in has failed */
	bool failed;
	action_done_fn done;
	void *arg;
};

/* What a failing check leads to. */
enum check_policy {
	CHECK_REPAIR,
	CHECK_NO_UNBAN, /* "Unban is impossible." */
	CHECK_NO_FLUSH, /* "Flush is impossible." */
};

enum verdict {
	STEP_WAIT, /* something has been started */
	STEP_CALL, /* another step was pushed */
	STEP_OK,
	STEP_FAIL,
};

struct actionset;
struct frame;

typedef enum verdict (*step_fn)(struct actionset *s, struct frame *f, bool ok);

struct frame {
	step_fn step;
	int pc; /* where to go on */
	struct action *a;
	struct op *op;
	enum action_cmd cmd;
	enum action_family fam;
	enum check_policy policy;
	size_t i;
	enum action_family fams[FAM_COUNT]; /* to do: nfams of them */
	int nfams;
	char *ran[FAM_COUNT]; /* commands that ran already; owned */
	bool failed;
};

#define STACK_MAX 8

struct batch;
struct lookup;

struct actionset {
	struct action_env env;
	struct runner *runner; /* borrowed */
	uv_idle_t kick;        /* new operations start from the loop */
	uv_timer_t trim;       /* memory of many goes back to the system */
	int handles;           /* of these, not closed yet */
	struct action **actions;
	size_t n;
	size_t cap;
	bool reloading;
	struct op *head[2]; /* by lane; the first one is executed */
	struct op *tail[2];
	struct dict
	    *pending;      /* id -> its last unfinished BAN, UNBAN; borrowed */
	struct op *now;    /* whose turn it is */
	unsigned long seq; /* of the last operation queued */
	unsigned long seq_trimmed; /* the same when memory was given back */
	struct ticket *nobody;     /* for commands that are for no ticket */
	struct frame stack[STACK_MAX];
	int depth;
	struct batch *batch;   /* owned: the turn is one of many operations */
	unsigned long running; /* command of the runner, 0: none */
	struct lookup *lookup; /* a name is being looked up */
	const struct command_result *result; /* of the command that ended */
	struct rendered rendered;
	struct buf why;         /* reason of the last failure */
	unsigned long commands; /* started */
	bool given_up;          /* none is started any more */
	bool driving;           /* actionset_drive() is on the C stack */
	bool dying;             /* freed meanwhile */
};

/* Nobody waits for the name any more. */
void actionset_forget_lookup(struct actionset *s);
/* Pushes a step; the frame returned is filled in by the caller. */
struct frame *actionset_push(
    struct actionset *s, step_fn step, struct action *a, struct op *op);
/* Goes on after what the top step waited for has ended. */
void actionset_drive(struct actionset *s, bool ok);
/* Starts a command for action a; STEP_WAIT. */
enum verdict actionset_launch(
    struct actionset *s, const struct action *a, struct command *c);
/* Reason of a failure, a whole sentence. */
void actionset_why(struct actionset *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- opqueue */

/* t NULL: an operation for no ticket; else it is copied. */
struct op *op_new(enum op_type type, const struct ticket *t);
void op_free(struct op *op);
bool op_is_ticket(const struct op *op);
/* Takes over. before NULL: at the end of its lane. */
void opqueue_add(struct actionset *s, struct op *op, struct op *before);
/* The one whose turn it is, NULL: none. */
struct op *opqueue_first(const struct actionset *s);
/* Takes it out, calls done and frees it. */
void opqueue_finish(struct actionset *s, struct op *op);
/* Last unfinished ban or unban of the same id, NULL: none. */
struct op *opqueue_pending(const struct actionset *s, const struct ticket *t);
/* It only answers when its turn comes. */
void opqueue_clear(struct actionset *s, struct op *op);
/* What was to be done for tickets before op was queued is pointless now. */
void opqueue_drop(struct actionset *s, const struct op *op);
void opqueue_free(struct actionset *s);

/* ---- actionset */

/* Takes the action out of the array and frees it. */
void actionset_remove(struct actionset *s, size_t i);
/* No operation starts anything for it. */
bool action_is_out(const struct action *a);
/* Queues an operation; it starts from the loop. */
void actionset_enqueue(struct actionset *s, struct op *op);

/* ---- actionflow: steps of one action */

/* Runs f->cmd for f->fam. */
enum verdict step_run(struct actionset *s, struct frame *f, bool ok);
/* Runs f->cmd for f->fams, identical commands once. */
enum verdict step_families(struct actionset *s, struct frame *f, bool ok);
/* Checks f->fam and repairs it as f->policy allows. */
enum verdict step_invariant(struct actionset *s, struct frame *f, bool ok);
/* step_invariant() for all families that were started. */
enum verdict step_consistency(struct actionset *s, struct frame *f, bool ok);
/* The part of ticket operation f->op that is this action's. */
enum verdict step_ticket(struct actionset *s, struct frame *f, bool ok);
/* step_families() for those with all these state bits. */
void push_families(struct actionset *s, struct action *a, struct op *op,
    enum action_cmd cmd, unsigned char bits);
/* step_families() with actionstart, for all it works on. */
void push_start(struct actionset *s, struct action *a, struct op *op);

/* Renders the static text of f->cmd into s->rendered. */
void render_for(struct actionset *s, const struct frame *f,
    enum action_family fam, const char *text);
/* Whether the action has nothing to do for this ticket operation. */
bool action_skips(const struct action *a, const struct op *op);
/* Families that must be started before a ban; returns how many. */
int action_needs_start(const struct actionset *s, const struct action *a,
    const struct op *op, enum action_family ret[FAM_COUNT]);
enum action_cmd op_command(enum op_type type);
/* Sets the reason "Error banning IP". */
void why_ticket(struct actionset *s, const struct op *op);
/* Logs "Failed to execute ban jail ..." with the reason. */
void log_ticket_failed(
    struct actionset *s, const struct action *a, const struct op *op);

/* ---- actionop: steps of operations for all actions */

/* First step of an operation that is not for one ticket. */
step_fn op_step(enum op_type type);

/* ---- smtp: f->cmd for an action that is_smtp */

enum verdict step_smtp(struct actionset *s, struct frame *f, bool ok);

/* ---- actioncall */

enum verdict step_call(struct actionset *s, struct frame *f, bool ok);
/* Values of tags that the caller gave; NULL: none (also for c NULL). */
const struct value *call_given(const struct call *c);
/* Answers. */
void call_finish(struct call *c, bool ok, const char *why);
void call_free(struct call *c);

/* ---- actionbatch */

/*
 * Whether this operation and those behind it can be done together for their
 * next action: then a step is pushed.
 */
bool actionset_batch(struct actionset *s, struct op *first);
void batch_free(struct batch *b);

#endif
