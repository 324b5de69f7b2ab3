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
	call_finish(arg);
}

/* Answers with v (taken over) once the worker has the rules. */
static enum outcome
settle(struct call *c, struct value *v)
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

/* The text in err as ValueError "Exception"; rules are as they were. */
static enum outcome
refuse(struct call *c, struct err *err)
{
	return call_error(c, err);
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
	return settle(c, jail_get(call_jail(c)->judge, "findtime"));
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

	if (!usedns_parse(&usedns, word))
		log_msg(LOG_ERROR, "filter",
		    "Incorrect value '%s' specified for usedns. Using safe "
		    "'no'",
		    word);
	spec_of(c)->usedns = usedns;
	return settle(c, value_text(usedns_name(usedns)));
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
		return refuse(c, &err);
	log_msg(LOG_INFO_, "filter", "  maxLines: %lld", n);
	return settle(c, value_int(n));
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
	return settle(c, value_text(name));
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
	if (datedetect_add(d, set == NULL ? "" : set, NULL) == 0 &&
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
		return refuse(c, &err);
	v = describe_dates(c);
	say_datepattern(v);
	return settle(c, v);
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
		return refuse(c, &err);
	return settle(c, text_or_none(spec_of(c)->logtimezone));
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
		return refuse(c, &err);
	return settle(c, prefregex_value(spec_of(c)));
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
		const char *text =
		    many ? value_str(value_at(list, i)) : call_text(c, 0);

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
	return settle(
	    c, c->multi ? value_bool(true) : failregex_value(spec_of(c)));
}

static enum outcome
add_ignoreregex(struct call *c)
{
	if (add_regexes(c, filterspec_add_ignoreregex) != 0)
		return DONE;
	return settle(
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
	return settle(c, failregex_value(spec_of(c)));
}

static enum outcome
del_ignoreregex(struct call *c)
{
	if (del_regex(c, filterspec_del_ignoreregex, spec_of(c)->nignore) != 0)
		return DONE;
	return settle(c, ignoreregex_value(spec_of(c)));
}

/* ---- logs */

static enum outcome
get_logpath(struct call *c)
{
	return call_ok(c, record_logs(call_jail(c)));
}

/* "head" or "tail" in argument 1; -1: the answer says what is wrong. */
static int
log_mode(struct call *c, bool *tail)
{
	const char *word = call_text(c, 1);

	if (call_nargs(c) > 2)
		(void)call_fail(c, "builtins.ValueError",
		    "Only one file can be added at a time");
	else if (word != NULL && strcmp(word, "head") != 0 &&
	         strcmp(word, "tail") != 0)
		(void)call_fail(c, "builtins.ValueError",
		    "File option must be 'head' or 'tail'");
	else {
		*tail = word != NULL && strcmp(word, "tail") == 0;
		return 0;
	}
	return -1;
}

static enum outcome
add_log(struct call *c, bool await)
{
	struct value *exc;
	bool tail;

	if (log_mode(c, &tail) != 0)
		return DONE;
	if (record_add_log(call_jail(c), call_text(c, 0), tail, await, &exc) !=
	    0)
		return call_raise(c, exc);
	return get_logpath(c);
}

static enum outcome
add_logpath(struct call *c)
{
	return add_log(c, false);
}

static enum outcome
await_logpath(struct call *c)
{
	return add_log(c, true);
}

static enum outcome
del_logpath(struct call *c)
{
	record_del_log(call_jail(c), call_text(c, 0));
	return get_logpath(c);
}

/* ---- journal matches */

static enum outcome
get_journalmatch(struct call *c)
{
	return call_ok(c, value_copy(record_rules(call_jail(c))->matches));
}

/* The words of the call, "+" begins a new group: list of lists. */
static struct value *
groups_of(struct call *c)
{
	const struct value *words = call_texts(c, 0);
	struct value *groups = value_list(), *group = NULL;

	for (size_t i = 0; i < words->n; i++) {
		const char *word = value_str(value_at(words, i));

		if (strcmp(word, "+") == 0) {
			group = NULL;
			continue;
		}
		if (group == NULL)
			group = value_add(groups, value_list());
		value_adds(group, word);
	}
	return groups;
}

/* Tells the monitor and keeps them; takes matches over. */
static enum outcome
use_matches(struct call *c, struct value *matches)
{
	struct record *r = call_jail(c);
	struct rules *rules = record_rules(r);
	struct err err = ERR_INIT;

	if (!r->staged && r->next == NULL &&
	    monitor_set_matches(c->server->monitor, r->name, matches, &err) !=
	        0) {
		value_free(matches);
		return refuse(c, &err);
	}
	value_free(rules->matches);
	rules->matches = matches;
	return settle(c, value_copy(matches));
}

static enum outcome
add_journalmatch(struct call *c)
{
	struct record *r = call_jail(c);
	struct value *matches, *groups;
	struct buf words = BUF_INIT;

	if (!has_journal(c))
		return get_journalmatch(c);
	matches = value_copy(record_rules(r)->matches);
	groups = groups_of(c);
	for (size_t i = 0; i < groups->n; i++)
		value_add(matches, value_copy(value_at(groups, i)));
	value_free(groups);
	for (size_t i = 0; i < call_nargs(c); i++)
		buf_addf(&words, "%s%s", i > 0 ? " " : "", call_text(c, i));
	log_msg(LOG_INFO_, "filtersystemd",
	    "[%s] Added journal match for: '%s'", r->name, words.p);
	buf_release(&words);
	return use_matches(c, matches);
}

static int
index_of(const struct value *list, const struct value *wanted)
{
	for (size_t i = 0; i < list->n; i++)
		if (value_eq(value_at(list, i), wanted))
			return (int)i;
	return -1;
}

static enum outcome
del_journalmatch(struct call *c)
{
	struct value *matches, *groups;
	struct buf repr = BUF_INIT;

	if (!has_journal(c))
		return get_journalmatch(c);
	if (call_nargs(c) == 0)
		return use_matches(c, value_list());
	matches = value_copy(record_rules(call_jail(c))->matches);
	groups = groups_of(c);
	for (size_t i = 0; i < groups->n; i++) {
		int at = index_of(matches, value_at(groups, i));

		if (at >= 0) {
			value_remove(matches, (size_t)at);
			continue;
		}
		value_repr(&repr, groups);
		(void)call_fail(
		    c, "builtins.ValueError", "Match %s not found", repr.p);
		buf_release(&repr);
		value_free(groups);
		value_free(matches);
		return DONE;
	}
	value_free(groups);
	return use_matches(c, matches);
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
    {"addaction", 1, action_row_add, 0},
    {"addfailregex", 1, add_failregex, 0},
    {"addignoreip", 0, set_ignoreip, 0},
    {"addignoreregex", 1, add_ignoreregex, 0},
    {"addjournalmatch", 1, add_journalmatch, 0},
    {"addlogpath", 1, add_logpath, 0},
    {"attempt", 0, ban_set_attempt, 0},
    {"awaitlogpath", 1, await_logpath, 0},
    {"banip", 0, ban_set_banip, 0},
    {"bantime", 1, set_option, 0},
    {"bantime.", 1, set_option, 0},
    {"datepattern", 1, set_datepattern, 0},
    {"delaction", 1, action_row_del, 0},
    {"delfailregex", 1, del_failregex, 0},
    {"delignoreip", 1, set_ignoreip, 0},
    {"delignoreregex", 1, del_ignoreregex, 0},
    {"deljournalmatch", 0, del_journalmatch, 0},
    {"dellogpath", 1, del_logpath, 0},
    {"findtime", 1, set_findtime, 0},
    {"idle", 1, set_idle, 0},
    {"ignorecache", 1, set_option, 0},
    {"ignorecommand", 1, set_option, 0},
    {"ignoreself", 1, set_option, 0},
    {"logencoding", 1, set_logencoding, 0},
    {"logtimezone", 1, set_logtimezone, 0},
    {"maxlines", 1, set_maxlines, 0},
    {"maxmatches", 1, set_option, 0},
    {"maxretry", 1, set_option, 0},
    {"prefregex", 1, set_prefregex, 0},
    {"unbanip", 1, ban_set_unbanip, 0},
    {"usedns", 1, set_usedns, 0},
    {NULL, 0, NULL, 0},
};

const struct row jail_get_rows[] = {
    {"action", 2, action_row_get, ROW_READ},
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
    {"journalmatch", 0, get_journalmatch, ROW_READ},
    {"logencoding", 0, get_logencoding, ROW_READ},
    {"logpath", 0, get_logpath, ROW_READ},
    {"logtimezone", 0, get_logtimezone, ROW_READ},
    {"maxlines", 0, get_maxlines, ROW_READ},
    {"maxmatches", 0, get_option, ROW_READ},
    {"maxretry", 0, get_option, ROW_READ},
    {"prefregex", 0, get_prefregex, ROW_READ},
    {"usedns", 0, get_usedns, ROW_READ},
    {NULL, 0, NULL, 0},
};
