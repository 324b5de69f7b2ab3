/*
 * One row a kind of command says how its answer is told. Commands without a
 * row, and answers that do not have the shape which their row expects, print
 * as Python's str().
 */
#include <string.h>

#include "tools/render.h"

struct rule;

struct answer {
	const struct value *command;
	const struct value *v;
	const struct rule *rule;
	bool utf8;
};

struct rule {
	const char *words[3]; /* "*" any word, NULL: as many as there are */
	/* Appends the text; false when the answer has another shape. */
	bool (*tell)(struct buf *out, const struct answer *a);
	const char *text;  /* with %: the answer, 1: jail, 3: action */
	const char *empty; /* for an empty list or None */
};

/* str() of command word i, "" beyond the end. */
static void
add_word(struct buf *out, const struct answer *a, size_t i)
{
	const struct value *w = value_at(a->command, i);

	if (w != NULL)
		value_print(out, w);
}

/* The text of a rule: % is the answer, \1 ... \3 words of the command. */
static void
add_text(struct buf *out, const struct answer *a, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%')
			value_print(out, a->v);
		else if (*p >= '\1' && *p <= '\3')
			add_word(out, a, (size_t)*p);
		else
			buf_addc(out, *p);
	}
}

static void
join(struct buf *out, const struct value *list, const char *sep)
{
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_adds(out, sep);
		value_print(out, list->items[i]);
	}
}

static bool
is_list(const struct value *v)
{
	return v->type == VALUE_LIST || v->type == VALUE_TUPLE;
}

static bool
tell_text(struct buf *out, const struct answer *a)
{
	add_text(out, a,
	    a->rule->empty != NULL && a->v->type == VALUE_NONE ? a->rule->empty
	                                                       : a->rule->text);
	return true;
}

/* fail2ban: names are quoted, numbers are not */
static bool
tell_level(struct buf *out, const struct answer *a)
{
	buf_adds(out, a->rule->text);
	value_repr(out, a->v);
	return true;
}

static bool
tell_words(struct buf *out, const struct answer *a)
{
	if (!is_list(a->v))
		return false;
	join(out, a->v, " ");
	return true;
}

/* What stands before the items, or instead of them. */
static void
tell_title(struct buf *out, const struct answer *a)
{
	buf_adds(out, a->v->n == 0 ? a->rule->empty : a->rule->text);
}

/* Lines "|- item", with numbers where the items are regular expressions. */
static bool
tell_lines(struct buf *out, const struct answer *a, bool numbered)
{
	if (!is_list(a->v))
		return false;
	tell_title(out, a);
	for (size_t i = 0; i < a->v->n; i++) {
		buf_adds(out, i + 1 < a->v->n ? "\n|- " : "\n`- ");
		if (numbered)
			buf_addf(out, "[%zu]: ", i);
		value_print(out, a->v->items[i]);
	}
	return true;
}

static bool
tell_list(struct buf *out, const struct answer *a)
{
	return tell_lines(out, a, false);
}

static bool
tell_regexes(struct buf *out, const struct answer *a)
{
	return tell_lines(out, a, true);
}

static bool
tell_names(struct buf *out, const struct answer *a)
{
	if (!is_list(a->v))
		return false;
	if (a->v->n == 0) {
		add_text(out, a, a->rule->empty);
		return true;
	}
	add_text(out, a, a->rule->text);
	join(out, a->v, ", ");
	return true;
}

static bool
tell_matches(struct buf *out, const struct answer *a)
{
	if (!is_list(a->v))
		return false;
	tell_title(out, a);
	for (size_t i = 0; i < a->v->n; i++) {
		if (i > 0)
			buf_adds(out, " + ");
		if (is_list(a->v->items[i]))
			join(out, a->v->items[i], " ");
		else
			value_print(out, a->v->items[i]);
	}
	return true;
}

static bool
tell_datepattern(struct buf *out, const struct answer *a)
{
	const struct value *pattern = value_at(a->v, 0);

	if (a->v->type == VALUE_NONE) {
		buf_addf(out, "%sNot set/required", a->rule->text);
		return true;
	}
	if (!is_list(a->v) || a->v->n != 2)
		return false;
	buf_adds(out, a->rule->text);
	if (pattern->type == VALUE_NONE)
		value_print(out, a->v->items[1]);
	else {
		value_print(out, pattern);
		buf_adds(out, " (");
		value_print(out, a->v->items[1]);
		buf_addc(out, ')');
	}
	return true;
}

/* fail2ban: the client joins, with what stands behind banip in the command */
static bool
tell_banip(struct buf *out, const struct answer *a)
{
	const char *sep = value_str(value_at(a->command, 3));

	if (!is_list(a->v))
		return false;
	if (sep != NULL && strcmp(sep, "--with-time") == 0)
		sep = "\n";
	join(out, a->v, sep != NULL ? sep : " ");
	return true;
}

static bool
tell_stats(struct buf *out, const struct answer *a)
{
	if (!render_is_stats(a->v))
		return false;
	render_stats(out, a->v, a->utf8);
	return true;
}

static bool
tell_status(struct buf *out, const struct answer *a)
{
	if (!render_is_pairs(a->v))
		return tell_stats(out, a);
	add_text(out, a, a->rule->text);
	render_tree(out, a->v);
	return true;
}

/* fail2ban: its client cannot print the flavor "stats" */
static bool
tell_jail_status(struct buf *out, const struct answer *a)
{
	struct value *stats;
	bool is_stats;

	if (tell_status(out, a))
		return true;
	stats = value_dict();
	value_add(stats, value_copy(value_at(a->command, 1)));
	value_add(stats, value_copy(a->v));
	is_stats = render_is_stats(stats);
	if (is_stats)
		render_stats(out, stats, a->utf8);
	value_free(stats);
	return is_stats;
}

#define DB_DISABLED "Database currently disabled"
#define IGNORED "These IP addresses/networks are ignored:"
#define NO_IGNORED "No IP address/network is ignored"
#define FILES "Current monitored log file(s):"
#define NO_FILES "No file is currently monitored"
#define REGEXES "The following regular expression are defined:"
#define NO_REGEXES "No regular expression is defined"
#define MATCHES "Current match filter:\n"
#define NO_MATCHES "No journal match filter set"
#define TARGET "Current logging target is:\n`- %"
#define SYSLOG "Current syslog socket is:\n`- %"
#define DB_FILE "Current database file is:\n`- %"
#define DB_PURGE "Current database purge age is:\n`- %seconds"
#define ENCODING "Current log encoding is set to:\n%"
#define DATEPATTERN "Current date pattern set to: "

/* The first row that fits is taken. */
static const struct rule rules[] = {
    {{"ping"}, tell_text, "Server replied: %", NULL},
    {{"start"}, tell_text, "Jail started", NULL},
    {{"stop", "*"}, tell_text, "Jail stopped", NULL},
    {{"stop"}, tell_text, "Shutdown successful", NULL},
    {{"add"}, tell_text, "Added jail %", NULL},
    {{"flushlogs"}, tell_text, "logs: %", NULL},
    {{"echo"}, tell_words, NULL, NULL},
    {{"status", "--all"}, tell_status, "Status", NULL},
    {{"status", "*"}, tell_jail_status, "Status for the jail: \1", NULL},
    {{"status"}, tell_status, "Status", NULL},
    {{"stats"}, tell_stats, NULL, NULL},
    {{"statistics"}, tell_stats, NULL, NULL},
    {{"get", "loglevel"}, tell_level, "Current logging level is ", NULL},
    {{"set", "loglevel"}, tell_level, "Current logging level is ", NULL},
    {{"get", "logtarget"}, tell_text, TARGET, NULL},
    {{"set", "logtarget"}, tell_text, TARGET, NULL},
    {{"get", "syslogsocket"}, tell_text, SYSLOG, NULL},
    {{"set", "syslogsocket"}, tell_text, SYSLOG, NULL},
    {{"get", "dbfile"}, tell_text, DB_FILE, DB_DISABLED},
    {{"set", "dbfile"}, tell_text, DB_FILE, DB_DISABLED},
    {{"get", "dbpurgeage"}, tell_text, DB_PURGE, DB_DISABLED},
    {{"set", "dbpurgeage"}, tell_text, DB_PURGE, DB_DISABLED},
    {{"get", "*", "logpath"}, tell_list, FILES, NO_FILES},
    {{"set", "*", "addlogpath"}, tell_list, FILES, NO_FILES},
    {{"set", "*", "dellogpath"}, tell_list, FILES, NO_FILES},
    {{"get", "*", "logencoding"}, tell_text, ENCODING, NULL},
    {{"set", "*", "logencoding"}, tell_text, ENCODING, NULL},
    {{"get", "*", "journalmatch"}, tell_matches, MATCHES, NO_MATCHES},
    {{"set", "*", "addjournalmatch"}, tell_matches, MATCHES, NO_MATCHES},
    {{"set", "*", "deljournalmatch"}, tell_matches, MATCHES, NO_MATCHES},
    {{"get", "*", "datepattern"}, tell_datepattern, DATEPATTERN, NULL},
    {{"set", "*", "datepattern"}, tell_datepattern, DATEPATTERN, NULL},
    {{"get", "*", "ignoreip"}, tell_list, IGNORED, NO_IGNORED},
    {{"set", "*", "addignoreip"}, tell_list, IGNORED, NO_IGNORED},
    {{"set", "*", "delignoreip"}, tell_list, IGNORED, NO_IGNORED},
    {{"get", "*", "failregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"set", "*", "addfailregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"set", "*", "delfailregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"get", "*", "ignoreregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"set", "*", "addignoreregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"set", "*", "delignoreregex"}, tell_regexes, REGEXES, NO_REGEXES},
    {{"get", "*", "banip"}, tell_banip, NULL, NULL},
    {{"get", "*", "actions"}, tell_names,
        "The jail \1 has the following actions:\n", "No actions for jail \1"},
    {{"get", "*", "actionproperties"}, tell_names,
        "The jail \1 action \3 has the following properties:\n",
        "No properties for jail \1 action \3"},
    {{"get", "*", "actionmethods"}, tell_names,
        "The jail \1 action \3 has the following methods:\n",
        "No methods for jail \1 action \3"},
};

static bool
rule_fits(const struct rule *r, const struct value *command)
{
	for (size_t i = 0; i < 3 && r->words[i] != NULL; i++) {
		const char *word = value_str(value_at(command, i));

		if (word == NULL || (strcmp(r->words[i], "*") != 0 &&
		                        strcmp(r->words[i], word) != 0))
			return false;
	}
	return true;
}

void
render_answer(struct buf *out, const struct value *command,
    const struct value *v, bool utf8)
{
	struct answer a = {.command = command, .v = v, .utf8 = utf8};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rule_fits(&rules[i], command))
			continue;
		a.rule = &rules[i];
		if (a.rule->tell(out, &a))
			return;
		break;
	}
	value_print(out, v);
}

/* ---- errors */

const char *
render_class(const struct value *exception)
{
	const char *dot;

	if (!value_is(exception, VALUE_OBJECT))
		return "";
	dot = strrchr(exception->text, '.');
	return dot != NULL ? dot + 1 : exception->text;
}

/* OSError of a file: (2, 'No such file or directory', '/path') */
static bool
is_os_error(const struct value *e)
{
	return value_is(e, VALUE_OBJECT) && e->n >= 2 && e->n <= 5 &&
	       e->items[0]->type == VALUE_INT &&
	       e->items[1]->type == VALUE_TEXT;
}

void
render_args(struct buf *out, const struct value *exception)
{
	struct value *args = value_copy(exception);

	if (exception->type == VALUE_OBJECT)
		args->type = VALUE_TUPLE;
	while (is_os_error(exception) && args->n > 2)
		value_remove(args, args->n - 1);
	value_repr(out, args);
	value_free(args);
}

static void
add_os_error(struct buf *out, const struct value *e)
{
	buf_addf(out, "[Errno %lld] %s", (long long)e->items[0]->i,
	    e->items[1]->text);
	if (e->n > 2 && e->items[2]->type != VALUE_NONE) {
		buf_adds(out, ": ");
		value_repr(out, e->items[2]);
	}
}

/* SyntaxError of an expression: ('text', ('<string>', 1, ...)) */
static bool
add_syntax_error(struct buf *out, const struct value *e)
{
	const struct value *where = value_at(e, 1);
	const struct value *line = value_at(where, 1);

	if (strcmp(render_class(e), "SyntaxError") != 0 ||
	    !value_is(line, VALUE_INT))
		return false;
	value_print(out, e->items[0]);
	buf_adds(out, " (");
	value_print(out, where->items[0]);
	buf_addf(out, ", line %lld)", (long long)line->i);
	return true;
}

/* fail2ban: what its client says itself, by class */
static const struct sentence {
	const char *class;
	const char *before;
	const char *after; /* NULL: no argument between */
} sentences[] = {
    {"UnknownJailException", "Sorry but the jail '", "' does not exist"},
    {"DuplicateJailException", "The jail '", "' already exists"},
    {"IndexError", "Sorry but the command is invalid", NULL},
};

static bool
add_sentence(struct buf *out, const struct value *e)
{
	const char *class = render_class(e);

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strcmp(sentences[i].class, class) != 0)
			continue;
		buf_adds(out, sentences[i].before);
		if (sentences[i].after != NULL && e->n > 0)
			value_print(out, e->items[0]);
		if (sentences[i].after != NULL)
			buf_adds(out, sentences[i].after);
		return true;
	}
	return false;
}

void
render_error(struct buf *out, const struct value *exception)
{
	if (add_sentence(out, exception) || add_syntax_error(out, exception))
		return;
	if (exception->type != VALUE_OBJECT)
		value_print(out, exception);
	else if (is_os_error(exception))
		add_os_error(out, exception);
	else if (exception->n == 1 &&
	         strcmp(render_class(exception), "KeyError") == 0)
		value_repr(out, exception->items[0]);
	else if (exception->n == 1)
		value_print(out, exception->items[0]);
	else if (exception->n > 1)
		render_args(out, exception);
}
