/*
 * When a line happened, and whether that still matters (spec 06 section 6).
 */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/span.h"
#include "sensor/filter_parts.h"

#define DAY 86400.0
/* A date this old still serves the lines after it that have none. */
#define LAST_DATE_AGE 60.0
/* Farther from now than this is odd for a log that is followed. */
#define OPERATION_GAP 60.0
/* Older than this is no latency: the zone must be wrong. */
#define LATENCY_MAX (55 * 60.0)

/* Whether this warning is due; once a day. */
static bool
warn_due(struct pass *p, enum filter_warning w)
{
	double *at = &p->f->warned[w];

	if (!isnan(*at) && p->line->now < *at + DAY)
		return false;
	*at = p->line->now;
	return true;
}

static void
warn_odd_line(const struct pass *p)
{
	log_msg(LOG_WARN, "filter",
	    "[%s] Please check a jail for a timing issue. Line with odd "
	    "timestamp: %.*s",
	    p->f->name, (int)p->line->n, p->line->text);
}

static void
set_last(struct pass *p, double date)
{
	bool same = date == p->f->last_date &&
	            p->t.date_n == p->f->last_text.n &&
	            memcmp(p->t.date, p->f->last_text.p, p->t.date_n) == 0;

	if (same)
		return;
	p->f->last_date = date;
	buf_reset(&p->f->last_text);
	buf_add(&p->f->last_text, p->t.date, p->t.date_n);
}

static bool
last_is_fresh(const struct pass *p)
{
	return !isnan(p->f->last_date) &&
	       p->f->last_date > p->line->now - LAST_DATE_AGE;
}

/* The line cut at [start, end). */
static void
cut(struct pass *p, size_t start, size_t end)
{
	const char *text = p->line->text;

	p->t.before = text;
	p->t.before_n = start;
	p->t.date = text + start;
	p->t.date_n = end - start;
	p->t.after = text + end;
	p->t.after_n = p->line->n - end;
}

/*
 * A line without a date, or with one that does not exist: the line before
 * may tell. fail2ban: the text of a wrong date is cut out all the same.
 */
static void
guess(struct pass *p, const struct datematch *m)
{
	if (m->template <0)
		cut(p, 0, 0);
	else {
		cut(p, m->start, m->end);
		log_msg(LOG_ERROR, "filter",
		    "findFailure failed to parse timeText: %.*s",
		    (int)p->t.date_n, p->t.date);
	}
	p->no_date = true;
	p->date = NAN;
	if (last_is_fresh(p)) {
		cut(p, 0, 0);
		p->date = p->f->last_date;
		p->t.date = p->f->last_text.p;
		p->t.date_n = p->f->last_text.n;
	} else if (p->line->in_operation)
		p->date = p->line->now;
}

static int
find(struct pass *p, struct err *err)
{
	const struct filter_line *line = p->line;
	struct datematch own;
	const struct datematch *m = line->found;
	int rc = 1;

	if (m == NULL) {
		m = &own;
		rc = datedetect_find(
		    p->f->dates, line->text, line->n, line->now, &own, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			own.template = -1;
	}
	if (p->trace != NULL && p->trace->date != NULL)
		p->trace->date(p->trace->arg, m);
	if (m->template <0 || (!m->none && !m->has_time)) {
		guess(p, m);
		return 0;
	}
	cut(p, m->start, m->end);
	if (m->none)
		p->date = last_is_fresh(p) ? p->f->last_date : line->now;
	else {
		p->date = m->time;
		set_last(p, m->time);
	}
	return 0;
}

/* A log that is followed tells what happened just now. */
static void
check_operation(struct pass *p)
{
	double age = p->line->now - p->date;
	struct buf gap = BUF_INIT;

	if (!(fabs(age) > OPERATION_GAP))
		return;
	if (warn_due(p, WARN_OPERATION)) {
		span_pretty(&gap, fabs(age));
		log_msg(LOG_WARN, "filter",
		    "[%s] Detected a log entry %s %s the current time in "
		    "operation mode. This looks like a %s problem. Treating "
		    "such entries as if they just happened.",
		    p->f->name, gap.p, age > 0 ? "before" : "after",
		    age > 0 && age <= LATENCY_MAX ? "latency" : "timezone");
		buf_release(&gap);
		warn_odd_line(p);
	}
	p->date = p->line->now;
	set_last(p, p->line->now);
}

/*
 * Returns whether the line is too old to matter. What a log begins with may
 * be old: fail2ban seeks behind it, so only what comes later is told.
 */
static bool
is_too_old(struct pass *p)
{
	struct buf findtime = BUF_INIT;

	if (!(p->date < p->line->now - p->f->spec.findtime)) {
		p->f->fresh_seen = true;
		return false;
	}
	if (!p->f->fresh_seen || !warn_due(p, WARN_OLD))
		return true;
	value_repr_float(&findtime, p->f->spec.findtime);
	if (findtime.n > 2 && strcmp(findtime.p + findtime.n - 2, ".0") == 0)
		buf_truncate(&findtime, findtime.n - 2);
	log_msg(LOG_WARN, "filter",
	    "[%s] Ignoring all log entries older than %ss; these are probably "
	    "messages generated while fail2ban was not running.",
	    p->f->name, findtime.p);
	buf_release(&findtime);
	warn_odd_line(p);
	return true;
}

int
filter_date(struct pass *p, struct err *err)
{
	const struct filter_line *line = p->line;

	if (line->date != NULL) {
		cut(p, 0, 0);
		p->t.date = line->date;
		p->t.date_n = line->date_n;
		p->date = line->time;
	} else if (find(p, err) < 0)
		return -1;
	p->written = p->date;
	if (!line->check_findtime || isnan(p->date))
		return 1;
	if (line->in_operation) {
		p->f->fresh_seen = true;
		check_operation(p);
		return 1;
	}
	return is_too_old(p) ? 0 : 1;
}

void
filter_warn_no_date(struct pass *p)
{
	if (!warn_due(p, WARN_NO_DATE))
		return;
	log_msg(LOG_WARN, "filter",
	    "[%s] Found a match but no valid date/time found for '%.*s'.",
	    p->f->name, (int)p->t.date_n, p->t.date);
	log_msg(LOG_WARN, "filter", "[%s] Match without a timestamp: %.*s",
	    p->f->name, (int)p->line->n, p->line->text);
	log_msg(LOG_WARN, "filter",
	    "[%s] Please try setting a custom date pattern (see man page "
	    "jail.conf(5)).",
	    p->f->name);
}
