#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actionfix.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/action.h"

/* ---- ours */

START_TEST(a_failing_action_does_not_stop_the_next)
{
	fx.action = add("A");
	tracing(" ban ");
	breaks("ban", true);
	fx.action = add("B");
	set("actionban", "echo B <ip> >>$TRACE");
	ban("192.0.2.1");
	expect_trace(
	    "ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.1\nB 192.0.2.1\n");
	ck_assert_str_eq(fx.answers.p, "0");
}
END_TEST

START_TEST(actions_are_stopped_in_reverse_order)
{
	fx.action = add("A");
	set("actionstart", "echo start A >>$TRACE");
	set("actionstop", "echo stop A >>$TRACE");
	fx.action = add("B");
	set("actionstart", "echo start B >>$TRACE");
	set("actionstop", "echo stop B >>$TRACE");
	actionset_start(fx.set, NULL, NULL);
	actionset_stop(fx.set, NULL, NULL);
	expect_trace("start A\nstart B\nstop B\nstop A\n");
}
END_TEST

START_TEST(live_bans_go_before_restored_ones)
{
	struct ticket *old = ticket("192.0.2.1");

	fx.action = add("A");
	tracing(" ban ");
	for (char c = '1'; c <= '3'; c++) {
		struct ticket *t;
		char id[] = "192.0.2.x";

		id[8] = c;
		t = ticket(id);
		actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
		ticket_free(t);
	}
	ban("192.0.2.9");
	expect_trace("ban f=inet4 192.0.2.9\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\nban f=inet4 192.0.2.3\n");
	ticket_free(old);
}
END_TEST

START_TEST(an_unban_of_a_queued_ban_cancels_both)
{
	fx.action = add("A");
	tracing(" ban unban ");
	ban("192.0.2.1");
	ban("192.0.2.2");
	unban("192.0.2.2");
	ban("192.0.2.2");
	expect_trace("ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.2\n");
	ck_assert_str_eq(fx.answers.p, "1111");
}
END_TEST

START_TEST(what_follows_a_restored_ban_stays_behind_it)
{
	struct ticket *t = ticket("192.0.2.1"), *other = ticket("192.0.2.2");

	fx.action = add("A");
	tracing(" ban unban ");
	fixture_hold();
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	actionset_ban(fx.set, other, LANE_RESTORE, answered, NULL);
	fixture_run_command();
	unban("192.0.2.1"); /* its ban runs */
	ban("192.0.2.1");
	ban("192.0.2.9");
	fixture_go_on();
	expect_trace("ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.9\n"
	             "unban f=inet4 192.0.2.1\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\n");
	ck_assert_str_eq(fx.answers.p, "11111");
	ticket_free(t);
	ticket_free(other);
}
END_TEST

START_TEST(a_prolong_of_a_queued_ban_changes_it)
{
	struct ticket *t = ticket("192.0.2.1");

	fx.action = add("A");
	set("actionban", "echo ban <bantime> >>$TRACE");
	set("actionprolong", "echo prolong <bantime> >>$TRACE");
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	t->bantime = 1200;
	actionset_prolong(fx.set, t, answered, NULL);
	expect_trace("ban 1200\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_flush_drops_what_was_to_be_restored)
{
	struct ticket *t = ticket("192.0.2.1");

	fx.action = add("A");
	tracing(ALL);
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	flush("192.0.2.1", "192.0.2.2", true);
	ban("192.0.2.3");
	expect_trace("ban f=inet4 192.0.2.3\n");
	ticket_free(t);
}
END_TEST

START_TEST(names_are_looked_up_once_a_ban)
{
	fx.action = add("A");
	set("actionban", "echo A <ip-host> >>$TRACE");
	fx.action = add("B");
	set("actionban", "echo B <ip-host> >>$TRACE");
	ban("192.0.2.1");
	expect_trace("");
	ck_assert_int_eq(fx.lookup.asked, 1);
	fx.lookup.cb(fx.lookup.arg, "host.example.org");
	expect_trace("A host.example.org\nB host.example.org\n");
	ck_assert_int_eq(fx.lookup.asked, 1);
	ban("192.0.2.2");
	fixture_run();
	fx.lookup.cb(fx.lookup.arg, NULL);
	expect_trace("A None\nB None\n");
	ban("raw");
	expect_trace("A None\nB None\n");
	ck_assert_int_eq(fx.lookup.asked, 2);
}
END_TEST

START_TEST(a_name_that_comes_after_the_end_is_harmless)
{
	fx.action = add("A");
	set("actionban", "echo <ip-host> >>$TRACE");
	ban("192.0.2.1");
	fixture_run();
	actionset_free(fx.set);
	fx.lookup.cb(fx.lookup.arg, "late.example.org");
	fixture_run();
	fx.set = actionset_new(&fx_env, fix.runner);
}
END_TEST

START_TEST(a_property_that_changes_counts_from_the_next_command)
{
	fx.action = add("A");
	set("actionban", "echo <x> >>$TRACE");
	set("x", "one");
	ban("192.0.2.1");
	expect_trace("one\n");
	set("x", "two");
	ban("192.0.2.2");
	expect_trace("two\n");
}
END_TEST

START_TEST(families_have_properties_of_their_own)
{
	fx.action = add("cnd");
	set("actionban", "echo v4 <ip> dx <y> <timeout> >>$TRACE");
	set("actionban?family=inet6", "echo v6 <ip> <y><br> >>$TRACE");
	set("y", "iy");
	set("y?family=inet6", "iy6");
	ban("192.0.2.1");
	ban("2001:db8::1");
	ban("raw");
	expect_trace("v4 192.0.2.1 dx iy 60\nv4 raw dx iy 60\n");
	fixture_log();
}
END_TEST

START_TEST(a_self_reference_is_an_error_of_that_command_only)
{
	fx.action = add("A");
	set("actionban", "echo <p> >>$TRACE");
	set("p", "<q>");
	set("q", "<p>");
	ban("192.0.2.1");
	expect_trace("");
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "properties contain self referencing definitions and cannot be "
	    "resolved"));
}
END_TEST

START_TEST(values_reach_the_command_as_they_are)
{
	struct ticket *t = ticket("192.0.2.1");

	fx.action = add("A");
	set("actionban", "printf '%s\\n' \"<matches>\" >>$TRACE");
	value_adds(t->matches, "`id`; $(rm -rf /)");
	value_adds(t->matches, "it's <ip> \"x\"");
	actionset_ban(fx.set, t, LANE_LIVE, answered, NULL);
	expect_trace("`id`; $(rm -rf /)\nit's <ip> \"x\"\n");
	ticket_free(t);
}
END_TEST

START_TEST(freeing_while_a_command_runs_kills_it)
{
	fx.action = add("A");
	set("actionban", "echo begun >>$TRACE; sleep 60; echo end >>$TRACE");
	ban("192.0.2.1");
	ban("192.0.2.2");
	fixture_run_command();
	actionset_free(fx.set);
	fixture_run();
	ck_assert_str_eq(fx.answers.p, "");
	fx.set = actionset_new(&fx_env, fix.runner);
}
END_TEST

static void
free_the_set(void *arg, bool ok)
{
	(void)arg;
	(void)ok;
	actionset_free(fx.set);
	fx.set = NULL;
}

START_TEST(the_set_may_be_freed_by_who_is_told_of_its_end)
{
	fx.action = add("A");
	tracing(" start stop ");
	actionset_start(fx.set, NULL, NULL);
	actionset_stop(fx.set, free_the_set, NULL);
	ban("192.0.2.1");
	expect_trace("start f=\nstop f=\n");
	ck_assert_ptr_null(fx.set);
}
END_TEST

START_TEST(nothing_is_answered_from_inside_the_call)
{
	fx.action = add("A");
	conditional();
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	ck_assert_str_eq(fx.answers.p, "");
	fixture_run();
	ck_assert_str_eq(fx.answers.p, "11");
}
END_TEST

Suite *actionset_suite(void);

Suite *
actionset_suite(void)
{
	Suite *s = suite_create("actionset");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, actionfix_setup, actionfix_teardown);
	tcase_add_test(tc, a_failing_action_does_not_stop_the_next);
	tcase_add_test(tc, actions_are_stopped_in_reverse_order);
	tcase_add_test(tc, live_bans_go_before_restored_ones);
	tcase_add_test(tc, an_unban_of_a_queued_ban_cancels_both);
	tcase_add_test(tc, what_follows_a_restored_ban_stays_behind_it);
	tcase_add_test(tc, a_prolong_of_a_queued_ban_changes_it);
	tcase_add_test(tc, a_flush_drops_what_was_to_be_restored);
	tcase_add_test(tc, names_are_looked_up_once_a_ban);
	tcase_add_test(tc, a_name_that_comes_after_the_end_is_harmless);
	tcase_add_test(
	    tc, a_property_that_changes_counts_from_the_next_command);
	tcase_add_test(tc, families_have_properties_of_their_own);
	tcase_add_test(tc, a_self_reference_is_an_error_of_that_command_only);
	tcase_add_test(tc, values_reach_the_command_as_they_are);
	tcase_add_test(tc, freeing_while_a_command_runs_kills_it);
	tcase_add_test(tc, the_set_may_be_freed_by_who_is_told_of_its_end);
	tcase_add_test(tc, nothing_is_answered_from_inside_the_call);
	suite_add_tcase(s, tc);
	return s;
}
