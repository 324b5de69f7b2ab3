/*
 * The order in which a line meets the regexes (spec 04 section 3).
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "sensor/filter_parts.h"

/* What syslog says of a line that came several times. */
#define REPEATED "message repeated "
#define REPEATED_MAX 100000

enum {
	FUTILE_MAX = 4,  /* second searches in vain before they become rare */
	RETRY_EACH = 16, /* limit hits a second search then */
};

/* ---- searching */

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const char *
kind_name(enum filter_kind kind)
{
	static const char *const names[] = {
	    [FILTER_PREFREGEX] = "prefregex",
	    [FILTER_FAILREGEX] = "failregex",
	    [FILTER_IGNOREREGEX] = "ignoreregex",
	};

	return names[kind];
}

static void
tell_limit(struct pass *p, struct rule *r)
{
	if (r->limit_told)
		return;
	r->limit_told = true;
	log_msg(LOG_ERROR, "filter",
	    "[%s] %s %zu takes too long on some lines (its limit of steps is "
	    "hit): make it simpler. Line: %.*s",
	    p->f->name, kind_name(r->kind), r->index + 1,
	    (int)(p->line->n > 200 ? 200 : p->line->n), p->line->text);
}

/*
 * The second search costs twice as much as the first: who never decides
 * anything by it is asked now and then only.
 */
static bool
may_retry(const struct rule *r)
{
	return r->futile < FUTILE_MAX || r->stat.limit_hits % RETRY_EACH == 0;
}

static enum regex_result
search_once(struct pass *p, struct rule *r, const struct regex_subject *s)
{
	struct regex *re = failregex_regex(r->re);
	enum regex_result result = regex_search(re, s, &p->budget);

	r->stat.tried++;
	if (result != REGEX_LIMIT)
		return result;
	r->stat.limit_hits++;
	tell_limit(p, r);
	if (!may_retry(r))
		return REGEX_LIMIT;
	r->stat.retried++;
	result = regex_search_again(re, s, &p->budget);
	r->futile = result == REGEX_LIMIT ? r->futile + 1 : 0;
	return result;
}

static enum regex_result
search(struct pass *p, struct rule *r, const char *subject, size_t n)
{
	struct regex_subject s = {
	    .text = subject, .n = n, .is_ascii = p->is_ascii};
	enum regex_result result;
	double start;

	if (p->trace == NULL || !p->trace->timing)
		result = search_once(p, r, &s);
	else {
		start = cpu_seconds();
		result = search_once(p, r, &s);
		r->stat.seconds += cpu_seconds() - start;
	}
	if (result == REGEX_MATCH)
		r->stat.hits++;
	return result;
}

/* ---- ignoreregex */

static bool
is_ignored(struct pass *p, const char *subject, size_t n)
{
	struct filter *f = p->f;

	for (size_t i = 0; i < f->nignore; i++) {
		if (search(p, &f->ignore[i], subject, n) != REGEX_MATCH)
			continue;
		if (p->trace != NULL && p->trace->ignoreregex != NULL)
			p->trace->ignoreregex(p->trace->arg, i);
		return true;
	}
	return false;
}

/* The lines that matched, as a subject of their own. */
static bool
is_match_ignored(struct pass *p)
{
	struct filter *f = p->f;

	if (f->nignore == 0)
		return false;
	if (f->spec.maxlines <= 1 || p->subject != p->whole)
		return is_ignored(p, p->subject, p->n);
	buf_reset(&f->content);
	for (size_t i = 0; i < f->nmatched; i++) {
		const struct triple *t = &f->matched[i];

		buf_add(&f->content, t->before, t->before_n);
		buf_add(&f->content, t->after, t->after_n);
		buf_addc(&f->content, '\n');
	}
	return is_ignored(p, f->content.p, f->content.n);
}

/* ---- prefregex */

/* What the content of prefregex is; false: there is none. */
static bool
find_content(const struct pass *p, struct regex_span *s)
{
	const struct filter *f = p->f;
	int group = failregex_content(f->pref.re);

	if (p->by_head) {
		s->start = regex_group(failregex_regex(f->head), 0).end;
		s->end = p->whole_n - 1;
		return true;
	}
	if (group == 0)
		return false;
	*s = regex_group(failregex_regex(f->pref.re), group);
	return s->set && s->end > s->start;
}

/* The content becomes the subject, with its own line end. */
static void
take_content(struct pass *p)
{
	struct filter *f = p->f;
	struct regex_span s;

	if (!find_content(p, &s))
		return;
	p->n = s.end - s.start + 1;
	if (s.end + 1 == p->whole_n && p->whole[s.end] == '\n') {
		p->subject = p->whole + s.start;
		return;
	}
	buf_reset(&f->content);
	buf_add(&f->content, p->whole + s.start, s.end - s.start);
	buf_addc(&f->content, '\n');
	p->subject = f->content.p;
}

/* Nobody wants to know more than whether the line is a failure. */
static bool
is_brief(const struct pass *p)
{
	return p->emit == NULL && p->trace != NULL && !p->trace->details;
}

/* What prefregex captured. */
static void
start_data(struct pass *p)
{
	struct filter *f = p->f;

	if (f->pref.re != NULL)
		failregex_captures(p->by_head ? f->head : f->pref.re, p->whole,
		    is_brief(p), &f->data);
	else
		captures_reset(&f->data);
}

/* Name of the group behind the content, NULL: it is the last. */
static const char *
behind_content(const struct failregex *pref)
{
	const struct regex *re = failregex_regex(pref);
	size_t i = 0;

	while (regex_name_group(re, i) != failregex_content(pref))
		i++;
	return i + 1 < regex_names(re) ? regex_name(re, i + 1) : NULL;
}

/* The groups with the content at its place among them. */
static struct value *
with_content(const struct pass *p, const struct value *groups)
{
	const struct failregex *pref = p->f->pref.re;
	struct regex_span s =
	    regex_group(failregex_regex(pref), failregex_content(pref));
	const char *next = behind_content(pref);
	struct value *all = value_dict();
	size_t i = 0;

	for (; i < groups->n; i += 2) {
		const char *name = value_str(groups->items[i]);

		if (next != NULL && strcmp(name, next) == 0)
			break;
		value_set(all, name, value_copy(groups->items[i + 1]));
	}
	value_set(all, "content",
	    s.set ? value_textn(p->whole + s.start, s.end - s.start)
	          : value_none());
	for (; i < groups->n; i += 2)
		value_set(all, value_str(groups->items[i]),
		    value_copy(groups->items[i + 1]));
	return all;
}

static void
tell_prefregex(struct pass *p)
{
	struct value *groups = NULL, *all;

	if (p->trace->details) {
		start_data(p);
		groups = captures_value(&p->f->data, p->f->names);
	}
	if (groups != NULL && failregex_content(p->f->pref.re) != 0) {
		all = with_content(p, groups);
		value_free(groups);
		groups = all;
	}
	p->trace->prefregex(p->trace->arg, groups);
	value_free(groups);
}

/* Whether somebody wants to know groups or times. */
static bool
is_curious(const struct pass *p)
{
	const struct trace *t = p->trace;

	return t != NULL && (t->details || t->timing || t->prefregex != NULL);
}

/*
 * Only where the text is one line. A limit that is hit is a matter of the whole
 * prefregex.
 */
static enum regex_result
search_head(struct pass *p)
{
	struct filter *f = p->f;
	const struct regex_subject s = {
	    .text = p->whole, .n = p->whole_n, .is_ascii = p->is_ascii};
	struct regex_budget budget = p->budget;
	enum regex_result result;

	if (f->head == NULL || is_curious(p) ||
	    memchr(p->whole, '\n', p->whole_n - 1) != NULL)
		return REGEX_LIMIT;
	result = regex_search(failregex_regex(f->head), &s, &budget);
	if (result == REGEX_LIMIT)
		return result;
	p->budget = budget;
	f->pref.stat.tried++;
	f->pref.stat.hits += result == REGEX_MATCH;
	return result;
}

static enum regex_result
search_prefregex(struct pass *p)
{
	enum regex_result result = search_head(p);

	p->by_head = result == REGEX_MATCH;
	if (result != REGEX_LIMIT)
		return result;
	return search(p, &p->f->pref, p->whole, p->whole_n);
}

/* Returns false when prefregex does not match. */
static bool
pass_prefregex(struct pass *p)
{
	struct filter *f = p->f;

	p->subject = p->whole;
	p->n = p->whole_n;
	if (f->pref.re == NULL)
		return true;
	if (search_prefregex(p) != REGEX_MATCH)
		return false;
	if (p->trace != NULL && p->trace->prefregex != NULL && !p->pref_told)
		tell_prefregex(p);
	p->pref_told = true;
	take_content(p);
	return true;
}

/* ---- failregex */

enum verdict {
	VERDICT_NEXT,  /* try the next regex */
	VERDICT_DONE,  /* counted */
	VERDICT_IGNORE /* the line is ignored */
};

static enum verdict
matched(struct pass *p, struct rule *r)
{
	struct filter *f = p->f;

	filter_mark(p, r->re, p->subject != p->whole);
	if (is_match_ignored(p))
		return VERDICT_IGNORE;
	if (p->no_date) {
		filter_warn_no_date(p);
		if (isnan(p->date) && p->line->check_findtime)
			return VERDICT_NEXT;
	}
	start_data(p);
	if (r->apart && !f->spec.only_captured)
		failregex_more_captures(
		    r->re, p->subject, is_brief(p), &f->data);
	else {
		failregex_captures(r->re, p->subject, is_brief(p), &f->own);
		captures_overlay_borrowed(
		    &f->data, &f->own, f->spec.only_captured && f->data.n > 0);
	}
	filter_found(p, r->index);
	return VERDICT_DONE;
}

/*
 * Nobody can say whether the line matches. It counts where it is known whom
 * it is about: to make regexes explode must not be a way to hide.
 */
static enum verdict
undecided(struct pass *p, struct rule *r)
{
	struct filter *f = p->f;
	const struct capture *id;
	bool known;

	if (f->pref.re == NULL || (isnan(p->date) && p->line->check_findtime))
		return VERDICT_NEXT;
	start_data(p);
	id = captures_get(&f->data, NAME_MLFID);
	known = captures_has(&f->data, NAME_IP4) ||
	        captures_has(&f->data, NAME_IP6) ||
	        captures_has(&f->data, NAME_FID) ||
	        captures_has(&f->data, NAME_DNS) ||
	        (captures_has(&f->data, NAME_MLFID) &&
	            mlf_knows(f->mlf, id->p, id->n));
	if (!known)
		return VERDICT_NEXT;
	filter_mark(p, r->re, true);
	filter_found(p, r->index);
	return VERDICT_DONE;
}

static enum verdict
try_rule(struct pass *p, struct rule *r)
{
	switch (search(p, r, p->subject, p->n)) {
	case REGEX_MATCH:
		return matched(p, r);
	case REGEX_LIMIT:
		return undecided(p, r);
	case REGEX_NONE:
		break;
	}
	return VERDICT_NEXT;
}

static bool
try_rules(struct pass *p)
{
	struct filter *f = p->f;
	bool all = p->trace != NULL && !p->trace->first_only;
	bool any = false;

	prefilter_scan(f->prefilter, p->subject, p->n);
	for (size_t i = 0; prefilter_next(f->prefilter, &i); i++) {
		enum verdict v = try_rule(p, &f->fail[i]);

		if (v == VERDICT_IGNORE)
			return true;
		any |= v == VERDICT_DONE;
		if (any && !all)
			break;
		if (v == VERDICT_DONE && !filter_rest(p))
			break;
	}
	return any;
}

static bool
run(struct pass *p)
{
	struct filter *f = p->f;

	/* few ignoreregexes are cheaper first than many failregexes */
	if (f->nignore > 0 && f->nignore + 2 < f->nfail &&
	    is_ignored(p, p->whole, p->whole_n))
		return true;
	return pass_prefregex(p) && try_rules(p);
}

/* ---- "message repeated 3 times: [ ... ]" */

/*
 * The tag of the program must stand right before it, so that nobody who can
 * write part of a message can make it up. Returns its place, NULL: none.
 */
static const char *
repeated_at(const struct pass *p)
{
	const char *colon;

	if (p->n < 3 || p->whole[p->n - 2] != ']' || p->whole[p->n - 1] != '\n')
		return NULL;
	colon = memmem(p->whole, p->n, ": ", 2);
	if (colon == NULL ||
	    (size_t)(p->whole + p->n - colon) < sizeof(REPEATED) + 2 ||
	    memcmp(colon + 2, REPEATED, sizeof(REPEATED) - 1) != 0)
		return NULL;
	return colon + 2;
}

/* Puts the inner message in the place of the outer; false: there is none. */
static bool
unwrap(struct pass *p)
{
	static const char times[] = " times: [";
	const char *at = repeated_at(p), *q, *end = p->whole + p->n - 2;
	int count = 0;

	if (at == NULL)
		return false;
	q = at + sizeof(REPEATED) - 1;
	for (; *q >= '0' && *q <= '9' && count < REPEATED_MAX; q++)
		count = count * 10 + *q - '0';
	if (count < 1 || count > REPEATED_MAX ||
	    (size_t)(end - q) < sizeof(times) - 1 ||
	    memcmp(q, times, sizeof(times) - 1) != 0)
		return false;
	q += sizeof(times) - 1;
	if (*q == ' ')
		q++;
	buf_reset(&p->f->unwrapped);
	buf_add(&p->f->unwrapped, p->whole, (size_t)(at - p->whole));
	if (q < end)
		buf_add(&p->f->unwrapped, q, (size_t)(end - q));
	buf_addc(&p->f->unwrapped, '\n');
	p->count = count;
	return true;
}

static bool
run_unwrapped(struct pass *p)
{
	struct pass inner = *p;

	if (p->f->spec.maxlines > 1 || !unwrap(&inner))
		return false;
	p->count = inner.count;
	inner.whole = inner.subject = p->f->unwrapped.p;
	inner.whole_n = inner.n = p->f->unwrapped.n;
	if (run(&inner))
		return true;
	p->pref_told = inner.pref_told;
	p->budget = inner.budget;
	return false;
}

bool
filter_rules(struct pass *p)
{
	bool any;

	if (p->f->spec.repeated && run_unwrapped(p))
		return true;
	any = run(p);
	filter_consume(p);
	return any;
}
