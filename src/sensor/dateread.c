/*
 * From the groups of a match to fields. A group that is empty or took no
 * part is as good as absent.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/datepat.h"
#include "sensor/datezone.h"

/* Decimal number; -1: has something else than ASCII digits. */
static int
number(const char *p, size_t n)
{
	int v = 0;

	while (n > 0 && *p == ' ') {
		p++;
		n--;
	}
	if (n == 0 || n > 6)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static void
read_zone(struct datefields *f, const char *line, struct regex_span s)
{
	size_t n = s.end - s.start;

	switch (datezone_parse(&f->offset, line + s.start, n)) {
	case DATEZONE_OK:
		f->has_offset = true;
		break;
	case DATEZONE_UNKNOWN:
		f->bad_zone = s.start;
		f->bad_zone_n = n;
		break;
	case DATEZONE_MALFORMED:
		f->invalid = true;
		break;
	}
}

/*
 * "1749988799", with a fraction, or in milliseconds or microseconds when it
 * has that many digits.
 */
static void
read_epoch(struct datefields *f, const char *p, size_t n)
{
	char text[40];
	size_t digits = 0;
	double v;

	f->is_epoch = true;
	if (n >= sizeof(text)) {
		f->invalid = true;
		return;
	}
	memcpy(text, p, n);
	text[n] = '\0';
	while (text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits == 0) {
		f->invalid = true;
		return;
	}
	v = strtod(text, NULL);
	if (digits >= 16)
		v /= 1000000;
	else if (digits >= 13)
		v /= 1000;
	f->epoch = v;
}

/* "@" and 24 hex digits; the first one is no part of the seconds. */
static void
read_tai64n(struct datefields *f, const char *p, size_t n)
{
	char text[16];

	f->is_epoch = true;
	f->is_int = true;
	if (n < 17) {
		f->invalid = true;
		return;
	}
	memcpy(text, p + 2, 15);
	text[15] = '\0';
	f->epoch = (double)strtoll(text, NULL, 16);
}

static void
read_week(struct datefields *f, int week, bool monday)
{
	f->week = week;
	f->week_monday = monday;
}

/* Fields whose text must be a number. */
static bool
is_number(enum datefield field)
{
	return field <= DATE_DAY ||
	       (field >= DATE_HOUR && field <= DATE_SECOND) ||
	       (field >= DATE_YDAY && field <= DATE_WNUM);
}

/* Fields that are the number as it stands. */
static const struct plain {
	enum datefield field;
	size_t offset; /* of an int in struct datefields */
} plains[] = {
    {DATE_YEAR, offsetof(struct datefields, year)},
    {DATE_MONTH, offsetof(struct datefields, month)},
    {DATE_DAY, offsetof(struct datefields, day)},
    {DATE_MINUTE, offsetof(struct datefields, minute)},
    {DATE_SECOND, offsetof(struct datefields, second)},
    {DATE_YDAY, offsetof(struct datefields, yday)},
};

static bool
read_plain(struct datefields *f, enum datefield field, int v)
{
	for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]); i++)
		if (plains[i].field == field) {
			*(int *)((char *)f + plains[i].offset) = v;
			return true;
		}
	return false;
}

static void
read_hour(struct datefields *f, int v, bool hour12)
{
	f->hour = v;
	f->hour12 = hour12;
}

static void
read_field(struct datefields *f, enum datefield field, const char *line,
    struct regex_span s)
{
	const char *p = line + s.start;
	size_t n = s.end - s.start;
	int v = is_number(field) ? number(p, n) : 0;

	if (v < 0)
		f->invalid = true;
	if (read_plain(f, field, v))
		return;
	if (field == DATE_YEAR2)
		f->year = v >= 0 && v <= 2000 ? v + 2000 : v;
	else if (field == DATE_MON)
		f->month = datedirective_month(p, n);
	else if (field == DATE_WDAY)
		f->weekday = datedirective_weekday(p, n);
	else if (field == DATE_WNUM)
		f->weekday = v < 0 ? -1 : (v + 6) % 7;
	else if (field == DATE_HOUR || field == DATE_HOUR12)
		read_hour(f, v, field == DATE_HOUR12);
	else if (field == DATE_AMPM)
		f->pm = *p == 'p' || *p == 'P';
	else if (field == DATE_OFFSET || field == DATE_ZONE)
		read_zone(f, line, s);
	else if (field == DATE_WEEK_U || field == DATE_WEEK_W)
		read_week(f, v, field == DATE_WEEK_W);
	else if (field == DATE_EPOCH)
		read_epoch(f, p, n);
	else if (field == DATE_TAI64N)
		read_tai64n(f, p, n);
}

void
datetemplate_read(
    const struct datetemplate *t, const char *line, struct datefields *f)
{
	datefields_init(f);
	for (int i = 0; i < t->ngroups; i++) {
		struct regex_span s = regex_group(t->re, t->groups[i].group);

		if (s.set && s.start < s.end)
			read_field(f, t->groups[i].field, line, s);
	}
}
