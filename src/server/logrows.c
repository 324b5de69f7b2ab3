/* Logs and journal matches of a jail (spec 15 section 5). */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "server/command.h"
#include "server/server.h"

enum outcome
log_row_get_logpath(struct call *c)
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
	else if (word != NULL && strcasecmp(word, "head") != 0 &&
	         strcasecmp(word, "tail") != 0)
		(void)call_fail(c, "builtins.ValueError",
		    "File option must be 'head' or 'tail'");
	else {
		*tail = word != NULL && strcasecmp(word, "tail") == 0;
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
	return log_row_get_logpath(c);
}

enum outcome
log_row_add_logpath(struct call *c)
{
	return add_log(c, false);
}

enum outcome
log_row_await_logpath(struct call *c)
{
	return add_log(c, true);
}

enum outcome
log_row_del_logpath(struct call *c)
{
	record_del_log(call_jail(c), call_text(c, 0));
	return log_row_get_logpath(c);
}

/* ---- journal matches */

enum outcome
log_row_get_journalmatch(struct call *c)
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

static bool
has_journal(const struct call *c)
{
	return strcmp(call_jail(c)->used, "systemd") == 0;
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
		return call_error(c, &err);
	}
	value_free(rules->matches);
	rules->matches = matches;
	return call_settle(c, value_copy(matches));
}

enum outcome
log_row_add_journalmatch(struct call *c)
{
	struct record *r = call_jail(c);
	struct value *matches, *groups;
	struct buf words = BUF_INIT;

	if (!has_journal(c))
		return log_row_get_journalmatch(c);
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
no_such_match(struct call *c)
{
	struct buf repr = BUF_INIT;

	value_repr(&repr, call_texts(c, 0));
	(void)call_fail(c, "builtins.ValueError", "Match %s not found", repr.p);
	buf_release(&repr);
	return DONE;
}

enum outcome
log_row_del_journalmatch(struct call *c)
{
	struct value *matches, *groups;

	if (!has_journal(c))
		return log_row_get_journalmatch(c);
	if (call_nargs(c) == 0)
		return no_such_match(c);
	matches = value_copy(record_rules(call_jail(c))->matches);
	groups = groups_of(c);
	for (size_t i = 0; i < groups->n; i++) {
		int at = index_of(matches, value_at(groups, i));

		if (at >= 0) {
			value_remove(matches, (size_t)at);
			continue;
		}
		value_free(groups);
		value_free(matches);
		return no_such_match(c);
	}
	value_free(groups);
	return use_matches(c, matches);
}
