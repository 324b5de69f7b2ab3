#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/filter_parts.h"

/* ---- rules */

static int
rule_init(struct rule *r, const struct filter_row *row, struct names *names,
    struct err *err)
{
	memset(r, 0, sizeof(*r));
	r->re = failregex_new(row->expanded, row->multiline, names, err);
	return r->re == NULL ? -1 : 0;
}

static void
rules_free(struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		failregex_free(rules[i].re);
	free(rules);
}

/* Array of n rules, NULL with the reason in err (never NULL for 0 rows). */
static struct rule *
rules_new(const struct filter_row *rows, size_t n, enum filter_kind kind,
    struct names *names, struct err *err)
{
	struct rule *rules = xcalloc(n + 1, sizeof(*rules));

	for (size_t i = 0; i < n; i++) {
		if (rule_init(&rules[i], &rows[i], names, err) < 0) {
			rules_free(rules, n);
			return NULL;
		}
		rules[i].kind = kind;
		rules[i].index = i;
	}
	return rules;
}

/* Everything that comes from a specification, before it takes its place. */
struct ruleset {
	struct filterspec spec;
	struct rule pref;
	struct failregex *head;
	struct rule *fail;
	struct rule *ignore;
	struct datedetect *dates;
};

static void
ruleset_release(struct ruleset *s)
{
	failregex_free(s->pref.re);
	failregex_free(s->head);
	if (s->fail != NULL)
		rules_free(s->fail, s->spec.nfail);
	if (s->ignore != NULL)
		rules_free(s->ignore, s->spec.nignore);
	datedetect_free(s->dates);
	filterspec_release(&s->spec);
}

static int
set_dates(struct datedetect *d, const struct filterspec *s, struct err *err)
{
	if (s->datepattern != NULL &&
	    datedetect_add(d, s->datepattern, err) < 0)
		return -1;
	const char *zone = s->logtimezone;

	return datedetect_set_zone(
	    d, zone == NULL || *zone == '\0' ? NULL : zone, err);
}

static int
ruleset_init(struct ruleset *s, const struct filterspec *spec,
    struct names *names, struct err *err)
{
	struct value *v = filterspec_to_value(spec);
	int rc;

	memset(s, 0, sizeof(*s));
	rc = filterspec_from_value(&s->spec, v, err);
	value_free(v);
	if (rc < 0)
		return -1;
	s->dates = datedetect_new();
	rc = set_dates(s->dates, &s->spec, err);
	if (rc == 0 && s->spec.prefregex.text != NULL) {
		rc = rule_init(&s->pref, &s->spec.prefregex, names, err);
		if (rc == 0 && !s->spec.prefregex.multiline)
			s->head =
			    failregex_head(s->spec.prefregex.expanded, names);
	}
	if (rc == 0) {
		s->fail = rules_new(s->spec.failregex, s->spec.nfail,
		    FILTER_FAILREGEX, names, err);
		s->ignore = rules_new(s->spec.ignoreregex, s->spec.nignore,
		    FILTER_IGNOREREGEX, names, err);
	}
	for (size_t i = 0; s->fail != NULL && i < s->spec.nfail; i++)
		s->fail[i].apart = s->pref.re == NULL ||
		                   failregex_apart(s->pref.re, s->fail[i].re);
	if (s->fail != NULL && s->ignore != NULL)
		return 0;
	ruleset_release(s);
	return -1;
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* The new rules take the place of the old ones, which are released. */
static void
install(struct filter *f, struct ruleset *s)
{
	struct ruleset old = {
	    f->spec, f->pref, f->head, f->fail, f->ignore, f->dates};

	/* what the detector learned stays true while the patterns stay */
	if (f->dates != NULL &&
	    same_text(f->spec.datepattern, s->spec.datepattern) &&
	    same_text(f->spec.logtimezone, s->spec.logtimezone)) {
		old.dates = s->dates;
		s->dates = f->dates;
	}
	if (f->spec.maxlines != s->spec.maxlines)
		f->nwindow = 0;
	f->spec = s->spec;
	f->pref = s->pref;
	f->head = s->head;
	f->fail = s->fail;
	f->nfail = s->spec.nfail;
	f->ignore = s->ignore;
	f->nignore = s->spec.nignore;
	f->dates = s->dates;
	prefilter_free(f->prefilter);
	f->prefilter = prefilter_new();
	for (size_t i = 0; i < f->nfail; i++)
		prefilter_add(f->prefilter,
		    regex_literals(failregex_regex(f->fail[i].re)),
		    regex_prefix(failregex_regex(f->fail[i].re)));
	prefilter_build(f->prefilter);
	ruleset_release(&old);
}

/* ---- life */

static void
init_buffers(struct filter *f)
{
	struct buf *bufs[] = {&f->last_text, &f->subject, &f->content,
	    &f->unwrapped, &f->id, &f->packed, &f->own.text, &f->data.text};

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_init(bufs[i]);
}

struct filter *
filter_new(const char *name, const struct filterspec *spec, struct err *err)
{
	struct filter *f = xcalloc(1, sizeof(*f));

	init_buffers(f);
	f->name = xstrdup(name);
	f->names = names_new();
	f->mlf = mlf_new(MLF_MAX);
	f->last_date = NAN;
	for (size_t i = 0; i < sizeof(f->warned) / sizeof(f->warned[0]); i++)
		f->warned[i] = NAN;
	if (filter_update(f, spec, err) < 0) {
		filter_free(f);
		return NULL;
	}
	return f;
}

int
filter_update(struct filter *f, const struct filterspec *spec, struct err *err)
{
	struct ruleset s;

	if (ruleset_init(&s, spec, f->names, err) < 0)
		return -1;
	install(f, &s);
	return 0;
}

void
filter_free(struct filter *f)
{
	struct ruleset old;

	if (f == NULL)
		return;
	old = (struct ruleset){
	    f->spec, f->pref, f->head, f->fail, f->ignore, f->dates};
	ruleset_release(&old);
	prefilter_free(f->prefilter);
	mlf_free(f->mlf);
	for (size_t i = 0; i < f->cap_window; i++)
		buf_release(&f->window[i].text);
	free(f->window);
	captures_release(&f->own);
	captures_release(&f->data);
	free(f->matched);
	buf_release(&f->last_text);
	buf_release(&f->subject);
	buf_release(&f->content);
	buf_release(&f->unwrapped);
	buf_release(&f->id);
	buf_release(&f->packed);
	names_free(f->names);
	free(f->name);
	free(f);
}

/* ---- lines */

int
filter_line(struct filter *f, const struct filter_line *line, failure_fn emit,
    void *arg, struct trace *trace, struct err *err)
{
	struct pass p = {
	    .f = f,
	    .line = line,
	    .emit = emit,
	    .arg = arg,
	    .trace = trace,
	    .count = 1,
	};
	int rc = filter_date(&p, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return 0;
	filter_subject(&p);
	(void)filter_rules(&p);
	return 0;
}

struct datedetect *
filter_dates(struct filter *f)
{
	return f->dates;
}

unsigned long
filter_evicted(const struct filter *f)
{
	return mlf_evicted(f->mlf);
}

static const struct rule *
rule_at(const struct filter *f, enum filter_kind kind, size_t i)
{
	switch (kind) {
	case FILTER_PREFREGEX:
		return &f->pref;
	case FILTER_FAILREGEX:
		return &f->fail[i];
	case FILTER_IGNOREREGEX:
		break;
	}
	return &f->ignore[i];
}

void
filter_stat(const struct filter *f, enum filter_kind kind, size_t i,
    struct filter_stat *ret)
{
	*ret = rule_at(f, kind, i)->stat;
}

unsigned long
filter_limit_hits(const struct filter *f)
{
	unsigned long hits = f->pref.stat.limit_hits;

	for (size_t i = 0; i < f->nfail; i++)
		hits += f->fail[i].stat.limit_hits;
	for (size_t i = 0; i < f->nignore; i++)
		hits += f->ignore[i].stat.limit_hits;
	return hits;
}
