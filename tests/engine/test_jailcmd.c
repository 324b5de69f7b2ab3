#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "jailfix.h"

/* NOW is 2023-11-14 22:13:20 UTC. */

static void
setup(void)
{
	jailfix_setup();
	jailfix_set("bantime", "60");
	jailfix_set("ignoreself", "no"); /* any address may be the machine's */
	(void)fixture_log();
}

/* fail2ban: attempt X, then attempt X with two matches, maxretry 3. */
START_TEST(attempts_are_failures)
{
	struct value *matches = value_list();

	jailfix_set("ignoreself", "yes");
	jailfix_start();
	jail_attempt(jf.jail, "192.0.2.1", matches, jailfix_count, NULL);
	value_adds(matches, "line a");
	value_adds(matches, "line b");
	jail_attempt(jf.jail, "192.0.2.1", matches, jailfix_count, NULL);
	jail_attempt(jf.jail, "127.0.0.1", matches, jailfix_count, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "1;1;0;");
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Attempt 192.0.2.1 - 2023-11-14 22:13:20\n"
	    "INFO filter: [j] Attempt 192.0.2.1 - 2023-11-14 22:13:20\n"
	    "NOTICE actions: [j] Ban 192.0.2.1\n"
	    "INFO filter: [j] Ignore 127.0.0.1 by ignoreself rule\n");
	ck_assert_str_eq(jailfix_sql("select data from bans"),
	    "{\"matches\": [\"line a\", \"line b\"], \"failures\": 2}\n");
	value_free(matches);
}
END_TEST

START_TEST(manual_ban_answers_after_the_actions)
{
	jailfix_start();
	ck_assert_str_eq(jailfix_banip("192.0.2.1"), "1;");
	ck_assert_str_eq(fixture_trace(), "ban 192.0.2.1 60 1\n");
	ck_assert_str_eq(jailfix_banip("192.0.2.1"), "0;");
	ck_assert_str_eq(jailfix_sql("select data from bans"),
	    "{\"matches\": [], \"failures\": 0}\n");
}
END_TEST

static const struct unban_case {
	const char *ask;
	const char *answer;
} unban_cases[] = {
    {"192.0.2.1", "1 []"},
    {"::ffff:192.0.2.1", "1 []"},
    {"192.0.2.9", "0 ['192.0.2.9']"},
    {"203.0.113.0/24", "1 []"},  /* the network itself, not the host */
    {"198.51.100.0/24", "3 []"}, /* hosts in it */
    {"two.example", "1 []"},     /* what it resolves to */
    {"none.example", "0 ['none.example']"},
    {"raw id", "1 []"},
};

START_TEST(unban_finds_ids_nets_and_names)
{
	static const char *const banned[] = {"192.0.2.1", "203.0.113.0/24",
	    "203.0.113.5", "198.51.100.1", "198.51.100.2", "198.51.100.3",
	    "192.0.2.41", "raw id"};

	jailfix_start();
	for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++)
		ck_assert_str_eq(jailfix_banip(banned[i]), "1;");
	ck_assert_str_eq(
	    jailfix_unbanip(unban_cases[_i].ask), unban_cases[_i].answer);
}
END_TEST

START_TEST(unban_deletes_the_rows_even_if_not_banned)
{
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	clock_set(NOW + 100);
	jail_run_due(jf.jail, clock_now());
	fixture_run();
	ck_assert_str_eq(jailfix_sql("select count(*) from bips"), "1\n");
	(void)jailfix_unbanip("192.0.2.1");
	ck_assert_str_eq(jailfix_sql("select count(*) from bips"), "0\n");
}
END_TEST

START_TEST(unban_all_flushes_everything)
{
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	(void)jailfix_banip("192.0.2.2");
	(void)fixture_trace();
	(void)fixture_log();
	jail_unban_all(jf.jail, jailfix_count, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "2;");
	ck_assert_str_eq(fixture_trace(), "unban 192.0.2.1\nunban 192.0.2.2\n");
	ck_assert_str_eq(fixture_log(),
	    "NOTICE actions: [j] Unban 192.0.2.1\n"
	    "NOTICE actions: [j] Unban 192.0.2.2\n");
	ck_assert_str_eq(jailfix_sql("select count(*) from bans"), "0\n");
}
END_TEST

static const struct option_case {
	const char *name;
	const char *value;
	const char *answer; /* NULL: an error, log is its text */
	const char *log;
} option_cases[] = {
    {"bantime", "10m", "600", "INFO actions:   banTime: 600\n"},
    {"bantime", "1.5", "1", "INFO actions:   banTime: 1.5\n"},
    {"bantime", "-1", "-1", "INFO actions:   banTime: -1\n"},
    {"bantime", "foo", NULL, "name 'foo' is not defined"},
    {"findtime", "1mo", "2629800.0", "INFO filter:   findtime: 2629800.0\n"},
    {"maxretry", "7", "7", "INFO filter:   maxRetry: 7\n"},
    {"maxretry", "x", NULL, "invalid literal for int() with base 10: 'x'"},
    {"maxretry", " ", NULL, "invalid literal for int() with base 10: ' '"},
    {"maxmatches", "0", "0", ""},
    {"ignoreself", "no", "False", ""},
    {"ignorecommand", "/bin/x <ip>", "'/bin/x <ip>'", ""},
    {"ignorecache", "key=\"<ip>\", max-count=10, max-time=1m",
        "['<ip>', 10, 60]", ""},
    {"ignorecache", "", "None", ""},
    {"ignorecache", "max-count=10", NULL, "'key'"},
    {"addignoreip", "192.0.2.7/24", "['192.0.2.0/24']", ""},
    {"addignoreip", "::ffff:192.0.2.1", "['192.0.2.1']", ""},
    {"delignoreip", "192.0.2.1", NULL, "list.remove(x): x not in list"},
    {"bantime.increment", "true", "True",
        "INFO jail: Set banTime.increment = true\n"},
    {"bantime.maxtime", "5w", "3024000",
        "INFO jail: Set banTime.maxtime = 5w\n"},
};

/* fail2ban: what its DEBUG log says about a flush and its end. */
START_TEST(a_flush_tells_how_many_at_debug)
{
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	(void)fixture_log();
	log_set_level(LOG_DEBUG_);
	jail_unban_all(jf.jail, jailfix_count, NULL);
	fixture_run();
	log_set_level(LOG_INFO_);
	ck_assert_str_eq(fixture_log(),
	    "DEBUG actions:   Flush ban list\n"
	    "DEBUG actions:   Unbanned 1, 0 ticket(s) in 'j'\n"
	    "NOTICE actions: [j] Unban 192.0.2.1\n"
	    "DEBUG utils: ID -- returned successfully 0\n");
}
END_TEST

START_TEST(options_are_set_and_got)
{
	const struct option_case *c = &option_cases[_i];
	struct value *word = value_text(c->value), *got;
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	int rc = jail_set(jf.jail, c->name, &word, 1, &err);

	ck_assert(jail_has_option(c->name));
	ck_assert_int_eq(rc, c->answer == NULL ? -1 : 0);
	if (rc == 0) {
		got = jail_get(jf.jail, c->name);
		value_repr(&out, got);
		ck_assert_str_eq(out.p, c->answer);
		ck_assert_str_eq(fixture_log(), c->log);
		value_free(got);
	} else
		ck_assert_str_eq(err_text(&err), c->log);
	value_free(word);
	buf_release(&out);
	err_release(&err);
}
END_TEST

static void
check_ignoreip(const char *want)
{
	struct value *v = jail_get(jf.jail, "ignoreip");
	struct buf out = BUF_INIT;

	value_repr(&out, v);
	ck_assert_str_eq(out.p, want);
	value_free(v);
	buf_release(&out);
}

START_TEST(reload_holds_at_commit_only)
{
	jailfix_set("addignoreip", "192.0.2.1");
	jailfix_start();
	(void)jailfix_banip("192.0.2.9");
	jail_reload_begin(jf.jail);
	jailfix_set("bantime", "600");
	jailfix_set("addignoreip", "192.0.2.2");
	ck_assert(fabs(jail_next_due(jf.jail) - (NOW + 60)) < 0.01);
	jail_reload_abort(jf.jail);
	check_ignoreip("['192.0.2.1']");
	ck_assert(fabs(jail_next_due(jf.jail) - (NOW + 60)) < 0.01);

	jail_reload_begin(jf.jail);
	jailfix_set("bantime", "600");
	jailfix_set("addignoreip", "192.0.2.2");
	(void)actionset_add(jail_actions(jf.jail), "rec", NULL, NULL, NULL);
	jail_reload_commit(jf.jail, jailfix_done, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "done;");
	check_ignoreip("['192.0.2.2']");
	ck_assert(fabs(jail_next_due(jf.jail) - (NOW + 600)) < 0.01);
}
END_TEST

START_TEST(lists_are_in_order_of_banning_and_by_end)
{
	struct value *v;
	struct buf out = BUF_INIT;

	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	clock_set(NOW - 10);
	(void)jailfix_banip("2001:db8::1");
	v = jail_banned(jf.jail);
	value_repr(&out, v);
	value_free(v);
	v = jail_banned_by_end(jf.jail);
	value_repr(&out, v);
	value_free(v);
	ck_assert_str_eq(
	    out.p, "['192.0.2.1', '2001:db8::1']['2001:db8::1', '192.0.2.1']");
	buf_release(&out);
}
END_TEST

START_TEST(stop_answers_who_waits)
{
	jailfix_start();
	jailfix_fail("slow.example", NOW);
	jail_attempt(jf.jail, "192.0.2.1", NULL, jailfix_count, NULL);
	fixture_run();
	jail_stop(jf.jail, jailfix_done, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "0;done;");
	ck_assert_ptr_null(jf.asked.fn);
	ck_assert_str_eq(jailfix_banip("192.0.2.1"), "0;");
}
END_TEST

START_TEST(freed_jail_forgets_what_runs)
{
	struct value *v = value_text("192.0.2.1");

	jailfix_start();
	jailfix_fail("slow.example", NOW);
	jail_banip(jf.jail, &v, 1, jailfix_count, NULL);
	value_free(v);
	v = value_text("slow.example");
	(void)uv_run(&fix.loop, UV_RUN_NOWAIT);
	value_free(v);
}
END_TEST

Suite *jailcmd_suite(void);

Suite *
jailcmd_suite(void)
{
	Suite *s = suite_create("jailcmd");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, jailfix_teardown);
	tcase_add_test(tc, attempts_are_failures);
	tcase_add_test(tc, manual_ban_answers_after_the_actions);
	tcase_add_loop_test(tc, unban_finds_ids_nets_and_names, 0,
	    sizeof(unban_cases) / sizeof(unban_cases[0]));
	tcase_add_test(tc, unban_deletes_the_rows_even_if_not_banned);
	tcase_add_test(tc, unban_all_flushes_everything);
	tcase_add_test(tc, a_flush_tells_how_many_at_debug);
	tcase_add_loop_test(tc, options_are_set_and_got, 0,
	    sizeof(option_cases) / sizeof(option_cases[0]));
	tcase_add_test(tc, reload_holds_at_commit_only);
	tcase_add_test(tc, lists_are_in_order_of_banning_and_by_end);
	tcase_add_test(tc, stop_answers_who_waits);
	tcase_add_test(tc, freed_jail_forgets_what_runs);
	suite_add_tcase(s, tc);
	return s;
}
