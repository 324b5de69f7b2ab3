#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "actionfix.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/action.h"

/* A program of this name that writes down its arguments and input. */
static void
program(const char *name)
{
	char *path = xasprintf("%s/%s", fix.dir, name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f,
	    "#!/bin/sh\necho \"%s $*\" >>$TRACE\n" FIXTURE_GATE "\n"
	    "case \"$*\" in *-f*|*restore*|*--noflush*)\n"
	    "sed 's/^/  /' >>$TRACE; test ! -e $DIR/no-batch;;\n"
	    "*) test ! -e $DIR/no-single;;\nesac\n",
	    name);
	(void)fclose(f);
	ck_assert_int_eq(chmod(path, 0755), 0);
	free(path);
}

static void
setup(void)
{
	char *path;

	actionfix_setup();
	path = xasprintf("%s:%s", fix.dir, getenv("PATH"));
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
	free(path);
	program("nft");
	program("ipset");
	program("iptables-restore");
	program("ip6tables-restore");
}

static void
nft_action(void)
{
	fx.action = add("nft");
	set("addr_set", "a4");
	set("addr_set?family=inet6", "a6");
	set("actionban", "nft add element inet t <addr_set> \\{ <ip> \\}");
	set("actionunban", "nft delete element inet t <addr_set> \\{ <ip> \\}");
	set("actionstart", "echo start <family> >>$TRACE");
}

START_TEST(neighbours_go_out_together_for_both_families)
{
	nft_action();
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	ban("2001:db8::1");
	ban("192.0.2.2");
	unban("192.0.2.9");
	expect_trace("nft -f -\n"
	             "  add element inet t a4 { 192.0.2.1 }\n"
	             "  add element inet t a6 { 2001:db8::1 }\n"
	             "  add element inet t a4 { 192.0.2.2 }\n"
	             "nft delete element inet t a4 { 192.0.2.9 }\n");
	ck_assert_str_eq(fx.answers.p, "1111");
	unban("192.0.2.1");
	unban("2001:db8::1");
	expect_trace("nft -f -\n"
	             "  delete element inet t a4 { 192.0.2.1 }\n"
	             "  delete element inet t a6 { 2001:db8::1 }\n");
	expect_log("");
}
END_TEST

START_TEST(a_single_ban_takes_the_ordinary_way)
{
	nft_action();
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	expect_trace("nft add element inet t a4 { 192.0.2.1 }\n");
}
END_TEST

START_TEST(the_environment_is_started_first)
{
	nft_action();
	ban("192.0.2.1");
	ban("192.0.2.2");
	ban("192.0.2.3");
	ban("2001:db8::1");
	ban("2001:db8::2");
	ban("2001:db8::3");
	expect_trace("start inet4\n"
	             "nft add element inet t a4 { 192.0.2.1 }\n"
	             "nft -f -\n"
	             "  add element inet t a4 { 192.0.2.2 }\n"
	             "  add element inet t a4 { 192.0.2.3 }\n"
	             "start inet6\n"
	             "nft add element inet t a6 { 2001:db8::1 }\n"
	             "nft -f -\n"
	             "  add element inet t a6 { 2001:db8::2 }\n"
	             "  add element inet t a6 { 2001:db8::3 }\n");
}
END_TEST

START_TEST(a_batch_that_fails_is_repeated_one_by_one)
{
	nft_action();
	set("actionstart_on_demand", "0");
	breaks("batch", true);
	ban("192.0.2.1");
	ban("192.0.2.2");
	expect_trace("nft -f -\n"
	             "  add element inet t a4 { 192.0.2.1 }\n"
	             "  add element inet t a4 { 192.0.2.2 }\n"
	             "nft add element inet t a4 { 192.0.2.1 }\n"
	             "nft add element inet t a4 { 192.0.2.2 }\n");
	ck_assert_str_eq(fixture_log(), "");
	ck_assert_str_eq(fx.answers.p, "11");
}
END_TEST

START_TEST(what_fails_alone_too_is_checked_and_logged)
{
	nft_action();
	set("actionstart_on_demand", "0");
	set("actioncheck", "echo check <family> >>$TRACE");
	breaks("batch", true);
	breaks("single", true);
	ban("192.0.2.1");
	ban("192.0.2.2");
	expect_trace("nft -f -\n"
	             "  add element inet t a4 { 192.0.2.1 }\n"
	             "  add element inet t a4 { 192.0.2.2 }\n"
	             "nft add element inet t a4 { 192.0.2.1 }\n"
	             "check inet4\n"
	             "nft add element inet t a4 { 192.0.2.1 }\n"
	             "nft add element inet t a4 { 192.0.2.2 }\n"
	             "check inet4\n"
	             "nft add element inet t a4 { 192.0.2.2 }\n");
	ck_assert_ptr_nonnull(
	    strstr(fixture_log(), "Error banning 192.0.2.2\n"));
	ck_assert_str_eq(fx.answers.p, "00");
}
END_TEST

START_TEST(programs_that_differ_by_family_get_a_batch_each)
{
	fx.action = add("ipt");
	set("iptables", "iptables -w");
	set("iptables?family=inet6", "ip6tables -w");
	set("actionban", "<iptables> -I f2b-x 1 -s <ip> -j DROP");
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	ban("2001:db8::1");
	ban("192.0.2.2");
	ban("2001:db8::2");
	expect_trace("iptables-restore -w --noflush\n"
	             "  *filter\n"
	             "  -I f2b-x 1 -s 192.0.2.1 -j DROP\n"
	             "  -I f2b-x 1 -s 192.0.2.2 -j DROP\n"
	             "  COMMIT\n"
	             "ip6tables-restore -w --noflush\n"
	             "  *filter\n"
	             "  -I f2b-x 1 -s 2001:db8::1 -j DROP\n"
	             "  -I f2b-x 1 -s 2001:db8::2 -j DROP\n"
	             "  COMMIT\n");
}
END_TEST

START_TEST(other_actions_of_the_jail_follow_ticket_by_ticket)
{
	nft_action();
	set("actionstart_on_demand", "0");
	fx.action = add("mail");
	set("actionban", "echo mail <ip> >>$TRACE");
	ban("192.0.2.1");
	ban("192.0.2.2");
	expect_trace("nft -f -\n"
	             "  add element inet t a4 { 192.0.2.1 }\n"
	             "  add element inet t a4 { 192.0.2.2 }\n"
	             "mail 192.0.2.1\n"
	             "mail 192.0.2.2\n");
	ck_assert_str_eq(fx.answers.p, "11");
}
END_TEST

START_TEST(unsafe_and_raw_ids_run_alone)
{
	nft_action();
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	ban("raw;id");
	ban("192.0.2.2");
	expect_trace("nft add element inet t a4 { 192.0.2.1 }\n"
	             "nft add element inet t a4 { raw;id }\n"
	             "nft add element inet t a4 { 192.0.2.2 }\n");
}
END_TEST

START_TEST(an_action_may_have_a_bulk_form_of_its_own)
{
	fx.action = add("own");
	set("actionban", "echo ban <ip> >>$TRACE");
	set("actionunban", "echo unban <ip> >>$TRACE");
	set("actionban_bulk",
	    "echo bulk <family> <set> >>$TRACE; cat >>$TRACE; "
	    "test ! -e $DIR/no-bulk");
	set("set", "s4");
	set("set?family=inet6", "s6");
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	ban("2001:db8::1");
	ban("192.0.2.2");
	expect_trace("bulk inet4 s4\n192.0.2.1\n192.0.2.2\n"
	             "bulk inet6 s6\n2001:db8::1\n");
	unban("192.0.2.1");
	unban("192.0.2.2");
	expect_trace("unban 192.0.2.1\nunban 192.0.2.2\n");
	breaks("bulk", true);
	ban("192.0.2.3");
	ban("192.0.2.4");
	expect_trace("bulk inet4 s4\n192.0.2.3\n192.0.2.4\n"
	             "ban 192.0.2.3\nban 192.0.2.4\n");
}
END_TEST

START_TEST(the_unbans_of_a_stop_go_out_together)
{
	nft_action();
	set("actionstart_on_demand", "0");
	ban("192.0.2.1");
	ban("192.0.2.2");
	fixture_run();
	(void)fixture_trace();
	flush("192.0.2.1", "192.0.2.2", true);
	actionset_stop(fx.set, answered, NULL);
	expect_trace("nft -f -\n"
	             "  delete element inet t a4 { 192.0.2.1 }\n"
	             "  delete element inet t a4 { 192.0.2.2 }\n");
	ck_assert_str_eq(fx.answers.p, "1111");
}
END_TEST

START_TEST(a_batch_may_be_the_end_of_the_set)
{
	struct ticket *t = ticket("192.0.2.1");

	nft_action();
	set("actionstart_on_demand", "0");
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	fixture_hold();
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	fixture_run_command();
	actionset_free(fx.set);
	fixture_run();
	ck_assert_str_eq(fx.answers.p, "");
	fx.set = actionset_new(&fx_env, fix.runner);
	ticket_free(t);
}
END_TEST

START_TEST(ten_thousand_bans_are_a_few_commands)
{
	nft_action();
	set("actionstart_on_demand", "0");
	for (int i = 0; i < 10000; i++) {
		char *id = xasprintf("10.0.%d.%d", i / 256, i % 256);
		struct ticket *t = ticket(id);

		actionset_ban(fx.set, t, LANE_RESTORE, NULL, NULL);
		ticket_free(t);
		free(id);
	}
	fixture_run();
	{
		const char *trace = fixture_trace();
		int commands = 0, lines = 0;

		for (const char *p = trace; (p = strchr(p, '\n')) != NULL; p++)
			p[1] == 'n' || p[1] == '\0' ? commands++ : lines++;
		/* 256, 512, 1024 ... */
		ck_assert_int_lt(commands, 20);
		ck_assert_int_eq(lines, 10000);
	}
}
END_TEST

Suite *actionbatch_suite(void);

Suite *
actionbatch_suite(void)
{
	Suite *s = suite_create("actionbatch");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, actionfix_teardown);
	tcase_add_test(tc, neighbours_go_out_together_for_both_families);
	tcase_add_test(tc, a_single_ban_takes_the_ordinary_way);
	tcase_add_test(tc, the_environment_is_started_first);
	tcase_add_test(tc, a_batch_that_fails_is_repeated_one_by_one);
	tcase_add_test(tc, what_fails_alone_too_is_checked_and_logged);
	tcase_add_test(tc, programs_that_differ_by_family_get_a_batch_each);
	tcase_add_test(tc, other_actions_of_the_jail_follow_ticket_by_ticket);
	tcase_add_test(tc, unsafe_and_raw_ids_run_alone);
	tcase_add_test(tc, an_action_may_have_a_bulk_form_of_its_own);
	tcase_add_test(tc, the_unbans_of_a_stop_go_out_together);
	tcase_add_test(tc, a_batch_may_be_the_end_of_the_set);
	tcase_add_test(tc, ten_thousand_bans_are_a_few_commands);
	suite_add_tcase(s, tc);
	return s;
}
