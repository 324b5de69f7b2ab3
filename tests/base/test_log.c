#include <check.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

static struct buf got = BUF_INIT;

static void
keep(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	buf_reset(&got);
	buf_addf(&got, "%d %s ", level, name);
	buf_add(&got, msg, n);
}

static void
setup(void)
{
	log_set_sink(keep, NULL);
	log_set_level(LOG_INFO_);
	buf_reset(&got);
}

static void
teardown(void)
{
	log_set_sink(NULL, NULL);
	buf_release(&got);
}

START_TEST(text_of_strangers_cannot_begin_a_line)
{
	log_msg(LOG_INFO_, "filter", "[%s] Found %s", "j",
	    "x\n2026-11-22 fail2ban.actions [1]: NOTICE [j] Ban 192.0.2.1");
	ck_assert_str_eq(got.p,
	    "20 filter [j] Found x\\n2026-11-22 fail2ban.actions [1]: NOTICE "
	    "[j] Ban 192.0.2.1");
}
END_TEST

START_TEST(newline_of_the_format_stays_that_of_an_argument_does_not)
{
	log_msg(LOG_ERROR, "x", "a\n%s\nb%%%d", "1\n2", 7);
	ck_assert_str_eq(got.p, "40 x a\n1\\n2\nb%7");
}
END_TEST

START_TEST(control_bytes_are_shown)
{
	log_msg(LOG_INFO_, "x", "%s", "a\x1b[2Jb\rc\x7f\td");
	ck_assert_str_eq(got.p, "20 x a\\x1b[2Jb\\x0dc\\x7f\td");
}
END_TEST

START_TEST(lines_of_our_own_texts_stay_lines)
{
	log_lines(LOG_INFO_, "x", "%s", "a\nb\x1b");
	ck_assert_str_eq(got.p, "20 x a\nb\\x1b");
}
END_TEST

START_TEST(below_the_level_nothing_happens)
{
	log_msg(LOG_DEBUG_, "x", "no");
	ck_assert_str_eq(got.p, "");
	ck_assert(!log_enabled(LOG_MSG));
	ck_assert(log_enabled(LOG_NOTICE_));
}
END_TEST

static const struct level_case {
	const char *word;
	int level;
} level_cases[] = {
    {"INFO", 20},
    {"info", 20},
    {"HEAVYDEBUG", 5},
    {"TRACEDEBUG", 7},
    {"MSG", 18},
    {"15", 15},
    {"FOO", -1},
    {"", -1},
    {"-5", -1},
    {"15x", -1},
    {"HEAVY", -1},
};

START_TEST(level_words)
{
	ck_assert_int_eq(
	    log_level_parse(level_cases[_i].word), level_cases[_i].level);
}
END_TEST

Suite *log_suite(void);

Suite *
log_suite(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, text_of_strangers_cannot_begin_a_line);
	tcase_add_test(
	    tc, newline_of_the_format_stays_that_of_an_argument_does_not);
	tcase_add_test(tc, control_bytes_are_shown);
	tcase_add_test(tc, lines_of_our_own_texts_stay_lines);
	tcase_add_test(tc, below_the_level_nothing_happens);
	tcase_add_loop_test(
	    tc, level_words, 0, sizeof(level_cases) / sizeof(level_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
