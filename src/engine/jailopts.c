/*
 * Options that are the judge's, and what can be asked about it.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/integer.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/word.h"
#include "engine/judge.h"

/* ---- rules */

void
judge_rules_init(struct jail *j, struct judge_rules *r)
{
	const struct ignore_env env = {
	    .arg = j->env.arg,
	    .jail = j->name,
	    .runner = j->env.runner,
	    .resolve = j->env.resolve,
	    .resolve_cancel = j->env.resolve_cancel,
	    .tags = &j->action_env,
	};

	*r = (struct judge_rules){
	    .bantime = {.seconds = 600},
	    .findtime = {.seconds = 600},
	    .maxretry = 3,
	    .maxmatches = 5,
	    .warn_dns = true,
	};
	r->increment = bantime_new();
	r->ignore = ignore_new(&env);
}

void
judge_rules_copy(
    struct jail *j, struct judge_rules *to, const struct judge_rules *from)
{
	struct ignore *ignore = to->ignore;

	(void)j;
	bantime_free(to->increment);
	ignore_copy(ignore, from->ignore);
	*to = *from;
	to->ignore = ignore;
	to->increment = bantime_copy(from->increment);
}

void
judge_rules_release(struct judge_rules *r)
{
	bantime_free(r->increment);
	ignore_free(r->ignore);
}

void
judge_rules_apply(struct jail *j)
{
	tally_set_findtime(j->tally, j->rules.findtime.seconds);
	tally_set_maxmatches(j->tally, j->rules.maxmatches);
	bans_set_bantime(j->bans, j->rules.bantime.seconds);
}

static struct judge_rules *
current(struct jail *j)
{
	return j->shadow != NULL ? j->shadow : &j->rules;
}

/* ---- values */

static int
parse_int(int *ret, const char *text, struct err *err)
{
	long long n;

	if (integer_parse(&n, text) == -1)
		return err_set(
		    err, "invalid literal for int() with base 10: '%s'", text);
	*ret = n > INT_MAX ? INT_MAX : n < INT_MIN ? INT_MIN : (int)n;
	return 0;
}

static int
parse_span(struct span *ret, const char *text, struct err *err)
{
	struct span s;

	if (span_parse(&s, text, err) == -1)
		return -1;
	if (s.is_none)
		return err_set(err, "a time is needed, not 'None'");
	*ret = s;
	return 0;
}

static void
log_span(const char *module, const char *name, const struct span *s)
{
	struct buf text = BUF_INIT;

	span_print(&text, s);
	log_msg(LOG_INFO_, module, "  %s: %s", name, text.p);
	buf_release(&text);
}

static struct value *
span_value(const struct span *s)
{
	return s->is_float ? value_float(s->seconds)
	                   : value_int((int64_t)s->seconds);
}

/* ---- one function an option; text is its first word */

static int
set_bantime(struct jail *j, const char *text, struct err *err)
{
	struct span *s = &current(j)->bantime;

	if (parse_span(s, text, err) == -1)
		return -1;
	log_span("actions", "banTime", s);
	s->seconds = trunc(s->seconds);
	s->is_float = false;
	return 0;
}

static struct value *
get_bantime(const struct judge_rules *r)
{
	return span_value(&r->bantime);
}

static int
set_findtime(struct jail *j, const char *text, struct err *err)
{
	struct span *s = &current(j)->findtime;

	if (parse_span(s, text, err) == -1)
		return -1;
	log_span("filter", "findtime", s);
	return 0;
}

static struct value *
get_findtime(const struct judge_rules *r)
{
	return span_value(&r->findtime);
}

static int
set_maxretry(struct jail *j, const char *text, struct err *err)
{
	if (parse_int(&current(j)->maxretry, text, err) == -1)
		return -1;
	log_msg(LOG_INFO_, "filter", "  maxRetry: %d", current(j)->maxretry);
	return 0;
}

static struct value *
get_maxretry(const struct judge_rules *r)
{
	return value_int(r->maxretry);
}

static int
set_maxmatches(struct jail *j, const char *text, struct err *err)
{
	return parse_int(&current(j)->maxmatches, text, err);
}

static struct value *
get_maxmatches(const struct judge_rules *r)
{
	return value_int(r->maxmatches);
}

static int
set_ignoreself(struct jail *j, const char *text, struct err *err)
{
	(void)err;
	ignore_set_self(current(j)->ignore, word_is_true(text));
	return 0;
}

static struct value *
get_ignoreself(const struct judge_rules *r)
{
	return value_bool(ignore_self(r->ignore));
}

static int
add_ignoreip(struct jail *j, const char *text, struct err *err)
{
	(void)err;
	ignore_add(current(j)->ignore, text);
	return 0;
}

static int
del_ignoreip(struct jail *j, const char *text, struct err *err)
{
	return ignore_del(current(j)->ignore, text, err);
}

static struct value *
get_ignoreip(const struct judge_rules *r)
{
	return ignore_list(r->ignore);
}

static int
set_ignorecommand(struct jail *j, const char *text, struct err *err)
{
	(void)err;
	ignore_set_command(current(j)->ignore, text);
	return 0;
}

static struct value *
get_ignorecommand(const struct judge_rules *r)
{
	const char *text = ignore_command(r->ignore);

	/* fail2ban: False until it is set */
	return text == NULL ? value_bool(false) : value_text(text);
}

static int
set_ignorecache(struct jail *j, const char *text, struct err *err)
{
	return ignore_set_cache(current(j)->ignore, text, err);
}

static struct value *
get_ignorecache(const struct judge_rules *r)
{
	return ignore_cache(r->ignore);
}

/* all: every word is given to set, not the first alone. */
static const struct option {
	const char *name;
	int (*set)(struct jail *j, const char *text, struct err *err);
	struct value *(*get)(const struct judge_rules *r);
	bool all;
} options[] = {
    {"bantime", set_bantime, get_bantime, false},
    {"findtime", set_findtime, get_findtime, false},
    {"maxretry", set_maxretry, get_maxretry, false},
    {"maxmatches", set_maxmatches, get_maxmatches, false},
    {"ignoreself", set_ignoreself, get_ignoreself, false},
    {"ignoreip", add_ignoreip, get_ignoreip, true},
    {"addignoreip", add_ignoreip, get_ignoreip, true},
    {"delignoreip", del_ignoreip, get_ignoreip, false},
    {"ignorecommand", set_ignorecommand, get_ignorecommand, false},
    {"ignorecache", set_ignorecache, get_ignorecache, false},
};

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static bool
is_increment(const char *name)
{
	return strncmp(name, "bantime.", 8) == 0 && name[8] != '\0';
}

bool
jail_has_option(const char *name)
{
	return find_option(name) != NULL || is_increment(name);
}

static int
set_increment(
    struct jail *j, const char *name, const char *text, struct err *err)
{
	struct bantime *b = current(j)->increment;

	log_msg(LOG_INFO_, "jail", "Set banTime.%s = %s", name + 8, text);
	if (bantime_set(b, name + 8, text, err) == -1)
		return -1;
	if (strcmp(name, "bantime.increment") == 0 && bantime_increments(b) &&
	    j->env.history == NULL)
		log_msg(LOG_WARN, "jail",
		    "ban time increment is not available as long jail "
		    "database is not set");
	return 0;
}

/* Text of a word: what is a number only by its type is made one. */
static void
word_text(struct buf *text, const char *name, const struct value *word)
{
	bool whole = strncmp(name, "max", 3) == 0;
	bool flag = strcmp(name, "ignoreself") == 0 ||
	            strcmp(name, "bantime.increment") == 0;

	if (whole && value_is(word, VALUE_FLOAT) && fabs(word->f) < INT_MAX)
		buf_addf(text, "%d", (int)word->f);
	else if (whole && value_is(word, VALUE_BOOL))
		buf_addf(text, "%d", word->b);
	else if (flag && value_is(word, VALUE_INT))
		buf_adds(text, word->i != 0 ? "true" : "false");
	else if (flag && value_is(word, VALUE_FLOAT))
		buf_adds(text, word->f != 0 ? "true" : "false");
	else if (!value_is(word, VALUE_NONE))
		value_print(text, word);
}

/* A word; a list stands for its items. */
static int
set_word(
    struct jail *j, const char *name, const struct value *word, struct err *err)
{
	const struct option *o = find_option(name);
	struct buf text = BUF_INIT;
	int rc = 0;

	if (o != NULL && o->all && value_is(word, VALUE_LIST)) {
		for (size_t i = 0; i < word->n && rc == 0; i++)
			rc = set_word(j, name, word->items[i], err);
		return rc;
	}
	word_text(&text, name, word);
	rc = o != NULL ? o->set(j, text.p, err)
	               : set_increment(j, name, text.p, err);
	buf_release(&text);
	return rc;
}

int
jail_set(struct jail *j, const char *name, struct value *const *args, size_t n,
    struct err *err)
{
	const struct option *o = find_option(name);
	int rc = 0;

	if (!jail_has_option(name))
		return err_set(err, "no option '%s'", name);
	if (n == 0 && (o == NULL || !o->all))
		return err_set(err, "list index out of range");
	for (size_t i = 0;
	     i < n && rc == 0 && (i == 0 || (o != NULL && o->all)); i++)
		rc = set_word(j, name, args[i], err);
	if (j->shadow == NULL) {
		judge_rules_apply(j);
		judge_tell_due(j);
	}
	return rc;
}

struct value *
jail_get(const struct jail *j, const char *name)
{
	const struct judge_rules *r = j->shadow != NULL ? j->shadow : &j->rules;
	const struct option *o = find_option(name);

	if (o != NULL)
		return o->get(r);
	return is_increment(name) ? bantime_get(r->increment, name + 8) : NULL;
}

void
jail_warn_dns(struct jail *j, bool warn)
{
	current(j)->warn_dns = warn;
}

/* ---- what it knows */

void
jail_counts(const struct jail *j, struct jail_counts *ret)
{
	*ret = (struct jail_counts){
	    .failed = tally_count(j->tally),
	    .failed_total = tally_total(j->tally),
	    .banned = bans_count(j->bans),
	    .banned_total = bans_total(j->bans),
	    .waiting = j->waiting,
	    .evicted = tally_evicted(j->tally),
	};
}

static struct value *
ids(struct ticket **list)
{
	struct value *v = value_list();

	for (size_t i = 0; list[i] != NULL; i++)
		(void)value_add(v, value_textn(list[i]->id, list[i]->id_n));
	free(list);
	return v;
}

struct value *
jail_banned(const struct jail *j)
{
	return ids(bans_list(j->bans));
}

struct value *
jail_banned_by_end(const struct jail *j)
{
	return ids(bans_list_by_end(j->bans));
}

static struct value *
with_time(const struct jail *j, const struct ticket *t)
{
	double bantime = t->has_bantime ? t->bantime : bans_bantime(j->bans);
	struct buf line = BUF_INIT;
	struct value *v;

	buf_add(&line, t->id, t->id_n);
	buf_adds(&line, " \t");
	ticket_print_time(&line, t->time);
	buf_addf(&line, " + %.0f = ", trunc(bantime));
	ticket_print_time(&line, ticket_end(t, bantime));
	v = value_textn(line.p, line.n);
	buf_release(&line);
	return v;
}

struct value *
jail_banned_with_time(const struct jail *j)
{
	struct ticket **list = bans_list_by_end(j->bans);
	struct value *v = value_list();

	for (size_t i = 0; list[i] != NULL; i++)
		(void)value_add(v, with_time(j, list[i]));
	free(list);
	return v;
}

bool
jail_is_banned(const struct jail *j, const char *id, size_t n)
{
	struct buf normal = BUF_INIT;
	bool found;

	addr_normalise(&normal, id, n);
	found = bans_find(j->bans, normal.p, normal.n) != NULL;
	buf_release(&normal);
	return found;
}
