/*
 * The driver: takes the first operation of the queue, lets its steps run
 * until one has to wait, and goes on when that has ended. Between two turns
 * the queue is looked at again, so a live ban waits for one command or one
 * batch of a long restore, not for all of it.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/actionset.h"
#include "engine/shwords.h"
#include "engine/smtp.h"

enum {
	TRIM_AFTER = 500, /* operations: their memory lies scattered */
	TRIM_MS = 1000,   /* when nothing has been done for so long */
};

struct frame *
actionset_push(
    struct actionset *s, step_fn step, struct action *a, struct op *op)
{
	struct frame *f = &s->stack[s->depth++];

	assert(s->depth <= STACK_MAX);
	*f = (struct frame){.step = step, .a = a, .op = op};
	return f;
}

static void
pop(struct actionset *s)
{
	struct frame *f = &s->stack[--s->depth];

	for (int i = 0; i < FAM_COUNT; i++)
		free(f->ran[i]);
}

void
actionset_why(struct actionset *s, const char *fmt, ...)
{
	va_list ap;

	buf_reset(&s->why);
	va_start(ap, fmt);
	buf_vaddf(&s->why, fmt, ap);
	va_end(ap);
}

/* ---- turns */

/* fail2ban: by the actions that were repaired since, else by all. */
static void
choose_rebanning(struct actionset *s, struct op *op)
{
	struct action *only = NULL;
	struct buf id = BUF_INIT;
	size_t n = 0;

	op->min_epoch = op->ticket->epoch + 1;
	for (size_t i = 0; i < s->n; i++)
		if (!action_is_out(s->actions[i]) &&
		    s->actions[i]->epoch >= op->min_epoch) {
			only = s->actions[i];
			n++;
		}
	if (n == 0) {
		op->min_epoch = INT_MIN;
		n = s->n;
		only = n == 1 ? s->actions[0] : NULL;
	}
	ticket_shown(&id, op->ticket->id, op->ticket->id_n);
	if (n == 1)
		log_msg(LOG_NOTICE_, "actions", "[%s] Reban %s, action '%s'",
		    s->env.jail, id.p, only->name);
	else
		log_msg(
		    LOG_NOTICE_, "actions", "[%s] Reban %s", s->env.jail, id.p);
	buf_release(&id);
}

static void
purge(struct actionset *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->actions[i]->deleted)
			actionset_remove(s, i);
}

static void
on_trim(uv_timer_t *timer)
{
	struct actionset *s = timer->data;

	s->seq_trimmed = s->seq;
	mem_trim();
}

/* False: there is nothing to do. Pushes at most one step. */
static bool
turn_begin(struct actionset *s)
{
	struct op *op = opqueue_first(s);

	purge(s);
	if (op == NULL) {
		if (s->seq - s->seq_trimmed > TRIM_AFTER)
			(void)uv_timer_start(&s->trim, on_trim, TRIM_MS, 0);
		return false;
	}
	s->now = op;
	op->more = false;
	buf_reset(&s->why);
	if (!op_is_ticket(op)) {
		(void)actionset_push(s, op_step(op->type), NULL, op);
		return true;
	}
	if (op->empty || op->at >= s->n)
		return true;
	if (op->type == OP_REBAN && !op->begun)
		choose_rebanning(s, op);
	if (op->single || !actionset_batch(s, op)) {
		ticket_unpack(op->ticket);
		(void)actionset_push(s, step_ticket, s->actions[op->at], op);
	}
	op->begun = true;
	return true;
}

static void
turn_end(struct actionset *s, bool ok)
{
	struct op *op = s->now;

	s->now = NULL;
	if (!ok)
		op->failed = true;
	if (op_is_ticket(op) && !op->empty && op->at < s->n) {
		if (!ok)
			log_ticket_failed(s, s->actions[op->at], op);
		op->single = false;
		op->more = ++op->at < s->n;
	}
	if (!op->more)
		opqueue_finish(s, op);
}

static void destroy(struct actionset *s);

void
actionset_drive(struct actionset *s, bool ok)
{
	s->driving = true;
	while (!s->dying) {
		enum verdict v;

		if (s->depth == 0) {
			if (s->now != NULL)
				turn_end(s, ok);
			else if (!turn_begin(s))
				break;
			ok = true;
			continue;
		}
		v = s->stack[s->depth - 1].step(s, &s->stack[s->depth - 1], ok);
		if (v == STEP_WAIT)
			break;
		ok = v != STEP_FAIL;
		if (v != STEP_CALL)
			pop(s);
	}
	s->driving = false;
	if (s->dying)
		destroy(s);
}

static void
command_ended(void *arg, const struct command_result *r)
{
	struct actionset *s = arg;

	s->running = 0;
	s->result = r;
	actionset_drive(s, r->ok);
}

enum verdict
actionset_launch(struct actionset *s, const struct action *a, struct command *c)
{
	char **direct = NULL;

	s->result = NULL;
	if (s->given_up)
		return STEP_FAIL;
	s->commands++;
	if (c->argv == NULL && c->nargs == 0)
		direct = shwords_argv(c->text);
	c->direct = direct;
	c->secret = action_is_secret(a, c->text);
	if (c->timeout_ms == 0)
		c->timeout_ms = action_timeout_ms(a);
	s->running = runner_run(s->runner, c, command_ended, s);
	free(direct);
	return STEP_WAIT;
}

void
actionset_give_up(struct actionset *s)
{
	s->given_up = true;
	runner_kill(s->runner, s->running);
}

unsigned long
actionset_commands(const struct actionset *s)
{
	return s->commands;
}

/* ---- life */

/* When many jails start at once, each turn of the loop starts a few. */
static void
kicked(uv_idle_t *t)
{
	struct actionset *s = t->data;

	if (runner_is_busy(s->runner))
		return;
	(void)uv_idle_stop(t);
	if (s->now == NULL)
		actionset_drive(s, true);
}

struct actionset *
actionset_new(const struct action_env *env, struct runner *runner)
{
	struct actionset *s = xcalloc(1, sizeof(*s));

	s->env = *env;
	s->runner = runner;
	s->pending = dict_new(NULL);
	s->nobody = ticket_new("", 0, 0);
	rendered_init(&s->rendered);
	buf_init(&s->why);
	(void)uv_idle_init(runner_loop(runner), &s->kick);
	(void)uv_timer_init(runner_loop(runner), &s->trim);
	uv_unref((uv_handle_t *)&s->trim);
	s->kick.data = s->trim.data = s;
	s->handles = 2;
	return s;
}

static void
closed(uv_handle_t *h)
{
	struct actionset *s = h->data;

	if (--s->handles == 0)
		free(s);
}

static void
destroy(struct actionset *s)
{
	if (s->running != 0)
		runner_cancel(s->runner, s->running);
	actionset_forget_lookup(s);
	while (s->depth > 0)
		pop(s);
	opqueue_free(s);
	dict_free(s->pending);
	batch_free(s->batch);
	for (size_t i = 0; i < s->n; i++)
		action_free(s->actions[i]);
	free(s->actions);
	ticket_free(s->nobody);
	rendered_release(&s->rendered);
	buf_release(&s->why);
	uv_close((uv_handle_t *)&s->kick, closed);
	uv_close((uv_handle_t *)&s->trim, closed);
}

void
actionset_free(struct actionset *s)
{
	if (s == NULL)
		return;
	if (s->driving)
		s->dying = true;
	else
		destroy(s);
}

/* ---- the list of actions */

bool
action_is_out(const struct action *a)
{
	return a->deleted || a->fresh;
}

/* The newest one of this name. */
static struct action *
find(const struct actionset *s, const char *name)
{
	for (size_t i = s->n; i-- > 0;)
		if (!s->actions[i]->deleted &&
		    strcmp(s->actions[i]->name, name) == 0)
			return s->actions[i];
	return NULL;
}

struct action *
actionset_find(const struct actionset *s, const char *name)
{
	return find(s, name);
}

size_t
actionset_count(const struct actionset *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->actions[i]->deleted;
	return n;
}

struct action *
actionset_at(const struct actionset *s, size_t i)
{
	for (size_t k = 0; k < s->n; k++)
		if (!s->actions[k]->deleted && i-- == 0)
			return s->actions[k];
	return NULL;
}

struct action *
actionset_add(struct actionset *s, const char *name, const char *python,
    const char *json, struct err *err)
{
	struct action *a = find(s, name);

	if (python != NULL && smtp_accepts(python, err) == -1)
		return NULL;
	if (a != NULL && !a->old) {
		(void)err_set(err, "Action %s already exists", name);
		return NULL;
	}
	if (a == NULL || a->is_smtp != (python != NULL)) {
		a = action_new(name);
		a->set = s;
		a->fresh = s->reloading;
		a->is_smtp = python != NULL;
		GROW(s->actions, s->n, s->cap);
		s->actions[s->n++] = a;
	}
	a->old = false;
	if (a->is_smtp && smtp_options(a, json, err) == -1) {
		a->deleted = a->fresh || !s->reloading;
		return NULL;
	}
	return a;
}

/* Operations in the queue count the actions they have done. */
static void
shift_queue(struct actionset *s, size_t i)
{
	for (int lane = 0; lane < 2; lane++)
		for (struct op *op = s->head[lane]; op != NULL; op = op->next)
			if (op->at > i)
				op->at--;
}

void
actionset_remove(struct actionset *s, size_t i)
{
	shift_queue(s, i);
	action_free(s->actions[i]);
	s->n--;
	memmove(s->actions + i, s->actions + i + 1,
	    (s->n - i) * sizeof(*s->actions));
}

int
actionset_del(struct actionset *s, const char *name, struct err *err)
{
	struct action *a = find(s, name);

	if (a == NULL)
		return err_set(err, "'Invalid Action name: %s'", name);
	a->deleted = true;
	if (s->now == NULL)
		purge(s);
	return 0;
}

/* ---- operations */

/* before NULL: at the end of the lane. */
static void
enqueue(struct actionset *s, struct op *op, struct op *before)
{
	opqueue_add(s, op, before);
	if (s->now == NULL && !s->driving &&
	    !uv_is_active((uv_handle_t *)&s->kick))
		(void)uv_idle_start(&s->kick, kicked);
}

static struct op *
new_op(
    enum op_type type, const struct ticket *t, action_done_fn done, void *arg)
{
	struct op *op = op_new(type, t);

	op->done = done;
	op->arg = arg;
	return op;
}

void
actionset_enqueue(struct actionset *s, struct op *op)
{
	enqueue(s, op, NULL);
}

void
actionset_start(struct actionset *s, action_done_fn done, void *arg)
{
	enqueue(s, new_op(OP_START, NULL, done, arg), NULL);
}

void
actionset_stop(struct actionset *s, action_done_fn done, void *arg)
{
	enqueue(s, new_op(OP_STOP, NULL, done, arg), NULL);
}

void
actionset_check(struct actionset *s, action_done_fn done, void *arg)
{
	enqueue(s, new_op(OP_CHECK, NULL, done, arg), NULL);
}

/* A live operation never overtakes one of its ticket in the other lane. */
static void
enqueue_behind(struct actionset *s, struct op *op)
{
	const struct op *last = opqueue_pending(s, op->ticket);

	if (last != NULL && last->lane == LANE_RESTORE) {
		op->lane = LANE_RESTORE;
		enqueue(s, op, last->next);
	} else
		enqueue(s, op, NULL);
}

void
actionset_ban(struct actionset *s, const struct ticket *t,
    enum runner_lane lane, action_done_fn done, void *arg)
{
	struct op *op = new_op(OP_BAN, t, done, arg);

	op->lane = lane;
	enqueue_behind(s, op);
}

/* Where the ban has not begun, there is nothing to be done on top of it. */
static void
enqueue_change(struct actionset *s, struct op *op)
{
	struct op *ban = opqueue_pending(s, op->ticket);

	if (ban == NULL || ban->begun || ban->type != OP_BAN) {
		enqueue_behind(s, op);
		return;
	}
	op->empty = true;
	if (op->type == OP_UNBAN)
		opqueue_clear(s, ban);
	else { /* it bans with what is known now */
		ticket_free(ban->ticket);
		ban->ticket = ticket_copy(op->ticket);
	}
	enqueue(s, op, NULL);
}

void
actionset_reban(
    struct actionset *s, const struct ticket *t, action_done_fn done, void *arg)
{
	enqueue_change(s, new_op(OP_REBAN, t, done, arg));
}

void
actionset_unban(
    struct actionset *s, const struct ticket *t, action_done_fn done, void *arg)
{
	enqueue_change(s, new_op(OP_UNBAN, t, done, arg));
}

void
actionset_prolong(
    struct actionset *s, const struct ticket *t, action_done_fn done, void *arg)
{
	enqueue_change(s, new_op(OP_PROLONG, t, done, arg));
}

static void
take_tickets(struct op *op, const struct ticket *const *tickets, size_t n)
{
	op->tickets = xcalloc(n, sizeof(*op->tickets));
	for (; op->n < n; op->n++)
		op->tickets[op->n] = ticket_copy(tickets[op->n]);
}

void
actionset_flush(struct actionset *s, const struct ticket *const *tickets,
    size_t n, bool stopping, action_done_fn done, void *arg)
{
	struct op *op = new_op(OP_FLUSH, NULL, done, arg);

	take_tickets(op, tickets, n);
	op->stopping = stopping;
	enqueue(s, op, NULL);
}

/* ---- reload */

void
actionset_reload_begin(struct actionset *s)
{
	s->reloading = true;
	for (size_t i = 0; i < s->n; i++) {
		s->actions[i]->old = true;
		action_shadow(s->actions[i]);
	}
}

void
actionset_reload_commit(struct actionset *s,
    const struct ticket *const *tickets, size_t n, action_done_fn done,
    void *arg)
{
	struct op *op = new_op(OP_COMMIT, NULL, done, arg);

	s->reloading = false;
	take_tickets(op, tickets, n);
	enqueue(s, op, NULL);
}

void
actionset_reload_abort(struct actionset *s)
{
	s->reloading = false;
	for (size_t i = 0; i < s->n; i++) {
		struct action *a = s->actions[i];

		a->deleted = a->deleted || a->fresh;
		a->old = false;
		value_free(a->shadow);
		a->shadow = NULL;
	}
	if (s->now == NULL)
		purge(s);
}
