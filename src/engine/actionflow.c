/*
 * The steps of one action: run a command, repair what a failing command
 * hints at, try once more. The order of commands is that of the reference,
 * traced with actions that write down when they are called.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/actionset.h"
#include "engine/runlog.h"

#define MODULE "CommandAction"

/* What the log calls it. */
static const char *const doing[CMD_COUNT] = {
    [CMD_START] = "starting",
    [CMD_STOP] = "stopping",
    [CMD_CHECK] = "checking",
    [CMD_REPAIR] = "repairing",
    [CMD_BAN] = "banning",
    [CMD_REBAN] = "banning",
    [CMD_UNBAN] = "unbanning",
    [CMD_PROLONG] = "prolonging",
    [CMD_FLUSH] = "flushing",
    [CMD_RELOAD] = "reloading",
};

/* ---- one command */

/* A name that is being looked up; outlives the set. */
struct lookup {
	struct actionset *set; /* NULL: nobody waits any more */
	struct op *op;
};

static void
name_found(void *arg, const char *name)
{
	struct lookup *l = arg;
	struct actionset *s = l->set;

	if (s != NULL) {
		s->lookup = NULL;
		value_set(l->op->known, "ip-host",
		    value_text(name == NULL ? "None" : name));
		if (!s->driving)
			actionset_drive(s, true);
	}
	free(l);
}

void
actionset_forget_lookup(struct actionset *s)
{
	if (s->lookup != NULL)
		s->lookup->set = NULL;
	s->lookup = NULL;
}

/* Asks for the name if the text wants it. True: the answer drives on. */
static bool
ask_name(struct actionset *s, struct op *op, const char *text)
{
	const char *ip = ticket_ip(op->ticket);
	struct addr a;

	if (strstr(text, "<ip-host>") == NULL ||
	    value_get(op->known, "ip-host") != NULL)
		return false;
	if (!addr_parse(&a, ip, strlen(ip)) || !addr_is_single(&a)) {
		value_set(op->known, "ip-host", value_text("None"));
		return false;
	}
	s->lookup = xcalloc(1, sizeof(*s->lookup));
	s->lookup->set = s;
	s->lookup->op = op;
	s->env.resolve(s->env.arg, &a, name_found, s->lookup);
	return s->lookup != NULL;
}

static bool
is_ticket_cmd(enum action_cmd cmd)
{
	return cmd == CMD_BAN || cmd == CMD_REBAN || cmd == CMD_UNBAN ||
	       cmd == CMD_PROLONG;
}

void
render_for(struct actionset *s, const struct frame *f, enum action_family fam,
    const char *text)
{
	struct tagctx ctx = {.env = &s->env};

	if (is_ticket_cmd(f->cmd)) {
		ctx.ticket = f->op->ticket;
		ctx.known = f->op->known;
		ctx.given = call_given(f->op->call);
		actiontags_render(&s->rendered, text, &ctx);
	} else {
		ctx.ticket = s->nobody;
		ctx.family = action_family_name(fam);
		ctx.known = value_dict();
		s->nobody->time = clock_now();
		value_set(ctx.known, "ip-host", value_text(""));
		actiontags_render(&s->rendered, text, &ctx);
		value_free(ctx.known);
	}
	log_lines(LOG_DETAIL, "action", "%s", s->rendered.text.p);
}

/* Static text of the command; NULL when it cannot be made (s->why). */
static const char *
static_text(struct actionset *s, struct frame *f, enum action_family fam)
{
	struct err err = ERR_INIT;
	const char *text = action_command(f->a, f->cmd, fam, &err);

	if (text == NULL)
		actionset_why(s, "%s", err_text(&err));
	err_release(&err);
	return text;
}

static void
rendered_command(struct actionset *s, struct command *c)
{
	*c = (struct command){.text = s->rendered.text.p,
	    .args = (const char *const *)s->rendered.args,
	    .nargs = s->rendered.nargs};
}

enum verdict
step_run(struct actionset *s, struct frame *f, bool ok)
{
	const char *text;
	struct command c;

	if (f->pc == 1)
		return ok ? STEP_OK : STEP_FAIL;
	text = static_text(s, f, f->fam);
	if (text == NULL)
		return STEP_FAIL;
	if (text[0] == '\0')
		return STEP_OK;
	if (is_ticket_cmd(f->cmd) && ask_name(s, f->op, text))
		return STEP_WAIT;
	render_for(s, f, f->fam, text);
	rendered_command(s, &c);
	f->pc = 1;
	return actionset_launch(s, f->a, &c);
}

/* ---- a command for several families */

static void
family_done(struct frame *f, enum action_family fam, bool ok)
{
	struct action *a = f->a;

	if (!ok)
		f->failed = true;
	if (f->cmd == CMD_START && ok)
		action_state_set(a, fam, a->state[fam] | STATE_STARTED);
	if (f->cmd == CMD_STOP)
		a->state[fam] = 0;
	if (f->cmd == CMD_FLUSH && ok)
		a->state[fam] &= (unsigned char)~STATE_ITEMS;
}

static bool
ran_already(struct frame *f, const char *shown)
{
	for (size_t i = 0; i < f->i; i++)
		if (f->ran[i] != NULL && strcmp(f->ran[i], shown) == 0)
			return true;
	return false;
}

/* Goes to the next family; ok: how this one ended. */
static void
next_family(struct frame *f, bool ok)
{
	family_done(f, f->fams[f->i], ok);
	f->i++;
	f->pc = 0;
}

enum verdict
step_families(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 1)
		next_family(f, ok);
	while (f->i < (size_t)f->nfams) {
		const char *text = static_text(s, f, f->fams[f->i]);
		struct buf shown = BUF_INIT;
		struct command c;

		if (text == NULL || text[0] == '\0') {
			next_family(f, text != NULL);
			continue;
		}
		render_for(s, f, f->fams[f->i], text);
		rendered_command(s, &c);
		runlog_command(&shown, &c);
		if (ran_already(f, shown.p)) {
			buf_release(&shown);
			next_family(f, !f->failed);
			continue;
		}
		f->ran[f->i] = buf_detach(&shown);
		f->pc = 1;
		return actionset_launch(s, f->a, &c);
	}
	if (!f->failed)
		return STEP_OK;
	if (s->why.n == 0)
		actionset_why(s,
		    "Error %s action Jail('%s')/%s: 'Script error'",
		    doing[f->cmd], s->env.jail, f->a->name);
	return STEP_FAIL;
}

void
push_families(struct actionset *s, struct action *a, struct op *op,
    enum action_cmd cmd, unsigned char bits)
{
	struct frame *f = actionset_push(s, step_families, a, op);

	f->cmd = cmd;
	for (int i = 0; i < a->norder; i++)
		if ((a->state[a->order[i]] & bits) == bits)
			f->fams[f->nfams++] = a->order[i];
}

void
push_start(struct actionset *s, struct action *a, struct op *op)
{
	struct frame *f = actionset_push(s, step_families, a, op);

	f->cmd = CMD_START;
	f->nfams = action_families(a, s->env.ipv6(s->env.arg), f->fams);
}

static void
push_family(
    struct actionset *s, struct frame *from, enum action_cmd cmd, step_fn step)
{
	struct frame *f = actionset_push(s, step, from->a, from->op);

	f->cmd = cmd;
	f->fam = from->fam;
	f->fams[0] = from->fam;
	f->nfams = 1;
	f->policy = from->policy;
}

/* ---- check and repair */

enum { CHECKED = 1, REPAIRED, STOPPED, STARTED, CHECKED_AGAIN };

static enum verdict
repair(struct actionset *s, struct frame *f)
{
	struct action *a = f->a;

	if (f->policy != CHECK_REPAIR &&
	    !action_flag(a, "actionrepair_on_unban", false)) {
		log_msg(LOG_ERROR, MODULE,
		    "Invariant check failed. %s is "
		    "impossible.",
		    f->policy == CHECK_NO_UNBAN ? "Unban" : "Flush");
		return STEP_FAIL;
	}
	log_msg(LOG_ERROR, MODULE,
	    "Invariant check failed. Trying to restore a sane environment");
	action_set_epoch(a, s->env.next_epoch(s->env.arg));
	if (action_has(a, CMD_REPAIR)) {
		action_state_set(a, f->fam, 0);
		f->pc = REPAIRED;
		push_family(s, f, CMD_REPAIR, step_run);
	} else {
		f->pc = STOPPED;
		push_family(s, f, CMD_STOP, step_families);
	}
	return STEP_CALL;
}

static enum verdict
unable(void)
{
	log_msg(LOG_CRITICAL, MODULE, "Unable to restore environment");
	return STEP_FAIL;
}

static enum verdict
check_again(struct actionset *s, struct frame *f)
{
	f->pc = CHECKED_AGAIN;
	push_family(s, f, CMD_CHECK, step_run);
	return STEP_CALL;
}

enum verdict
step_invariant(struct actionset *s, struct frame *f, bool ok)
{
	switch (f->pc) {
	case 0:
		f->pc = CHECKED;
		push_family(s, f, CMD_CHECK, step_run);
		return STEP_CALL;
	case CHECKED:
		return ok ? STEP_OK : repair(s, f);
	case REPAIRED:
		if (!ok)
			return unable();
		action_state_set(f->a, f->fam, STATE_STARTED);
		return check_again(s, f);
	case STOPPED: /* whether it worked does not matter */
		buf_reset(&s->why);
		f->pc = STARTED;
		push_family(s, f, CMD_START, step_families);
		return STEP_CALL;
	case STARTED:
		return ok ? check_again(s, f) : STEP_FAIL;
	default:
		return ok ? STEP_OK : unable();
	}
}

enum verdict
step_consistency(struct actionset *s, struct frame *f, bool ok)
{
	struct action *a = f->a;

	if (f->pc == 1 && !ok)
		f->failed = true;
	for (; f->i < (size_t)a->norder; f->i++) {
		f->fam = a->order[f->i];
		if ((a->state[f->fam] & STATE_STARTED) == 0)
			continue;
		f->i++;
		f->pc = 1;
		push_family(s, f, CMD_CHECK, step_invariant);
		return STEP_CALL;
	}
	return f->failed ? STEP_FAIL : STEP_OK;
}

/* ---- a ticket */

enum action_cmd
op_command(enum op_type type)
{
	return type == OP_REBAN     ? CMD_REBAN
	       : type == OP_UNBAN   ? CMD_UNBAN
	       : type == OP_PROLONG ? CMD_PROLONG
	                            : CMD_BAN;
}

bool
action_skips(const struct action *a, const struct op *op)
{
	enum action_family fam = action_family_of(op->ticket);

	if (a->fresh != (op->part && op->as == OP_BAN))
		return true;
	if (op->as == OP_UNBAN)
		return (op->part && !a->singly) || a->is_smtp ||
		       (a->state[fam] & STATE_ITEMS) == 0;
	if (op->ticket->restored && action_flag(a, "norestored", false))
		return true;
	if (op->as == OP_REBAN && a->epoch < op->min_epoch)
		return true;
	return op->as == OP_PROLONG && !action_has(a, CMD_PROLONG);
}

int
action_needs_start(const struct actionset *s, const struct action *a,
    const struct op *op, enum action_family ret[FAM_COUNT])
{
	enum action_family fam = action_family_of(op->ticket);
	enum action_family all[FAM_COUNT];
	int n = 0, nall;

	if ((op->as != OP_BAN && op->as != OP_REBAN) || a->is_smtp ||
	    (a->state[fam] & STATE_STARTED) != 0 || !action_on_demand(a))
		return 0;
	if (fam != FAM_RAW) {
		ret[0] = fam;
		return 1;
	}
	nall = action_families(a, s->env.ipv6(s->env.arg), all);
	for (int i = 0; i < nall; i++)
		if ((a->state[all[i]] & STATE_STARTED) == 0)
			ret[n++] = all[i];
	return n;
}

void
why_ticket(struct actionset *s, const struct op *op)
{
	if (s->why.n == 0)
		actionset_why(s, "Error %s %s", doing[op_command(op->as)],
		    ticket_ip(op->ticket));
}

void
log_ticket_failed(
    struct actionset *s, const struct action *a, const struct op *op)
{
	static const char *const words[] = {
	    [OP_BAN] = "ban",
	    [OP_REBAN] = "reban",
	    [OP_UNBAN] = "unban",
	    [OP_PROLONG] = "ban",
	};
	const struct ticket *t = op->ticket;
	struct buf ip = BUF_INIT, fid = BUF_INIT;

	value_repr_text(&ip, ticket_ip(t), strlen(ticket_ip(t)));
	value_repr_text(&fid, t->id, t->id_n);
	why_ticket(s, op);
	log_msg(LOG_ERROR, "actions",
	    "Failed to execute %s jail '%s' action '%s' info 'ActionInfo({"
	    "'ip': %s, 'family': '%s', 'fid': %s})': %s",
	    words[op->type], s->env.jail, a->name, ip.p, actiontags_family(t),
	    fid.p, s->why.p);
	buf_release(&ip);
	buf_release(&fid);
}

enum { BEGIN, READY, RAN, REPAIRED_ENV, RAN_AGAIN };

static enum verdict
ticket_begin(struct actionset *s, struct frame *f)
{
	enum action_family fams[FAM_COUNT];
	int n;

	if (action_skips(f->a, f->op))
		return STEP_OK;
	f->pc = READY;
	n = action_needs_start(s, f->a, f->op, fams);
	if (n > 0) {
		struct frame *start =
		    actionset_push(s, step_families, f->a, f->op);

		start->cmd = CMD_START;
		start->nfams = n;
		memcpy(start->fams, fams, sizeof(fams));
		return STEP_CALL;
	}
	return step_ticket(s, f, true);
}

static enum verdict
ticket_run(struct actionset *s, struct frame *f, int pc)
{
	f->pc = pc;
	push_family(s, f, f->cmd, f->a->is_smtp ? step_smtp : step_run);
	return STEP_CALL;
}

static enum verdict
ticket_done(struct frame *f)
{
	if (f->cmd == CMD_BAN || f->cmd == CMD_REBAN)
		action_state_set(f->a, f->fam, STATE_STARTED | STATE_ITEMS);
	return STEP_OK;
}

enum verdict
step_ticket(struct actionset *s, struct frame *f, bool ok)
{
	switch (f->pc) {
	case BEGIN:
		f->cmd = op_command(f->op->as);
		f->fam = action_family_of(f->op->ticket);
		f->policy = f->cmd == CMD_UNBAN ? CHECK_NO_UNBAN : CHECK_REPAIR;
		return ticket_begin(s, f);
	case READY:
		return ok ? ticket_run(s, f, RAN) : STEP_FAIL;
	case RAN:
		if (ok)
			return ticket_done(f);
		if (f->a->is_smtp || s->why.n > 0)
			return STEP_FAIL;
		f->pc = REPAIRED_ENV;
		push_family(s, f, CMD_CHECK, step_invariant);
		return STEP_CALL;
	case REPAIRED_ENV:
		return ok ? ticket_run(s, f, RAN_AGAIN) : STEP_FAIL;
	default:
		return ok ? ticket_done(f) : STEP_FAIL;
	}
}
