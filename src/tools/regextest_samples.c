/*
 * Runs the filter over annotated samples and says where they disagree.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/mem.h"
#include "tools/regextest.h"
#include "tools/samplefile.h"

#define SAMPLE_NOW 1124013600.0
#define SAMPLE_TZ "Europe/Zurich"

/* The first failure of a line. */
struct seen {
	double time;
	struct value *id;   /* owned */
	struct value *data; /* owned */
	int n;
};

static void
take_failure(void *arg, const struct failure *f)
{
	struct seen *seen = arg;

	if (seen->n++ > 0)
		return;
	seen->time = f->time;
	seen->id = packed_value(f->id);
	seen->data = packed_value(f->data);
}

static void
complain(struct samples *s, const struct group *g, const struct sample *sample,
    const char *what)
{
	s->wrong++;
	(void)printf("%s:%d: %s%s%s%s: %s\n   %s\n", sample->file, sample->line,
	    s->name, *g->key != '\0' ? "[" : "", g->key,
	    *g->key != '\0' ? "]" : "", what, sample->text);
}

/* Text of a JSON value as a capture would be. */
static void
json_text(struct buf *out, const json_t *v)
{
	if (json_is_string(v))
		buf_adds(out, json_string_value(v));
	else if (json_is_integer(v))
		buf_addf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_true(v))
		buf_adds(out, "True");
	else if (json_is_false(v))
		buf_adds(out, "False");
}

/* A list in any order. */
static bool
same_list(const json_t *want, const struct value *got)
{
	if (got == NULL || got->n != json_array_size(want))
		return false;
	for (size_t i = 0; i < json_array_size(want); i++) {
		struct buf a = BUF_INIT;
		bool found = false;

		json_text(&a, json_array_get(want, i));
		for (size_t k = 0; k < got->n && !found; k++) {
			struct buf b = BUF_INIT;

			value_print(&b, got->items[k]);
			found = buf_eq(&b, a.p);
			buf_release(&b);
		}
		buf_release(&a);
		if (!found)
			return false;
	}
	return true;
}

static bool
same_value(struct buf *shown, const json_t *want, const struct value *got)
{
	struct buf a = BUF_INIT;
	struct buf normal = BUF_INIT;
	bool same;

	if (got != NULL && !value_is(got, VALUE_NONE))
		value_print(shown, got);
	if (json_is_array(want))
		return same_list(want, got);
	json_text(&a, want);
	addr_normalise(&normal, a.p, a.n);
	same = buf_eq(shown, a.p) || buf_eq(shown, normal.p);
	buf_release(&a);
	buf_release(&normal);
	return same;
}

/* "2005-08-14T12:00:00.5", local. NAN: it is none. */
static double
wanted_time(const char *text)
{
	struct tm tm = {.tm_isdst = -1};
	double fraction = 0;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest == NULL)
		return NAN;
	if (*rest == '.')
		fraction = strtod(rest, NULL);
	return (double)mktime(&tm) + fraction;
}

static void
compare_time(struct samples *s, const struct group *g,
    const struct sample *sample, double got)
{
	const char *text =
	    json_string_value(json_object_get(sample->want, "time"));
	double want = text != NULL ? wanted_time(text) : NAN;
	char *what;

	if (isnan(want) || fabs(want - got) < 0.001)
		return;
	what = xasprintf("time is %.3f, not %.3f (%s)", got, want, text);
	complain(s, g, sample, what);
	free(what);
}

static void
compare(struct samples *s, const struct group *g, const struct sample *sample,
    const struct seen *seen)
{
	static const char *const other[] = {
	    "match", "desc", "constraint", "time", "attempts", "matches"};
	const char *key;
	json_t *want;

	compare_time(s, g, sample, seen->time);
	json_object_foreach(sample->want, key, want)
	{
		const struct value *got = value_get(seen->data, key);
		struct buf shown = BUF_INIT;
		bool skip = false;

		for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
			skip = skip || strcmp(other[i], key) == 0;
		if (got == NULL &&
		    (strcmp(key, "host") == 0 || strcmp(key, "fid") == 0))
			got = seen->id;
		if (!skip && !same_value(&shown, want, got)) {
			char *json = json_dumps(want, JSON_ENCODE_ANY);
			char *what =
			    xasprintf("%s is '%s', not %s", key, shown.p, json);

			complain(s, g, sample, what);
			free(what);
			free(json);
		}
		buf_release(&shown);
	}
}

static void
check_sample(struct samples *s, const struct group *g, struct filter *filter,
    const struct sample *sample)
{
	struct seen seen = {.n = 0};
	struct err err = ERR_INIT;
	struct trace trace = {.first_only = true};
	struct filter_line line = {
	    .text = sample->text, .n = strlen(sample->text), .now = SAMPLE_NOW};
	bool want = json_is_true(json_object_get(sample->want, "match"));

	s->checked++;
	if (filter_line(filter, &line, take_failure, &seen, &trace, &err) != 0)
		complain(s, g, sample, err_text(&err));
	else if (want && seen.n == 0)
		complain(s, g, sample, "does not match, but should");
	else if (!want && seen.n > 0)
		complain(s, g, sample, "matches, but should not");
	else if (want)
		compare(s, g, sample, &seen);
	value_free(seen.id);
	value_free(seen.data);
	err_release(&err);
}

static int
check_group(struct samples *s, const struct group *g, struct err *err)
{
	struct filterspec spec;
	struct filter *filter = NULL;
	int r;

	filterspec_init(&spec);
	r = regextest_setup_filter(&spec, s->o, g->options, err);
	if (r == 0) {
		filter = filter_new("~jailless~", &spec, err);
		r = filter != NULL ? 0 : -1;
	}
	for (size_t i = 0; r == 0 && i < g->n; i++)
		check_sample(s, g, filter, &g->samples[i]);
	filter_free(filter);
	filterspec_release(&spec);
	return r;
}

int
regextest_samples(const struct regextest_opts *o)
{
	struct regextest_opts raw = *o;
	struct samples s = {.o = &raw};
	struct err err = ERR_INIT;
	const char *base = strrchr(o->regex, '/');
	int r = 0;

	log_set_level(log_level_parse(o->log_level) >= 0
	                  ? log_level_parse(o->log_level)
	                  : LOG_CRITICAL);
	if (raw.usedns == NULL)
		raw.usedns = "raw";
	base = base != NULL ? base + 1 : o->regex;
	s.name = xmemdup0(base, strcspn(base, ".["));
	(void)setenv("TZ", SAMPLE_TZ, 1);
	tzset();
	s.files[s.nfiles++] = xstrdup(o->samples);
	for (size_t i = 0; r == 0 && i < s.nfiles; i++)
		r = samplefile_read(&s, s.files[i], &err);
	for (size_t i = 0; r == 0 && i < s.n; i++)
		r = check_group(&s, &s.groups[i], &err);
	if (r != 0)
		(void)printf("ERROR: %s\n", err_text(&err));
	else
		(void)printf("Samples: %lu lines, %lu disagreements\n",
		    s.checked, s.wrong);
	samplefile_release(&s);
	err_release(&err);
	if (r != 0)
		return REGEXTEST_USAGE;
	return s.wrong > 0 ? REGEXTEST_TROUBLE : REGEXTEST_OK;
}
