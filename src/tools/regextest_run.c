/*
 * Feeds lines to the filter and counts what its trace tells. A name is
 * resolved as soon as its failure comes, because a name without address is
 * no failure.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "tools/regextest.h"

#define LISTED 20 /* lines of a list that are printed without being asked */
#define MAX_ERRORS 10
#define EQUAL_MAX 1000 /* missed lines that are looked through */

/* A line of the past that a multi-line match may still use. */
struct past {
	size_t missed; /* its index in the list of missed lines, or NO_LINE */
};
#define NO_LINE SIZE_MAX

struct regextest_feed {
	struct regextest_names *names;
	struct trace trace;
	struct past *past; /* ring of spec.maxlines */
	size_t npast;
	unsigned long line;

	/* what became of the current line */
	const struct filter_line *now;
	unsigned long hits;
	bool nofail; /* the last hit is no failure */
	bool ignored;
	size_t regex;
	double time;
	bool is_int; /* of the last date */
	unsigned long emitted;
	struct buf out;
	unsigned long errors;
};

/* ---- lists of lines ---- */

static size_t
lines_add(struct regextest_lines *l, const struct filter_line *line)
{
	l->count++;
	if (l->n >= l->keep)
		return NO_LINE;
	GROW(l->text, l->n, l->cap);
	l->text[l->n] = xmemdup0(line->text, line->n);
	if (line->date != NULL) {
		free(l->text[l->n]);
		l->text[l->n] = xasprintf("%.*s%.*s", (int)line->date_n,
		    line->date, (int)line->n, line->text);
	}
	return l->n++;
}

static void
lines_release(struct regextest_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->text[i]);
	free(l->text);
	*l = (struct regextest_lines){.n = 0};
}

/* Lines to keep of a kind; all with maxlines, because they may move. */
static unsigned long
lines_to_keep(const struct regextest *r, bool never, bool all)
{
	unsigned long few =
	    r->o->maxlines > 0 ? (unsigned long)r->o->maxlines : LISTED;

	if (r->spec.maxlines > 1 || all)
		return ULONG_MAX;
	return never || r->o->out != NULL ? 0 : few;
}

/* ---- hits ---- */

static void
count_hit(
    struct regextest *r, size_t regex, const struct value *id, double time)
{
	struct regextest_regex *re = &r->fail[regex];
	struct buf b = BUF_INIT;

	re->count++;
	r->feed->hits++;
	if (r->o->verbose == 0)
		return;
	if (id != NULL)
		value_print(&b, id);
	else
		buf_adds(&b, "None");
	GROW(re->hits, re->n, re->cap);
	re->hits[re->n++] = (struct regextest_hit){.id = buf_detach(&b),
	    .time = isnan(time) ? r->feed->now->now : time,
	    .multiple = r->feed->hits > 2};
}

static void
print_row(struct regextest *r, const struct failure *f, const struct value *id)
{
	struct value *data = packed_value(f->data);
	struct value *matches = packed_value(f->matches);
	struct regextest_row row = {.id = id,
	    .data = data,
	    .matches = matches,
	    .time = r->feed->time,
	    .is_int = r->feed->is_int,
	    .now = r->feed->now->now,
	    .names = r->feed->names};

	r->feed->emitted++;
	if (r->o->out != NULL && !r->o->invert)
		regextest_row(&r->feed->out, r->o->out, &row);
	value_free(data);
	value_free(matches);
}

/* With -o: the failure itself, after its hit. */
static void
emit(void *arg, const struct failure *f)
{
	struct regextest *r = arg;
	struct regextest_feed *feed = r->feed;
	struct value *id = packed_value(f->id);
	const struct value *all = NULL;

	feed->nofail = false;
	if (f->resolve)
		all = regextest_resolve(feed->names, value_str(id));
	for (size_t i = 0; all != NULL && i < all->n; i++) {
		count_hit(r, feed->regex, all->items[i], feed->time);
		print_row(r, f, all->items[i]);
	}
	if (all == NULL) {
		count_hit(r, feed->regex, id, feed->time);
		print_row(r, f, id);
	}
	value_free(id);
}

static void
on_date(void *arg, const struct datematch *m)
{
	struct regextest *r = arg;

	if (m->has_time)
		r->feed->is_int = m->is_int;
}

static void
on_prefregex(void *arg, const struct value *groups)
{
	struct regextest *r = arg;

	r->pre_hits++;
	if (groups != NULL)
		(void)value_add(r->pre_groups, value_copy(groups));
}

static void
on_hit(void *arg, const struct trace_hit *hit)
{
	struct regextest *r = arg;
	const struct value *all;

	r->feed->regex = hit->regex;
	r->feed->time = hit->time;
	if (hit->kind == HIT_FAILURE && r->o->out != NULL)
		return; /* emit() comes next */
	r->feed->nofail = hit->kind == HIT_NOFAIL;
	if (!hit->resolve) {
		count_hit(r, hit->regex, hit->id, hit->time);
		return;
	}
	all = regextest_resolve(r->feed->names, hit->name);
	for (size_t i = 0; i < all->n; i++)
		count_hit(r, hit->regex, all->items[i], hit->time);
}

static void
on_ignoreregex(void *arg, size_t i)
{
	struct regextest *r = arg;

	r->ignore[i].count++;
	r->feed->ignored = true;
}

/*
 * Of equal lines the first one moves, as in fail2ban, whose list knows only
 * texts; the lines of the past that were there are then at from.
 */
static size_t
first_equal(struct regextest *r, size_t from)
{
	struct regextest_feed *f = r->feed;
	char **text = r->missed.text;
	size_t i = 0;

	if (from >= r->missed.n || from > EQUAL_MAX || text[from] == NULL)
		return from;
	while (
	    i < from && (text[i] == NULL || strcmp(text[i], text[from]) != 0))
		i++;
	for (size_t k = 0; i < from && k < f->npast; k++)
		if (f->past[k].missed == i)
			f->past[k].missed = from;
	return i;
}

/* A missed line of the past is a part of this match. */
static void
on_used(void *arg, size_t back)
{
	struct regextest *r = arg;
	struct regextest_feed *f = r->feed;
	struct past *p;
	struct regextest_lines *m = &r->matched;
	size_t from;

	if (back == 0 || back > f->line || back > f->npast)
		return;
	p = &f->past[(f->line - back) % f->npast];
	if (p->missed == NO_LINE)
		return;
	from = p->missed;
	p->missed = NO_LINE;
	from = first_equal(r, from);
	r->missed.count--;
	m->count++;
	if (m->n < m->keep) {
		GROW(m->text, m->n, m->cap);
		m->text[m->n++] = r->missed.text[from];
	} else
		free(r->missed.text[from]);
	r->missed.text[from] = NULL;
}

/* ---- lines ---- */

static void
cannot_process(struct regextest *r, const struct err *err)
{
	r->trouble = true;
	log_msg(LOG_ERROR, "filter",
	    "Failed to process line: '%.*s', caught exception: %s",
	    (int)r->feed->now->n, r->feed->now->text, err_text(err));
	if (++r->feed->errors > MAX_ERRORS)
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr, "ERROR: line %lu cannot be processed: %s\n",
	    r->feed->line + 1, err_text(err));
}

static void
print_inverted(struct regextest *r)
{
	struct value *data = value_dict();
	struct value *matches = value_list();
	struct value *match = value_add(matches, value_list());
	struct regextest_row row = {.data = data,
	    .matches = matches,
	    .time = NAN,
	    .now = r->feed->now->now,
	    .names = r->feed->names};

	(void)value_add(
	    match, value_textn(r->feed->now->text, r->feed->now->n));
	regextest_row(&r->feed->out, r->o->out, &row);
	value_free(data);
	value_free(matches);
}

static void
remember(struct regextest_feed *f, size_t missed)
{
	if (f->npast > 0)
		f->past[f->line % f->npast].missed = missed;
}

/* Counts the line as ignored, matched or missed. */
static void
account(struct regextest *r, const struct filter_line *line)
{
	struct regextest_feed *f = r->feed;
	size_t missed = NO_LINE;

	if (f->ignored || (f->hits > 0 && f->nofail))
		(void)lines_add(&r->ignored, line);
	else if (f->hits > 0)
		(void)lines_add(&r->matched, line);
	else
		missed = lines_add(&r->missed, line);
	remember(f, missed);
	f->line++;
	r->tested++;
}

void
regextest_line(struct regextest *r, const struct filter_line *line)
{
	struct regextest_feed *f = r->feed;
	struct err err = ERR_INIT;

	f->now = line;
	f->hits = f->emitted = 0;
	f->nofail = f->ignored = false;
	if (filter_line(r->filter, line, r->o->out != NULL ? emit : NULL, r,
	        &f->trace, &err) != 0)
		cannot_process(r, &err);
	if (r->o->invert && f->emitted == 0 && r->o->out != NULL)
		print_inverted(r);
	if (f->out.n > 0) {
		(void)fwrite(f->out.p, 1, f->out.n, stdout);
		buf_reset(&f->out);
	}
	account(r, line);
	err_release(&err);
}

int
regextest_begin(
    struct regextest *r, const struct regextest_opts *o, struct err *err)
{
	struct regextest_feed *f = xcalloc(1, sizeof(*f));

	r->o = o;
	r->feed = f;
	r->has_dates = true;
	r->fail = xcalloc(r->spec.nfail + 1, sizeof(*r->fail));
	r->ignore = xcalloc(r->spec.nignore + 1, sizeof(*r->ignore));
	r->matched.keep =
	    lines_to_keep(r, !o->print_all_matched, o->print_all_matched);
	r->missed.keep =
	    lines_to_keep(r, o->print_no_missed, o->print_all_missed);
	r->ignored.keep =
	    lines_to_keep(r, o->print_no_ignored, o->print_all_ignored);
	f->npast = r->spec.maxlines > 1 ? (size_t)r->spec.maxlines : 0;
	f->past = xcalloc(f->npast + 1, sizeof(*f->past));
	for (size_t i = 0; i < f->npast; i++)
		f->past[i].missed = NO_LINE;
	r->pre_groups = value_list();
	buf_init(&f->out);
	f->trace = (struct trace){.first_only = !o->check_all || o->out != NULL,
	    .timing = o->verbose > 0,
	    .details = o->verbose > 0,
	    .arg = r,
	    .date = on_date,
	    .prefregex = on_prefregex,
	    .hit = on_hit,
	    .ignoreregex = on_ignoreregex,
	    .used = on_used};
	f->names = regextest_names_new(err);
	if (f->names == NULL)
		return -1;
	r->filter = filter_new("~jailless~", &r->spec, err);
	return r->filter != NULL ? 0 : -1;
}

static void
regexes_free(struct regextest_regex *all, size_t n)
{
	for (size_t i = 0; all != NULL && i < n; i++) {
		for (size_t k = 0; k < all[i].n; k++)
			free(all[i].hits[k].id);
		free(all[i].hits);
	}
	free(all);
}

void
regextest_end(struct regextest *r)
{
	filter_free(r->filter);
	value_free(r->pre_groups);
	regexes_free(r->fail, r->spec.nfail);
	regexes_free(r->ignore, r->spec.nignore);
	lines_release(&r->matched);
	lines_release(&r->missed);
	lines_release(&r->ignored);
	if (r->feed != NULL) {
		regextest_names_free(r->feed->names);
		buf_release(&r->feed->out);
		free(r->feed->past);
		free(r->feed);
	}
	filterspec_release(&r->spec);
}
