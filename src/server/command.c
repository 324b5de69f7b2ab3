#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/integer.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "base/utf8.h"
#include "base/word.h"
#include "server/command.h"
#include "server/reload.h"
#include "server/server.h"

/* ---- exceptions */

struct value *
exception(const char *cls, const char *fmt, ...)
{
	struct value *v = value_object(cls);
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	value_add(v, value_textn(text.p, text.n));
	buf_release(&text);
	return v;
}

struct value *
exception_index(void)
{
	return exception("builtins.IndexError", "list index out of range");
}

struct value *
exception_jail(const char *jail)
{
	return exception(
	    "fail2ban.exceptions.UnknownJailException", "%s", jail);
}

struct value *
exception_errno(int errnum, const char *path)
{
	static const struct {
		int errnum;
		const char *cls;
	} classes[] = {
	    {ENOENT, "builtins.FileNotFoundError"},
	    {EACCES, "builtins.PermissionError"},
	    {EPERM, "builtins.PermissionError"},
	    {EISDIR, "builtins.IsADirectoryError"},
	    {ENOTDIR, "builtins.NotADirectoryError"},
	};
	const char *cls = "builtins.OSError";
	struct value *v;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].errnum == errnum)
			cls = classes[i].cls;
	v = value_object(cls);
	value_add(v, value_int(errnum));
	value_add(v, value_text(strerror(errnum)));
	value_add(v, value_text(path));
	return v;
}

/* ---- answers */

static enum outcome
answer_with(struct call *c, struct value *answer, bool failed)
{
	value_free(c->answer);
	c->answer = answer;
	c->failed = failed;
	return DONE;
}

enum outcome
call_ok(struct call *c, struct value *answer)
{
	return answer_with(c, answer, false);
}

enum outcome
call_raise(struct call *c, struct value *e)
{
	return answer_with(c, e, true);
}

enum outcome
call_fail(struct call *c, const char *cls, const char *fmt, ...)
{
	struct value *v = value_object(cls);
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	value_add(v, value_textn(text.p, text.n));
	buf_release(&text);
	return call_raise(c, v);
}

enum outcome
call_error(struct call *c, struct err *err)
{
	(void)call_fail(c, "builtins.ValueError", "%s", err_text(err));
	err_release(err);
	return DONE;
}

/* ---- arguments */

struct record *
call_jail(const struct call *c)
{
	return server_jail(c->server, c->jail);
}

size_t
call_nargs(const struct call *c)
{
	return c->words->n > c->at ? c->words->n - c->at : 0;
}

const struct value *
call_arg(const struct call *c, size_t i)
{
	return value_at(c->words, c->at + i);
}

const char *
call_text(struct call *c, size_t i)
{
	const struct value *v = call_arg(c, i);
	struct buf text = BUF_INIT;

	if (v == NULL || value_is(v, VALUE_TEXT))
		return value_str(v);
	value_print(&text, v);
	if (c->scratch == NULL)
		c->scratch = value_list();
	v = value_add(c->scratch, value_textn(text.p, text.n));
	buf_release(&text);
	return value_str(v);
}

struct value *
call_texts(struct call *c, size_t from)
{
	struct value *list = value_list();

	if (c->scratch == NULL)
		c->scratch = value_list();
	for (size_t i = from; i < call_nargs(c); i++)
		value_adds(list, call_text(c, i));
	return value_add(c->scratch, list);
}

int
call_int(struct call *c, size_t i, long long *ret)
{
	const struct value *v = call_arg(c, i);
	struct buf repr = BUF_INIT;

	if (value_is(v, VALUE_INT) || value_is(v, VALUE_BOOL)) {
		*ret = value_is(v, VALUE_INT) ? (long long)v->i : v->b;
		return 0;
	}
	if (value_is(v, VALUE_FLOAT) && v->f > -9e15 && v->f < 9e15) {
		*ret = (long long)v->f;
		return 0;
	}
	if (value_is(v, VALUE_TEXT) && integer_parse(ret, v->text) == 0)
		return 0;
	value_repr(&repr, v);
	(void)call_fail(c, "builtins.ValueError",
	    "invalid literal for int() with base 10: %s", repr.p);
	buf_release(&repr);
	return -1;
}

bool
call_bool(struct call *c, size_t i)
{
	const struct value *v = call_arg(c, i);
	const char *text = call_text(c, i);

	if (value_is(v, VALUE_INT) || value_is(v, VALUE_FLOAT))
		return value_is(v, VALUE_INT) ? v->i != 0 : v->f != 0;
	return word_is_true(text);
}

int
call_span(struct call *c, size_t i, struct value **ret)
{
	const struct value *v = call_arg(c, i);
	struct err err = ERR_INIT;
	struct span s;

	if (value_is(v, VALUE_INT) || value_is(v, VALUE_FLOAT) ||
	    value_is(v, VALUE_NONE)) {
		*ret = value_copy(v);
		return 0;
	}
	if (span_parse(&s, call_text(c, i), &err) != 0) {
		(void)call_error(c, &err);
		return -1;
	}
	if (s.is_none)
		*ret = value_none();
	else
		*ret = s.is_float ? value_float(s.seconds)
		                  : value_int((int64_t)s.seconds);
	err_release(&err);
	return 0;
}

/* ---- running */

static void exclusive_next(struct server *s);

static void
call_say_failure(const struct call *c)
{
	struct buf words = BUF_INIT, why = BUF_INIT;

	value_repr(&words, c->words);
	value_repr(&why, c->answer);
	log_msg(LOG_ERROR, "transmitter", "Command %s has failed. Received %s",
	    words.p, why.p);
	buf_release(&words);
	buf_release(&why);
}

void
call_end(struct call *c)
{
	struct server *s = c->server;
	bool exclusive = c->exclusive;

	if (c->failed && !c->said)
		call_say_failure(c);
	if (c->answer == NULL || (!c->failed && c->flags & CALL_QUIET)) {
		value_free(c->answer);
		c->answer = value_none();
	}
	if (c->fn != NULL)
		c->fn(c->arg, c->answer, c->failed);
	else
		value_free(c->answer);
	value_free(c->scratch);
	value_free(c->copy);
	free(c);
	if (exclusive)
		exclusive_next(s);
}

bool
call_answer_job(struct call *c, struct value *answer)
{
	if (c->job == 0 || c->fn == NULL) {
		value_free(answer);
		return c->job != 0;
	}
	c->fn(c->arg, answer, false);
	c->fn = NULL;
	return true;
}

/* A call that has waited: its jail may have gone meanwhile. */
static void
call_start(struct call *c)
{
	enum outcome o;

	if (c->jail != NULL && server_jail(c->server, c->jail) == NULL)
		o = call_raise(c, exception_jail(c->jail));
	else
		o = c->row->run(c);
	if (o == DONE)
		call_end(c);
}

/* Who waits while everything ends is sent away. */
static void
refuse_waiting(struct server *s)
{
	for (struct call *c = s->waiting, *next; c != NULL; c = next) {
		next = c->next;
		(void)call_fail(c, "builtins.RuntimeError",
		    "Shutdown in "
		    "progress");
		call_end(c);
	}
	s->waiting = NULL;
}

/* The holder has finished: the next one in the queue goes. */
static void
exclusive_next(struct server *s)
{
	struct call *c = s->waiting;

	s->exclusive = false;
	if (s->stopping)
		refuse_waiting(s);
	else if (c != NULL) {
		s->waiting = c->next;
		s->exclusive = c->exclusive = true;
		call_start(c);
	}
}

static enum outcome
run_exclusive(struct call *c)
{
	struct call **p = &c->server->waiting;

	if (c->flags & CALL_QUIET)
		return call_fail(c, "builtins.Exception", "Invalid command");
	if (!c->server->exclusive) {
		c->server->exclusive = c->exclusive = true;
		return c->row->run(c);
	}
	while (*p != NULL)
		p = &(*p)->next;
	*p = c;
	/* what is under way may wait for the very command that asks */
	(void)call_answer_job(
	    c, c->row->flags & ROW_STREAM ? value_text("OK") : value_none());
	return PENDING;
}

/* A row whose name ends with a dot stands for all that begin so. */
static bool
row_is(const struct row *r, const char *name)
{
	size_t n = strlen(r->name);

	return strncmp(r->name, name, n) == 0 &&
	       (name[n] == '\0' || r->name[n - 1] == '.');
}

static const struct row *
row_find(const struct row *rows, const char *name)
{
	for (const struct row *r = rows; name != NULL && r->name != NULL; r++)
		if (row_is(r, name))
			return r;
	return NULL;
}

/* What a reload is changing nobody else changes meanwhile. */
static bool
must_wait(const struct call *c)
{
	return reload_is_staging(c->server) && !(c->flags & CALL_QUIET) &&
	       !(c->row->flags & ROW_READ);
}

/* A C string would end there: half of what was asked for would be done. */
static bool
has_nul(const struct value *v)
{
	if (v->text != NULL && memchr(v->text, '\0', v->text_n) != NULL)
		return true;
	for (size_t i = 0; i < v->n; i++)
		if (has_nul(v->items[i]))
			return true;
	return false;
}

/* The first list, tuple or dictionary among the arguments; NULL: none. */
static const struct value *
container(const struct call *c)
{
	for (size_t i = c->at; i < c->words->n; i++)
		if (c->words->items[i]->type > VALUE_TEXT)
			return c->words->items[i];
	return NULL;
}

/*
 * fail2ban: such a text comes as a half of a surrogate pair, which SQLite
 * does not take from Python; and Python does not take the bytes from SQLite.
 */
static int
check_utf8(struct call *c)
{
	for (size_t i = c->at; i < c->words->n; i++) {
		const struct value *v = c->words->items[i];
		size_t at = value_is(v, VALUE_TEXT)
		                ? utf8_valid(v->text, v->text_n)
		                : v->text_n;

		if (at == v->text_n)
			continue;
		(void)call_fail(c, "builtins.ValueError",
		    "'utf-8' codec can't encode character '\\udc%02x' in "
		    "position %zu: surrogates not allowed",
		    (unsigned char)v->text[at], at);
		return -1;
	}
	return 0;
}

static enum outcome
run_row(struct call *c, const struct row *row)
{
	if (c->flags & CALL_READONLY &&
	    (!(row->flags & ROW_READ) || row->flags & ROW_SECRET))
		return call_fail(c, "builtins.PermissionError",
		    "Permission denied: this user may only read");
	if (call_nargs(c) < row->min_args)
		return call_raise(c, exception_index());
	if (c->jail != NULL && server_jail(c->server, c->jail) == NULL)
		return call_raise(c, exception_jail(c->jail));
	if (!(row->flags & ROW_EXCLUSIVE) && has_nul(c->words))
		return call_fail(
		    c, "builtins.ValueError", "embedded null byte");
	if (row->flags & ROW_PLAIN && !c->multi && container(c) != NULL)
		return call_fail(c, "builtins.TypeError",
		    "a text or a number is needed, not %s",
		    value_is(container(c), VALUE_DICT) ? "a dictionary"
		                                       : "a list");
	if (row->flags & ROW_TEXT && !value_is(call_arg(c, 0), VALUE_TEXT) &&
	    container(c) == NULL)
		return call_fail(c, "builtins.TypeError",
		    "a text is needed, not %s", call_text(c, 0));
	if (row->flags & ROW_UTF8 && check_utf8(c) != 0)
		return DONE;
	c->row = row;
	if (row->flags & ROW_EXCLUSIVE || must_wait(c))
		return run_exclusive(c);
	return row->run(c);
}

/* "set X ..." or "set JAIL X ...". */
static enum outcome
run_option(struct call *c, const struct row *global, const struct row *jail)
{
	const char *first = value_str(value_at(c->words, 1));
	const char *second = value_str(value_at(c->words, 2));
	const struct row *row = row_find(global, first);

	c->at = 2;
	if (row != NULL)
		return run_row(c, row);
	if (c->words->n < 3)
		return call_raise(c, exception_index());
	row = row_find(jail, second);
	if (row == NULL && jail == jail_set_rows)
		return call_fail(c, "builtins.Exception",
		    "Invalid command '%s' (no set action or not yet "
		    "implemented)",
		    second == NULL ? "" : second);
	if (row == NULL)
		return call_fail(c, "builtins.Exception",
		    "Invalid command (no get action or not yet implemented)");
	c->at = 3;
	c->jail = first == NULL ? "" : first;
	return run_row(c, row);
}

enum outcome
command_set(struct call *c)
{
	return run_option(c, global_set_rows, jail_set_rows);
}

enum outcome
command_multi_set(struct call *c)
{
	c->multi = true;
	return run_option(c, global_set_rows, jail_set_rows);
}

enum outcome
command_get(struct call *c)
{
	return run_option(c, global_get_rows, jail_get_rows);
}

/* What Python says when x[0] is taken of something else than a list. */
static struct value *
not_a_list(const struct value *words)
{
	static const char *const types[] = {
	    [VALUE_NONE] = "NoneType",
	    [VALUE_BOOL] = "bool",
	    [VALUE_INT] = "int",
	    [VALUE_FLOAT] = "float",
	};
	struct value *v;

	switch (words->type) {
	case VALUE_LIST:
	case VALUE_TUPLE:
		return words->n == 0 ? exception_index() : NULL;
	case VALUE_DICT:
		v = value_object("builtins.KeyError");
		value_add(v, value_int(0));
		return v;
	case VALUE_TEXT:
		return words->text_n == 0
		           ? exception("builtins.IndexError",
		                 "string index out of range")
		           : exception("builtins.Exception", "Invalid command");
	case VALUE_OBJECT:
		return exception("builtins.Exception", "Invalid command");
	case VALUE_NONE:
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT:
		break;
	}
	return exception("builtins.TypeError",
	    "'%s' object is not subscriptable", types[words->type]);
}

static enum outcome
run_words(struct call *c)
{
	struct value *wrong = not_a_list(c->words);
	const struct row *row;

	if (wrong != NULL)
		return call_raise(c, wrong);
	row = row_find(server_rows, value_str(value_at(c->words, 0)));
	if (row == NULL)
		return call_fail(c, "builtins.Exception", "Invalid command");
	return run_row(c, row);
}

static void
say_command(const struct value *words)
{
	struct buf text = BUF_INIT;

	if (!log_enabled(LOG_HEAVY))
		return;
	value_repr(&text, words);
	log_msg(LOG_HEAVY, "transmitter", "Command: %s", text.p);
	buf_release(&text);
}

void
command_run(struct server *s, const struct value *words, struct caller by,
    answer_fn fn, void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->copy = by.job != 0 ? value_copy(words) : NULL;
	c->words = by.job != 0 ? c->copy : words;
	c->at = 1;
	c->flags = by.flags;
	c->job = by.job;
	c->fn = fn;
	c->arg = arg;
	say_command(words);
	if (run_words(c) == DONE)
		call_end(c);
}
