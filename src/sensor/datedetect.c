/*
 * Which template dates a line is decided as fail2ban does it (spec 06
 * section 4), because with two dates in a line that decides what is cut out.
 * A search by regex is only the last resort: templates that have a reader
 * by hand are read by it, and what the mask excludes is not searched.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/datedetect.h"
#include "sensor/datehand.h"
#include "sensor/datelist.h"
#include "sensor/datepat.h"
#include "sensor/datezone.h"

#define STALE 300.0 /* seconds after which another template moves past */

/* A template that matches, where, and what it read. */
struct hit {
	size_t index; /* NOWHERE: none */
	size_t start; /* the whole match */
	size_t end;
	size_t cut; /* group 1 */
	size_t cut_end;
	size_t looked; /* bytes that it depends on; 0: all, perhaps */
	struct datefields fields;
};

/* The line, and what is found out about it when needed. */
struct subject {
	const char *p;
	size_t n;
	bool knows_ascii;
	bool is_ascii;
	bool has_mask;
	struct datemask mask;
};

struct datedetect *
datedetect_new(void)
{
	struct datedetect *d = xcalloc(1, sizeof(*d));

	d->born = clock_now();
	localzone_init(&d->zone);
	d->last_index = NOWHERE;
	d->last_start = 1;
	d->before_start = d->at_start = -1;
	d->last_end = NOWHERE;
	d->before_end = d->at_end = -1;
	return d;
}

void
datedetect_free(struct datedetect *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		datetemplate_free(d->list[i].t);
	free(d->list);
	free(d);
}

int
datedetect_set_zone(struct datedetect *d, const char *zone, struct err *err)
{
	int offset = 0;

	d->repeat.looked = 0;
	if (zone == NULL || *zone == '\0') {
		d->has_offset = false;
		return 0;
	}
	if (datezone_parse(&offset, zone, strlen(zone)) != DATEZONE_OK)
		return err_set(
		    err, "Unknown or unsupported time zone: '%s'", zone);
	d->has_offset = true;
	d->offset = offset;
	return 0;
}

void
datedetect_set_plain(struct datedetect *d, bool plain)
{
	d->plain = plain;
	d->repeat.looked = 0;
}

/* ---- search ---- */

static bool
subject_is_ascii(struct subject *s)
{
	if (!s->knows_ascii) {
		s->is_ascii = utf8_ascii(s->p, s->n) == s->n;
		s->knows_ascii = true;
	}
	return s->is_ascii;
}

/* Whether t surely does not match anywhere in the line. */
static bool
is_excluded(const struct datetemplate *t, struct subject *s)
{
	if (t->base == 0 || !subject_is_ascii(s))
		return false;
	if (!s->has_mask) {
		datemask_make(&s->mask, s->p, s->n);
		s->has_mask = true;
	}
	return ((t->line_begin ? s->mask.begin : s->mask.any) &
	           (1U << t->base)) == 0;
}

/* By hand: 1 found, 0 not, -1 ask the regex. */
static int
search_hand(
    struct hit *h, const struct datetemplate *t, const struct subject *s)
{
	struct datehand_match m;

	switch (datehand_read(&m, t->hand, s->p, s->n, t->ex_decade)) {
	case DATEHAND_NO:
		return 0;
	case DATEHAND_UNSURE:
		return -1;
	case DATEHAND_MATCH:
		break;
	}
	h->start = 0;
	h->end = h->cut_end = m.end;
	h->cut = m.cut;
	h->looked = m.looked;
	h->fields = m.fields;
	return 1;
}

static int
search_regex(
    struct hit *h, struct datetemplate *t, struct subject *s, struct err *err)
{
	struct regex_subject subject = {
	    .text = s->p,
	    .n = h->end,
	    .start = h->start,
	    .is_ascii = subject_is_ascii(s),
	    .is_ours = t->base > 0,
	};
	/* There are one or two of the administrator's, if any. */
	struct regex_budget budget = regex_budget(h->end);
	struct regex_span whole;
	struct regex_span cut;

	if (datetemplate_compile(t, err) != 0)
		return -1;
	if (regex_search(t->re, &subject, &budget) != REGEX_MATCH)
		return 0;
	whole = regex_group(t->re, 0);
	cut = regex_group(t->re, 1);
	h->start = whole.start;
	h->end = whole.end;
	h->cut = cut.set ? cut.start : whole.start;
	h->cut_end = cut.set ? cut.end : whole.start;
	datetemplate_read(t, s->p, &h->fields);
	return 1;
}

/*
 * Searches the i-th template in [h->start, h->end) of the line. 1: found, h
 * filled; 0: not; -1: its regex is wrong.
 */
static int
search(struct datedetect *d, size_t i, struct hit *h, struct subject *s,
    struct err *err)
{
	struct datetemplate *t = d->list[i].t;
	int r = -1;

	h->index = i;
	if (!d->plain && t->hand != DATEHAND_NONE)
		r = search_hand(h, t, s);
	if (r < 0 && !d->plain && is_excluded(t, s))
		return 0;
	if (r < 0)
		r = search_regex(h, t, s, err);
	if (r > 0)
		t->hits++;
	return r;
}

static bool
is_anchored(const struct datetemplate *t)
{
	return t->line_begin || t->line_end;
}

static int
byte_at(const struct subject *s, size_t i)
{
	return i < s->n ? (unsigned char)s->p[i] : -1;
}

static int
byte_before(const struct subject *s, size_t i)
{
	return i > 0 && i <= s->n ? (unsigned char)s->p[i - 1] : -1;
}

/* Letters and digits; whatever is not ASCII is taken for one. */
static bool
is_alnum(int c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool
is_char_begin(const struct subject *s, size_t i)
{
	return i >= s->n || ((unsigned char)s->p[i] & 0xc0) != 0x80;
}

/* Whether the place of the last date looks the same in this line. */
static bool
same_place(const struct datedetect *d, const struct subject *s)
{
	size_t a = d->last_start;
	size_t b = d->last_end;
	bool left = (d->before_start == byte_before(s, a)) ||
	            (d->at_start == byte_at(s, a) && !is_alnum(d->at_start));
	bool right =
	    (d->at_end == byte_at(s, b)) ||
	    (d->before_end == byte_before(s, b) && !is_alnum(d->before_end));

	return left && right && a <= s->n && is_char_begin(s, a) &&
	       is_char_begin(s, b);
}

/*
 * Tries the template that was chosen last. 1: h is the winner; 0: go on, h
 * is a candidate when its index is set; *skip: this one needs no second try.
 */
static int
try_last(struct datedetect *d, struct hit *h, size_t *skip, struct subject *s,
    struct err *err)
{
	const struct datetemplate *t = d->list[d->last_index].t;
	struct hit found = {.start = 0, .end = s->n};
	int r;

	if (!is_anchored(t) && same_place(d, s)) {
		found.start = d->last_start;
		if (d->last_end < s->n)
			found.end = d->last_end;
	} else
		*skip = d->last_index;
	r = search(d, d->last_index, &found, s, err);
	if (r <= 0)
		return r;
	*h = found;
	return d->n == 1 || is_anchored(t) ||
	       (found.start == d->last_start && found.end == d->last_end);
}

/* Whether a match of entry i at this place ends the search. */
static bool
is_accepted(const struct datedetect *d, size_t i, size_t start)
{
	const struct date_entry *e = &d->list[i];

	if (i + 1 >= d->n || is_anchored(e->t))
		return true;
	if (start == 0 && e->hits > 0 && d->list[i + 1].t->hits == 0)
		return true;
	return start <= e->distance && start <= d->last_start;
}

/* 1: h is the template to use; 0: none; -1: the line cannot be processed. */
static int
choose(struct datedetect *d, struct hit *h, struct subject *s, struct err *err)
{
	size_t skip = NOWHERE;
	int r;

	h->index = NOWHERE;
	if (d->last_index < d->n) {
		r = try_last(d, h, &skip, s, err);
		if (r != 0)
			return r;
	}
	for (size_t i = 0; i < d->n; i++) {
		struct hit found = {.start = 0, .end = s->n};

		if (i == skip)
			continue;
		r = search(d, i, &found, s, err);
		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (is_accepted(d, i, found.start)) {
			*h = found;
			return 1;
		}
		if (h->index == NOWHERE || found.start < h->start)
			*h = found;
	}
	return h->index != NOWHERE;
}

/* ---- learning ---- */

static double
weight_of(const struct date_entry *e)
{
	if (e->distance == NOWHERE)
		return 0;
	return (double)e->hits * e->weight /
	       (e->distance > 1 ? (double)e->distance : 1);
}

static bool
may_move(const struct datedetect *d, size_t n, size_t pos)
{
	return weight_of(&d->list[n]) > weight_of(&d->list[pos]) ||
	       d->list[n].last_used - STALE > d->list[pos].last_used;
}

/* Lets entry n rise in the list; returns where it is then. */
static size_t
reorder(struct datedetect *d, size_t n)
{
	size_t pos = d->first_unused < n ? d->first_unused : n / 2;
	struct date_entry moved = d->list[n];

	if (!may_move(d, n, pos)) {
		if (pos == n - 1)
			return n;
		pos = n - 1;
		if (!may_move(d, n, pos))
			return n;
	}
	memmove(&d->list[pos + 1], &d->list[pos], (n - pos) * sizeof(moved));
	d->list[pos] = moved;
	while (d->first_unused < d->n && d->list[d->first_unused].hits > 0)
		d->first_unused++;
	return pos;
}

static void
learn(struct datedetect *d, struct hit *h, const struct subject *s, double now)
{
	struct date_entry *e = &d->list[h->index];

	e->hits++;
	e->last_used = now;
	e->distance = h->start;
	if (d->first_unused == h->index)
		d->first_unused++;
	d->last_start = h->start;
	d->before_start = byte_before(s, h->start);
	d->at_start = byte_at(s, h->start);
	d->last_end = h->end;
	d->before_end = byte_before(s, h->end);
	d->at_end = byte_at(s, h->end);
	if (h->index != 0 && h->index != d->last_index)
		h->index = reorder(d, h->index);
	d->last_index = h->index;
}

/* ---- result ---- */

/*
 * fail2ban: these two are exceptions there, and are told as it prints them.
 */
static int
tell_time(struct datedetect *d, struct datematch *ret, struct hit *h,
    double now, struct err *err)
{
	struct datefields *f = &h->fields;

	if (!f->has_offset && d->has_offset) {
		f->has_offset = true;
		f->offset = d->offset;
	}
	switch (datefields_time(f, &d->zone, now, &ret->time)) {
	case DATEFIELDS_OK:
		ret->has_time = true;
		ret->is_int = f->is_epoch ? f->is_int : f->has_offset;
		return 1;
	case DATEFIELDS_INVALID:
		return 1;
	case DATEFIELDS_PARTIAL:
		break;
	}
	return err_set(err,
	    "TypeError(\"'NoneType' object cannot be interpreted as an "
	    "integer\")");
}

/*
 * Within a second of the wall clock the same text means the same time, also
 * where the clock decides about what the text leaves open.
 */
static bool
is_repeated(const struct datedetect *d, const char *line, size_t n, double now)
{
	const struct repeat *r = &d->repeat;

	return r->looked > 0 && r->looked <= n && r->second == (int64_t)now &&
	       memcmp(r->text, line, r->looked) == 0;
}

static void
repeat(struct datedetect *d, double now, struct datematch *ret)
{
	struct date_entry *e = &d->list[d->last_index];

	e->t->hits++;
	e->hits++;
	e->last_used = now;
	*ret = d->repeat.match;
}

static void
remember(struct datedetect *d, const struct hit *h, const struct subject *s,
    double now)
{
	struct repeat *r = &d->repeat;

	/* the byte behind the date belongs to what is learned */
	if (h->looked == 0 || h->looked <= h->end || h->looked > s->n ||
	    h->looked > sizeof(r->text) || !is_anchored(d->list[h->index].t))
		return;
	memcpy(r->text, s->p, h->looked);
	r->looked = h->looked;
	r->second = (int64_t)now;
}

int
datedetect_find(struct datedetect *d, const char *line, size_t n, double now,
    struct datematch *ret, struct err *err)
{
	struct subject s = {.p = line, .n = n};
	struct hit h;
	const struct datetemplate *t;
	int r;

	if (is_repeated(d, line, n, now)) {
		repeat(d, now, ret);
		return 1;
	}
	d->repeat.looked = 0;
	*ret = (struct datematch){.template = -1};
	if (d->n == 0) {
		datelist_add_line_begin(d);
		datelist_add_base(d, false);
	}
	r = choose(d, &h, &s, err);
	if (r <= 0)
		return r;
	learn(d, &h, &s, now);
	t = d->list[h.index].t;
	ret->start = h.cut;
	ret->end = h.cut_end;
	ret->template = (int)h.index;
	ret->none = h.cut == h.cut_end;
	if (t->none && n == 0)
		return err_set(err, "IndexError('string index out of range')");
	if (ret->none)
		return 1;
	if (h.fields.bad_zone_n > 0)
		return err_set(err, "KeyError('%.*s')",
		    (int)h.fields.bad_zone_n, line + h.fields.bad_zone);
	r = tell_time(d, ret, &h, now, err);
	if (r == 1 && ret->has_time) {
		remember(d, &h, &s, now);
		d->repeat.match = *ret;
	}
	return r;
}

/* ---- reports ---- */

size_t
datedetect_count(const struct datedetect *d)
{
	return d->n;
}

/*
 * fail2ban: templates of plain numbers have no pattern, "get JAIL
 * datepattern" shows their name only.
 */
static const char *
shown_pattern(const struct datetemplate *t)
{
	if (t->pattern == NULL || strcasestr(t->pattern, "EPOCH") != NULL ||
	    strcasestr(t->pattern, "TAI64N") != NULL)
		return NULL;
	return t->pattern;
}

void
datedetect_info(
    const struct datedetect *d, size_t i, struct datetemplate_info *ret)
{
	const struct date_entry *e = &d->list[i];

	*ret = (struct datetemplate_info){.name = e->t->name,
	    .hits = e->hits,
	    .weight = weight_of(e),
	    .weight_hits = e->weight,
	    .pattern = shown_pattern(e->t),
	    .regex = e->t->regex};
}

bool
datedetect_describe(
    const struct datedetect *d, const char **pattern, const char **name)
{
	if (d->n == 0 || d->n > 2) {
		*pattern = NULL;
		*name = "Default Detectors";
	} else {
		*pattern = shown_pattern(d->list[0].t);
		*name = d->list[0].t->name;
	}
	return d->n > 0;
}
