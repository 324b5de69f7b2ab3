#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/datedetect.h"

#define NOW 1749988800.0 /* 2025-06-15 12:00:00 UTC */
#define NONE 0, -1.0     /* no date */
#define BAD 1, -1.0      /* a date that does not exist */
#define AT(t) 1, (t)

static void
setup(void)
{
	clock_set(NOW);
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
teardown(void)
{
	clock_set(-1);
}

static void
use_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static struct datedetect *
detector(const char *pattern, const char *zone)
{
	struct datedetect *d = datedetect_new();
	struct err err = ERR_INIT;

	if (pattern != NULL)
		ck_assert_msg(datedetect_add(d, pattern, &err) == 0, "%s",
		    err_text(&err));
	if (zone != NULL)
		ck_assert_msg(datedetect_set_zone(d, zone, &err) == 0, "%s",
		    err_text(&err));
	err_release(&err);
	return d;
}

/* The line without what was cut out. */
static char *
rest_of(const char *line, const struct datematch *m)
{
	return xasprintf("%.*s%s", (int)m->start, line, line + m->end);
}

struct line_case {
	const char *pattern; /* NULL: default templates */
	const char *line;
	const char *rest; /* NULL: the whole line */
	int found;
	double time; /* negative: none */
};

static void
check_line(struct datedetect *d, const struct line_case *c)
{
	struct datematch m;
	struct err err = ERR_INIT;
	int r = datedetect_find(d, c->line, strlen(c->line), NOW, &m, &err);
	char *rest;

	ck_assert_msg(r == c->found, "%s: %d, %s", c->line, r, err_text(&err));
	ck_assert_int_eq(m.has_time, c->time >= 0);
	if (c->time >= 0)
		ck_assert_msg(
		    m.time - c->time < 1e-6 && c->time - m.time < 1e-6,
		    "%s: %f, not %f", c->line, m.time, c->time);
	rest = rest_of(c->line, &m);
	ck_assert_str_eq(rest, c->rest != NULL ? c->rest : c->line);
	free(rest);
	err_release(&err);
}

/* fail2ban: expected values recorded from the reference. */
static const struct line_case line_cases[] = {
    {NULL, "Jun 15 11:59:30 host x", " host x", AT(1749988770)},
    {NULL, "[Sun Jun 15 11:59:59.123456 2025] [core] x", "[] [core] x",
        AT(1749988799)},
    {NULL, "1.2.3.4 - - [15/Jun/2025:11:59:59 +0200] \"GET\"",
        "1.2.3.4 - - [] \"GET\"", AT(1749981599)},
    {NULL, "<13>1 2025-06-15T11:59:59.003Z host", "<13>1  host",
        AT(1749988799)},
    {NULL, "2025-06-15 11:59:59,123 +0200 x", " x", AT(1749981599)},
    {NULL, "2025-06-15 11:59:59 CET x", " CET x", AT(1749988799)},
    {NULL, "[1749988799.123] x", "[] x", AT(1749988799.123)},
    {NULL, "type=X msg=audit(1749988799.123:42): p", "type=X msg=audit(:42): p",
        AT(1749988799.123)},
    {NULL, "06-07-2025 11:59:59 x", " x", AT(1751803199)},
    {NULL, "06-15-2025 11:59:59.123 x", " x", AT(1749988799)},
    {NULL, "PDT Jun 15 11:59:59 x", " x", AT(1750013999)},
    {NULL, "2025-6-5 1:2:3 x", " x", AT(1749085323)},
    {NULL, "2025-06/15 11:59:59 x", NULL, NONE},
    {NULL, "xx2025-06-15 11:59:59 x", NULL, NONE},
    {NULL, "1999-06-15 11:59:59 x", NULL, NONE},
    {NULL, "2030-06-15 11:59:59 x", NULL, NONE},
    {NULL, "2025-06-15 24:00:00", NULL, NONE},
    {NULL, "June 15 11:59:59", NULL, NONE},
    {NULL, "Jun 15 11:59", NULL, NONE},
    {NULL, "x 1749988799 y", NULL, NONE},
    {NULL, "2025-02-30 11:59:59 x", " x", BAD},
    {NULL, "2025-06-15 11:59:61 x", " x", BAD},
    {NULL, "Feb 29 10:00:00 x", " x", BAD},
    {NULL, "foo Jun 15 11:59:59 bar", " bar", BAD},
    {NULL, "@4000000052df927129ca4ee4 x", " x", AT(1390383729)},
    {NULL, "20250615T115959 x", " x", AT(1749988799)},
    {NULL, "+00:00 Jan 23 11:59:59.011 2005 x", " x", AT(1106481599)},
    {NULL, "", NULL, NONE},
    /* year and day left open */
    {NULL, "Jun 16 11:59:30 x", " x", AT(1750075170)},
    {NULL, "Jun 16 12:00:01 x", " x", AT(1718539201)},
    {NULL, "Dec 31 00:00:00 x", " x", AT(1735603200)},
    {NULL, "12:00:00 x", " x", AT(1749988800)},
    {NULL, "12:00:01 x", " x", AT(1749902401)},
    /* custom patterns */
    {"%Y-%m-%d %H:%M:%S", "2025-06-15 11:59:59 x", " x", AT(1749988799)},
    {"%Y-%m-%d %H:%M:%S", "x2025-06-15 11:59:59", NULL, NONE},
    {"**%Y-%m-%d %H:%M:%S", "x2025-06-15 11:59:59", "x", AT(1749988799)},
    {"{UNB}%Y-%m-%d %H:%M:%S", "x2025-06-15 11:59:59", "x", AT(1749988799)},
    {"{^LN-BEG}%Y-%m-%d %H:%M:%S", "[2025-06-15 11:59:59] x", "[] x",
        AT(1749988799)},
    {"{^LN-BEG}%Y-%m-%d %H:%M:%S", "a [2025-06-15 11:59:59] x", NULL, NONE},
    {"\\[{DATE}\\]", "a [2025-06-15 11:59:59] x", "a  x", AT(1749988799)},
    {"^<\\d+>\\d+\\s+{DATE}", "<30>1 Jun 15 11:59:59 x", " x", AT(1749988799)},
    {"t={EPOCH}", "t=1749988799;", ";", AT(1749988799)},
    {"t=({EPOCH});", "t=1749988799;x", "t=;x", AT(1749988799)},
    {"^%Y-%m-%d( %H:%M:%S)?", "2025-06-15 11:59:59 x", "-06-15 11:59:59 x",
        AT(1749988799)},
    {"\\((%Y-%m-%d)\\)", "(2025-06-15) x", "() x", AT(1749945600)},
    {"%Y\n%Y-%m-%d", "x 2025 2025-06-15 y", "x 2025  y", AT(1749945600)},
    {"LEPOCH", "1749988799123 x", " x", AT(1749988799.123)},
    {"LEPOCH", "1749988799123456 x", " x", AT(1749988799.123456)},
    {"LEPOCH", "1749988799.5 x", ".5 x", AT(1749988799)},
    {"{DEFAULT}\n%Y-%m-%d", "2025-06-15 11:59:59 x", " 11:59:59 x",
        AT(1749945600)},
    {"{DEFAULT}", "Jun 15 11:59:30 x", " x", AT(1749988770)},
    {"EPOCH", "x audit(1749988799.123 y", "x audit( y", AT(1749988799.123)},
    {"EPOCH", "xaudit(1749988799.123:12) y", NULL, NONE},
    {"EPOCH", "1749988799.1234567 y", ".1234567 y", AT(1749988799)},
    {"^EPOCH", "[1749988799.123 y", "[ y", AT(1749988799.123)},
    {"^EPOCH", "1749988799x y", NULL, NONE},
    {"LEPOCH", "[1749988799123.5] y", "[] y", AT(1749988799.1235)},
    {"LEPOCH", "1749988799123x y", NULL, NONE},
    {"t={LEPOCH}", "t=17499887991234; y", "; y", AT(17499887991.234)},
    /* fail2ban: around a number nothing else is special */
    {"%Y {EPOCH}", "%Y 1749988799 x", " x", AT(1749988799)},
    {"%Y {EPOCH}", "2025 1749988799 x", NULL, NONE},
    {"{^LN-BEG}{EPOCH}", "1749988799 x", NULL, NONE},
    {"{EPOCH}|x{LEPOCH}", "1749988799123 x", " x", AT(1749988799.123)},
    {"^TAI64N", "<<@4000000052df927129ca4ee4 y", "<< y", AT(1390383729)},
    {"TAI64N", "x <<@4000000052df927129ca4ee4 y", "x << y", AT(1390383729)},
    {"TAI64N", "x<<@4000000052df927129ca4ee4a y", NULL, NONE},
    {"x {DATE}", "x 1749988799 y", NULL, NONE},
    {"x {DATE}", "x 11:59:59 y", " y", AT(1749988799)},
    {"^{DATE}", "[1749988799] y", "[] y", AT(1749988799)},
    {"{DATE}", "x 11:59:59 y", "x  y", AT(1749988799)},
    {"{UNB}{DATE}", "xJun 15 11:59:59 y", "x y", AT(1749988799)},
    {"{^LN-BEG}{DATE}", "<Jun 15 2025 11:59:59 y", "< y", AT(1749988799)},
    {"%Y %H%M%S", "2025 23111 y", " y", AT(1749954671)},
    {"%Y-%m-%d", "1999-01-02 y", " y", AT(915235200)},
    {"%y-%m-%d", "70-01-02 y", " y", AT(3155846400.0)},
    {"(?i)t%Y-%m-%d", "T2025-06-15 y", " y", AT(1749945600)},
    {"%j %Y", "023 2005 y", " y", AT(1106438400)},
    {"%j %d %Y", "150 03 2025 y", " y", AT(1748563200)},
    {"%y %U %w", "25 00 0 y", " y", AT(1735430400)},
    {"%y %W %w", "25 00 3 y", " y", AT(1735689600)},
    {"%Y-%m-%d %H:%M:%S.", "2025-06-15 11:59:60. y", ". y", AT(1749988746)},
    {"^I\\(()**", "I(x", NULL, 1, -1.0},
    {"%Y %U %a", "2005 04 Sun y", " y", AT(1106438400)},
    {"%Y %W %w", "2005 03 0 y", " y", AT(1106438400)},
    {"%d/%b/%y %I:%M:%S %p", "23/Jan/05 09:59:59 PM y", " y", AT(1106517599)},
    {"%Y-%m-%d %H:%M:%S %Exz", "2005-01-23 21:59:59 EST y", " y",
        AT(1106535599)},
};

START_TEST(line_gives_time_and_rest)
{
	const struct line_case *c = &line_cases[_i];
	struct datedetect *d = detector(c->pattern, NULL);

	check_line(d, c);
	datedetect_free(d);
}
END_TEST

START_TEST(line_gives_the_same_without_reading_by_hand)
{
	const struct line_case *c = &line_cases[_i];
	struct datedetect *d = detector(c->pattern, NULL);

	datedetect_set_plain(d, true);
	check_line(d, c);
	datedetect_free(d);
}
END_TEST

START_TEST(none_pattern_matches_the_begin_of_every_line)
{
	struct datedetect *d = detector("{NONE}", NULL);
	struct datematch m;
	struct err err = ERR_INIT;

	ck_assert_int_eq(datedetect_find(d, "x", 1, NOW, &m, &err), 1);
	ck_assert(m.none && !m.has_time && m.start == 0 && m.end == 0);
	ck_assert_int_eq(datedetect_find(d, "", 0, NOW, &m, &err), -1);
	ck_assert_str_eq(
	    err_text(&err), "IndexError('string index out of range')");
	err_release(&err);
	datedetect_free(d);
}
END_TEST

static const struct zone_case {
	const char *zone;
	const char *line;
	double time;
} zone_cases[] = {
    {"UTC+0200", "2025-06-15 11:59:59 x", 1749981599},
    {"+02:00", "2025-06-15 11:59:59 x", 1749981599},
    {"CET", "2025-06-15 11:59:59 x", 1749985199},
    {"CET+0100", "2025-06-15 11:59:59 x", 1749981599},
    {"NST", "2025-06-15 11:59:59 x", 1750001399},
    {"GMT-0130", "2025-06-15 11:59:59 x", 1749994199},
    {"-03:30", "2025-06-15 11:59:59 x", 1750001399},
    {"CET+0100", "2025-06-15 11:59:59Z x", 1749988799},
    {"NPT", "2025-06-15 11:59:59 x", 1749968099},
    {"UTC", "2025-06-15 11:59:59 x", 1749988799},
    {"CET", "1749988799 x", 1749988799},
};

START_TEST(logtimezone_holds_for_lines_without_zone)
{
	const struct zone_case *c = &zone_cases[_i];
	struct datedetect *d = detector(NULL, c->zone);
	struct line_case l = {NULL, c->line, " x", 1, c->time};

	use_zone("Europe/Berlin");
	check_line(d, &l);
	datedetect_free(d);
}
END_TEST

static const char *const bad_zones[] = {
    "UTC+2", "utc", "Europe/Berlin", "XYZ", "+2500", "UTC+25", "+01:5", "PT"};

START_TEST(wrong_logtimezone_is_refused)
{
	struct datedetect *d = datedetect_new();
	struct err err = ERR_INIT;
	char *want =
	    xasprintf("Unknown or unsupported time zone: '%s'", bad_zones[_i]);

	ck_assert_int_eq(datedetect_set_zone(d, bad_zones[_i], &err), -1);
	ck_assert_str_eq(err_text(&err), want);
	free(want);
	err_release(&err);
	datedetect_free(d);
}
END_TEST

static const struct local_case {
	const char *line;
	double time;
} local_cases[] = {
    {"2025-06-15 11:59:59 x", 1749981599},
    {"2025-01-15 11:59:59 x", 1736938799},
    {"2025-03-30 01:59:59 x", 1743296399},
    {"2025-03-30 02:30:00 x", 1743298200}, /* skipped by the clock */
    {"2025-03-30 03:00:00 x", 1743296400},
    {"2025-10-26 01:59:59 x", 1761436799},
    {"2025-10-26 02:30:00 x", 1761442200}, /* there twice */
    {"2025-10-26 03:00:00 x", 1761444000},
};

START_TEST(local_time_follows_the_zone_of_the_system)
{
	struct datedetect *d;
	struct line_case l = {
	    NULL, local_cases[_i].line, " x", 1, local_cases[_i].time};

	use_zone("Europe/Berlin");
	d = detector(NULL, NULL);
	check_line(d, &l);
	check_line(d, &l);
	datedetect_free(d);
}
END_TEST

static const struct error_case {
	const char *pattern;
	const char *line; /* NULL: the pattern itself is refused */
	const char *text;
} error_cases[] = {
    {"%Q", NULL,
        "Failed to set datepattern '%Q' (may be an invalid format or unescaped"
        " percent char): unsupported format character 'Q' (0x51) at index 1"},
    {"%Y-%Q", NULL,
        "Failed to set datepattern '%Y-%Q' (may be an invalid format or "
        "unescaped percent char): not enough arguments for format string"},
    {"%Y-%", NULL,
        "Failed to set datepattern '%Y-%' (may be an invalid format or "
        "unescaped percent char): incomplete format"},
    {"%Y\n%Y", NULL, "There is already a template with name Year"},
    {NULL, "XYZ Jun 15 11:59:59 x", "KeyError('XYZ')"},
    {"%Y-%d", "2025-06 x",
        "TypeError(\"'NoneType' object cannot be interpreted as an integer\")"},
};

START_TEST(error_says_what_is_wrong)
{
	const struct error_case *c = &error_cases[_i];
	struct datedetect *d = datedetect_new();
	struct datematch m;
	struct err err = ERR_INIT;
	int r = c->pattern != NULL ? datedetect_add(d, c->pattern, &err) : 0;

	if (c->line != NULL) {
		ck_assert_int_eq(r, 0);
		r = datedetect_find(d, c->line, strlen(c->line), NOW, &m, &err);
	}
	ck_assert_int_eq(r, -1);
	ck_assert_str_eq(err_text(&err), c->text);
	err_release(&err);
	datedetect_free(d);
}
END_TEST

static const char *const lazy_errors[] = {"a(", "%k:%M", "(?i)%b"};

START_TEST(wrong_regex_shows_at_the_first_line)
{
	struct datedetect *d = detector(lazy_errors[_i], NULL);
	struct datematch m;
	struct err err = ERR_INIT;

	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(
		    datedetect_find(d, "Jun x", 5, NOW, &m, &err), -1);
		ck_assert_int_eq(err.count, i);
	}
	err_release(&err);
	datedetect_free(d);
}
END_TEST

static const struct name_case {
	const char *pattern;
	const char *name;
} name_cases[] = {
    {"EPOCH", "Epoch"},
    {"epoch", "Epoch"},
    {"^EPOCH", "{^LN-BEG}Epoch"},
    {"LEPOCH", "LongEpoch"},
    {"{^LN-BEG}LEPOCH", "{^LN-BEG}LongEpoch"},
    {"x{EPOCH}", "x{EPOCH}"},
    {"^TAI64N", "{^LN-BEG}TAI64N"},
    {"{UNB}%y", "Year2"},
    {"**%Y**", "**Year**"},
    {"(?i)%Y", "(?i)Year"},
    {"{^LN-BEG}%Y %c", "{^LN-BEG}Year %c"},
    {"{NONE}", "^"},
    {"{DEFAULT}", "Default Detectors"},
    {"{DATE}", "Default Detectors"},
    {"{^LN-BEG}", "Default Detectors"},
    {"%Y\n%y", "Year"},
    {"%Y\n%y\n%M", "Default Detectors"},
    {"%ExY-%Exm-%Exd %ExH:%ExM:%ExS %Exz", "ExYear-ExMonth-ExDay "
                                           "Ex24hour:ExMinute:ExSecond ExZone "
                                           "offset"},
};

START_TEST(pattern_has_a_display_name)
{
	struct datedetect *d = detector(name_cases[_i].pattern, NULL);
	const char *pattern;
	const char *name;

	(void)datedetect_describe(d, &pattern, &name);
	ck_assert_str_eq(name, name_cases[_i].name);
	datedetect_free(d);
}
END_TEST

static void
check_order(struct datedetect *d, size_t i, const char *name)
{
	struct datetemplate_info info;

	datedetect_info(d, i, &info);
	ck_assert_str_eq(info.name, name);
}

#define ISO_NAME                                                               \
	"ExYear(?P<_sep>[-/.])Month(?P=_sep)Day(?:T|  ?)24hour:Minute:Second"  \
	"(?:[.,]Microseconds)?(?:\\s*Zone offset)?"
#define CLF_NAME                                                               \
	"Day(?P<_sep>[-/])MON(?P=_sep)ExYear[ :]?24hour:Minute:Second"         \
	"(?:\\.Microseconds)?(?: Zone offset)?"

/* fail2ban: recorded from the reference. */
START_TEST(list_learns_what_a_log_uses)
{
	struct datedetect *d = detector(NULL, NULL);
	struct line_case first = {NULL,
	    "1.2.3.4 - - [15/Jun/2025:11:59:59 +0000] \"GET / 2025-06-15 "
	    "10:00:00\"",
	    "1.2.3.4 - - [] \"GET / 2025-06-15 10:00:00\"", AT(1749988799)};
	struct line_case second = {
	    NULL, "2025-06-15 11:00:00 x", " x", AT(1749985200)};

	datedetect_set_plain(d, _i == 1);
	check_line(d, &first);
	ck_assert_uint_eq(datedetect_count(d), 31);
	check_order(d, 0, CLF_NAME);
	check_line(d, &second);
	check_order(d, 0, "{^LN-BEG}" ISO_NAME);
	check_order(d, 1, CLF_NAME);
	check_line(d, &first);
	check_line(d, &second);
	datedetect_free(d);
}
END_TEST

START_TEST(nearest_date_is_taken)
{
	struct datedetect *d = detector(NULL, NULL);
	struct line_case first = {NULL,
	    "some text 2025-06-15 11:00:00 and Jun 15 11:00:00 x",
	    "some text  and Jun 15 11:00:00 x", AT(1749985200)};
	struct line_case second = {NULL,
	    "long prefix text Jun 15 11:00:00 and 2025-06-15 11:00:00 x",
	    "long prefix  and 2025-06-15 11:00:00 x", BAD};

	datedetect_set_plain(d, _i == 1);
	check_line(d, &first);
	check_line(d, &second);
	datedetect_free(d);
}
END_TEST

/* What looks like a date all along the line is no reason to give up. */
START_TEST(date_at_the_end_of_a_long_line_is_found)
{
	static const char *const units[] = {
	    "1.2.3.4 ", "2025-06-", "12:x", "Jun 15 ", "\xc3\xa9 ", "0"};
	struct datedetect *d = detector(NULL, NULL);
	struct buf line = BUF_INIT;
	struct line_case c = {NULL, NULL, NULL, AT(1749985200)};
	char *rest;

	while (line.n < 60000)
		buf_adds(&line, units[_i]);
	rest = xasprintf("%s x ", line.p);
	c.rest = rest;
	buf_adds(&line, " x 2025-06-15 11:00:00");
	c.line = line.p;
	datedetect_set_plain(d, true);
	check_line(d, &c);
	buf_release(&line);
	free(rest);
	datedetect_free(d);
}
END_TEST

/*
 * Lines that begin alike, one after another, at these seconds: what is
 * remembered of the one before must not show.
 */
static const struct {
	const char *line;
	double now;
} alike[] = {
    {"Jun 15 11:00:00 host a", NOW},
    {"Jun 15 11:00:00 host bcd", NOW + 0.5},
    {"Jun 15 11:00:00 2024 host", NOW + 0.6},
    {"Jun 15 11:00:00 2024", NOW + 0.6},
    {"Jun 15 11:00:00", NOW + 0.6},
    {"Jun 15 11:00:00 host a", NOW + 0.7},
    {"Jun 15 11:00:00.25 host a", NOW + 0.7},
    {"Jun 15 11:00:001 host a", NOW + 0.7},
    {"Jun 16 12:00:01 host a", NOW},
    {"Jun 16 12:00:01 host b", NOW},
    {"Jun 16 12:00:01 host a", NOW + 1},
    {"Jun 16 12:00:01 host b", NOW + 2},
    {"2025-06-15 11:00:00 host", NOW},
    {"2025-06-15 11:00:00 +01:00 host", NOW},
    {"2025-06-15 11:00:00  +02:00 host", NOW},
    {"2025-06-15 11:00:00 +01:00 host", NOW},
    {"2025-06-15 11:00:00 +01:000 host", NOW},
};

START_TEST(the_line_before_does_not_show)
{
	struct datedetect *d = detector(NULL, NULL);

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		struct datedetect *fresh = detector(NULL, NULL);
		const char *line = alike[i].line;
		struct datematch a, b;

		datedetect_set_plain(fresh, true);
		ck_assert_int_eq(datedetect_find(d, line, strlen(line),
		                     alike[i].now, &a, NULL),
		    datedetect_find(
		        fresh, line, strlen(line), alike[i].now, &b, NULL));
		ck_assert_uint_eq(a.start, b.start);
		ck_assert_uint_eq(a.end, b.end);
		ck_assert_int_eq(a.has_time, b.has_time);
		ck_assert(!a.has_time || a.time == b.time);
		ck_assert_int_eq(a.is_int, b.is_int);
		datedetect_free(fresh);
	}
	datedetect_free(d);
}
END_TEST

#define N(a) (int)(sizeof(a) / sizeof((a)[0]))

Suite *datedetect_suite(void);

Suite *
datedetect_suite(void)
{
	Suite *s = suite_create("datedetect");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, line_gives_time_and_rest, 0, N(line_cases));
	tcase_add_loop_test(
	    tc, line_gives_the_same_without_reading_by_hand, 0, N(line_cases));
	tcase_add_test(tc, none_pattern_matches_the_begin_of_every_line);
	tcase_add_loop_test(
	    tc, logtimezone_holds_for_lines_without_zone, 0, N(zone_cases));
	tcase_add_loop_test(tc, wrong_logtimezone_is_refused, 0, N(bad_zones));
	tcase_add_loop_test(
	    tc, local_time_follows_the_zone_of_the_system, 0, N(local_cases));
	tcase_add_loop_test(tc, error_says_what_is_wrong, 0, N(error_cases));
	tcase_add_loop_test(
	    tc, wrong_regex_shows_at_the_first_line, 0, N(lazy_errors));
	tcase_add_loop_test(tc, pattern_has_a_display_name, 0, N(name_cases));
	tcase_add_loop_test(tc, date_at_the_end_of_a_long_line_is_found, 0, 6);
	tcase_add_test(tc, the_line_before_does_not_show);
	tcase_add_loop_test(tc, list_learns_what_a_log_uses, 0, 2);
	tcase_add_loop_test(tc, nearest_date_is_taken, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
