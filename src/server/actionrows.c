/* Actions of a jail (spec 15 section 6). */
#include <errno.h>
#include <string.h>

#include "server/command.h"
#include "server/server.h"

/* The text in err as an exception of this class; err is released. */
static enum outcome
fail_with(struct call *c, const char *cls, struct err *err)
{
	enum outcome o = call_fail(c, cls, "%s", err_text(err));

	err_release(err);
	return o;
}

static struct actionset *
actions_of(const struct call *c)
{
	return jail_actions(call_jail(c)->judge);
}

/* The action named by argument 0; NULL: the answer says that there is none. */
static struct action *
find(struct call *c)
{
	const char *name = call_text(c, 0);
	struct action *a = actionset_find(actions_of(c), name);

	if (a == NULL)
		(void)call_fail(
		    c, "builtins.KeyError", "Invalid Action name: %s", name);
	return a;
}

enum outcome
action_row_add(struct call *c)
{
	struct err err = ERR_INIT;
	struct action *a;

	a = actionset_add(actions_of(c), call_text(c, 0), call_text(c, 1),
	    call_text(c, 2), &err);
	if (a == NULL)
		return fail_with(c, "builtins.ValueError", &err);
	return call_ok(c, value_text(action_name(a)));
}

enum outcome
action_row_del(struct call *c)
{
	struct err err = ERR_INIT;

	if (find(c) == NULL)
		return DONE;
	if (actionset_del(actions_of(c), call_text(c, 0), &err) != 0)
		return fail_with(c, "builtins.KeyError", &err);
	return call_ok(c, value_none());
}

enum outcome
action_row_list(struct call *c)
{
	const struct actionset *s = actions_of(c);
	struct value *list = value_list();

	for (size_t i = 0; i < actionset_count(s); i++)
		value_adds(list, action_name(actionset_at(s, i)));
	return call_ok(c, list);
}

enum outcome
action_row_methods(struct call *c)
{
	const struct action *a = find(c);

	return a == NULL ? DONE : call_ok(c, action_methods(a));
}

enum outcome
action_row_properties(struct call *c)
{
	const struct action *a = find(c);

	return a == NULL ? DONE : call_ok(c, action_properties(a));
}

static enum outcome
answer_property(struct call *c, struct action *a, const char *name)
{
	struct err err = ERR_INIT;
	const struct value *v = action_get(a, name, &err);

	if (v == NULL)
		return fail_with(c, "builtins.AttributeError", &err);
	return call_ok(c, value_copy(v));
}

enum outcome
action_row_get(struct call *c)
{
	struct action *a = find(c);

	return a == NULL ? DONE : answer_property(c, a, call_text(c, 1));
}

/* multi-set: [[name, value], ...] */
static enum outcome
set_many(struct call *c, struct action *a)
{
	const struct value *list = call_arg(c, 1);
	struct err err = ERR_INIT;

	for (size_t i = 0; i < list->n; i++) {
		const struct value *pair = value_at(list, i);
		const char *name = value_str(value_at(pair, 0));

		if (name == NULL || value_at(pair, 1) == NULL)
			return call_fail(c, "builtins.ValueError",
			    "not enough values to unpack (expected 2)");
		if (action_set(a, name, value_at(pair, 1), &err) != 0)
			return fail_with(c, "builtins.ValueError", &err);
	}
	return call_ok(c, value_bool(true));
}

static bool
is_method(const struct action *a, const char *name)
{
	struct value *methods = action_methods(a);
	bool is = false;

	for (size_t i = 0; i < methods->n; i++)
		is = is || strcmp(value_str(value_at(methods, i)), name) == 0;
	value_free(methods);
	return is;
}

static void
on_called(void *arg, struct value *result, const char *error)
{
	struct call *c = arg;

	if (error == NULL)
		(void)call_ok(c, result);
	else {
		value_free(result);
		(void)call_fail(c, "builtins.RuntimeError", "%s", error);
	}
	call_end(c);
}

enum outcome
action_row_set(struct call *c)
{
	struct action *a = find(c);
	const char *name = call_text(c, 1);
	struct err err = ERR_INIT;

	if (a == NULL)
		return DONE;
	if (c->multi && value_is(call_arg(c, 1), VALUE_LIST))
		return set_many(c, a);
	if (is_method(a, name)) {
		if (action_call(a, name, call_text(c, 2), on_called, c, &err) !=
		    0)
			return fail_with(c, "builtins.ValueError", &err);
		(void)call_answer_job(c, value_none());
		return PENDING;
	}
	if (call_nargs(c) < 3)
		return call_raise(c, exception_index());
	if (action_set(a, name, call_arg(c, 2), &err) != 0)
		return fail_with(c, "builtins.ValueError", &err);
	return answer_property(c, a, name);
}
