#include <check.h>
#include <string.h>

#include "base/log.h"
#include "tools/cliopts.h"

static struct cli_opts o;
static struct buf msg = BUF_INIT;

/* The arguments behind the program's name, NULL at the end. */
static void
parse(const char *const *words)
{
	static char text[16][64];
	static char *argv[17];
	int argc = 0;

	(void)strcpy(text[0], "fail2ban-client");
	argv[argc++] = text[0];
	for (; *words != NULL; words++, argc++) {
		(void)strncpy(text[argc], *words, sizeof(text[0]) - 1);
		argv[argc] = text[argc];
	}
	argv[argc] = NULL;
	buf_reset(&msg);
	cli_parse(&o, &msg, argc, argv);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void
teardown(void)
{
	buf_release(&msg);
}

START_TEST(options_end_at_the_first_word)
{
	PARSE("-vv", "-c/conf", "-s", "/s", "--pidfile=/p", "set", "-x", "--y");
	ck_assert_int_eq(o.action, CLI_RUN);
	ck_assert_int_eq(o.verbose, 2);
	ck_assert_str_eq(o.conf, "/conf");
	ck_assert_str_eq(o.socket, "/s");
	ck_assert_str_eq(o.pidfile, "/p");
	ck_assert_int_eq(o.words_n, 3);
	ck_assert_str_eq(o.words[1], "-x");
	ck_assert(!o.force);
}
END_TEST

START_TEST(defaults_are_fail2bans)
{
	PARSE("status");
	ck_assert(o.timeout == 30);
	ck_assert_ptr_null(o.socket);
	ck_assert(!o.foreground && !o.force && !o.test && !o.dump);
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_WARN);
}
END_TEST

static const struct action_case {
	const char *words[4];
	enum cli_action action;
} action_cases[] = {
    {{"--vers"}, CLI_VERSION},
    {{"-V", "ping"}, CLI_NUMBER},
    {{"-h", "--nosuch"}, CLI_HELP},
    {{"--help"}, CLI_HELP},
    {{"--str2sec", "1d12h"}, CLI_STR2SEC},
    {{"--str2", "1d", "-Z"}, CLI_STR2SEC},
    {{"--log", "x"}, CLI_BAD},
    {{"--foo"}, CLI_BAD},
    {{"-Z"}, CLI_BAD},
    {{"-c"}, CLI_BAD},
    {{"--conf"}, CLI_BAD},
    {{"--test=1"}, CLI_BAD},
    {{"--timeout", "x", "ping"}, CLI_BAD},
    {{"--feed"}, CLI_FEED},
    {{"--settings"}, CLI_SETTINGS},
    {{"--completion", "bash"}, CLI_COMPLETION},
    {{"--complete", "--", "a"}, CLI_COMPLETE},
    {{"--", "-V"}, CLI_RUN},
    {{"-"}, CLI_RUN},
};

START_TEST(first_deciding_option_decides)
{
	parse(action_cases[_i].words);
	ck_assert_int_eq(o.action, action_cases[_i].action);
}
END_TEST

START_TEST(wrong_time_is_told_instead_of_the_usage)
{
	PARSE("--timeout", "x");
	ck_assert_msg(strncmp(msg.p, "ERROR: ", 7) == 0, "%s", msg.p);
	PARSE("--timeout", "1m30s", "ping");
	ck_assert(o.timeout == 90);
}
END_TEST

START_TEST(own_options_leave_the_others_short)
{
	PARSE("--sock", "/s", "--co=/c", "--socket-group", "g", "--json");
	ck_assert_int_eq(o.action, CLI_RUN);
	ck_assert_str_eq(o.socket, "/s");
	ck_assert_str_eq(o.conf, "/c");
	ck_assert_str_eq(o.socket_group, "g");
	ck_assert(o.json);
	PARSE("--st", "1d");
	ck_assert_int_eq(o.action, CLI_STR2SEC);
	PARSE("--jso");
	ck_assert_int_eq(o.action, CLI_BAD);
}
END_TEST

START_TEST(verbosity_goes_up_and_down)
{
	PARSE("-q");
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_ERROR);
	PARSE("-v");
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_INFO_);
	PARSE("-vv");
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_DEBUG_);
	PARSE("-vvvvvv");
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_HEAVY);
	PARSE("-qqq");
	ck_assert_int_eq(cli_log_level(o.verbose), LOG_ERROR);
}
END_TEST

START_TEST(last_of_background_and_foreground_counts)
{
	PARSE("-f", "-b", "--dp", "-x", "-t", "--strict", "-i", "--json");
	ck_assert(!o.foreground && o.dump && o.pretty && o.force && o.test &&
	          o.strict && o.interactive && o.json);
	PARSE("-b", "-f");
	ck_assert(o.foreground);
}
END_TEST

Suite *cliopts_suite(void);

Suite *
cliopts_suite(void)
{
	Suite *s = suite_create("cliopts");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, options_end_at_the_first_word);
	tcase_add_test(tc, defaults_are_fail2bans);
	tcase_add_loop_test(tc, first_deciding_option_decides, 0,
	    sizeof(action_cases) / sizeof(action_cases[0]));
	tcase_add_test(tc, wrong_time_is_told_instead_of_the_usage);
	tcase_add_test(tc, own_options_leave_the_others_short);
	tcase_add_test(tc, verbosity_goes_up_and_down);
	tcase_add_test(tc, last_of_background_and_foreground_counts);
	suite_add_tcase(s, tc);
	return s;
}
