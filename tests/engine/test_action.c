#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "actionfix.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/action.h"

/* ---- properties */

START_TEST(an_action_is_there_once)
{
	fx.action = add("A");
	ck_assert_ptr_null(actionset_add(fx.set, "A", NULL, NULL, &fx.err));
	ck_assert_str_eq(err_text(&fx.err), "Action A already exists");
	err_reset(&fx.err);
	ck_assert_int_eq(actionset_del(fx.set, "nope", &fx.err), -1);
	ck_assert_str_eq(err_text(&fx.err), "'Invalid Action name: nope'");
	ck_assert_int_eq(actionset_del(fx.set, "A", &fx.err), 0);
	ck_assert_uint_eq(actionset_count(fx.set), 0);
	ck_assert_ptr_null(actionset_find(fx.set, "A"));
}
END_TEST

/* fail2ban: "get J actionproperties A", spec 15 section 6. */
START_TEST(properties_are_those_of_fail2ban)
{
	struct buf b = BUF_INIT;
	struct value *list;

	fx.action = add("rec");
	set("actionprolong", "x");
	set("actname", "rec");
	set("name", "t1");
	set("out", "/tmp/x");
	set("bantime", "7");
	list = action_properties(fx.action);
	value_repr(&b, list);
	ck_assert_str_eq(b.p,
	    "['ESCAPE_CRE', 'ESCAPE_VN_CRE', 'actionban', 'actioncheck', "
	    "'actionflush', 'actionprolong', 'actionreban', 'actionreload', "
	    "'actionrepair', 'actionstart', 'actionstop', 'actionunban', "
	    "'actname', 'banEpoch', 'name', 'out', 'timeout']");
	value_free(list);
	buf_reset(&b);
	list = action_methods(fx.action);
	value_repr(&b, list);
	ck_assert_str_eq(b.p,
	    "['ban', 'clearAllParams', 'consistencyCheck', 'escapeTag', "
	    "'executeCmd', 'flush', 'invalidateBanEpoch', 'prolong', 'reban', "
	    "'reload', 'replaceDynamicTags', 'replaceTag', 'start', 'stop', "
	    "'unban']");
	value_free(list);
	buf_release(&b);
}
END_TEST

START_TEST(tokens_are_not_among_the_arguments_of_the_shell)
{
	const char *words;

	fx.action = add("rec");
	set("cftoken", "TOP-SECRET");
	set("port", "ssh");
	set("actionban",
	    ": '<port>' '<cftoken>'; tr '\\0' ' ' </proc/$$/cmdline "
	    ">>$TRACE");
	ban("192.0.2.1");
	fixture_run();
	words = fixture_trace();
	ck_assert_ptr_null(strstr(words, "TOP-SECRET"));
	ck_assert_ptr_nonnull(strstr(words, "eval"));
	set("actionban", ": '<port>'; tr '\\0' ' ' </proc/$$/cmdline >>$TRACE");
	ban("192.0.2.2");
	fixture_run();
	ck_assert_ptr_nonnull(strstr(fixture_trace(), ": 'ssh'; tr"));
}
END_TEST

/* fail2ban: recorded from 1.0.2. */
static const struct property_case {
	const char *name;
	const char *value;
	const char *repr; /* NULL: no such attribute */
} property_cases[] = {
    {"timeout", "2m", "120"},
    {"timeout", "1.5", "1.5"},
    {"actionban", "x", "'x'"},
    {"norestored", "1", "'1'"},
    {"banEpoch", "5", "0"},
    {"bantime", "7", NULL},
    {"foo", "bar", "'bar'"},
};

START_TEST(properties_are_set_and_got)
{
	const struct property_case *c = &property_cases[_i];
	struct buf b = BUF_INIT;
	const struct value *v;

	fx.action = add("A");
	set(c->name, c->value);
	v = action_get(fx.action, c->name, &fx.err);
	if (c->repr == NULL) {
		ck_assert_ptr_null(v);
		ck_assert_str_eq(err_text(&fx.err),
		    "'CommandAction' object has no attribute 'bantime'");
	} else {
		ck_assert_ptr_nonnull(v);
		value_repr(&b, v);
		ck_assert_str_eq(b.p, c->repr);
	}
	buf_release(&b);
}
END_TEST

START_TEST(only_one_python_action_runs)
{
	ck_assert_ptr_null(actionset_add(
	    fx.set, "py", "/etc/fail2ban/action.d/badips.py", "{}", &fx.err));
	ck_assert_ptr_nonnull(
	    strstr(err_text(&fx.err), "/etc/fail2ban/action.d/badips.py is a "
	                              "Python action, which cannot be run"));
	err_reset(&fx.err);
	ck_assert_ptr_nonnull(actionset_add(fx.set, "smtp",
	    "/etc/fail2ban/action.d/smtp.py", "{\"host\": \"h:25\"}", &fx.err));
	ck_assert_ptr_null(actionset_add(
	    fx.set, "smtp2", "smtp.py", "{\"foo\": \"x\"}", &fx.err));
	ck_assert_ptr_nonnull(strstr(err_text(&fx.err), "'foo'"));
	ck_assert_uint_eq(actionset_count(fx.set), 1);
}
END_TEST

/* ---- methods */

static struct buf called;

static void
call_done(void *arg, struct value *result, const char *error)
{
	(void)arg;
	if (error != NULL)
		buf_addf(&called, "error: %s", error);
	else
		value_repr(&called, result);
	value_free(result);
}

static const struct call_case {
	const char *method;
	const char *json;
	const char *result;
	const char *trace;
} call_cases[] = {
    {"start", NULL, "True", "start f=\n"},
    {"stop", NULL, "True", ""},
    {"flush", NULL, "True", ""},
    {"reload", NULL, "True", ""},
    {"consistencyCheck", "", "True", ""},
    {"ban", "{\"aInfo\":{\"ip\":\"1.2.3.4\"}}", "None",
        "ban f=inet4 1.2.3.4\n"},
    {"unban", "{\"aInfo\":{\"ip\":\"1.2.3.4\"}}", "None", ""},
    {"executeCmd", "{\"realCmd\": \"echo 1 >>$TRACE\"}", "True", "1\n"},
    {"executeCmd", "{\"realCmd\": \"exit 1\"}", "False", ""},
    {"executeCmd", "{\"realCmd\": \"sleep 60\", \"timeout\": 0.01}", "False",
        ""},
    {"replaceTag", "{\"query\": \"a<br>b<sp>c\"}", "'a\\nb c'", ""},
    {"replaceTag",
        "{\"query\": \"<matches>\", \"aInfo\": {\"matches\": \"x;[y]\\n\"}}",
        "'x\\\\;\\\\[y\\\\]\\\\n'", ""},
    {"escapeTag", "{\"value\": \"a'b\"}", "\"a\\\\'b\"", ""},
    {"replaceTag", "{\"query\": \"<a> <b>\", \"aInfo\": {\"a\": \"1\"}}",
        "'1 <b>'", ""},
    {"replaceDynamicTags",
        "{\"realCmd\": \"<a> x\", \"aInfo\": {\"a\": \"1;\"}}",
        "['f2bV_a=$0 \\n$f2bV_a x', '1;']", ""},
    {"clearAllParams", NULL, "None", ""},
};

START_TEST(methods_answer_as_those_of_fail2ban)
{
	const struct call_case *c = &call_cases[_i];

	buf_init(&called);
	fx.action = add("A");
	tracing(" start stop ban unban ");
	ck_assert_int_eq(action_call(fx.action, c->method, c->json, call_done,
	                     NULL, &fx.err),
	    0);
	ck_assert_str_eq(called.p, "");
	expect_trace(c->trace);
	ck_assert_str_eq(called.p, c->result);
	buf_release(&called);
}
END_TEST

START_TEST(a_method_tells_its_error)
{
	buf_init(&called);
	fx.action = add("A");
	tracing(" ban ");
	breaks("ban", true);
	ck_assert_int_eq(
	    action_call(fx.action, "ban", "{\"aInfo\":{\"ip\":\"1\"}}",
	        call_done, NULL, &fx.err),
	    0);
	fixture_run();
	ck_assert_str_eq(called.p, "error: Error banning 1");
	ck_assert_int_eq(
	    action_call(fx.action, "nometh", NULL, call_done, NULL, &fx.err),
	    -1);
	ck_assert_str_eq(err_text(&fx.err),
	    "'CommandAction' object has no attribute 'nometh'");
	err_reset(&fx.err);
	ck_assert_int_eq(
	    action_call(fx.action, "ban", "{x", call_done, NULL, &fx.err), -1);
	err_reset(&fx.err);
	ck_assert_int_eq(
	    action_call(fx.action, "ban", "{}", call_done, NULL, &fx.err), -1);
	buf_release(&called);
}
END_TEST

/* ---- reload */

static void
commit(const char *id1, const char *id2)
{
	struct ticket *t[2] = {ticket(id1), ticket(id2)};

	actionset_reload_commit(
	    fx.set, (const struct ticket *const *)t, 2, answered, NULL);
	ticket_free(t[0]);
	ticket_free(t[1]);
}

static void
named(const char *name)
{
	static const char *const cmds[] = {
	    "start", "stop", "ban", "unban", "reload"};

	fx.action = add(name);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		char *property = xasprintf("action%s", cmds[i]);
		char *command =
		    xasprintf("echo %s %s <ip> >>$TRACE", cmds[i], name);

		set(property, command);
		free(property);
		free(command);
	}
}

START_TEST(reload_keeps_adds_and_removes)
{
	named("keep");
	named("drop");
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	ban("192.0.2.2");
	fixture_run();
	(void)fixture_trace();
	(void)fixture_log();
	actionset_reload_begin(fx.set);
	named("keep");
	named("new");
	commit("192.0.2.1", "192.0.2.2");
	ban("192.0.2.3");
	expect_trace("unban drop 192.0.2.1\nunban drop 192.0.2.2\n"
	             "reload keep\nstop drop\nstart new\n"
	             "ban new 192.0.2.1\nban new 192.0.2.2\n"
	             "ban keep 192.0.2.3\nban new 192.0.2.3\n");
	expect_log("");
	ck_assert_uint_eq(actionset_count(fx.set), 2);
	ck_assert_str_eq(action_name(actionset_at(fx.set, 1)), "new");
	ck_assert_ptr_null(actionset_find(fx.set, "drop"));
}
END_TEST

START_TEST(reload_clears_properties_that_are_not_set_again)
{
	fx.action = add("A");
	set("actionban", "echo <x> >>$TRACE");
	set("x", "old");
	actionset_reload_begin(fx.set);
	fx.action = add("A");
	set("actionban", "echo new <x> >>$TRACE");
	ban("192.0.2.1");
	expect_trace("old\n");
	commit("192.0.2.1", "192.0.2.2");
	ban("192.0.2.5");
	fixture_run();
	ck_assert_str_eq(fx.answers.p, "110");
	ck_assert_ptr_null(action_get(fx.action, "x", &fx.err));
}
END_TEST

START_TEST(an_aborted_reload_changes_nothing)
{
	named("A");
	actionset_reload_begin(fx.set);
	named("B");
	actionset_reload_abort(fx.set);
	ck_assert_uint_eq(actionset_count(fx.set), 1);
	ban("192.0.2.1");
	expect_trace("ban A 192.0.2.1\n");
}
END_TEST

START_TEST(restored_bans_in_the_queue_reach_a_new_action_once)
{
	struct ticket *t = ticket("192.0.2.1");

	named("A");
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	actionset_reload_begin(fx.set);
	named("A");
	named("B");
	commit("192.0.2.1", "192.0.2.2");
	expect_trace("start B\nban B 192.0.2.2\n"
	             "ban A 192.0.2.1\nban B 192.0.2.1\n");
	ticket_free(t);
}
END_TEST

START_TEST(deleting_an_action_that_is_at_work_is_harmless)
{
	named("A");
	set("actionban", FIXTURE_GATE "echo ban A <ip> >>$TRACE");
	named("B");
	fixture_hold();
	ban("192.0.2.1");
	ban("192.0.2.2");
	fixture_run_command();
	ck_assert_int_eq(actionset_del(fx.set, "A", &fx.err), 0);
	fixture_go_on();
	expect_trace("ban A 192.0.2.1\nban B 192.0.2.1\nban B 192.0.2.2\n");
}
END_TEST

/* ---- smtp.py */

static void
add_smtp(void)
{
	clock_set(1795531768);
	fx.action = actionset_add(fx.set, "smtp", "action.d/smtp.py",
	    "{\"host\": \"h:25\", \"dest\": \"root, a@b\", "
	    "\"matches\": \"matches\", \"user\": \"u\", "
	    "\"password\": \"p\"}",
	    &fx.err);
	ck_assert_ptr_nonnull(fx.action);
}

/* fail2ban: texts recorded from smtp.py of 1.0.2. */
START_TEST(smtp_writes_on_start_ban_and_stop)
{
	struct ticket *t = ticket("192.0.2.1");
	const char *mails;

	add_smtp();
	t->failures = 3;
	value_adds(t->matches, "line 1");
	actionset_start(fx.set, answered, NULL);
	fixture_run();
	mails = fixture_trace();
	ck_assert_ptr_eq(
	    strstr(mails, "host h:25\nuser u\npassword p\nfrom fail2ban\n"
	                  "to root\nto a@b\n\nContent-Type: text/plain"),
	    mails);
	ck_assert_ptr_nonnull(
	    strstr(mails, "Subject: [Fail2Ban] J: started on "));
	ck_assert_ptr_nonnull(strstr(mails,
	    "\n\nHi,\n\nThe jail J has been started successfully.\n\n"
	    "Regards,\nFail2Ban\n"));
	actionset_ban(fx.set, t, LANE_LIVE, answered, NULL);
	fixture_run();
	ck_assert_ptr_nonnull(strstr(fixture_trace(),
	    "\n\nHi,\n\nThe IP 192.0.2.1 has just been banned for 600 "
	    "seconds\nby Fail2Ban after 3 attempts against J.\n\n"
	    "Matches for this ban:\nline 1\n\nRegards,\nFail2Ban\n"));
	actionset_unban(fx.set, t, answered, NULL);
	t->restored = true;
	actionset_ban(fx.set, t, LANE_RESTORE, answered, NULL);
	expect_trace("");
	flush("192.0.2.1", "192.0.2.2", true);
	actionset_stop(fx.set, answered, NULL);
	fixture_run();
	ck_assert_ptr_nonnull(
	    strstr(fixture_trace(), "The jail J has been stopped."));
	ck_assert_str_eq(fx.answers.p, "111111");
	ticket_free(t);
}
END_TEST

START_TEST(a_mail_that_fails_says_why)
{
	add_smtp();
	ck_assert_int_eq(setenv("SMTP_FAILS", "[Errno 111] refused", 1), 0);
	actionset_start(fx.set, answered, NULL);
	ban("192.0.2.1");
	fixture_run();
	expect_log("ERROR actions: Failed to start jail 'J' action 'smtp': "
	           "[Errno 111] refused\n"
	           "ERROR actions: Failed to execute ban jail 'J' action "
	           "'smtp' info 'ActionInfo({'ip': '192.0.2.1', 'family': "
	           "'inet4', 'fid': '192.0.2.1'})': [Errno 111] refused\n");
	ck_assert_str_eq(fx.answers.p, "00");
}
END_TEST

START_TEST(smtp_has_the_properties_of_its_class)
{
	struct buf b = BUF_INIT;
	struct value *list;

	add_smtp();
	list = action_properties(fx.action);
	value_repr(&b, list);
	ck_assert_str_eq(b.p,
	    "['fromaddr', 'fromname', 'host', 'matches', 'norestored', "
	    "'password', 'ssl', 'toaddr', 'user']");
	value_free(list);
	buf_reset(&b);
	list = action_methods(fx.action);
	value_repr(&b, list);
	ck_assert_str_eq(b.p, "['ban', 'reban', 'start', 'stop', 'unban']");
	value_free(list);
	buf_release(&b);
}
END_TEST

Suite *action_suite(void);

Suite *
action_suite(void)
{
	Suite *s = suite_create("action");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, actionfix_setup, actionfix_teardown);
	tcase_add_test(tc, an_action_is_there_once);
	tcase_add_test(tc, tokens_are_not_among_the_arguments_of_the_shell);
	tcase_add_test(tc, properties_are_those_of_fail2ban);
	tcase_add_loop_test(tc, properties_are_set_and_got, 0,
	    sizeof(property_cases) / sizeof(property_cases[0]));
	tcase_add_test(tc, only_one_python_action_runs);
	tcase_add_loop_test(tc, methods_answer_as_those_of_fail2ban, 0,
	    sizeof(call_cases) / sizeof(call_cases[0]));
	tcase_add_test(tc, a_method_tells_its_error);
	tcase_add_test(tc, reload_keeps_adds_and_removes);
	tcase_add_test(tc, reload_clears_properties_that_are_not_set_again);
	tcase_add_test(tc, an_aborted_reload_changes_nothing);
	tcase_add_test(tc, restored_bans_in_the_queue_reach_a_new_action_once);
	tcase_add_test(tc, deleting_an_action_that_is_at_work_is_harmless);
	tcase_add_test(tc, smtp_writes_on_start_ban_and_stop);
	tcase_add_test(tc, a_mail_that_fails_says_why);
	tcase_add_test(tc, smtp_has_the_properties_of_its_class);

	suite_add_tcase(s, tc);
	return s;
}
