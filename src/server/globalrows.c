/* "set X" and "get X" of the server itself (spec 15 section 2). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/integer.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/command.h"
#include "server/server.h"

enum {
	MATCHES_MAX = 1000000,
	STACK_MIN_KIB = 32,
	STACK_MAX_KIB = 1 << 30,
};

static enum outcome
get_loglevel(struct call *c)
{
	return call_ok(c, value_text(c->server->loglevel));
}

static enum outcome
set_loglevel(struct call *c)
{
	struct err err = ERR_INIT;

	if (server_set_loglevel(c->server, call_text(c, 0), &err) != 0)
		return call_error(c, &err);
	return get_loglevel(c);
}

static enum outcome
get_logtarget(struct call *c)
{
	const char *name = logtarget_name(c->server->logtarget);

	return call_ok(c, name == NULL ? value_none() : value_text(name));
}

static enum outcome
set_logtarget(struct call *c)
{
	struct err err = ERR_INIT;
	enum outcome o;

	if (logtarget_set(c->server->logtarget, call_text(c, 0), &err) == 0)
		return get_logtarget(c);
	o = call_fail(c, "builtins.Exception", "%s", err_text(&err));
	err_release(&err);
	return o;
}

static enum outcome
get_syslogsocket(struct call *c)
{
	return call_ok(
	    c, value_text(logtarget_syslogsocket(c->server->logtarget)));
}

static enum outcome
set_syslogsocket(struct call *c)
{
	struct err err = ERR_INIT;
	enum outcome o;

	if (logtarget_set_syslogsocket(
	        c->server->logtarget, call_text(c, 0), &err) == 0)
		return get_syslogsocket(c);
	o = call_fail(c, "builtins.Exception", "%s", err_text(&err));
	err_release(&err);
	return o;
}

static enum outcome
get_dbfile(struct call *c)
{
	const struct history *h = c->server->history;

	return call_ok(
	    c, h == NULL ? value_none() : value_text(history_path(h)));
}

static enum outcome
set_dbfile(struct call *c)
{
	struct err err = ERR_INIT;
	enum outcome o;

	if (server_set_dbfile(c->server, call_text(c, 0), &err) == 0)
		return get_dbfile(c);
	o = call_fail(c, "builtins.RuntimeError", "%s", err_text(&err));
	err_release(&err);
	return o;
}

static enum outcome
no_database(struct call *c)
{
	log_msg(LOG_MSG, "transmitter",
	    "dbmaxmatches or dbpurgeage ignored: no database");
	return call_ok(c, value_none());
}

static enum outcome
get_dbmaxmatches(struct call *c)
{
	struct history *h = c->server->history;

	return call_ok(
	    c, h == NULL ? value_none() : value_int(history_maxmatches(h)));
}

static enum outcome
set_dbmaxmatches(struct call *c)
{
	long long n;

	if (c->server->history == NULL)
		return no_database(c);
	if (call_int(c, 0, &n) != 0)
		return DONE;
	/* fail2ban: below zero there is no limit, in effect */
	if (n < 0 || n > MATCHES_MAX)
		n = MATCHES_MAX;
	history_set_maxmatches(c->server->history, (int)n);
	return get_dbmaxmatches(c);
}

static struct value *
number(double f)
{
	return f == (double)(long long)f ? value_int((long long)f)
	                                 : value_float(f);
}

static enum outcome
get_dbpurgeage(struct call *c)
{
	struct history *h = c->server->history;

	return call_ok(
	    c, h == NULL ? value_none() : number(history_purgeage(h)));
}

static enum outcome
set_dbpurgeage(struct call *c)
{
	struct value *span;

	if (c->server->history == NULL)
		return no_database(c);
	if (call_span(c, 0, &span) != 0)
		return DONE;
	if (!value_is(span, VALUE_NONE))
		history_set_purgeage(c->server->history,
		    value_is(span, VALUE_INT) ? (double)span->i : span->f);
	value_free(span);
	return get_dbpurgeage(c);
}

static enum outcome
set_allowipv6(struct call *c)
{
	struct server *s = c->server;
	const char *text = call_text(c, 0);

	s->ipv6 = strcasecmp(text, "auto") == 0 ? -1 : call_bool(c, 0);
	free(s->allowipv6);
	s->allowipv6 = xstrdup(text);
	resolver_set_ipv6(s->resolver, server_ipv6(s));
	log_msg(LOG_DEBUG_, "ipdns", "IPv6 is %s",
	    s->ipv6 < 0   ? "auto"
	    : s->ipv6 > 0 ? "on"
	                  : "off");
	return call_ok(c, value_text(text));
}

static enum outcome
get_thread(struct call *c)
{
	struct value *v = value_dict();

	value_set(v, "stacksize", value_int(c->server->stacksize));
	return call_ok(c, v);
}

static int
number_of(const struct value *v, long long *ret)
{
	if (value_is(v, VALUE_TEXT))
		return integer_parse(ret, v->text);
	if (!value_is(v, VALUE_INT))
		return -1;
	*ret = v->i;
	return 0;
}

/* There are no threads here; the number is kept for who asks for it. */
static enum outcome
set_thread(struct call *c)
{
	static const char *const types[] = {
	    [VALUE_NONE] = "NoneType",
	    [VALUE_BOOL] = "bool",
	    [VALUE_INT] = "int",
	    [VALUE_FLOAT] = "float",
	    [VALUE_TEXT] = "str",
	    [VALUE_LIST] = "list",
	    [VALUE_TUPLE] = "tuple",
	    [VALUE_DICT] = "dict",
	    [VALUE_OBJECT] = "object",
	};
	const struct value *v = call_arg(c, 0);
	long long kib;

	if (!value_is(v, VALUE_DICT))
		return call_fail(c, "builtins.AttributeError",
		    "'%s' object has no attribute 'items'", types[v->type]);
	if (v->n > 0 && value_get(v, "stacksize") == NULL)
		return call_fail(
		    c, "builtins.KeyError", "unknown option in thread");
	if (v->n == 0)
		return call_ok(c, value_none());
	if (number_of(value_get(v, "stacksize"), &kib) != 0)
		return call_fail(c, "builtins.ValueError",
		    "stacksize must be a number of KiB");
	if (kib != 0 && (kib < STACK_MIN_KIB || kib > STACK_MAX_KIB))
		return call_fail(
		    c, "builtins.ValueError", "size not valid: %lld KiB", kib);
	c->server->stacksize = kib;
	return call_ok(c, value_none());
}

const struct row global_set_rows[] = {
    {"allowipv6", 1, set_allowipv6, ROW_PLAIN},
    {"dbfile", 1, set_dbfile, ROW_PLAIN},
    {"dbmaxmatches", 1, set_dbmaxmatches, ROW_PLAIN},
    {"dbpurgeage", 1, set_dbpurgeage, ROW_PLAIN},
    {"loglevel", 1, set_loglevel, ROW_PLAIN | ROW_TEXT},
    {"logtarget", 1, set_logtarget, ROW_PLAIN | ROW_TEXT},
    {"syslogsocket", 1, set_syslogsocket, ROW_PLAIN},
    {"thread", 1, set_thread, 0},
    {NULL, 0, NULL, 0},
};

const struct row global_get_rows[] = {
    {"dbfile", 0, get_dbfile, ROW_READ},
    {"dbmaxmatches", 0, get_dbmaxmatches, ROW_READ},
    {"dbpurgeage", 0, get_dbpurgeage, ROW_READ},
    {"loglevel", 0, get_loglevel, ROW_READ},
    {"logtarget", 0, get_logtarget, ROW_READ},
    {"syslogsocket", 0, get_syslogsocket, ROW_READ},
    {"thread", 0, get_thread, ROW_READ},
    {NULL, 0, NULL, 0},
};
