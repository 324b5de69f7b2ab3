#include <check.h>
#include <string.h>

#include "sensor/journal.h"

static struct journal_entry e;
static struct buf date, line;

static void
setup(void)
{
	journal_entry_init(&e);
	buf_init(&date);
	buf_init(&line);
}

static void
teardown(void)
{
	journal_entry_release(&e);
	buf_release(&date);
	buf_release(&line);
}

static void
add(const char *data)
{
	journal_entry_add(&e, data, strlen(data));
}

/* fail2ban: lines from spec 07 section 5. */
static const struct line_case {
	const char *fields[6];
	const char *line;
} cases[] = {
    {{"_HOSTNAME=h", "SYSLOG_IDENTIFIER=sshd", "_PID=12", "MESSAGE=m\n"},
        "h sshd[12]: m\\n"},
    {{"_HOSTNAME=h", "_COMM=sshd", "SYSLOG_PID=0x1f", "MESSAGE=m"},
        "h sshd[31]: m"},
    {{"SYSLOG_IDENTIFIER=x", "SYSLOG_PID=abc", "MESSAGE=m"}, "x[abc]: m"},
    {{"SYSLOG_IDENTIFIER=x", "SYSLOG_PID=012", "MESSAGE=m"}, "x[012]: m"},
    {{"_HOSTNAME=h", "SYSLOG_IDENTIFIER=kernel",
         "_SOURCE_MONOTONIC_TIMESTAMP=5500000", "MESSAGE=m"},
        "h kernel: [    5.500000] m"},
    {{"_HOSTNAME=h", "MESSAGE=m"}, "h m"},
    {{"_HOSTNAME=h"}, "h "},
    {{"MESSAGE=a", "MESSAGE=b"}, "a b"},
    {{"MESSAGE=caf\xe9"}, "caf\xef\xbf\xbd"},
};

START_TEST(entry_becomes_a_syslog_line)
{
	const struct line_case *c = &cases[_i];
	double time;

	for (int i = 0; i < 6 && c->fields[i] != NULL; i++)
		add(c->fields[i]);
	journal_line(&e, &date, &line, &time);
	ck_assert_str_eq(line.p, c->line);
}
END_TEST

START_TEST(source_time_is_preferred)
{
	double time;

	e.realtime = 1749996000000000ULL;
	journal_line(&e, &date, &line, &time);
	ck_assert_str_eq(date.p, "2025-06-15T14:00:00+00:00 ");
	add("_SOURCE_REALTIME_TIMESTAMP=1749996000123456");
	journal_line(&e, &date, &line, &time);
	ck_assert_str_eq(date.p, "2025-06-15T14:00:00.123456+00:00 ");
	ck_assert(time == 1749996000.123456);
}
END_TEST

static struct value *
words(const char *const *text)
{
	struct value *all = value_list();
	struct value *list = value_add(all, value_list());

	for (; *text != NULL; text++)
		value_adds(list, *text);
	return all;
}

static const struct match_case {
	const char *words[6];
	bool matches;
} matches[] = {
    {{"_COMM=sshd"}, true},
    {{"_COMM=cron"}, false},
    {{"_COMM=sshd", "_PID=1"}, false},
    {{"_COMM=sshd", "_PID=1", "_PID=12"}, true},
    {{"_COMM=cron", "+", "_PID=12"}, true},
    {{"_COMM=cron", "+", "_PID=1"}, false},
};

START_TEST(fields_and_alternatives_decide)
{
	struct value *m = words(matches[_i].words);

	add("_COMM=sshd");
	add("_PID=12");
	ck_assert_int_eq(journal_match(m, &e), matches[_i].matches);
	value_free(m);
}
END_TEST

START_TEST(no_match_means_everything)
{
	ck_assert(journal_match(NULL, &e));
}
END_TEST

START_TEST(invalid_match_is_refused)
{
	const char *const bad[] = {"_COMM=a", "nofield", NULL};
	const char *const good[] = {"_COMM=a b", "+", "X=c\"d", NULL};
	struct value *m = words(bad);
	struct err err = ERR_INIT;

	ck_assert_int_eq(journal_match_check(m, &err), -1);
	ck_assert_str_eq(err_text(&err),
	    "Error adding journal match for: '_COMM=a nofield'");
	value_free(m);
	m = words(good);
	ck_assert_int_eq(journal_match_check(m, NULL), 0);
	value_free(m);
	err_release(&err);
}
END_TEST

Suite *journal_suite(void);

Suite *
journal_suite(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, entry_becomes_a_syslog_line, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, source_time_is_preferred);
	tcase_add_loop_test(tc, fields_and_alternatives_decide, 0,
	    sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(tc, no_match_means_everything);
	tcase_add_test(tc, invalid_match_is_refused);
	suite_add_tcase(s, tc);
	return s;
}
