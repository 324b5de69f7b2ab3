/*
 * What depends on when a line was written, and on how long it takes to match.
 * fail2ban: expected failures are those of spec 06.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "filterfix.h"

/* ---- time */

struct timed {
	double age;
	bool dated;
	bool in_operation;
	const char *failures; /* "id@age" */
};

static void
collect_time(void *arg, const struct failure *f)
{
	(void)arg;
	packed_print(&out, f->id);
	buf_addf(&out, "@%g", NOW - f->time);
}

static void
feed_time(struct filter *f, double age, bool dated, bool in_operation)
{
	struct datematch none = {.template = -1};
	struct datematch found = {
	    .end = 1, .template = 0, .time = NOW - age, .has_time = true};
	struct filter_line line = {
	    .text = "Dx " A,
	    .n = strlen("Dx " A),
	    .now = NOW,
	    .in_operation = in_operation,
	    .check_findtime = true,
	    .found = dated ? &found : &none,
	};

	buf_reset(&out);
	ck_assert_int_eq(
	    filter_line(f, &line, collect_time, NULL, NULL, NULL), 0);
}

static const struct timed timed_cases[] = {
    {601, true, false, ""},
    {600, true, false, A "@600"},
    {-3600, true, false, A "@-3600"},
    {120, true, true, A "@0"},
    {-120, true, true, A "@0"},
    {60, true, true, A "@60"},
    {0, false, true, A "@0"},
    {0, false, false, ""},
};

START_TEST(time_of_a_failure)
{
	const struct timed *c = &timed_cases[_i];
	struct filter *f;

	add_fail("x <HOST>");
	f = new_filter();
	feed_time(f, c->age, c->dated, c->in_operation);
	ck_assert_str_eq(out.p, c->failures);
	filter_free(f);
}
END_TEST

START_TEST(line_without_date_follows_the_one_before)
{
	struct filter *f;

	add_fail("x <HOST>");
	f = new_filter();
	feed_time(f, 59, true, false);
	feed_time(f, 0, false, false);
	ck_assert_str_eq(out.p, A "@59");
	feed_time(f, 60, true, false);
	feed_time(f, 0, false, false);
	ck_assert_str_eq(out.p, "");
	filter_free(f);
}
END_TEST

/* fail2ban: it looks for the first line that is not too old. */
START_TEST(old_lines_at_the_beginning_are_not_told)
{
	struct filter *f;

	add_fail("x <HOST>");
	f = new_filter();
	feed_time(f, 7200, true, false);
	feed_time(f, 700, true, false);
	ck_assert_str_eq(logged.p, "");
	feed_time(f, 500, true, false);
	ck_assert_str_eq(logged.p, "");
	feed_time(f, 700, true, false);
	ck_assert_ptr_nonnull(
	    strstr(logged.p, "[J] Ignoring all log entries older than 600s"));
	filter_free(f);
}
END_TEST

START_TEST(odd_times_are_told_once_a_day)
{
	struct filter *f;

	add_fail("x <HOST>");
	f = new_filter();
	feed_time(f, 120, true, true);
	feed_time(f, 7200, true, true);
	ck_assert_str_eq(logged.p,
	    "[J] Detected a log entry 2m before the current time in operation "
	    "mode. This looks like a latency problem. Treating such entries "
	    "as if they just happened.\n"
	    "[J] Please check a jail for a timing issue. Line with odd "
	    "timestamp: Dx 192.0.2.1\n");
	buf_reset(&logged);
	feed_time(f, 7200, true, false);
	feed_time(f, 7200, true, false);
	ck_assert_str_eq(logged.p,
	    "[J] Ignoring all log entries older than 600s; these are probably "
	    "messages generated while fail2ban was not running.\n"
	    "[J] Please check a jail for a timing issue. Line with odd "
	    "timestamp: Dx 192.0.2.1\n");
	filter_free(f);
}
END_TEST

START_TEST(match_without_date_is_told)
{
	struct filter *f;

	add_fail("x <HOST>");
	f = new_filter();
	feed_time(f, 0, false, false);
	feed_time(f, 0, false, false);
	ck_assert_str_eq(logged.p,
	    "[J] Found a match but no valid date/time found for ''.\n"
	    "[J] Match without a timestamp: Dx 192.0.2.1\n"
	    "[J] Please try setting a custom date pattern (see man page "
	    "jail.conf(5)).\n");
	filter_free(f);
}
END_TEST

/* ---- limits */

START_TEST(exploding_regex_is_no_way_to_hide)
{
	struct filter *f;
	char text[300] = " p 192.0.2.1 ";
	size_t n = strlen(text);

	set_pref("^ p <HOST> <F-CONTENT>.*</F-CONTENT>$");
	add_fail("^(?:a+)+[bc]$");
	f = new_filter();
	memset(text + n, 'a', 200);
	text[n + 200] = '\0';
	text[n + 100] = 'd';
	text[n + 199] = 'b';
	feed(f, text);
	feed(f, text);
	ck_assert_str_eq(out.p, "192.0.2.1(1) 192.0.2.1(1)");
	ck_assert_uint_eq(filter_limit_hits(f), 2);
	ck_assert_ptr_nonnull(strstr(logged.p, "[J] failregex 1 takes too"));
	ck_assert_ptr_eq(strchr(logged.p, '\n') + 1, logged.p + logged.n);
	filter_free(f);
}
END_TEST

START_TEST(exploding_regexes_leave_the_line_to_the_others)
{
	enum { LINE = 4000 };
	struct filter *f;
	char text[LINE];

	for (int i = 0; i < 20; i++)
		add_fail("(?:a+)+[bc]x? <HOST>$");
	add_fail("a from <HOST>$");
	f = new_filter();
	memset(text, 'a', sizeof(text));
	(void)strcpy(text + LINE - 20, " a from 192.0.2.1");
	feed(f, text);
	ck_assert_str_eq(out.p, "192.0.2.1(1)");
	ck_assert_uint_eq(filter_limit_hits(f), 20);
	filter_free(f);
}
END_TEST

/* Work is counted in searches that hit a limit, each of bounded steps. */
static const struct {
	const char *regex;
	const char *line;
} hostile[] = {
    {"^ (?:a+)+[bc] <HOST>$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
    {"^ (?:a|aa)+b?c? <HOST>x?y$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaay"},
    {"^ (?:.*,){11}[;.] <HOST>$",
        "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a;"},
    {"^ (?:(?:\\w+)?\\s?)*: <HOST>z$",
        "a a a a a a a a a a a a a a a a a a a a a: z"},
    {"^ (.*)*[^.] <HOST>\\d\\.$", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."},
};

START_TEST(hostile_lines_cost_a_bounded_number_of_steps)
{
	enum { LINES = 48 };
	struct filter *f;
	struct filter_stat stat;
	char text[300];

	add_fail(hostile[_i].regex);
	f = new_filter();
	(void)snprintf(
	    text, sizeof(text), " %s 192.0.2.1 x 192.0.2.1.", hostile[_i].line);
	for (int i = 0; i < LINES; i++)
		feed(f, text);
	filter_stat(f, FILTER_FAILREGEX, 0, &stat);
	ck_assert_uint_le(stat.limit_hits, LINES);
	ck_assert_uint_le(stat.retried, 4 + LINES / 16);
	if (stat.limit_hits > 0)
		ck_assert_uint_ge(stat.retried, 1);
	ck_assert_ptr_null(strstr(out.p, "192.0.2.1"));
	filter_free(f);
}
END_TEST

Suite *filter_time_suite(void);

Suite *
filter_time_suite(void)
{
	Suite *s = suite_create("filter_time");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, filterfix_setup, filterfix_teardown);
	tcase_add_loop_test(tc, time_of_a_failure, 0, COUNT(timed_cases));
	tcase_add_test(tc, line_without_date_follows_the_one_before);
	tcase_add_test(tc, old_lines_at_the_beginning_are_not_told);
	tcase_add_test(tc, odd_times_are_told_once_a_day);
	tcase_add_test(tc, match_without_date_is_told);
	tcase_add_test(tc, exploding_regex_is_no_way_to_hide);
	tcase_set_timeout(tc, 60); /* for sanitizers on a busy machine */
	tcase_add_test(tc, exploding_regexes_leave_the_line_to_the_others);
	tcase_add_loop_test(tc, hostile_lines_cost_a_bounded_number_of_steps, 0,
	    sizeof(hostile) / sizeof(hostile[0]));
	suite_add_tcase(s, tc);
	return s;
}
