/*
 * "set JAIL action A METHOD {...}": the methods that an action object of the
 * reference has, run in the queue like everything else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tags.h"
#include "engine/actionset.h"
#include "engine/jsonargs.h"

struct call {
	const struct method *method;
	struct action *a;
	struct value *args;   /* dict */
	struct value *result; /* NULL: None */
	void (*done)(void *arg, struct value *result, const char *error);
	void *arg;
};

/* Pushes what is to be run; or fills in the result and returns STEP_OK. */
typedef enum verdict (*method_fn)(struct actionset *s, struct op *op);

struct method {
	const char *name;
	method_fn fn;
	enum op_type as; /* of methods for a ticket */
	bool ticket;
	bool smtp;         /* smtp.py has it too */
	const char *needs; /* argument that must be given */
};

static enum verdict
call_ticket(struct actionset *s, struct op *op)
{
	(void)actionset_push(s, step_ticket, op->call->a, op);
	return STEP_CALL;
}

static void
returns(struct op *op, struct value *v)
{
	value_free(op->call->result);
	op->call->result = v;
}

static enum verdict
call_start(struct actionset *s, struct op *op)
{
	struct action *a = op->call->a;

	returns(op, a->is_smtp ? value_none() : value_bool(true));
	if (a->is_smtp)
		actionset_push(s, step_smtp, a, op)->cmd = CMD_START;
	else if (action_on_demand(a))
		return STEP_OK;
	else
		push_start(s, a, op);
	return STEP_CALL;
}

static enum verdict
call_stop(struct actionset *s, struct op *op)
{
	struct action *a = op->call->a;

	returns(op, a->is_smtp ? value_none() : value_bool(true));
	if (a->is_smtp)
		actionset_push(s, step_smtp, a, op)->cmd = CMD_STOP;
	else
		push_families(s, a, op, CMD_STOP, STATE_STARTED);
	return STEP_CALL;
}

static enum verdict
call_flush(struct actionset *s, struct op *op)
{
	returns(op, value_bool(true));
	push_families(
	    s, op->call->a, op, CMD_FLUSH, STATE_STARTED | STATE_ITEMS);
	return STEP_CALL;
}

static enum verdict
call_reload(struct actionset *s, struct op *op)
{
	returns(op, value_bool(true));
	push_families(s, op->call->a, op, CMD_RELOAD, STATE_STARTED);
	return STEP_CALL;
}

static enum verdict
call_check(struct actionset *s, struct op *op)
{
	returns(op, value_bool(true));
	(void)actionset_push(s, step_consistency, op->call->a, op);
	return STEP_CALL;
}

static enum verdict
call_clear(struct actionset *s, struct op *op)
{
	(void)s;
	action_shadow(op->call->a);
	action_unshadow(op->call->a);
	return STEP_OK;
}

static enum verdict
call_epoch(struct actionset *s, struct op *op)
{
	action_set_epoch(op->call->a, s->env.next_epoch(s->env.arg));
	return STEP_OK;
}

/* ---- methods that look at commands */

static const char *
text_arg(const struct op *op, const char *name)
{
	const char *text = value_str(value_get(op->call->args, name));

	return text == NULL ? "" : text;
}

/* Milliseconds; 0: not given, the action's own counts. */
static int
timeout_arg(const struct op *op)
{
	const struct value *v = value_get(op->call->args, "timeout");
	double seconds = value_is(v, VALUE_INT)     ? (double)v->i
	                 : value_is(v, VALUE_FLOAT) ? v->f
	                                            : 0;

	return seconds > 0 && seconds < 1e6 ? (int)(seconds * 1000) : 0;
}

static enum verdict
step_execute(struct actionset *s, struct frame *f, bool ok)
{
	struct command c = {.text = text_arg(f->op, "realCmd"),
	    .timeout_ms = timeout_arg(f->op)};

	if (f->pc == 0 && c.text[0] != '\0') {
		f->pc = 1;
		return actionset_launch(s, f->a, &c);
	}
	returns(f->op, value_bool(ok));
	return STEP_OK;
}

static enum verdict
call_execute(struct actionset *s, struct op *op)
{
	(void)actionset_push(s, step_execute, op->call->a, op);
	return STEP_CALL;
}

static enum verdict
call_escape(struct actionset *s, struct op *op)
{
	const char *text = text_arg(op, "value");
	struct buf b = BUF_INIT;

	(void)s;
	actiontags_escape(&b, text, strlen(text));
	returns(op, value_textn(b.p, b.n));
	buf_release(&b);
	return STEP_OK;
}

/* Tags of a query: those given, unsafe ones escaped, and those always there. */
static struct value *
query_tags(const struct op *op)
{
	static const char *const unsafe[] = {
	    "ipjailmatches", "ipmatches", "matches"};
	const struct value *given = value_get(op->call->args, "aInfo");
	struct value *tags =
	    value_is(given, VALUE_DICT) ? value_copy(given) : value_dict();

	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		const struct value *v = value_get(tags, unsafe[i]);
		struct buf text = BUF_INIT, escaped = BUF_INIT;

		if (v == NULL)
			continue;
		value_print(&text, v);
		actiontags_escape(&escaped, text.p, text.n);
		value_set(tags, unsafe[i], value_textn(escaped.p, escaped.n));
		buf_release(&text);
		buf_release(&escaped);
	}
	value_set(tags, "br", value_text("\n"));
	value_set(tags, "sp", value_text(" "));
	return tags;
}

static enum verdict
call_replace(struct actionset *s, struct op *op)
{
	struct value *tags = query_tags(op);
	struct tags_rules rules = {
	    .condition = value_str(value_get(op->call->args, "conditional"))};
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;
	enum verdict v = STEP_OK;

	buf_adds(&b, text_arg(op, "query"));
	if (tags_replace(&b, "query", tags, &rules, &err) == -1) {
		actionset_why(s, "%s", err_text(&err));
		v = STEP_FAIL;
	} else
		returns(op, value_textn(b.p, b.n));
	value_free(tags);
	err_release(&err);
	buf_release(&b);
	return v;
}

static enum verdict
call_replace_dynamic(struct actionset *s, struct op *op)
{
	struct tagctx ctx = {.env = &s->env,
	    .ticket = s->nobody,
	    .known = op->known,
	    .given = call_given(op->call)};
	struct value *v;

	actiontags_render(&s->rendered, text_arg(op, "realCmd"), &ctx);
	v = value_textn(s->rendered.text.p, s->rendered.text.n);
	if (s->rendered.nargs > 0) {
		struct value *list = value_list();

		value_add(list, v);
		for (size_t i = 0; i < s->rendered.nargs; i++)
			value_adds(list, s->rendered.args[i]);
		v = list;
	}
	returns(op, v);
	return STEP_OK;
}

static const struct method methods[] = {
    {"ban", call_ticket, OP_BAN, true, true, "aInfo"},
    {"clearAllParams", call_clear, 0, false, false, NULL},
    {"consistencyCheck", call_check, 0, false, false, NULL},
    {"escapeTag", call_escape, 0, false, false, "value"},
    {"executeCmd", call_execute, 0, false, false, "realCmd"},
    {"flush", call_flush, 0, false, false, NULL},
    {"invalidateBanEpoch", call_epoch, 0, false, false, NULL},
    {"prolong", call_ticket, OP_PROLONG, true, false, "aInfo"},
    {"reban", call_ticket, OP_REBAN, true, true, "aInfo"},
    {"reload", call_reload, 0, false, false, NULL},
    {"replaceDynamicTags", call_replace_dynamic, 0, true, false, "realCmd"},
    {"replaceTag", call_replace, 0, false, false, "query"},
    {"start", call_start, 0, false, true, NULL},
    {"stop", call_stop, 0, false, true, NULL},
    {"unban", call_ticket, OP_UNBAN, true, true, "aInfo"},
};

#define NMETHODS (sizeof(methods) / sizeof(methods[0]))

struct value *
action_methods(const struct action *a)
{
	struct value *list = value_list();

	for (size_t i = 0; i < NMETHODS; i++)
		if (!a->is_smtp || methods[i].smtp)
			value_adds(list, methods[i].name);
	return list;
}

static const struct method *
find_method(const struct action *a, const char *name)
{
	for (size_t i = 0; i < NMETHODS; i++)
		if (strcmp(methods[i].name, name) == 0 &&
		    (!a->is_smtp || methods[i].smtp))
			return &methods[i];
	return NULL;
}

/* ---- the operation */

const struct value *
call_given(const struct call *c)
{
	return c == NULL ? NULL : value_get(c->args, "aInfo");
}

static bool
is_there(const struct actionset *s, const struct action *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->actions[i] == a)
			return true;
	return false;
}

enum verdict
step_call(struct actionset *s, struct frame *f, bool ok)
{
	if (f->pc == 1) {
		if (!ok && s->why.n == 0 && f->op->call->method->ticket)
			why_ticket(s, f->op);
		return ok ? STEP_OK : STEP_FAIL;
	}
	if (!is_there(s, f->op->call->a)) {
		actionset_why(s, "the action was deleted meanwhile");
		return STEP_FAIL;
	}
	f->pc = 1;
	return f->op->call->method->fn(s, f->op);
}

void
call_finish(struct call *c, bool ok, const char *why)
{
	struct value *result = c->result;

	c->result = NULL;
	if (!ok) {
		value_free(result);
		result = NULL;
	} else if (result == NULL)
		result = value_none();
	if (c->done != NULL)
		c->done(c->arg, result, ok ? NULL : why);
	else
		value_free(result);
}

void
call_free(struct call *c)
{
	if (c == NULL)
		return;
	value_free(c->args);
	value_free(c->result);
	free(c);
}

/* Ticket from the tags that the caller gave. */
static struct ticket *
given_ticket(const struct value *given)
{
	const struct value *ip = value_get(given, "ip");
	struct buf id = BUF_INIT;
	struct ticket *t;

	if (ip == NULL)
		ip = value_get(given, "fid");
	if (ip != NULL)
		value_print(&id, ip);
	t = ticket_new(id.p, id.n, clock_now());
	buf_release(&id);
	return t;
}

int
action_call(struct action *a, const char *method, const char *json,
    void (*done)(void *arg, struct value *result, const char *error), void *arg,
    struct err *err)
{
	const struct method *m = find_method(a, method);
	struct ticket *t = NULL;
	struct value *args;
	struct op *op;

	if (m == NULL)
		return err_set(err, "'%s' object has no attribute '%s'",
		    a->is_smtp ? "SMTPAction" : "CommandAction", method);
	args = jsonargs_read(json, err);
	if (args == NULL)
		return -1;
	if (m->needs != NULL && value_get(args, m->needs) == NULL) {
		value_free(args);
		return err_set(err,
		    "%s.%s() missing 1 required positional argument: '%s'",
		    a->is_smtp ? "SMTPAction" : "CommandAction", method,
		    m->needs);
	}
	if (m->ticket)
		t = given_ticket(value_get(args, "aInfo"));
	op = op_new(OP_CALL, t);
	ticket_free(t);
	op->as = m->as;
	op->call = xcalloc(1, sizeof(*op->call));
	*op->call = (struct call){
	    .method = m, .a = a, .args = args, .done = done, .arg = arg};
	actionset_enqueue(a->set, op);
	return 0;
}
