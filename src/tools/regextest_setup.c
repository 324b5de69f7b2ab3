/*
 * What the arguments REGEX and IGNOREREGEX mean, and the "Use ..." lines
 * that say so.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/optlist.h"
#include "base/utf8.h"
#include "conf/config.h"
#include "sensor/datedetect.h"
#include "tools/regextest.h"

#define SHOWN 50 /* characters of a longer text */
#define SHOWN_MAX 53

struct setup {
	const struct regextest_opts *o;
	struct filterspec *spec;
	bool quiet; /* no "Use ..." lines */
};

/* "Use      title : value": the title ends in the same column. */
static void
say(const struct setup *s, const char *title, const char *value)
{
	if (!s->quiet)
		(void)printf("Use %*s : %s\n", 16, title, value);
}

void
regextest_shorten(struct buf *out, const char *text)
{
	size_t n = strlen(text);
	size_t at = 0;

	if (utf8_length(text, n) <= SHOWN_MAX) {
		buf_add(out, text, n);
		return;
	}
	for (int i = 0; i < SHOWN; i++) {
		char32_t c;
		size_t len = utf8_decode(text + at, n - at, &c);

		at += len > 0 ? len : 1;
	}
	buf_add(out, text, at);
	buf_adds(out, "...");
}

static void
say_short(const struct setup *s, const char *title, const char *text)
{
	struct buf b = BUF_INIT;

	regextest_shorten(&b, text);
	say(s, title, b.p);
	buf_release(&b);
}

/* ---- options ---- */

static int
use_datepattern(struct setup *s, const char *pattern, struct err *err)
{
	struct datedetect *d;
	const char *text;
	const char *name;
	struct buf b = BUF_INIT;

	if (filterspec_set_datepattern(s->spec, pattern, err) != 0)
		return -1;
	d = datedetect_new();
	if (datedetect_add(d, pattern, NULL) == 0) {
		(void)datedetect_describe(d, &text, &name);
		buf_addf(&b, "%s : %s", pattern, name);
		say(s, "datepattern", b.p);
	}
	datedetect_free(d);
	buf_release(&b);
	return 0;
}

static bool
has_datepattern(const struct regextest_opts *o)
{
	return o->datepattern != NULL && *o->datepattern != '\0';
}

static int
use_maxlines(struct setup *s, long n, struct err *err)
{
	char text[24];

	if (filterspec_set_maxlines(s->spec, n, err) != 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%ld", n);
	say(s, "maxlines", text);
	return 0;
}

/* What is given on the command line holds against what a filter says. */
static int
use_options(struct setup *s, struct err *err)
{
	const struct regextest_opts *o = s->o;

	s->spec->usedns = USEDNS_WARN;
	s->spec->only_captured = o->of_1_1_1;
	if (o->usedns != NULL)
		(void)usedns_parse(&s->spec->usedns, o->usedns);
	if (o->maxlines > 0 && use_maxlines(s, o->maxlines, err) != 0)
		return -1;
	if (has_datepattern(o) && use_datepattern(s, o->datepattern, err) != 0)
		return -1;
	if (o->timezone != NULL)
		return filterspec_set_logtimezone(s->spec, o->timezone, err);
	return 0;
}

/* ---- a filter ---- */

static int
add_regexes(struct filterspec *spec, const struct value *list, bool ignore,
    struct err *err)
{
	for (size_t i = 0; list != NULL && i < list->n; i++) {
		const char *text = value_str(value_at(list, i));
		int r = ignore ? filterspec_add_ignoreregex(spec, text, err)
		               : filterspec_add_failregex(spec, text, err);

		if (r != 0)
			return -1;
	}
	return 0;
}

static long
number_of(const struct value *v)
{
	if (v == NULL)
		return 0;
	if (v->type == VALUE_INT)
		return (long)v->i;
	return value_str(v) != NULL ? strtol(value_str(v), NULL, 10) : 0;
}

/* Takes over what the filter says and the command line leaves open. */
static int
apply(struct setup *s, const struct value *filter, struct err *err)
{
	const struct regextest_opts *o = s->o;
	long maxlines = number_of(value_get(filter, "maxlines"));
	const char *datepattern = value_str(value_get(filter, "datepattern"));
	const char *usedns = value_str(value_get(filter, "usedns"));
	const char *prefregex = value_str(value_get(filter, "prefregex"));

	if (o->usedns == NULL && usedns != NULL)
		(void)usedns_parse(&s->spec->usedns, usedns);
	if (o->maxlines == 0 && maxlines > 0 &&
	    use_maxlines(s, maxlines, err) != 0)
		return -1;
	if (!has_datepattern(o) && datepattern != NULL &&
	    *datepattern != '\0' && use_datepattern(s, datepattern, err) != 0)
		return -1;
	if (prefregex != NULL && *prefregex != '\0' &&
	    filterspec_set_prefregex(s->spec, prefregex, err) != 0)
		return -1;
	if (add_regexes(s->spec, value_get(filter, "failregex"), false, err) !=
	    0)
		return -1;
	if (o->ignoreregex != NULL)
		return 0;
	return add_regexes(
	    s->spec, value_get(filter, "ignoreregex"), true, err);
}

/* What the argument REGEX turned out to be. */
struct target {
	enum config_filter_kind kind;
	char *name;            /* as the configuration knows it, owned */
	char *path;            /* file, NULL for a jail, owned */
	char *dir;             /* configuration directory, owned */
	struct value *options; /* dict or NULL, owned */
};

static void
target_release(struct target *t)
{
	free(t->name);
	free(t->path);
	free(t->dir);
	value_free(t->options);
	*t = (struct target){.kind = CONFIG_FILTER};
}

static void
say_options(const char *title, const struct value *options)
{
	struct buf b = BUF_INIT;

	value_repr(&b, options);
	(void)printf("%s : %s\n", title, b.p);
	buf_release(&b);
}

/* fail2ban: until 1.1.0 other words, in other columns. */
static void
say_file(const struct setup *s, const char *title, const char *what)
{
	if (s->o->of_1_1_1)
		say(s, "filter file", what);
	else if (!s->quiet)
		(void)printf("%s : %s\n", title, what);
}

static void
say_target(const struct setup *s, const struct target *t)
{
	struct buf b = BUF_INIT;

	switch (t->kind) {
	case CONFIG_JAIL:
		say(s, "jail", t->name);
		break;
	case CONFIG_FILTER:
		buf_addf(&b, "%s, basedir: %s", t->name, t->dir);
		say_file(s, "Use   failregex filter file", b.p);
		break;
	case CONFIG_FILTER_FILE:
		say_file(s, "Use   failregex file", t->path);
		break;
	}
	buf_release(&b);
	if (t->options != NULL && t->options->n > 0 && !s->quiet)
		say_options(t->kind == CONFIG_JAIL ? "Use jail/flt options"
		                                   : "Use   filter options",
		    t->options);
}

/* Why a filter does not work, where the configuration can tell. */
static void
explain(const struct setup *s, const struct target *t, struct err *err)
{
	char *name;

	if (t->path == NULL)
		return;
	if (t->kind == CONFIG_FILTER_FILE || strcmp(t->dir, s->o->config) != 0)
		name = xstrdup(t->path);
	else
		name = xasprintf("filter.d/%s", t->name);
	(void)config_lint_filter(
	    s->o->config, name, strcmp(name, t->path) == 0, err);
	free(name);
}

/* What would read such a log: it decides what the filter expects. */
static const char *
backend_of(const struct regextest_opts *o)
{
	struct stat st;

	return o->log != NULL && regextest_is_journal_name(o->log) &&
	               stat(o->log, &st) != 0
	           ? "systemd"
	           : "auto";
}

/* As config_filter_read(). */
static int
read_target(struct value **filter, const struct setup *s,
    const struct target *t, struct err *err)
{
	struct config_filter use = {t->kind, t->dir,
	    t->kind == CONFIG_FILTER_FILE ? t->path : t->name, t->options,
	    backend_of(s->o)};

	return config_filter_read(filter, &use, err);
}

/* Says what is used, and uses what was read of it. */
static int
take_target(struct setup *s, const struct value *filter,
    struct value **journalmatch, struct err *err)
{
	const struct value *match;

	if (s->o->verbose > 1 && !s->quiet &&
	    value_get(filter, "options") != NULL)
		say_options(
		    "Real  filter options", value_get(filter, "options"));
	if (apply(s, filter, err) != 0)
		return -1;
	if ((match = value_get(filter, "journalmatch")) != NULL)
		*journalmatch = value_copy(match);
	return 0;
}

static int
use_target(struct setup *s, const struct target *t, struct value **journalmatch,
    struct err *err)
{
	struct value *filter = NULL;
	int r;

	say_target(s, t);
	r = read_target(&filter, s, t, err);
	if (r == 0)
		r = take_target(s, filter, journalmatch, err);
	if (r != 0)
		explain(s, t, err);
	value_free(filter);
	return r == 0 ? 0 : -1;
}

/* ---- what REGEX is ---- */

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * Up to three slashes, then word characters, "/", "-" and "."; nothing else
 * before the options in brackets.
 */
static bool
looks_like_name(const char *s, size_t n)
{
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (strchr("/-._", c) == NULL && c < 0x80 &&
		    !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z'))
			return false;
	}
	return true;
}

static bool
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s);
	size_t m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The first of path, path.conf, path.local that is a file, or NULL. */
static char *
find_file(const char *path)
{
	static const char *const suffixes[] = {"", ".conf", ".local"};
	const char *tail = last_part(path);
	size_t n = strlen(tail);

	if (n > 5)
		tail += n - 5;
	if (strchr(tail, '.') != NULL)
		return is_file(path) ? xstrdup(path) : NULL;
	for (int i = 0; i < 3; i++) {
		char *full = xasprintf("%s%s", path, suffixes[i]);

		if (is_file(full))
			return full;
		free(full);
	}
	return NULL;
}

/* Where a filter of this name would be. */
static char *
place_of(const char *config, const char *name)
{
	if (strncmp(name, "filter.d/", 9) == 0)
		return xasprintf("%s/%s", config, name);
	if (strchr(name, '/') != NULL)
		return xstrdup(name);
	if (strcmp(last_part(config), "filter.d") == 0)
		return xasprintf("%s/%s", config, name);
	return xasprintf("%s/filter.d/%s", config, name);
}

/* "DIR/filter.d/NAME.conf": fills name and dir of t. False: not like that. */
static bool
split_path(struct target *t, const char *path)
{
	const char *file = last_part(path);
	size_t n = file > path ? (size_t)(file - path) - 1 : 0;
	char *folder = n > 0 ? xmemdup0(path, n) : xstrdup(".");
	const char *last = last_part(folder);
	bool ok = strcmp(last, "filter.d") == 0 &&
	          (has_suffix(file, ".conf") || has_suffix(file, ".local"));

	if (ok) {
		free(t->dir);
		t->dir = last == folder
		             ? xstrdup(".")
		             : xmemdup0(folder, (size_t)(last - folder) - 1);
		free(t->name);
		t->name = xmemdup0(
		    file, strlen(file) - (has_suffix(file, ".conf") ? 5 : 6));
	}
	free(folder);
	return ok;
}

/* Fills name and options of t from "name[options]". */
static int
read_name(struct target *t, const char *text, size_t n, struct err *err)
{
	struct err why = ERR_INIT;
	int rc = 0;

	t->kind = CONFIG_FILTER;
	if (text[n] != '[')
		t->name = xstrdup(text);
	else if (optlist_parse(&t->name, &t->options, text, &why) != 0)
		rc = err_set(err,
		    "Wrong filter name or options: %s\n"
		    "       while parsing: %s",
		    err_text(&why), text);
	err_release(&why);
	return rc;
}

/*
 * fail2ban: 1.1.1 takes a jail before a filter of the same name; up to 1.1.0
 * there are only filters, here a jail is found as well.
 */
static bool
may_be_jail(const struct regextest_opts *o, const struct target *t)
{
	if (strchr(t->name, '/') != NULL)
		return false;
	return t->path == NULL ||
	       (o->of_1_1_1 && !has_suffix(t->name, ".conf") &&
	           !has_suffix(t->name, ".local"));
}

static void
set_filter(struct target *t)
{
	t->kind = split_path(t, t->path) ? CONFIG_FILTER : CONFIG_FILTER_FILE;
}

/*
 * 1 with t filled; 0: REGEX is the text of a regex; -1: wrong options. What may
 * be a jail is one so far.
 */
static int
find_target(struct target *t, const struct regextest_opts *o, struct err *err)
{
	size_t n = strcspn(o->regex, "[");
	char *name = xmemdup0(o->regex, n);
	char *place = place_of(o->config, name);
	bool is_name = looks_like_name(name, n) &&
	               (o->regex[n] == '\0' || has_suffix(o->regex, "]"));

	t->dir = xstrdup(o->config);
	if (is_name)
		t->path = find_file(place);
	free(place);
	free(name);
	if (!is_name)
		return 0;
	if (read_name(t, o->regex, n, err) != 0)
		return -1;
	if (may_be_jail(o, t))
		t->kind = CONFIG_JAIL;
	else if (t->path == NULL)
		return 0;
	else
		set_filter(t);
	return 1;
}

/* 1: there is no such jail. */
static int
use_jail(struct setup *s, const struct target *t, struct value **journalmatch,
    struct err *err)
{
	struct value *filter = NULL;
	struct err why = ERR_INIT;
	int r = read_target(&filter, s, t, &why);

	if (r == 0) {
		say_target(s, t);
		r = take_target(s, filter, journalmatch, err);
	} else if (t->path == NULL)
		r = 1; /* a regex that looks like its name */
	else if (r < 0)
		r = err_set(err, "%s", err_text(&why));
	err_release(&why);
	value_free(filter);
	return r;
}

static int
use_text(struct setup *s, struct err *err)
{
	struct buf b = BUF_INIT;

	if (!s->quiet) {
		regextest_shorten(&b, s->o->regex);
		(void)printf("Use   failregex line : %s\n", b.p);
	}
	buf_release(&b);
	return filterspec_add_failregex(s->spec, s->o->regex, err);
}

static int
use_regex(struct setup *s, struct value **journalmatch, struct err *err)
{
	struct target t = {.kind = CONFIG_FILTER};
	int found = find_target(&t, s->o, err);
	int r = found < 0 ? -1 : 1;

	if (found > 0 && t.kind == CONFIG_JAIL) {
		r = use_jail(s, &t, journalmatch, err);
		if (r > 0 && t.path != NULL)
			set_filter(&t);
		else
			found = 0;
	}
	if (r > 0)
		r = found > 0 ? use_target(s, &t, journalmatch, err)
		              : use_text(s, err);
	target_release(&t);
	return r;
}

int
regextest_setup(struct filterspec *spec, struct value **journalmatch,
    const struct regextest_opts *o, struct err *err)
{
	struct setup s = {.o = o, .spec = spec, .quiet = o->out != NULL};

	*journalmatch = NULL;
	if (use_options(&s, err) != 0 || use_regex(&s, journalmatch, err) != 0)
		return -1;
	if (o->ignoreregex == NULL)
		return 0;
	say_short(&s, "ignoreregex line", o->ignoreregex);
	return filterspec_add_ignoreregex(spec, o->ignoreregex, err);
}

int
regextest_setup_filter(struct filterspec *spec, const struct regextest_opts *o,
    const struct value *options, struct err *err)
{
	struct setup s = {.o = o, .spec = spec, .quiet = true};
	struct target t = {.kind = CONFIG_FILTER};
	struct value *journalmatch = NULL;
	int r = use_options(&s, err);

	if (r == 0)
		r = find_target(&t, o, err);
	if (r == 0)
		r = err_set(
		    err, "--samples needs a filter, not '%s'", o->regex);
	if (r > 0 && t.path != NULL)
		set_filter(&t);
	if (r > 0) {
		if (t.options == NULL)
			t.options = value_dict();
		for (size_t i = 0; options != NULL && i + 1 < options->n;
		     i += 2)
			value_set(t.options, value_str(options->items[i]),
			    value_copy(options->items[i + 1]));
		r = use_target(&s, &t, &journalmatch, err);
	}
	value_free(journalmatch);
	target_release(&t);
	return r;
}
