/*
 * "set JAIL X" and "get JAIL X" (spec 15 section 5). What is the judge's goes
 * to it; the rest changes the rules of the sensor, which are with the worker
 * before the answer goes out.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "sensor/codec.h"
#include "sensor/datedetect.h"
#include "server/command.h"
#include "server/server.h"

/* ---- ends of changes */

static void
on_synced(void *arg)
{
	call_end(arg);
}

enum outcome
call_settle(struct call *c, struct value *v)
{
	struct record *r = call_jail(c);
	struct err err = ERR_INIT;

	record_rules(r)->dirty = true;
	(void)call_ok(c, v);
	if (c->flags & CALL_QUIET)
		return DONE;
	if (record_push(r, &err) != 0)
		return call_error(c, &err);
	monitor_sync(c->server->monitor, on_synced, c);
	return PENDING;
}

/* ---- options of the judge */

static const char *
option_name(const struct call *c)
{
	return value_str(value_at(c->words, c->at - 1));
}

static enum outcome
answer_option(struct call *c, const char *name)
{
	struct value *v = jail_get(call_jail(c)->judge, name);

	return call_ok(c, v == NULL ? value_none() : v);
}

static enum outcome
get_option(struct call *c)
{
	return answer_option(c, option_name(c));
}

static int
set_judge(struct call *c)
{
	struct value *const *args = c->words->items + c->at;
	struct err err = ERR_INIT;

	if (jail_set(call_jail(c)->judge, option_name(c), args, call_nargs(c),
	        &err) == 0)
		return 0;
	(void)call_error(c, &err);
	return -1;
}

static enum outcome
set_option(struct call *c)
{
	return set_judge(c) == 0 ? answer_option(c, option_name(c)) : DONE;
}

static enum outcome
set_ignoreip(struct call *c)
{
	return set_judge(c) == 0 ? answer_option(c, "ignoreip") : DONE;
}

/* The sensor needs it too: lines that are too old, the window of mlf. */
static enum outcome
set_findtime(struct call *c)
{
	struct value *span;

	if (set_judge(c) != 0 || call_span(c, 0, &span) != 0)
		return DONE;
	if (!value_is(span, VALUE_NONE))
		record_rules(call_jail(c))->spec.findtime =
		    value_is(span, VALUE_INT) ? (double)span->i : span->f;
	value_free(span);
	return call_settle(c, jail_get(call_jail(c)->judge, "findtime"));
}

/* ---- options of the sensor */

static struct filterspec *
spec_of(const struct call *c)
{
	return &record_rules(call_jail(c))->spec;
}

static bool
has_journal(const struct call *c)
{
	return strcmp(call_jail(c)->used, "systemd") == 0;
}

static struct value *
text_or_none(const char *text)
{
	return text == NULL ? value_none() : value_text(text);
}

static enum outcome
get_usedns(struct call *c)
{
	return call_ok(c, value_text(usedns_name(spec_of(c)->usedns)));
}

static enum outcome
set_usedns(struct call *c)
{
	const char *word = call_text(c, 0);
	enum usedns usedns = USEDNS_NO;

	if (value_is(call_arg(c, 0), VALUE_BOOL))
		usedns = call_arg(c, 0)->b ? USEDNS_YES : USEDNS_NO;
	else if (!usedns_parse(&usedns, word))
		log_msg(LOG_ERROR, "filter",
		    "Incorrect value '%s' specified for usedns. Using safe "
		    "'no'",
		    word);
	spec_of(c)->usedns = usedns;
	jail_warn_dns(call_jail(c)->judge, usedns == USEDNS_WARN);
	return call_settle(c, value_text(usedns_name(usedns)));
}

static enum outcome
get_maxlines(struct call *c)
{
	return call_ok(c, value_int(spec_of(c)->maxlines));
}

static enum outcome
set_maxlines(struct call *c)
{
	struct err err = ERR_INIT;
	long long n;

	if (call_int(c, 0, &n) != 0)
		return DONE;
	if (filterspec_set_maxlines(spec_of(c), (long)n, &err) != 0)
		return call_error(c, &err);
	log_msg(LOG_INFO_, "filter", "  maxLines: %lld", n);
	return call_settle(c, value_int(n));
}

static enum outcome
get_logencoding(struct call *c)
{
	return call_ok(c, value_text(record_rules(call_jail(c))->encoding));
}

static enum outcome
set_logencoding(struct call *c)
{
	struct rules *rules = record_rules(call_jail(c));
	const char *name = call_text(c, 0);

	if (strcasecmp(name, "auto") == 0)
		name = codec_default();
	if (!codec_known(name))
		return call_fail(
		    c, "builtins.LookupError", "unknown encoding: %s", name);
	free(rules->encoding);
	rules->encoding = xstrdup(name);
	log_msg(LOG_INFO_, "filter", "  encoding: %s", name);
	return call_settle(c, value_text(name));
}

/* (pattern, name) as the date detectors tell it, or None. */
static struct value *
describe_dates(const struct call *c)
{
	const char *set = spec_of(c)->datepattern, *pattern, *name;
	struct datedetect *d;
	struct value *v = NULL;

	/* entries of the journal have their time */
	if (set == NULL && has_journal(c))
		return value_none();
	d = datedetect_new();
	if (set == NULL || *set == '\0')
		v = value_pair(value_none(), value_text("Default Detectors"));
	else if (datedetect_add(d, set, NULL) == 0 &&
	         datedetect_describe(d, &pattern, &name))
		v = value_pair(text_or_none(pattern), text_or_none(name));
	datedetect_free(d);
	return v == NULL ? value_none() : v;
}

static enum outcome
get_datepattern(struct call *c)
{
	return call_ok(c, describe_dates(c));
}

static void
say_datepattern(const struct value *v)
{
	const char *pattern = value_str(value_at(v, 0));
	const char *name = value_str(value_at(v, 1));

	if (name != NULL && strcmp(name, "Default Detectors") != 0)
		log_msg(LOG_INFO_, "datedetector", "  date pattern `%s`: `%s`",
		    pattern == NULL ? "" : pattern, name);
}

static enum outcome
set_datepattern(struct call *c)
{
	struct err err = ERR_INIT;
	struct value *v;

	if (filterspec_set_datepattern(spec_of(c), call_text(c, 0), &err) != 0)
		return call_error(c, &err);
	v = describe_dates(c);
	say_datepattern(v);
	return call_settle(c, v);
}

static enum outcome
get_logtimezone(struct call *c)
{
	return call_ok(c, text_or_none(spec_of(c)->logtimezone));
}

static enum outcome
set_logtimezone(struct call *c)
{
	struct err err = ERR_INIT;

	if (filterspec_set_logtimezone(spec_of(c), call_text(c, 0), &err) != 0)
		return call_error(c, &err);
	return call_settle(c, text_or_none(spec_of(c)->logtimezone));
}

static struct value *
prefregex_value(const struct filterspec *spec)
{
	return value_text(
	    spec->prefregex.text == NULL ? "" : spec->prefregex.expanded);
}

static enum outcome
get_prefregex(struct call *c)
{
	return call_ok(c, prefregex_value(spec_of(c)));
}

static enum outcome
set_prefregex(struct call *c)
{
	struct err err = ERR_INIT;

	if (filterspec_set_prefregex(spec_of(c), call_text(c, 0), &err) != 0)
		return call_error(c, &err);
	return call_settle(c, prefregex_value(spec_of(c)));
}

/* ---- failregex and ignoreregex: the same with other rows */

static struct value *
rows_value(const struct filter_row *rows, size_t n)
{
	struct value *list = value_list();

	for (size_t i = 0; i < n; i++)
		value_adds(list, rows[i].expanded);
	return list;
}

static struct value *
failregex_value(const struct filterspec *spec)
{
	return rows_value(spec->failregex, spec->nfail);
}

static struct value *
ignoreregex_value(const struct filterspec *spec)
{
	return rows_value(spec->ignoreregex, spec->nignore);
}

static enum outcome
get_failregex(struct call *c)
{
	return call_ok(c, failregex_value(spec_of(c)));
}

static enum outcome
get_ignoreregex(struct call *c)
{
	return call_ok(c, ignoreregex_value(spec_of(c)));
}

typedef int (*add_regex_fn)(
    struct filterspec *s, const char *text, struct err *err);
typedef int (*del_regex_fn)(struct filterspec *s, size_t i);

/* One regex, or with multi-set a list; 0, or -1 and the answer says why. */
static int
add_regexes(struct call *c, add_regex_fn add)
{
	const struct value *list = call_arg(c, 0);
	bool many = value_is(list, VALUE_LIST) || value_is(list, VALUE_TUPLE);
	struct err err = ERR_INIT;

	for (size_t i = 0; i < (many ? list->n : 1); i++) {
		const char *text = value_str(many ? value_at(list, i) : list);

		if (text != NULL && add(spec_of(c), text, &err) == 0)
			continue;
		(void)call_fail(c, "builtins.Exception", "%s",
		    text == NULL ? "a regular expression must be a text"
		                 : err_text(&err));
		err_release(&err);
		return -1;
	}
	return 0;
}

static enum outcome
add_failregex(struct call *c)
{
	if (add_regexes(c, filterspec_add_failregex) != 0)
		return DONE;
	return call_settle(
	    c, c->multi ? value_bool(true) : failregex_value(spec_of(c)));
}

static enum outcome
add_ignoreregex(struct call *c)
{
	if (add_regexes(c, filterspec_add_ignoreregex) != 0)
		return DONE;
	return call_settle(
	    c, c->multi ? value_bool(true) : ignoreregex_value(spec_of(c)));
}

/* fail2ban: indices are Python's, -1 is the last; a wrong one is no error. */
static int
del_regex(struct call *c, del_regex_fn del, size_t n)
{
	long long i;

	if (call_int(c, 0, &i) != 0)
		return -1;
	if (i < 0)
		i += (long long)n;
	if (i < 0 || del(spec_of(c), (size_t)i) != 0)
		log_msg(LOG_ERROR, "filter",
		    "Cannot remove regular expression. Index %s is not valid",
		    call_text(c, 0));
	return 0;
}

static enum outcome
del_failregex(struct call *c)
{
	if (del_regex(c, filterspec_del_failregex, spec_of(c)->nfail) != 0)
		return DONE;
	return call_settle(c, failregex_value(spec_of(c)));
}

static enum outcome
del_ignoreregex(struct call *c)
{
	if (del_regex(c, filterspec_del_ignoreregex, spec_of(c)->nignore) != 0)
		return DONE;
	return call_settle(c, ignoreregex_value(spec_of(c)));
}

/* ---- idle */

static enum outcome
set_idle(struct call *c)
{
	const char *word = call_text(c, 0);
	bool on = strcmp(word, "on") == 0;

	if (!on && strcmp(word, "off") != 0)
		return call_fail(c, "builtins.Exception",
		    "Invalid idle option, must be 'on' or 'off'");
	record_idle(call_jail(c), on);
	return call_ok(c, value_bool(on));
}

const struct row jail_set_rows[] = {
    {"action", 2, action_row_set, 0},
    {"addaction", 1, action_row_add, ROW_PLAIN},
    {"addfailregex", 1, add_failregex, ROW_PLAIN | ROW_TEXT},
    {"addignoreip", 0, set_ignoreip, ROW_PLAIN | ROW_UTF8},
    {"addignoreregex", 1, add_ignoreregex, ROW_PLAIN | ROW_TEXT},
    {"addjournalmatch", 1, log_row_add_journalmatch, ROW_PLAIN},
    {"addlogpath", 1, log_row_add_logpath, ROW_PLAIN},
    {"attempt", 0, ban_set_attempt, ROW_PLAIN | ROW_UTF8},
    {"awaitlogpath", 1, log_row_await_logpath, ROW_PLAIN},
    {"banip", 0, ban_set_banip, ROW_PLAIN | ROW_UTF8},
    {"bantime", 1, set_option, ROW_PLAIN},
    {"bantime.", 1, set_option, ROW_PLAIN},
    {"datepattern", 1, set_datepattern, ROW_PLAIN | ROW_TEXT},
    {"delaction", 1, action_row_del, ROW_PLAIN},
    {"delfailregex", 1, del_failregex, ROW_PLAIN},
    {"delignoreip", 1, set_ignoreip, ROW_PLAIN | ROW_UTF8},
    {"delignoreregex", 1, del_ignoreregex, ROW_PLAIN},
    {"deljournalmatch", 0, log_row_del_journalmatch, ROW_PLAIN},
    {"dellogpath", 1, log_row_del_logpath, ROW_PLAIN},
    {"findtime", 1, set_findtime, ROW_PLAIN},
    {"idle", 1, set_idle, ROW_PLAIN},
    {"ignorecache", 1, set_option, ROW_PLAIN},
    {"ignorecommand", 1, set_option, ROW_PLAIN},
    {"ignoreself", 1, set_option, ROW_PLAIN},
    {"logencoding", 1, set_logencoding, ROW_PLAIN | ROW_TEXT},
    {"logtimezone", 1, set_logtimezone, ROW_PLAIN | ROW_TEXT},
    {"maxlines", 1, set_maxlines, ROW_PLAIN},
    {"maxmatches", 1, set_option, ROW_PLAIN},
    {"maxretry", 1, set_option, ROW_PLAIN},
    {"prefregex", 1, set_prefregex, ROW_PLAIN | ROW_TEXT},
    {"unbanip", 1, ban_set_unbanip, ROW_PLAIN | ROW_UTF8},
    {"usedns", 1, set_usedns, ROW_PLAIN},
    {NULL, 0, NULL, 0},
};

const struct row jail_get_rows[] = {
    {"action", 2, action_row_get, ROW_READ | ROW_SECRET},
    {"actionmethods", 1, action_row_methods, ROW_READ},
    {"actionproperties", 1, action_row_properties, ROW_READ},
    {"actions", 0, action_row_list, ROW_READ},
    {"banip", 0, ban_get_banip, ROW_READ},
    {"banned", 0, ban_get_banned, ROW_READ},
    {"bantime", 0, get_option, ROW_READ},
    {"bantime.", 0, get_option, ROW_READ},
    {"datepattern", 0, get_datepattern, ROW_READ},
    {"failregex", 0, get_failregex, ROW_READ},
    {"findtime", 0, get_option, ROW_READ},
    {"ignorecache", 0, get_option, ROW_READ},
    {"ignorecommand", 0, get_option, ROW_READ},
    {"ignoreip", 0, get_option, ROW_READ},
    {"ignoreregex", 0, get_ignoreregex, ROW_READ},
    {"ignoreself", 0, get_option, ROW_READ},
    {"journalmatch", 0, log_row_get_journalmatch, ROW_READ},
    {"logencoding", 0, get_logencoding, ROW_READ},
    {"logpath", 0, log_row_get_logpath, ROW_READ},
    {"logtimezone", 0, get_logtimezone, ROW_READ},
    {"maxlines", 0, get_maxlines, ROW_READ},
    {"maxmatches", 0, get_option, ROW_READ},
    {"maxretry", 0, get_option, ROW_READ},
    {"prefregex", 0, get_prefregex, ROW_READ},
    {"usedns", 0, get_usedns, ROW_READ},
    {NULL, 0, NULL, 0},
};
