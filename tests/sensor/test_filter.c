/*
 * fail2ban: expected failures are those of spec 04 and of fail2ban-regex.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filterfix.h"

/* ---- one regex, one line */

static const struct id_case {
	const char *regex;
	const char *lines;
	const char *failures;
} id_cases[] = {
    {"x <HOST>", "x [2001:db8::1]:22", "2001:db8::1(1)"},
    {"x <HOST>", "x ::ffff:192.0.2.1", "192.0.2.1(1)"},
    {"x <HOST>", "x ::ffff:c000:201", "192.0.2.1(1)"},
    {"x <HOST>", "x 2001:DB8::1", "2001:db8::1(1)"},
    {"x <SUBNET>", "x 192.0.2.77/24", "192.0.2.0/24(1)"},
    {"x <SUBNET>", "x [2001:db8::1/64]", "2001:db8::/64(1)"},
    {"x <SUBNET>", "x [2001:db8::1]/64", "2001:db8::1(1)"},
    {"x <HOST>", "x 999.1.1.1", "999.1.1.1(1)"},
    {"x <HOST>", "x a.example.org", "a.example.org(1)?"},
    {"x <HOST>", "y 192.0.2.1", "-"},
    {"<F-ID>u=<F-USER>\\w+</F-USER></F-ID> <HOST>", "u=bob 192.0.2.1",
        "u=bob(1)"},
    {"z <F-ALT_ID>a\\d</F-ALT_ID> <HOST>", "z a1 192.0.2.1", "a1(1)"},
    {"<F-ID>a\\d</F-ID> <F-TUPLE_ID_1>b\\d</F-TUPLE_ID_1> <F-TUPLE_ID_2>c\\d"
     "</F-TUPLE_ID_2>",
        "a1 b2 c3", "('a1', 'b2', 'c3')(1)"},
    {"^x <HOST>$", "x 192.0.2.1;x 192.0.2.1 ", "192.0.2.1(1); -"},
    {"x <F-NOFAIL>y</F-NOFAIL> <HOST>", "x y 192.0.2.1", "192.0.2.1(1)"},
};

START_TEST(id_of_a_failure)
{
	const struct id_case *c = &id_cases[_i];
	struct filter *f;

	add_fail(c->regex);
	f = new_filter();
	ck_assert_str_eq(run(f, c->lines), c->failures);
	filter_free(f);
}
END_TEST

START_TEST(raw_name_is_the_id)
{
	struct filter *f;

	spec.usedns = USEDNS_RAW;
	add_fail("x <HOST>");
	f = new_filter();
	ck_assert_str_eq(run(f, "x localhost"), "localhost(1)");
	filter_free(f);
}
END_TEST

START_TEST(names_do_not_count_without_dns)
{
	struct filter *f;

	spec.usedns = USEDNS_NO;
	add_fail("x <HOST>");
	add_fail("y <DNS>");
	f = new_filter();
	ck_assert_str_eq(run(f, "x localhost;y localhost;y 192.0.2.1"),
	    "-; -; 192.0.2.1(1)");
	filter_free(f);
}
END_TEST

static const struct data_case {
	const char *pref;
	const char *regex;
	const char *line;
	const char *failure;
} data_cases[] = {
    {"^ p <F-USER>\\w+</F-USER> <F-CONTENT>.*</F-CONTENT>$",
        "^z <F-USER>\\w+</F-USER> <IP4>$", " p bob z amy 192.0.2.1",
        "192.0.2.1(1){'user': 'amy', 'ip4': '192.0.2.1'}"},
    {"^ p <F-USER>\\w+</F-USER> <F-CONTENT>.*</F-CONTENT>$",
        "^x (?:<F-USER>\\w+</F-USER> )?<IP4>$", " p bob x 192.0.2.9",
        "192.0.2.9(1){'user': 'bob', 'ip4': '192.0.2.9'}"},
    {"^ p <IP4>", "^ p \\S+ bad", " p 192.0.2.1 bad",
        "192.0.2.1(1){'ip4': '192.0.2.1'}"},
    {"^ q", "<IP4>", " p 192.0.2.1", ""},
    {"", "<F-ID>u=<F-USER>\\w+</F-USER></F-ID> <IP4>", "u=bob 192.0.2.1",
        "u=bob(1){'fid': 'u=bob', 'user': 'bob', 'ip4': '192.0.2.1', 'ip': "
        "'192.0.2.1'}"},
    {"", "<F-ID>\\S+</F-ID> (?P<x>\\w)?", "192.0.2.1 ",
        "192.0.2.1(1){'fid': '192.0.2.1'}"},
    {"", "<HOST>(?: user <F-USER>\\w+</F-USER>)?$", "192.0.2.1",
        "192.0.2.1(1){'ip4': '192.0.2.1'}"},
    {"(?P<a>\\w)-<F-CONTENT>\\w+</F-CONTENT>-", "^x<F-ID>.</F-ID>$", "a-xb-",
        "b(1){'a': 'a', 'fid': 'b'}"},
};

START_TEST(prefregex_and_failregex_together)
{
	const struct data_case *c = &data_cases[_i];
	struct filter *f;

	with_data = true;
	set_pref(c->pref);
	add_fail(c->regex);
	f = new_filter();
	feed(f, c->line);
	ck_assert_str_eq(out.p, c->failure);
	filter_free(f);
}
END_TEST

START_TEST(first_failregex_wins)
{
	struct filter *f;

	with_data = true;
	add_fail("x <IP4>");
	add_fail("x (?P<b>\\S+)<F-ID/>");
	f = new_filter();
	ck_assert_str_eq(
	    run(f, "x 192.0.2.1"), "192.0.2.1(1){'ip4': '192.0.2.1'}");
	filter_free(f);
}
END_TEST

/* prefregex "^ p CONTENT$", line " p x1 192.0.2.9" */
static const struct ignore_case {
	int failregexes;
	const char *ignore;
	const char *failures;
} ignore_cases[] = {
    {1, "^ p x1", "192.0.2.9(1)"},
    {4, "^ p x1", "-"},
    {1, "^x1", "-"},
    {4, "^x1", "-"},
    {4, "^y1", "192.0.2.9(1)"},
};

START_TEST(ignoreregex_sees_content_or_line)
{
	const struct ignore_case *c = &ignore_cases[_i];
	struct filter *f;

	set_pref("^ p <F-CONTENT>.*</F-CONTENT>$");
	for (int i = 0; i < c->failregexes; i++)
		add_fail(i == 0 ? "^x1 <HOST>$" : "^never <HOST>$");
	add_ignore(c->ignore);
	f = new_filter();
	ck_assert_str_eq(run(f, " p x1 192.0.2.9"), c->failures);
	filter_free(f);
}
END_TEST

START_TEST(lines_of_a_window_match_together)
{
	struct filter *f;

	with_lines = true;
	ck_assert(filterspec_set_maxlines(&spec, 3, NULL) == 0);
	add_fail("A <F-X>\\d</F-X><SKIPLINES>.*B (?P=x) <HOST>");
	f = new_filter();
	ck_assert_str_eq(
	    run(f, "A 1;noise;B 1 192.0.2.1;A 2;n;n;B 2 192.0.2.1"),
	    "-; -; 192.0.2.1(2)|A 1|B 1 192.0.2.1; -; -; -; -");
	/* what was skipped stays, what matched is gone */
	ck_assert_str_eq(run(f, "A 3;B 3 192.0.2.1;B 3 192.0.2.1"),
	    "-; 192.0.2.1(2)|A 3|B 3 192.0.2.1; -");
	filter_free(f);
}
END_TEST

START_TEST(window_is_as_long_as_maxlines)
{
	struct filter *f;

	ck_assert(filterspec_set_maxlines(&spec, 2, NULL) == 0);
	add_fail("^a$<SKIPLINES>^b <HOST>$");
	f = new_filter();
	ck_assert_str_eq(run(f, "a;b 192.0.2.1;a;n;b 192.0.2.1"),
	    "-; 192.0.2.1(2); -; -; -");
	filter_free(f);
}
END_TEST

/* ---- syslog's repetitions */

static const struct repeated_case {
	const char *line;
	const char *failures;
} repeated_cases[] = {
    {"h sshd[1]: message repeated 3 times: [ bad 192.0.2.1]", "192.0.2.1(1)x3"},
    {"h sshd[1]: message repeated 2 times: [bad 192.0.2.1]", "192.0.2.1(1)x2"},
    {"h sshd[1]: bad 192.0.2.1", "192.0.2.1(1)"},
    /* made up by a stranger: the tag does not stand before it */
    {"h sshd[1]: user x: message repeated 9 times: [ bad 192.0.2.1]", "-"},
    {"h sshd[1]: message repeated 0 times: [ bad 192.0.2.1]", "-"},
    {"h sshd[1]: message repeated 99999999999 times: [ bad 192.0.2.1]", "-"},
    {"h sshd[1]: message repeated 2 times: [ ]", "-"},
    {"h sshd[1]: message repeated ]", "-"},
};

START_TEST(repeated_message_counts_as_often)
{
	const struct repeated_case *c = &repeated_cases[_i];
	struct filter *f;

	add_fail("^h sshd\\[1\\]: bad <HOST>$");
	f = new_filter();
	ck_assert_str_eq(run(f, c->line), c->failures);
	filter_free(f);
}
END_TEST

START_TEST(filter_that_knows_repetitions_still_works)
{
	struct filter *f;

	add_fail("message repeated \\d+ times: \\[ bad <HOST>\\]$");
	f = new_filter();
	ck_assert_str_eq(
	    run(f, "h sshd[1]: message repeated 3 times: [ bad 192.0.2.1]"),
	    "192.0.2.1(1)x3");
	filter_free(f);
	spec.repeated = false;
	f = new_filter();
	ck_assert_str_eq(
	    run(f, "h sshd[1]: message repeated 3 times: [ bad 192.0.2.1]"),
	    "192.0.2.1(1)");
	filter_free(f);
}
END_TEST

/* ---- connections */

static void
add_abstract(void)
{
	add_fail("z <F-MLFID>\\d+</F-MLFID> <F-MLFGAINED>ok</F-MLFGAINED>");
	add_fail("z <F-MLFID>\\d+</F-MLFID> bad(?: <HOST>)?");
	add_fail("z <F-MLFID>\\d+</F-MLFID> <F-NOFAIL>con</F-NOFAIL> <HOST>");
	add_fail("z <F-MLFID>\\d+</F-MLFID> <F-MLFFORGET>bye</F-MLFFORGET>"
	         "(?: <HOST>)?");
}

static const struct session_case {
	const char *lines;
	const char *failures;
} session_cases[] = {
    {"z 1 bad;z 1 bad;z 1 con " A ";z 1 bad;z 1 bye " A ";z 1 bad",
        "-; -; " A "(3); " A "(1); " A "(1); -"},
    {"z 1 con " A ";z 1 bad;z 1 ok;z 1 bad;z 1 bye",
        "-; " A "(2); -; " A "(2); " A "(1)"},
    {"z 1 bye;z 1 bad " A, "-; " A "(1)"},
    {"z 1 bye " A, A "(1)"},
    {"z 1 con " A ";z 1 bye", "-; " A "(2)"},
    {"z 1 ok;z 1 bad;z 1 con " A, "-; -; " A "(3)"},
    /* ids are kept apart */
    {"z 1 bad;z 2 con " A ";z 1 bad;z 2 bad", "-; -; -; " A "(2)"},
};

START_TEST(sessions)
{
	const struct session_case *c = &session_cases[_i];
	struct filter *f;

	add_abstract();
	f = new_filter();
	ck_assert_str_eq(run(f, c->lines), c->failures);
	filter_free(f);
}
END_TEST

START_TEST(sessions_keep_their_data)
{
	struct filter *f;

	with_data = true;
	add_fail("<F-MLFID>\\d</F-MLFID> <F-NOFAIL>con</F-NOFAIL> <IP4>");
	add_fail("<F-MLFID>\\d</F-MLFID> bad(?: u=<F-USER>\\w+</F-USER>)?");
	f = new_filter();
	ck_assert_str_eq(run(f, "1 con " A ";1 bad u=bob;1 bad u=amy;1 bad"),
	    "-; "
	    "192.0.2.1(2){'mlfid': '1', 'ip4': '192.0.2.1', 'users': ['bob'], "
	    "'user': 'bob'}; "
	    "192.0.2.1(1){'mlfid': '1', 'ip4': '192.0.2.1', 'users': ['bob', "
	    "'amy'], 'user': 'amy'}; "
	    "192.0.2.1(1){'mlfid': '1', 'ip4': '192.0.2.1', 'users': ['bob', "
	    "'amy'], 'user': 'amy'}");
	filter_free(f);
}
END_TEST

START_TEST(four_thousand_open_connections_lose_none)
{
	struct filter *f;
	size_t failures = 0;
	char text[80];

	add_abstract();
	f = new_filter();
	for (int i = 0; i < 4000; i++) {
		(void)snprintf(text, sizeof(text), "z %d con 192.0.%d.%d", i,
		    i / 200, i % 200);
		feed(f, text);
	}
	for (int i = 0; i < 4000; i++) {
		char expected[80];

		buf_reset(&out);
		(void)snprintf(text, sizeof(text), "z %d bad", i);
		(void)snprintf(expected, sizeof(expected), "192.0.%d.%d(2)",
		    i / 200, i % 200);
		feed(f, text);
		failures += buf_eq(&out, expected);
	}
	ck_assert_uint_eq(failures, 4000);
	ck_assert_uint_eq(filter_evicted(f), 0);
	filter_free(f);
}
END_TEST

START_TEST(connections_are_forgotten_after_five_minutes)
{
	struct filter *f;

	add_abstract();
	f = new_filter();
	feed_at(f, "z 1 con " A, NOW);
	feed_at(f, "z 1 bad", NOW + 300);
	ck_assert_str_eq(out.p, A "(2)");
	buf_reset(&out);
	feed_at(f, "z 1 bad", NOW + 301);
	ck_assert_str_eq(out.p, "");
	filter_free(f);
}
END_TEST

START_TEST(update_keeps_connections)
{
	struct filter *f;

	add_abstract();
	f = new_filter();
	feed(f, "z 1 con " A);
	filterspec_clear_regex(&spec);
	add_fail("z <F-MLFID>\\d+</F-MLFID> worse");
	ck_assert_int_eq(filter_update(f, &spec, NULL), 0);
	ck_assert_str_eq(run(f, "z 1 bad;z 1 worse"), "-; " A "(2)");
	filter_free(f);
}
END_TEST

/* ---- the prefilter */

START_TEST(prefilter_changes_nothing)
{
	static const char *const words[] = {
	    "Alpha", "beta", "gamma", "delta", "epsilon"};
	struct filter *f;
	char text[80];

	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(
		    text, sizeof(text), "(?i)%s (?:x|yy) <HOST>", words[i]);
		add_fail(text);
	}
	add_fail("<HOST> \\d$");
	f = new_filter();
	ck_assert_str_eq(
	    run(f, "ALPHA x " A ";BETA yy " A ";gamma " A ";Delt x " A
	           ";epsilon YY " A ";" A " 1;BET\xc3\x81 x " A),
	    A "(1); " A "(1); -; -; " A "(1); " A "(1); -");
	filter_free(f);
}
END_TEST

Suite *filter_suite(void);

Suite *
filter_suite(void)
{
	Suite *s = suite_create("filter");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, filterfix_setup, filterfix_teardown);
	tcase_add_loop_test(tc, id_of_a_failure, 0, COUNT(id_cases));
	tcase_add_test(tc, raw_name_is_the_id);
	tcase_add_test(tc, names_do_not_count_without_dns);
	tcase_add_loop_test(
	    tc, prefregex_and_failregex_together, 0, COUNT(data_cases));
	tcase_add_test(tc, first_failregex_wins);
	tcase_add_loop_test(
	    tc, ignoreregex_sees_content_or_line, 0, COUNT(ignore_cases));
	tcase_add_test(tc, lines_of_a_window_match_together);
	tcase_add_test(tc, window_is_as_long_as_maxlines);
	tcase_add_loop_test(
	    tc, repeated_message_counts_as_often, 0, COUNT(repeated_cases));
	tcase_add_test(tc, filter_that_knows_repetitions_still_works);
	tcase_add_loop_test(tc, sessions, 0, COUNT(session_cases));
	tcase_add_test(tc, sessions_keep_their_data);
	tcase_add_test(tc, four_thousand_open_connections_lose_none);
	tcase_add_test(tc, connections_are_forgotten_after_five_minutes);
	tcase_add_test(tc, update_keeps_connections);
	tcase_add_test(tc, prefilter_changes_nothing);
	suite_add_tcase(s, tc);
	return s;
}
