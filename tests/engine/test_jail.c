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

START_TEST(three_failures_are_a_ban)
{
	struct jail_counts n;

	jailfix_start();
	jailfix_fails("192.0.2.1", 3);
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:20\n"
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:20\n"
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:20\n"
	    "NOTICE actions: [j] Ban 192.0.2.1\n");
	ck_assert_str_eq(fixture_trace(), "ban 192.0.2.1 60 1\n");
	ck_assert_str_eq(
	    jailfix_sql("select jail,ip,timeofban,bantime,bancount,data from "
	                "bans"),
	    "j|192.0.2.1|1700000000|60|1|{\"matches\": [[\"\", \"12:00\", "
	    "\" bad\"], \"12:00 bad\", \"12:00 bad\"], \"failures\": 3, "
	    "\"ip4\": \"192.0.2.1\"}\n");
	jail_counts(jf.jail, &n);
	ck_assert_uint_eq(n.failed, 0);
	ck_assert_uint_eq(n.failed_total, 3);
	ck_assert_uint_eq(n.banned, 1);
	ck_assert_uint_eq(n.banned_total, 1);
	ck_assert(jail_is_banned(jf.jail, "::ffff:192.0.2.1", 16));
}
END_TEST

START_TEST(ban_ends_when_its_time_is_over)
{
	jailfix_start();
	jailfix_fails("192.0.2.1", 3);
	ck_assert_int_ge(jf.due, 1);
	ck_assert(fabs(jail_next_due(jf.jail) - (NOW + 60)) < 0.01);
	(void)fixture_log();
	(void)fixture_trace();
	clock_set(NOW + 60);
	jail_run_due(jf.jail, clock_now());
	fixture_run();
	ck_assert_str_eq(fixture_log(), "");
	clock_set(NOW + 60.5);
	jail_run_due(jf.jail, clock_now());
	fixture_run();
	ck_assert_str_eq(
	    fixture_log(), "NOTICE actions: [j] Unban 192.0.2.1\n");
	ck_assert_str_eq(fixture_trace(), "unban 192.0.2.1\n");
	ck_assert(isinf(jail_next_due(jf.jail)));
	ck_assert_str_eq(jailfix_sql("select count(*) from bips"), "1\n");
}
END_TEST

START_TEST(many_bans_end_in_slices)
{
	struct jail_counts n;
	char id[32];

	ck_assert_int_eq(actionset_del(jail_actions(jf.jail), "rec", NULL), 0);
	for (int i = 0; i < 1200; i++) {
		(void)snprintf(id, sizeof(id), "10.0.%d.%d", i / 200, i % 200);
		(void)jailfix_banip(id);
	}
	clock_set(NOW + 61);
	for (int left = 1200; left > 0;) {
		int due = jf.due;

		ck_assert(jail_next_due(jf.jail) < clock_now());
		jail_run_due(jf.jail, clock_now());
		ck_assert_int_gt(jf.due, due);
		jail_counts(jf.jail, &n);
		ck_assert_int_lt((int)n.banned, left);
		left = (int)n.banned;
	}
	ck_assert(isinf(jail_next_due(jf.jail)));
}
END_TEST

/* fail2ban: bantime 60, lines 100, 90, 80 seconds old. */
START_TEST(ban_that_is_over_already_is_none)
{
	jailfix_start();
	for (int age = 100; age >= 80; age -= 10)
		jailfix_fail("192.0.2.20", NOW - age);
	fixture_run();
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found 192.0.2.20 - 2023-11-14 22:11:40\n"
	    "INFO filter: [j] Found 192.0.2.20 - 2023-11-14 22:11:50\n"
	    "INFO filter: [j] Found 192.0.2.20 - 2023-11-14 22:12:00\n"
	    "INFO actions: [j] Ignore 192.0.2.20, expired bantime\n");
	ck_assert_str_eq(fixture_trace(), "");
	ck_assert_str_eq(jailfix_sql("select count(*) from bans"), "0\n");
}
END_TEST

START_TEST(future_and_nonsense_times_are_now)
{
	static const double times[] = {NOW + 30, INFINITY, NAN, -5};

	jailfix_fail("192.0.2.1", times[_i]);
	fixture_run();
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:20\n");
}
END_TEST

START_TEST(id_cannot_forge_a_line)
{
	jailfix_set("maxretry", "1");
	(void)fixture_log();
	jailfix_fails("x\n2026-11-22 NOTICE [sshd] Ban 8.8.8.8", 1);
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found x\\x0a2026-11-22 NOTICE [sshd] Ban "
	    "8.8.8.8 - 2023-11-14 22:13:20\n"
	    "NOTICE actions: [j] Ban x\\x0a2026-11-22 NOTICE [sshd] Ban "
	    "8.8.8.8\n");
}
END_TEST

START_TEST(name_is_resolved_and_all_its_addresses_count)
{
	jailfix_set("maxretry", "1");
	(void)fixture_log();
	jailfix_fails("two.example", 1);
	ck_assert_str_eq(fixture_log(),
	    "WARNING filter: Determined IP using DNS Lookup: two.example = "
	    "{'192.0.2.41', '2001:db8::41'}\n"
	    "INFO filter: [j] Found 192.0.2.41 - 2023-11-14 22:13:20\n"
	    "NOTICE actions: [j] Ban 192.0.2.41\n"
	    "INFO filter: [j] Found 2001:db8::41 - 2023-11-14 22:13:20\n"
	    "NOTICE actions: [j] Ban 2001:db8::41\n");
	jail_warn_dns(jf.jail, false);
	jailfix_fails("bad.example", 1);
	ck_assert_str_eq(fixture_log(),
	    "WARNING ipdns: Unable to find a corresponding IP address for "
	    "bad.example: unknown\n");
}
END_TEST

START_TEST(slow_name_keeps_the_order_of_lines)
{
	struct history_pos pos = {"m", 77}, got;
	struct jail_counts n;

	jailfix_fail("slow.example", NOW);
	jailfix_fail("192.0.2.1", NOW);
	jail_position(jf.jail, "/x", &pos);
	fixture_run();
	ck_assert_str_eq(fixture_log(), "");
	jail_counts(jf.jail, &n);
	ck_assert_uint_eq(n.waiting, 3);
	ck_assert(!history_log_get(jf.history, "j", "/x", &got));
	jailfix_resolve("192.0.2.9");
	ck_assert_str_eq(fixture_log(),
	    "WARNING filter: Determined IP using DNS Lookup: slow.example = "
	    "{'192.0.2.9'}\n"
	    "INFO filter: [j] Found 192.0.2.9 - 2023-11-14 22:13:20\n"
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:20\n");
	ck_assert(history_log_get(jf.history, "j", "/x", &got));
	ck_assert(got.at == 77);
}
END_TEST

START_TEST(names_are_asked_for_side_by_side)
{
	jailfix_fail("slow.example", NOW);
	jailfix_fail("two.example", NOW);
	jailfix_fail("bad.example", NOW);
	fixture_run();
	ck_assert_int_eq(jf.questions, 3);
	ck_assert_str_eq(fixture_log(), "");
	jailfix_resolve("192.0.2.9");
	ck_assert_str_eq(fixture_log(),
	    "WARNING filter: Determined IP using DNS Lookup: slow.example = "
	    "{'192.0.2.9'}\n"
	    "INFO filter: [j] Found 192.0.2.9 - 2023-11-14 22:13:20\n"
	    "WARNING filter: Determined IP using DNS Lookup: two.example = "
	    "{'192.0.2.41', '2001:db8::41'}\n"
	    "INFO filter: [j] Found 192.0.2.41 - 2023-11-14 22:13:20\n"
	    "INFO filter: [j] Found 2001:db8::41 - 2023-11-14 22:13:20\n"
	    "WARNING ipdns: Unable to find a corresponding IP address for "
	    "bad.example: unknown\n");
}
END_TEST

START_TEST(full_fifo_says_so_and_when_it_is_not)
{
	jailfix_fail("slow.example", NOW);
	for (int i = 1; i < JAIL_FIFO_MAX; i++) {
		ck_assert(!jail_full(jf.jail));
		jailfix_fail("192.0.2.1", NOW);
	}
	fixture_run();
	ck_assert(jail_full(jf.jail));
	ck_assert_int_eq(jf.drained, 0);
	jailfix_resolve("192.0.2.9");
	ck_assert(!jail_full(jf.jail));
	ck_assert_int_eq(jf.drained, 1);
}
END_TEST

START_TEST(what_all_jails_have_holds_up_those_with_much)
{
	jf.waiting_bytes = JAIL_ALL_OVERRUN; /* that of the others */
	jailfix_fail("slow.example", NOW);
	jailfix_fail("192.0.2.1", NOW);
	fixture_run();
	ck_assert(!jail_full(jf.jail));
	jf.line_bytes = JAIL_ALL_SHARE;
	jailfix_fail("192.0.2.2", NOW);
	ck_assert(jail_full(jf.jail));
	ck_assert(jail_overrun(jf.jail));
	jf.waiting_bytes -= JAIL_ALL_OVERRUN;
	ck_assert_uint_gt(jf.waiting_bytes, JAIL_ALL_SHARE);
	ck_assert(!jail_full(jf.jail));
	jf.waiting_bytes += JAIL_ALL_BYTES;
	ck_assert(jail_full(jf.jail) && !jail_overrun(jf.jail));
	ck_assert_int_eq(jf.drained, 0);
	jailfix_resolve("192.0.2.9");
	ck_assert_int_eq(jf.drained, 1);
	ck_assert_uint_eq(jf.waiting_bytes, JAIL_ALL_BYTES);
	jf.line_bytes = 0;
}
END_TEST

START_TEST(ignored_address_is_not_counted)
{
	struct jail_counts n;

	jailfix_set("addignoreip", "192.0.2.0/24");
	jailfix_set("ignoreself", "yes");
	jailfix_fails("192.0.2.7", 3);
	jailfix_fails("127.0.0.1", 1);
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Ignore 192.0.2.7 by ip\n"
	    "INFO filter: [j] Ignore 192.0.2.7 by ip\n"
	    "INFO filter: [j] Ignore 192.0.2.7 by ip\n"
	    "INFO filter: [j] Ignore 127.0.0.1 by ignoreself rule\n");
	jail_counts(jf.jail, &n);
	ck_assert_uint_eq(n.failed_total, 0);
}
END_TEST

START_TEST(ignorecommand_decides_in_order)
{
	jailfix_set("ignorecommand", "test <ip> = 192.0.2.7");
	(void)fixture_log();
	jailfix_fail("192.0.2.7", NOW);
	jailfix_fail("192.0.2.8", NOW);
	fixture_run();
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Ignore 192.0.2.7 by command\n"
	    "INFO filter: [j] Found 192.0.2.8 - 2023-11-14 22:13:20\n");
}
END_TEST

static const struct level_case {
	double delta;
	const char *log;
} level_cases[] = {
    {2, ""},
    {4, "NOTICE actions: [j] 192.0.2.1 already banned\n"},
    {100, "WARNING actions: [j] 192.0.2.1 already banned\n"},
};

START_TEST(already_banned_gets_louder)
{
	jailfix_set("bantime", "600");
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	(void)fixture_log();
	clock_set(NOW + level_cases[_i].delta);
	ck_assert_str_eq(jailfix_banip("192.0.2.1"), "0;");
	ck_assert_str_eq(fixture_log(), level_cases[_i].log);
}
END_TEST

START_TEST(failures_of_a_banned_id_prolong)
{
	struct value *v;
	struct buf out = BUF_INIT;

	jailfix_start();
	jailfix_fails("192.0.2.1", 3);
	clock_set(NOW + 5);
	jailfix_fails("192.0.2.1", 3);
	v = jail_banned_with_time(jf.jail);
	value_repr(&out, v);
	ck_assert_str_eq(out.p,
	    "['192.0.2.1 \\t2023-11-14 22:13:20 + 65 = 2023-11-14 "
	    "22:14:25']");
	value_free(v);
	buf_release(&out);
}
END_TEST

START_TEST(repaired_actions_ban_again)
{
	struct action *a;
	struct value *v = value_text("test -e $DIR/ok");

	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	a = actionset_at(jail_actions(jf.jail), 0);
	ck_assert_int_eq(action_set(a, "actioncheck", v, NULL), 0);
	value_free(v);
	v = value_text("touch $DIR/ok; echo start >>$TRACE");
	ck_assert_int_eq(action_set(a, "actionstart", v, NULL), 0);
	value_free(v);
	(void)fixture_trace();
	clock_set(NOW + 10);
	ck_assert_str_eq(jailfix_banip("192.0.2.1"), "1;");
	ck_assert_str_eq(fixture_trace(), "stop\nstart\nban 192.0.2.1 70 1\n");
}
END_TEST

/* fail2ban: the life cycle of spec 11, without the race of the reference. */
START_TEST(known_offenders_are_banned_for_longer)
{
	jailfix_set("bantime", "5");
	jailfix_set("maxretry", "5");
	jailfix_set("bantime.increment", "true");
	jailfix_start();
	jailfix_fails("192.0.2.1", 5);
	ck_assert_str_eq(fixture_trace(), "ban 192.0.2.1 5 1\n");
	clock_set(NOW + 6);
	jail_run_due(jf.jail, clock_now());
	fixture_run();
	(void)fixture_log();
	jailfix_fails("192.0.2.1", 3);
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:26\n"
	    "INFO observer: [j] Found 192.0.2.1, bad - 2023-11-14 22:13:26, 1 "
	    "# -> 2.0\n"
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:26\n"
	    "INFO observer: [j] Found 192.0.2.1, bad - 2023-11-14 22:13:26, 1 "
	    "# -> 2.0\n"
	    "INFO filter: [j] Found 192.0.2.1 - 2023-11-14 22:13:26\n"
	    "INFO observer: [j] Found 192.0.2.1, bad - 2023-11-14 22:13:26, 1 "
	    "# -> 2.0\n"
	    "NOTICE actions: [j] Ban 192.0.2.1\n"
	    "INFO observer: [j] IP 192.0.2.1 is bad: 1 # last 2023-11-14 "
	    "22:13:20 - incr 5s to 10s\n"
	    "NOTICE observer: [j] Increase Ban 192.0.2.1 (2 # 10s -> "
	    "2023-11-14 22:13:36)\n");
	ck_assert_str_eq(
	    fixture_trace(), "unban 192.0.2.1\nban 192.0.2.1 10 2\n");
	ck_assert_str_eq(
	    jailfix_sql("select timeofban,bantime,bancount from bans"),
	    "1700000000|5|1\n1700000006|10|2\n");
}
END_TEST

/* fail2ban: recorded from 1.0.2 and 1.1.0, whose bans last a moment longer. */
START_TEST(a_ban_that_runs_is_not_prolonged_by_the_increment)
{
	jailfix_set("bantime", "100");
	jailfix_set("maxretry", "3");
	jailfix_set("bantime.increment", "true");
	jailfix_start();
	jailfix_fails("192.0.2.1", 3);
	clock_set(NOW + 101);
	jail_run_due(jf.jail, clock_now());
	fixture_run();
	jailfix_fails("192.0.2.1", 2);
	ck_assert_str_eq(jailfix_sql("select bantime, bancount, "
	                             "json_extract(data, '$.failures') "
	                             "from bans"),
	    "100|1|3\n200|2|3\n");
	clock_set(NOW + 110);
	jailfix_fails("192.0.2.1", 3);
	ck_assert_ptr_nonnull(strstr(fixture_log(), "already banned"));
	ck_assert(floor(jail_next_due(jf.jail)) == NOW + 301);
	ck_assert_str_eq(jailfix_sql("select bantime from bips"), "200\n");
}
END_TEST

static const struct bad_case {
	int bancount;
	const char *maxretry;
	const char *end; /* of the first "bad" line */
} bad_cases[] = {
    {1, "5", "1 # -> 2.0\n"},
    {2, "5", "2 # -> 3.0\n"},
    {2, "3", "2 # -> 3.0, Ban\n"},
    {4, "3", "4 # -> 3, Ban\n"},
};

START_TEST(weight_of_known_offenders_is_shown)
{
	const struct bad_case *c = &bad_cases[_i];
	char sql[200];
	const char *bad;

	(void)snprintf(sql, sizeof(sql),
	    "insert into bips(ip,jail,timeofban,bantime,bancount) "
	    "values('192.0.2.1','j',%.0f,600,%d)",
	    NOW - 1000, c->bancount);
	(void)jailfix_sql(sql);
	jailfix_set("bantime.increment", "true");
	jailfix_set("maxretry", c->maxretry);
	(void)fixture_log();
	jailfix_fails("192.0.2.1", 1);
	bad = strstr(fixture_log(), "22:13:20, ");
	ck_assert_ptr_nonnull(bad);
	ck_assert_int_eq(strncmp(bad + 10, c->end, strlen(c->end)), 0);
}
END_TEST

START_TEST(failing_formula_leaves_the_bantime)
{
	(void)jailfix_sql(
	    "insert into bips(ip,jail,timeofban,bantime,bancount) "
	    "values('192.0.2.1','j',1699990000,600,1)");
	jailfix_set("bantime.increment", "true");
	jailfix_set("bantime.formula", "1 / (ban.Count - 1)");
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	ck_assert_str_eq(fixture_trace(), "ban 192.0.2.1 60 2\n");
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "ERROR observer: integer division or modulo by zero\n"));
}
END_TEST

START_TEST(bans_come_back_after_a_restart)
{
	jailfix_set("addignoreip", "192.0.2.3");
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	(void)jailfix_banip("192.0.2.2");
	(void)fixture_log();
	(void)fixture_trace();
	jail_stop(jf.jail, jailfix_done, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "done;");
	ck_assert_str_eq(fixture_log(),
	    "NOTICE actions: [j] Repeal Ban 192.0.2.1\n"
	    "NOTICE actions: [j] Repeal Ban 192.0.2.2\n");
	ck_assert_str_eq(
	    fixture_trace(), "unban 192.0.2.1\nunban 192.0.2.2\nstop\n");
	ck_assert_str_eq(jailfix_sql("select enabled from jails"), "0\n");
	jailfix_restart();
	jailfix_set("bantime", "60");
	jailfix_set("ignoreself", "no");
	jailfix_set("addignoreip", "192.0.2.1");
	(void)fixture_log();
	clock_set(NOW + 10);
	jail_start(jf.jail, NULL, NULL);
	fixture_run();
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Ignore 192.0.2.1 by ip\n"
	    "NOTICE actions: [j] Restore Ban 192.0.2.2\n");
	ck_assert_str_eq(fixture_trace(), "start\nban 192.0.2.2 60 2\n");
	ck_assert_str_eq(
	    jailfix_sql("select bancount from bips where ip='192.0.2.2'"),
	    "1\n");
	ck_assert(fabs(jail_next_due(jf.jail) - (NOW + 60)) < 0.01);
}
END_TEST

START_TEST(idle_jail_decides_and_unbans_nothing)
{
	jailfix_start();
	(void)jailfix_banip("192.0.2.1");
	(void)fixture_log();
	jail_idle(jf.jail, true);
	ck_assert(isinf(jail_next_due(jf.jail)));
	jailfix_fails("192.0.2.2", 1);
	ck_assert_str_eq(fixture_log(), "");
	jail_idle(jf.jail, false);
	fixture_run();
	ck_assert_str_eq(fixture_log(),
	    "INFO filter: [j] Found 192.0.2.2 - 2023-11-14 22:13:20\n");
	ck_assert(!isinf(jail_next_due(jf.jail)));
}
END_TEST

Suite *jail_suite(void);

Suite *
jail_suite(void)
{
	Suite *s = suite_create("jail");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, jailfix_teardown);
	tcase_add_test(tc, three_failures_are_a_ban);
	tcase_add_test(tc, ban_ends_when_its_time_is_over);
	tcase_add_test(tc, many_bans_end_in_slices);
	tcase_add_test(tc, ban_that_is_over_already_is_none);
	tcase_add_loop_test(tc, future_and_nonsense_times_are_now, 0, 4);
	tcase_add_test(tc, id_cannot_forge_a_line);
	tcase_add_test(tc, name_is_resolved_and_all_its_addresses_count);
	tcase_add_test(tc, slow_name_keeps_the_order_of_lines);
	tcase_add_test(tc, names_are_asked_for_side_by_side);
	tcase_add_test(tc, full_fifo_says_so_and_when_it_is_not);
	tcase_add_test(tc, what_all_jails_have_holds_up_those_with_much);
	tcase_add_test(tc, ignored_address_is_not_counted);
	tcase_add_test(tc, ignorecommand_decides_in_order);
	tcase_add_loop_test(tc, already_banned_gets_louder, 0,
	    sizeof(level_cases) / sizeof(level_cases[0]));
	tcase_add_test(tc, failures_of_a_banned_id_prolong);
	tcase_add_test(tc, repaired_actions_ban_again);
	tcase_add_test(tc, known_offenders_are_banned_for_longer);
	tcase_add_test(tc, a_ban_that_runs_is_not_prolonged_by_the_increment);
	tcase_add_loop_test(tc, weight_of_known_offenders_is_shown, 0,
	    sizeof(bad_cases) / sizeof(bad_cases[0]));
	tcase_add_test(tc, failing_formula_leaves_the_bantime);
	tcase_add_test(tc, bans_come_back_after_a_restart);
	tcase_add_test(tc, idle_jail_decides_and_unbans_nothing);
	suite_add_tcase(s, tc);
	return s;
}
