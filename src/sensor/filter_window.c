/*
 * The last lines as one subject. With one line, the usual case, nothing is
 * kept but the memory.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/filter_parts.h"

static void
add_subject(struct buf *out, const struct triple *t)
{
	buf_add(out, t->before, t->before_n);
	buf_add(out, t->after, t->after_n);
	buf_addc(out, '\n');
}

/* Copies the line; its memory is that of a line that went. */
static void
set_line(struct window_line *w, const struct triple *t)
{
	buf_reset(&w->text);
	(void)buf_grow(&w->text, t->before_n + t->date_n + t->after_n);
	buf_add(&w->text, t->before, t->before_n);
	buf_add(&w->text, t->date, t->date_n);
	buf_add(&w->text, t->after, t->after_n);
	w->t = *t;
	w->t.before = w->text.p;
	w->t.date = w->t.before + t->before_n;
	w->t.after = w->t.date + t->date_n;
}

/* The line i goes; its memory stays behind the last one. */
static void
drop_line(struct filter *f, size_t i)
{
	struct window_line gone = f->window[i];

	f->nwindow--;
	memmove(f->window + i, f->window + i + 1,
	    (f->nwindow - i) * sizeof(*f->window));
	f->window[f->nwindow] = gone;
}

static void
push_line(struct filter *f, const struct triple *t)
{
	struct window_line *w;

	while (f->nwindow >= (size_t)f->spec.maxlines)
		drop_line(f, 0);
	if (f->nwindow == f->cap_window) {
		size_t old = f->cap_window;

		GROW(f->window, f->nwindow, f->cap_window);
		for (size_t i = old; i < f->cap_window; i++) {
			memset(&f->window[i], 0, sizeof(f->window[i]));
			buf_init(&f->window[i].text);
		}
	}
	w = &f->window[f->nwindow++];
	set_line(w, t);
	w->number = f->lines;
}

/* The lines of the window become the subject. */
static void
join_window(struct filter *f)
{
	buf_reset(&f->subject);
	for (size_t i = 0; i < f->nwindow; i++) {
		f->window[i].start = f->subject.n;
		f->window[i].matched = false;
		add_subject(&f->subject, &f->window[i].t);
	}
}

void
filter_subject(struct pass *p)
{
	struct filter *f = p->f;

	f->lines++;
	if (f->spec.maxlines <= 1) {
		buf_reset(&f->subject);
		add_subject(&f->subject, &p->t);
	} else {
		push_line(f, &p->t);
		join_window(f);
	}
	p->whole = p->subject = f->subject.p;
	p->whole_n = p->n = f->subject.n;
	/* other lines of the window may not be */
	p->is_ascii = (p->line->is_ascii && f->spec.maxlines <= 1) ||
	              utf8_ascii(p->whole, p->whole_n) == p->whole_n;
	p->budget = regex_budget(p->whole_n);
}

/* Start of the line that byte at of the subject belongs to. */
static size_t
line_start(const struct pass *p, size_t at)
{
	const char *newline = at == 0 ? NULL : memrchr(p->whole, '\n', at);

	return newline == NULL ? 0 : (size_t)(newline - p->whole) + 1;
}

static bool
is_skipped(const struct failregex *re, size_t at)
{
	int group;

	for (size_t i = 0; (group = failregex_skiplines(re, i)) != 0; i++) {
		struct regex_span s = regex_group(failregex_regex(re), group);

		if (s.set && at >= s.start && at < s.end)
			return true;
	}
	return false;
}

/*
 * fail2ban: a match that begins with the end of a line does not use that
 * line.
 */
static struct regex_span
lines_of(const struct pass *p, const struct failregex *re)
{
	struct regex_span s = regex_group(failregex_regex(re), 0);

	if (s.start < p->whole_n && p->whole[s.start] == '\n')
		s.start++;
	else
		s.start = line_start(p, s.start);
	if (s.end > s.start)
		s.end--; /* into the last line that it reaches */
	return s;
}

static void
add_matched(struct filter *f, const struct triple *t)
{
	GROW(f->matched, f->nmatched, f->cap_matched);
	f->matched[f->nmatched++] = *t;
}

void
filter_mark(struct pass *p, const struct failregex *re, bool in_content)
{
	struct filter *f = p->f;
	struct regex_span s;

	f->nmatched = 0;
	if (f->spec.maxlines <= 1) {
		add_matched(f, &p->t);
		return;
	}
	/* a content has no place in the window: what prefregex found counts */
	s = lines_of(p, in_content ? f->pref.re : re);
	for (size_t i = 0; i < f->nwindow; i++) {
		struct window_line *w = &f->window[i];

		if (w->start < s.start || w->start > s.end ||
		    is_skipped(in_content ? f->pref.re : re, w->start))
			continue;
		w->matched = true;
		add_matched(f, &w->t);
		if (p->trace != NULL && p->trace->used != NULL)
			p->trace->used(
			    p->trace->arg, (size_t)(f->lines - w->number));
	}
}

void
filter_consume(struct pass *p)
{
	struct filter *f = p->f;

	for (size_t i = f->nwindow; i > 0; i--)
		if (f->window[i - 1].matched)
			drop_line(f, i - 1);
}

bool
filter_rest(struct pass *p)
{
	struct filter *f = p->f;
	bool in_content = p->subject != p->whole;

	if (f->spec.maxlines <= 1)
		return true;
	filter_consume(p);
	join_window(f);
	p->whole = f->subject.p;
	p->whole_n = f->subject.n;
	if (!in_content) {
		p->subject = p->whole;
		p->n = p->whole_n;
	}
	return f->nwindow > 0;
}
