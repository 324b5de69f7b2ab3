#include "engine/runner.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/solitary.h"
#include "fixture.h"

static struct command_result got; /* without its buffers */
static struct buf out, err;
static int calls;

static void
setup(void)
{
	fixture_setup();
	memset(&got, 0, sizeof(got));
	buf_init(&out);
	buf_init(&err);
	calls = 0;
}

static void
teardown(void)
{
	buf_release(&out);
	buf_release(&err);
	fixture_teardown();
}

static void
done(void *arg, const struct command_result *r)
{
	(void)arg;
	got = *r;
	buf_add(&out, r->out.p, r->out.n);
	buf_add(&err, r->err.p, r->err.n);
	calls++;
}

static void
run(const char *text, int timeout_ms)
{
	struct command c = {.text = text, .timeout_ms = timeout_ms};

	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	ck_assert_int_eq(calls, 1);
	ck_assert_uint_eq(runner_active(fix.runner), 0);
}

START_TEST(a_command_gives_its_status_and_both_outputs)
{
	run("echo to out; echo to err >&2; exit 3", 60000);
	ck_assert_int_eq(got.status, 3);
	ck_assert(!got.ok);
	ck_assert_str_eq(out.p, "to out\n");
	ck_assert_str_eq(err.p, "to err\n");
}
END_TEST

#define HINT_END                                                               \
	" are in the PATH of fail2ban-server process (grep -a PATH= "          \
	"/proc/`pidof -x fail2ban-server`/environ). You may want to start "    \
	"\"fail2ban-server -f\" separately, initiate it with "                 \
	"\"fail2ban-client reload\" in another shell session and observe if "  \
	"additional informative error messages appear in the terminals.\n"

/* fail2ban: log lines recorded from 1.0.2. */
static const struct log_case {
	const char *text;
	int timeout_ms;
	int level;
	const char *log;
} log_cases[] = {
    {"echo hi", 5000, LOG_INFO_, ""},
    {"echo hi", 5000, LOG_DEBUG_,
        "DEBUG utils: ID -- stdout: 'hi'\n"
        "DEBUG utils: ID -- returned successfully 0\n"},
    {"echo hi", 5000, LOG_DETAIL,
        "#09-Lev. utils: ID -- exec: echo hi\n"
        "DEBUG utils: ID -- stdout: 'hi'\n"
        "DEBUG utils: ID -- returned successfully 0\n"},
    {"echo a; echo \"b'x\" >&2; exit 3", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: echo a; echo \"b'x\" >&2; exit 3\n"
        "ERROR utils: ID -- stdout: 'a'\n"
        "ERROR utils: ID -- stderr: \"b'x\"\n"
        "ERROR utils: ID -- returned 3\n"},
    {"kill -INT $$", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: kill -INT $$\n"
        "ERROR utils: ID -- killed with SIGINT (return code: -2)\n"},
    {"exit 130", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: exit 130\n"
        "ERROR utils: ID -- killed with SIGINT (return code: 130)\n"},
    {"exit 255", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: exit 255\n"
        "ERROR utils: ID -- killed with signal 127 (return code: 255)\n"},
    {"exit 128", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: exit 128\n"
        "ERROR utils: ID -- returned 128\n"},
    {"exit 127", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: exit 127\n"
        "ERROR utils: ID -- returned 127\n"
        "INFO utils: HINT on 127: \"Command not found\".  Make sure that all "
        "commands in 'exit 127'" HINT_END},
    {"echo x; sleep 5", 200, LOG_INFO_,
        "ERROR utils: ID -- exec: echo x; sleep 5\n"
        "ERROR utils: ID -- timed out after 0.2 seconds.\n"
        "ERROR utils: ID -- stdout: 'x'\n"
        "ERROR utils: ID -- killed with SIGTERM (return code: -15)\n"},
    {"trap '' TERM; while :; do sleep 1; done", 100, LOG_INFO_,
        "ERROR utils: ID -- exec: trap '' TERM; while :; do sleep 1; done\n"
        "ERROR utils: ID -- timed out after 0.1 seconds.\n"
        "ERROR utils: ID -- killed with SIGKILL (return code: -9)\n"},
    {"printf 'a\\n\\nb\\303\\274\\377\\rq\\tz\\n'; exit 2", 5000, LOG_INFO_,
        "ERROR utils: ID -- exec: "
        "printf 'a\\n\\nb\\303\\274\\377\\rq\\tz\\n'; exit 2\n"
        "ERROR utils: ID -- stdout: 'a'\n"
        "ERROR utils: ID -- stdout: ''\n"
        "ERROR utils: ID -- stdout: 'b\303\274\357\277\275'\n"
        "ERROR utils: ID -- stdout: 'q\\tz'\n"
        "ERROR utils: ID -- returned 2\n"},
};

START_TEST(log_lines_are_those_of_fail2ban)
{
	const struct log_case *c = &log_cases[_i];

	log_set_level(c->level);
	run(c->text, c->timeout_ms);
	ck_assert_str_eq(fixture_log(), c->log);
}
END_TEST

START_TEST(arguments_reach_the_shell_untouched_and_are_logged_as_a_list)
{
	const char *args[] = {"it's; $(rm) `x`\n", "b"};
	struct command c = {.text = "printf %s \"$0$1\"; false",
	    .args = args,
	    .nargs = 2,
	    .timeout_ms = 5000};

	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	ck_assert_str_eq(out.p, "it's; $(rm) `x`\nb");
	ck_assert_ptr_nonnull(
	    strstr(fixture_log(), "exec: ['printf %s \"$0$1\"; false', "
	                          "\"it's; $(rm) `x`\\n\", 'b']\n"));
}
END_TEST

START_TEST(a_secret_text_is_not_among_the_arguments)
{
	const char *args[] = {"0", "it's $1"};
	struct command c = {
	    .text = "tr '\\0' ' ' </proc/$$/cmdline | grep -c PASSWORD\n"
	            "env | grep -c F2B_COMMAND; echo \"$1\"; exit 3",
	    .args = args,
	    .nargs = 2,
	    .timeout_ms = 5000,
	    .secret = true};

	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	ck_assert_str_eq(out.p, "0\n0\nit's $1\n");
	ck_assert_int_eq(got.status, 3);
}
END_TEST

START_TEST(more_output_than_a_pipe_holds_does_not_hang_and_is_capped)
{
	run("head -c 1000000 /dev/zero | tr '\\0' x", 20000);
	ck_assert(got.ok);
	ck_assert_uint_eq(out.n, 64 * 1024);
}
END_TEST

START_TEST(a_background_child_that_holds_the_output_does_not_delay_the_end)
{
	uint64_t start = uv_hrtime();

	run("sleep 30 & echo $!", 20000);
	ck_assert(got.ok);
	ck_assert_uint_lt((uv_hrtime() - start) / 1000000, 10000);
	(void)kill(atoi(out.p), SIGKILL);
}
END_TEST

/* The second one is short, and ends after the first all the same. */
START_TEST(ufw_never_runs_twice_at_the_same_time)
{
	char *dir = xstrdup("/tmp/f2brunXXXXXX"), *text[4];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	text[0] = xasprintf("mkfifo %s/p; : >%s/ready; : | ufw 1 2>/dev/null; "
	                    "read x <%s/p; echo a",
	    dir, dir, dir);
	text[1] = xstrdup("echo b; [ -z '/sbin/ufw x' ]; true");
	text[2] = xasprintf("until [ -e %s/ready ]; do :; done; echo c; "
	                    "echo >%s/p",
	    dir, dir);
	text[3] = xasprintf("rm -r %s", dir);
	for (int i = 0; i < 3; i++) {
		struct command c = {.text = text[i], .timeout_ms = 60000};

		(void)runner_run(fix.runner, &c, done, NULL);
	}
	fixture_run();
	ck_assert_int_eq(calls, 3);
	/* c ends when it likes */
	ck_assert_ptr_nonnull(strstr(out.p, "b\n"));
	ck_assert(strstr(out.p, "a\n") < strstr(out.p, "b\n"));
	calls = 0;
	run(text[3], 0);
	for (int i = 0; i < 4; i++)
		free(text[i]);
	free(dir);
}
END_TEST

static const struct solitary_case {
	const char *text;
	bool is;
} solitary_cases[] = {
    {"ufw prepend reject from 192.0.2.1 to any", true},
    {"if true\nthen\n  ufw delete reject from 192.0.2.1\nfi", true},
    {"test -z '' || /usr/sbin/ufw status", true},
    {"printf x >> /etc/hosts.deny", true},
    {"sed -i /x/d '/etc/hosts.deny'", true},
    {"iptables -A ufw-user-input -j REJECT", false},
    {"cat /etc/ufw/user.rules /etc/ufw.conf", false},
    {"echo snufw", false},
    {"echo > /etc/hosts.deny.new", false},
    {"nft add element inet f2b-table s { 192.0.2.1 }", false},
};

START_TEST(commands_that_do_not_bear_each_other)
{
	const struct solitary_case *t = &solitary_cases[_i];
	struct command c = {.text = t->text};

	ck_assert_msg(solitary_is(&c) == t->is, "%s", t->text);
}
END_TEST

START_TEST(a_timeout_kills_the_whole_group)
{
	run("sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & "
	    "echo $!; sleep 20",
	    100);
	ck_assert(got.timed_out);
	ck_assert(!got.ok);
	for (int i = 0; i < 1000 && kill(atoi(out.p), 0) == 0; i++) {
		struct timespec t = {0, 1000000};

		if (getpgid(atoi(out.p)) == -1)
			break;
		nanosleep(&t, NULL);
	}
	ck_assert_int_ne(atoi(out.p), 0);
}
END_TEST

START_TEST(a_command_is_the_leader_of_a_session_with_default_signals)
{
	(void)signal(SIGPIPE, SIG_IGN);
	/* that one stays ignored where it is, such as under nohup */
	(void)signal(SIGHUP, SIG_DFL);
	/* the lower 31 signals: those above are inherited as they are */
	run("read -r a b c d e f g < /proc/$$/stat; test $f = $$ || exit 1\n"
	    "while read -r name set; do case $name in SigBlk: | SigIgn:)\n"
	    "echo $name $((0x$set & 0x7fffffff)) ;; esac\n"
	    "done < /proc/$$/status",
	    5000);
	ck_assert(got.ok);
	ck_assert_str_eq(out.p, "SigBlk: 0\nSigIgn: 0\n");
}
END_TEST

START_TEST(a_program_is_run_without_a_shell_and_reads_its_input)
{
	const char *argv[] = {"cat", "-", NULL};
	size_t n = 300000;
	char *input = xmalloc(n);
	struct command c = {.text = "cat -",
	    .argv = argv,
	    .input = input,
	    .input_n = n,
	    .timeout_ms = 5000};

	memset(input, 'y', n);
	(void)runner_run(fix.runner, &c, done, NULL);
	free(input);
	fixture_run();
	ck_assert(got.ok);
	ck_assert_uint_eq(out.n, 64 * 1024);
	ck_assert_int_eq(out.p[0], 'y');
}
END_TEST

START_TEST(a_missing_program_fails_from_the_loop)
{
	const char *argv[] = {"/nonexistent/program", NULL};
	struct command c = {.text = "/nonexistent/program", .argv = argv};

	(void)runner_run(fix.runner, &c, done, NULL);
	ck_assert_int_eq(calls, 0);
	fixture_run();
	ck_assert_int_eq(calls, 1);
	ck_assert(got.failed);
	ck_assert(!got.ok);
	ck_assert_str_eq(fixture_log(),
	    "ERROR utils: /nonexistent/program -- failed with "
	    "[Errno 2] No such file or directory\n");
}
END_TEST

START_TEST(what_needs_no_shell_goes_without_one)
{
	char sh[] = "/bin/sh", option[] = "-c", text[] = "echo $PPID";
	char *direct[] = {sh, option, text, NULL};
	struct command c = {.text = "echo sh", .direct = direct};
	struct buf want = BUF_INIT;

	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	buf_addf(&want, "%d\n", (int)getpid());
	ck_assert_str_eq(out.p, want.p);
	buf_reset(&out);
	sh[1] = '-'; /* a program that is not there */
	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	ck_assert(got.ok);
	ck_assert_str_eq(out.p, "sh\n");
	buf_release(&want);
}
END_TEST

START_TEST(statuses_up_to_ok_max_are_no_errors)
{
	struct command c = {.text = "exit 1", .ok_max = 1, .timeout_ms = 5000};

	(void)runner_run(fix.runner, &c, done, NULL);
	fixture_run();
	ck_assert(got.ok);
	ck_assert_int_eq(got.status, 1);
	ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(commands_run_side_by_side)
{
	/* each waits for the other: one after the other both would time out */
	struct command a = {
	    .text = "mkfifo $DIR/f; touch $DIR/made; read x < $DIR/f",
	    .timeout_ms = 5000};
	struct command b = {
	    .text = "until test -e $DIR/made; do :; done; echo x > $DIR/f",
	    .timeout_ms = 5000};

	(void)runner_run(fix.runner, &a, done, NULL);
	(void)runner_run(fix.runner, &b, done, NULL);
	ck_assert_uint_eq(runner_active(fix.runner), 2);
	fixture_run();
	ck_assert_int_eq(calls, 2);
	ck_assert_str_eq(fixture_log(), "");
}
END_TEST

START_TEST(a_cancelled_command_is_killed_and_says_nothing)
{
	struct command c = {.text = "sleep 60", .timeout_ms = 100000};
	unsigned long id = runner_run(fix.runner, &c, done, NULL);

	runner_cancel(fix.runner, id + 1);
	ck_assert_uint_eq(runner_active(fix.runner), 1);
	runner_cancel(fix.runner, id);
	ck_assert_uint_eq(runner_active(fix.runner), 0);
	fixture_run();
	ck_assert_int_eq(calls, 0);
	ck_assert_str_eq(fixture_log(), "");
}
END_TEST

Suite *runner_suite(void);

Suite *
runner_suite(void)
{
	Suite *s = suite_create("runner");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_command_gives_its_status_and_both_outputs);
	tcase_add_test(tc, a_secret_text_is_not_among_the_arguments);
	tcase_add_loop_test(tc, log_lines_are_those_of_fail2ban, 0,
	    sizeof(log_cases) / sizeof(log_cases[0]));
	tcase_add_test(
	    tc, arguments_reach_the_shell_untouched_and_are_logged_as_a_list);
	tcase_add_test(
	    tc, more_output_than_a_pipe_holds_does_not_hang_and_is_capped);
	tcase_add_test(tc,
	    a_background_child_that_holds_the_output_does_not_delay_the_end);
	tcase_add_test(tc, ufw_never_runs_twice_at_the_same_time);
	tcase_add_loop_test(tc, commands_that_do_not_bear_each_other, 0,
	    sizeof(solitary_cases) / sizeof(solitary_cases[0]));
	tcase_add_test(tc, a_timeout_kills_the_whole_group);
	tcase_add_test(
	    tc, a_command_is_the_leader_of_a_session_with_default_signals);
	tcase_add_test(
	    tc, a_program_is_run_without_a_shell_and_reads_its_input);
	tcase_add_test(tc, a_missing_program_fails_from_the_loop);
	tcase_add_test(tc, what_needs_no_shell_goes_without_one);
	tcase_add_test(tc, statuses_up_to_ok_max_are_no_errors);
	tcase_add_test(tc, commands_run_side_by_side);
	tcase_add_test(tc, a_cancelled_command_is_killed_and_says_nothing);
	suite_add_tcase(s, tc);
	return s;
}
