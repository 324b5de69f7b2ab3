/*
 * Operations for all actions. Where single tickets are to be unbanned or
 * banned, operations for them are put before the present one, which goes on
 * when they are done: so they are batched like any others.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/actionset.h"
#include "engine/smtp.h"

#define MODULE "actions"

static void
log_failed(struct actionset *s, const char *verb, const struct action *a)
{
	log_msg(LOG_ERROR, MODULE, "Failed to %s jail '%s' action '%s': %s",
	    verb, s->env.jail, a->name, s->why.p);
	buf_reset(&s->why);
}

/* ---- start, stop, check */

static bool
push_action_start(struct actionset *s, struct action *a, struct op *op)
{
	if (a->is_smtp) {
		actionset_push(s, step_smtp, a, op)->cmd = CMD_START;
		return true;
	}
	if (action_on_demand(a))
		return false;
	push_start(s, a, op);
	return true;
}

static enum verdict
step_start(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 1 && !ok) {
		log_failed(s, "start", s->actions[f->i - 1]);
		f->failed = true;
	}
	f->pc = 1;
	while (f->i < s->n) {
		struct action *a = s->actions[f->i++];

		if (!action_is_out(a) && push_action_start(s, a, f->op))
			return STEP_CALL;
	}
	return f->failed ? STEP_FAIL : STEP_OK;
}

static void
push_action_stop(struct actionset *s, struct action *a, struct op *op)
{
	if (a->is_smtp)
		actionset_push(s, step_smtp, a, op)->cmd = CMD_STOP;
	else
		push_families(s, a, op, CMD_STOP, STATE_STARTED);
}

static enum verdict
step_stop(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 0)
		opqueue_drop(s, f->op);
	if (f->pc == 1 && !ok) {
		log_failed(s, "stop", s->actions[s->n - f->i]);
		f->failed = true;
	}
	f->pc = 1;
	while (f->i < s->n) {
		struct action *a = s->actions[s->n - ++f->i];

		if (action_is_out(a))
			continue;
		push_action_stop(s, a, f->op);
		return STEP_CALL;
	}
	return f->failed ? STEP_FAIL : STEP_OK;
}

static enum verdict
step_check(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 1 && !ok)
		f->failed = true;
	f->pc = 1;
	while (f->i < s->n) {
		struct action *a = s->actions[f->i++];

		if (action_is_out(a))
			continue;
		(void)actionset_push(s, step_consistency, a, f->op);
		return STEP_CALL;
	}
	return f->failed ? STEP_FAIL : STEP_OK;
}

/* ---- flush */

/* One action; marks it when its tickets must be unbanned singly. */
static enum verdict
step_flush_action(struct actionset *s, struct frame *f, bool ok)
{
	switch (f->pc) {
	case 0:
		if (f->a->is_smtp)
			return STEP_OK;
		if (!action_has(f->a, CMD_FLUSH)) {
			f->a->singly = true;
			return STEP_OK;
		}
		log_msg(LOG_NOTICE_, MODULE, "[%s] Flush ticket(s) with %s",
		    s->env.jail, f->a->name);
		f->pc = 1;
		push_families(
		    s, f->a, f->op, CMD_FLUSH, STATE_STARTED | STATE_ITEMS);
		return STEP_CALL;
	case 1:
		if (ok)
			return STEP_OK;
		log_failed(s, "flush bans in", f->a);
		log_msg(LOG_INFO_, MODULE,
		    "No flush occurred, do consistency check");
		f->pc = 2;
		actionset_push(s, step_consistency, f->a, f->op)->policy =
		    f->op->stopping ? CHECK_NO_FLUSH : CHECK_REPAIR;
		return STEP_CALL;
	default:
		return STEP_FAIL;
	}
}

/* Operations for single tickets, before this one. */
static void
spread(struct actionset *s, struct op *op, enum op_type type)
{
	for (size_t i = 0; i < op->n; i++) {
		struct op *part;

		if (type == OP_BAN &&
		    opqueue_pending(s, op->tickets[i]) != NULL)
			continue;
		part = op_new(type, op->tickets[i]);
		part->part = true;
		opqueue_add(s, part, op);
	}
}

static void
log_unbans(struct actionset *s, const struct op *op)
{
	struct buf id = BUF_INIT;

	for (size_t i = 0; i < op->n; i++) {
		buf_reset(&id);
		ticket_shown(&id, op->tickets[i]->id, op->tickets[i]->id_n);
		log_msg(LOG_NOTICE_, MODULE, "[%s] %s %s", s->env.jail,
		    op->stopping ? "Repeal Ban" : "Unban", id.p);
	}
	buf_release(&id);
}

static bool
any_singly(const struct actionset *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->actions[i]->singly)
			return true;
	return false;
}

static void
clear_marks(struct actionset *s)
{
	for (size_t i = 0; i < s->n; i++) {
		s->actions[i]->singly = false;
		s->actions[i]->fresh = false;
	}
}

static enum verdict
step_flush(struct actionset *s, struct frame *f, bool ok)
{
	if (f->op->phase == 1) {
		clear_marks(s);
		return STEP_OK;
	}
	if (f->pc == 0)
		opqueue_drop(s, f->op);
	else if (!ok)
		f->op->failed = true;
	f->pc = 1;
	while (f->i < s->n) {
		struct action *a = s->actions[f->i++];

		if (action_is_out(a))
			continue;
		(void)actionset_push(s, step_flush_action, a, f->op);
		return STEP_CALL;
	}
	log_unbans(s, f->op);
	if (any_singly(s))
		spread(s, f->op, OP_UNBAN);
	f->op->phase = 1;
	f->op->more = true;
	return STEP_OK;
}

/* ---- the end of a reload */

enum { LIFT, CHANGE, END };

/* Actions that are no longer configured: their bans go. */
static enum verdict
commit_lift(struct actionset *s, struct frame *f)
{
	while (f->i < s->n) {
		struct action *a = s->actions[f->i++];

		if (!a->old || a->deleted)
			continue;
		(void)actionset_push(s, step_flush_action, a, f->op);
		return STEP_CALL;
	}
	if (any_singly(s))
		spread(s, f->op, OP_UNBAN);
	f->op->phase = CHANGE;
	f->op->more = true;
	return STEP_OK;
}

/* What this action's part of the change is; false: nothing to run. */
static bool
change_action(struct actionset *s, struct action *a, struct op *op)
{
	if (a->old) {
		push_action_stop(s, a, op);
		return true;
	}
	if (a->fresh)
		return push_action_start(s, a, op);
	action_unshadow(a);
	if (a->is_smtp)
		return false;
	push_families(s, a, op, CMD_RELOAD, STATE_STARTED);
	return true;
}

static void
log_change_failed(struct actionset *s, const struct action *a)
{
	log_failed(s, a->old ? "stop" : a->fresh ? "start" : "reload", a);
}

static void
remove_old(struct actionset *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->actions[i]->old)
			actionset_remove(s, i);
}

static enum verdict
commit_change(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 1 && !ok) {
		log_change_failed(s, s->actions[f->i - 1]);
		f->op->failed = true;
	}
	f->pc = 1;
	while (f->i < s->n)
		if (change_action(s, s->actions[f->i++], f->op))
			return STEP_CALL;
	remove_old(s);
	f->op->phase = END;
	f->op->more = true;
	if (s->n > 0 && s->actions[s->n - 1]->fresh)
		spread(s, f->op, OP_BAN);
	return STEP_OK;
}

static enum verdict
step_commit(struct actionset *s, struct frame *f, bool ok)
{
	switch (f->op->phase) {
	case LIFT:
		return commit_lift(s, f);
	case CHANGE:
		return commit_change(s, f, ok);
	default:
		clear_marks(s);
		return STEP_OK;
	}
}

step_fn
op_step(enum op_type type)
{
	switch (type) {
	case OP_START:
		return step_start;
	case OP_STOP:
		return step_stop;
	case OP_CHECK:
		return step_check;
	case OP_FLUSH:
		return step_flush;
	case OP_COMMIT:
		return step_commit;
	case OP_CALL:
		return step_call;
	case OP_BAN:
	case OP_REBAN:
	case OP_UNBAN:
	case OP_PROLONG:
		break;
	}
	return step_ticket;
}
