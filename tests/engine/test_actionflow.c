#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actionfix.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/action.h"

/* ---- traces recorded from fail2ban 1.0.2 */

START_TEST(on_demand_without_conditions_starts_for_the_family_of_the_ban)
{
	fx.action = add("A");
	tracing(ALL);
	set("actionstart_on_demand", "true");
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	ban("192.0.2.2");
	ban("2001:db8::1");
	ban("raw");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\n"
	             "start f=inet6\nban f=inet6 2001:db8::1\n"
	             "start f=\nban f=None raw\n");
	actionset_check(fx.set, NULL, NULL);
	expect_trace("check f=inet4\ncheck f=inet6\ncheck f=\ncheck f=None\n");
	flush("192.0.2.1", "raw", true);
	expect_trace("flush f=inet4\nflush f=inet6\nflush f=None\n");
	actionset_stop(fx.set, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\nstop f=\nstop f=None\n");
	ck_assert_str_eq(fx.answers.p, "1111111");
}
END_TEST

START_TEST(not_on_demand_without_conditions_starts_once)
{
	fx.action = add("A");
	tracing(ALL);
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	expect_trace("start f=\nban f=inet4 192.0.2.1\n"
	             "ban f=inet6 2001:db8::1\n");
	actionset_stop(fx.set, answered, NULL);
	expect_trace("stop f=\nstop f=inet4\nstop f=inet6\n");
}
END_TEST

START_TEST(not_on_demand_with_conditions_starts_both_families)
{
	fx.action = add("A");
	tracing(ALL);
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	expect_trace("start f=inet4\nstart f=inet6\nban f=inet4 192.0.2.1\n");
	flush("192.0.2.1", "192.0.2.2", false);
	expect_trace("flush f=inet4\n");
	actionset_stop(fx.set, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\n");
}
END_TEST

START_TEST(without_ipv6_only_the_other_family_starts)
{
	fx.ipv6 = false;
	fx.action = add("A");
	tracing(ALL);
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(fx.set, answered, NULL);
	expect_trace("start f=inet4\n");
}
END_TEST

START_TEST(conditions_alone_make_it_on_demand)
{
	fx.action = add("A");
	tracing(ALL);
	conditional();
	actionset_start(fx.set, answered, NULL);
	expect_trace("");
	ban("192.0.2.1");
	ban("192.0.2.2");
	ban("2001:db8::1");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\n"
	             "start f=inet6\nban f=inet6 2001:db8::1\n");
}
END_TEST

START_TEST(a_raw_id_starts_all_families)
{
	fx.action = add("A");
	tracing(ALL);
	conditional();
	ban("raw");
	expect_trace("start f=inet4\nstart f=inet6\nban f=None raw\n");
}
END_TEST

START_TEST(identical_commands_run_once)
{
	fx.action = add("A");
	conditional();
	set("actionstart", "echo start >>$TRACE");
	set("actionstop", "echo stop >>$TRACE");
	set("actionstart_on_demand", "0");
	actionset_start(fx.set, answered, NULL);
	expect_trace("start\n");
	actionset_stop(fx.set, answered, NULL);
	expect_trace("stop\n");
}
END_TEST

START_TEST(a_failing_ban_restores_the_environment_and_tries_again)
{
	fx.action = add("A");
	conditional();
	environment("actionban");
	ban("192.0.2.1");
	expect_trace("start f=inet4\nban 192.0.2.1\n");
	broken();
	ban("192.0.2.3");
	expect_trace("ban 192.0.2.3\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\nban 192.0.2.3\n");
	expect_log("ERROR CommandAction: Invariant check failed. Trying to "
	           "restore a sane environment\n");
	ck_assert_int_eq(fx.epoch, 1);
	ck_assert_str_eq(fx.answers.p, "11");
}
END_TEST

START_TEST(repair_replaces_stop_and_start)
{
	fx.action = add("A");
	conditional();
	environment("actionban");
	set("actionrepair", "echo repair f=<family> x=<x> >>$TRACE; "
	                    "touch $DIR/env");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	broken();
	ban("192.0.2.2");
	expect_trace("ban 192.0.2.2\ncheck f=inet4\nrepair f=inet4 x=4\n"
	             "check f=inet4\nban 192.0.2.2\n");
}
END_TEST

START_TEST(a_failing_repair_leaves_it_broken)
{
	fx.action = add("A");
	tracing(" start stop check repair ban ");
	breaks("ban", true);
	breaks("check", true);
	breaks("repair", true);
	ban("192.0.2.1");
	expect_trace("ban f=inet4 192.0.2.1\ncheck f=inet4\nrepair f=inet4\n");
	expect_log(
	    "ERROR CommandAction: Invariant check failed. Trying to restore a "
	    "sane environment\n"
	    "CRITICAL CommandAction: Unable to restore environment\n"
	    "ERROR actions: Failed to execute ban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error banning 192.0.2.1\n");
	ck_assert_str_eq(fx.answers.p, "0");
}
END_TEST

START_TEST(a_check_that_fails_again_ends_it)
{
	fx.action = add("A");
	conditional();
	tracing(" start stop check ban ");
	breaks("ban", true);
	breaks("check", true);
	ban("192.0.2.1");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\ncheck f=inet4\n"
	             "stop f=inet4\nstart f=inet4\ncheck f=inet4\n");
}
END_TEST

START_TEST(a_start_that_fails_in_repair_ends_it)
{
	fx.action = add("A");
	conditional();
	tracing(" start stop check ban ");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	breaks("ban", true);
	breaks("check", true);
	breaks("start", true);
	ban("192.0.2.2");
	expect_trace("ban f=inet4 192.0.2.2\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\n");
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "Error starting action Jail('J')/A: 'Script error'\n"));
}
END_TEST

START_TEST(a_good_check_lets_it_try_once_more)
{
	fx.action = add("A");
	tracing(" check ban ");
	breaks("ban", true);
	ban("192.0.2.1");
	expect_trace(
	    "ban f=inet4 192.0.2.1\ncheck f=inet4\nban f=inet4 192.0.2.1\n");
}
END_TEST

START_TEST(without_check_a_failing_ban_runs_twice)
{
	fx.action = add("A");
	tracing(" ban ");
	breaks("ban", true);
	ban("192.0.2.1");
	expect_trace("ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.1\n");
	ck_assert_str_eq(fx.answers.p, "0");
}
END_TEST

START_TEST(a_failing_start_on_demand_is_the_reason)
{
	fx.action = add("brk");
	conditional();
	tracing(" start ban ");
	breaks("start", true);
	ban("192.0.2.1");
	expect_trace("start f=inet4\n");
	expect_log(
	    "ERROR actions: Failed to execute ban jail 'J' action 'brk' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error starting action Jail('J')/brk: "
	    "'Script error'\n");
}
END_TEST

START_TEST(a_failing_start_is_logged)
{
	fx.action = add("A");
	tracing(" start ");
	breaks("start", true);
	actionset_start(fx.set, answered, NULL);
	expect_trace("start f=\n");
	expect_log("ERROR actions: Failed to start jail 'J' action 'A': Error "
	           "starting action Jail('J')/A: 'Script error'\n");
	ck_assert_str_eq(fx.answers.p, "0");
}
END_TEST

START_TEST(an_unban_in_a_broken_environment_is_impossible)
{
	fx.action = add("A");
	conditional();
	tracing(" start ban unban check ");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	breaks("unban", true);
	breaks("check", true);
	unban("192.0.2.1");
	expect_trace("unban f=inet4 192.0.2.1\ncheck f=inet4\n");
	expect_log(
	    "ERROR CommandAction: Invariant check failed. Unban is "
	    "impossible.\n"
	    "ERROR actions: Failed to execute unban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error unbanning 192.0.2.1\n");
	ck_assert_int_eq(fx.epoch, 0);
}
END_TEST

START_TEST(repair_on_unban_must_be_asked_for)
{
	fx.action = add("A");
	environment("actionunban");
	set("actionban", "true");
	set("actionrepair_on_unban", "1");
	actionset_start(fx.set, NULL, NULL);
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	broken();
	unban("192.0.2.1");
	expect_trace("ban 192.0.2.1\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\nban 192.0.2.1\n");
}
END_TEST

START_TEST(an_unban_needs_items_of_its_family)
{
	fx.action = add("A");
	tracing(" ban unban ");
	unban("192.0.2.1");
	expect_trace("");
	ban("192.0.2.1");
	unban("2001:db8::1");
	unban("192.0.2.9");
	expect_trace("ban f=inet4 192.0.2.1\nunban f=inet4 192.0.2.9\n");
}
END_TEST

START_TEST(a_failing_flush_at_run_time_repairs)
{
	fx.action = add("A");
	conditional();
	environment("actionban");
	set("actionflush", "echo flush <family> >>$TRACE; false");
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	broken();
	flush("192.0.2.1", "2001:db8::1", false);
	expect_trace("flush inet4\nflush inet6\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\ncheck f=inet6\n");
	expect_log(
	    "NOTICE actions: [J] Flush ticket(s) with A\n"
	    "ERROR actions: Failed to flush bans in jail 'J' action 'A': Error "
	    "flushing action Jail('J')/A: 'Script error'\n"
	    "INFO actions: No flush occurred, do consistency check\n"
	    "ERROR CommandAction: Invariant check failed. Trying to restore a "
	    "sane environment\n"
	    "NOTICE actions: [J] Unban 192.0.2.1\n"
	    "NOTICE actions: [J] Unban 2001:db8::1\n");
}
END_TEST

START_TEST(a_failing_flush_at_shutdown_does_not_repair)
{
	fx.action = add("A");
	conditional();
	tracing(ALL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	breaks("flush", true);
	breaks("check", true);
	flush("192.0.2.1", "2001:db8::1", true);
	actionset_stop(fx.set, answered, NULL);
	expect_trace("flush f=inet4\nflush f=inet6\ncheck f=inet4\n"
	             "check f=inet6\nstop f=inet4\nstop f=inet6\n");
	expect_log(
	    "NOTICE actions: [J] Flush ticket(s) with A\n"
	    "ERROR actions: Failed to flush bans in jail 'J' action 'A': Error "
	    "flushing action Jail('J')/A: 'Script error'\n"
	    "INFO actions: No flush occurred, do consistency check\n"
	    "ERROR CommandAction: Invariant check failed. Flush is "
	    "impossible.\n"
	    "ERROR CommandAction: Invariant check failed. Flush is "
	    "impossible.\n"
	    "NOTICE actions: [J] Repeal Ban 192.0.2.1\n"
	    "NOTICE actions: [J] Repeal Ban 2001:db8::1\n");
}
END_TEST

START_TEST(without_flush_each_ticket_is_unbanned)
{
	fx.action = add("A");
	tracing(" start stop ban unban ");
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(fx.set, NULL, NULL);
	fx.action = add("B");
	tracing(" flush ban unban ");
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	flush("192.0.2.1", "2001:db8::1", true);
	actionset_stop(fx.set, answered, NULL);
	expect_trace("flush f=inet4\nflush f=inet6\nunban f=inet4 192.0.2.1\n"
	             "unban f=inet6 2001:db8::1\nstop f=inet4\nstop f=inet6\n");
	ck_assert_str_eq(fx.answers.p, "1111");
}
END_TEST

START_TEST(a_failing_stop_is_logged_once)
{
	fx.action = add("A");
	conditional();
	tracing(ALL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	breaks("stop", true);
	actionset_stop(fx.set, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\n");
	expect_log("ERROR actions: Failed to stop jail 'J' action 'A': Error "
	           "stopping action Jail('J')/A: 'Script error'\n");
}
END_TEST

START_TEST(norestored_skips_ban_and_prolong_of_restored_tickets)
{
	struct ticket *t = ticket("1.2.3.4");

	fx.action = add("A");
	tracing(" ban prolong ");
	set("norestored", "1");
	t->restored = true;
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	actionset_prolong(fx.set, t, answered, NULL);
	expect_trace("");
	t->restored = false;
	actionset_prolong(fx.set, t, answered, NULL);
	expect_trace("prolong f=inet4 1.2.3.4\n");
	ck_assert_str_eq(fx.answers.p, "111");
	ticket_free(t);
}
END_TEST

START_TEST(a_failing_prolong_checks_and_tries_again)
{
	struct ticket *t = ticket("1.2.3.5");

	fx.action = add("A");
	tracing(" ban prolong check ");
	breaks("prolong", true);
	actionset_prolong(fx.set, t, answered, NULL);
	expect_trace("prolong f=inet4 1.2.3.5\ncheck f=inet4\n"
	             "prolong f=inet4 1.2.3.5\n");
	expect_log(
	    "ERROR actions: Failed to execute ban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '1.2.3.5', 'family': 'inet4', 'fid': "
	    "'1.2.3.5'})': Error prolonging 1.2.3.5\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_reban_is_for_the_repaired_actions_only)
{
	struct ticket *t = ticket("192.0.2.1");

	fx.action = add("other");
	tracing(" ban ");
	fx.action = add("inv");
	conditional();
	environment("actionban");
	actionset_ban(fx.set, t, LANE_LIVE, answered, NULL);
	fixture_run();
	broken();
	ban("192.0.2.2");
	fixture_run();
	(void)fixture_trace();
	(void)fixture_log();
	actionset_reban(fx.set, t, answered, NULL);
	expect_trace("ban 192.0.2.1\n");
	expect_log("NOTICE actions: [J] Reban 192.0.2.1, action 'inv'\n");
	t->epoch = fx.epoch;
	actionset_reban(fx.set, t, answered, NULL);
	expect_trace("ban f=inet4 192.0.2.1\nban 192.0.2.1\n");
	expect_log("NOTICE actions: [J] Reban 192.0.2.1\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_reban_has_a_command_of_its_own)
{
	struct ticket *t = ticket("192.0.2.1");

	fx.action = add("A");
	tracing(" ban reban ");
	actionset_reban(fx.set, t, answered, NULL);
	expect_trace("reban f=inet4 192.0.2.1\n");
	breaks("reban", true);
	actionset_reban(fx.set, t, answered, NULL);
	fixture_run();
	ck_assert_ptr_nonnull(strstr(
	    fixture_log(), "Failed to execute reban jail 'J' action 'A' info"));
	ticket_free(t);
}
END_TEST

Suite *actionflow_suite(void);

Suite *
actionflow_suite(void)
{
	Suite *s = suite_create("actionflow");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, actionfix_setup, actionfix_teardown);
	tcase_add_test(
	    tc, on_demand_without_conditions_starts_for_the_family_of_the_ban);
	tcase_add_test(tc, not_on_demand_without_conditions_starts_once);
	tcase_add_test(tc, not_on_demand_with_conditions_starts_both_families);
	tcase_add_test(tc, without_ipv6_only_the_other_family_starts);
	tcase_add_test(tc, conditions_alone_make_it_on_demand);
	tcase_add_test(tc, a_raw_id_starts_all_families);
	tcase_add_test(tc, identical_commands_run_once);
	tcase_add_test(
	    tc, a_failing_ban_restores_the_environment_and_tries_again);
	tcase_add_test(tc, repair_replaces_stop_and_start);
	tcase_add_test(tc, a_failing_repair_leaves_it_broken);
	tcase_add_test(tc, a_check_that_fails_again_ends_it);
	tcase_add_test(tc, a_start_that_fails_in_repair_ends_it);
	tcase_add_test(tc, a_good_check_lets_it_try_once_more);
	tcase_add_test(tc, without_check_a_failing_ban_runs_twice);
	tcase_add_test(tc, a_failing_start_on_demand_is_the_reason);
	tcase_add_test(tc, a_failing_start_is_logged);
	tcase_add_test(tc, an_unban_in_a_broken_environment_is_impossible);
	tcase_add_test(tc, repair_on_unban_must_be_asked_for);
	tcase_add_test(tc, an_unban_needs_items_of_its_family);
	tcase_add_test(tc, a_failing_flush_at_run_time_repairs);
	tcase_add_test(tc, a_failing_flush_at_shutdown_does_not_repair);
	tcase_add_test(tc, without_flush_each_ticket_is_unbanned);
	tcase_add_test(tc, a_failing_stop_is_logged_once);
	tcase_add_test(
	    tc, norestored_skips_ban_and_prolong_of_restored_tickets);
	tcase_add_test(tc, a_failing_prolong_checks_and_tries_again);
	tcase_add_test(tc, a_reban_is_for_the_repaired_actions_only);
	tcase_add_test(tc, a_reban_has_a_command_of_its_own);
	suite_add_tcase(s, tc);
	return s;
}
