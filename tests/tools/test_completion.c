#include <check.h>
#include <string.h>

#include "tools/completion.h"
#include "tools/words.h"

static const struct completion_case {
	const char *line; /* its last word, '' for none yet, is completed */
	const char *want; /* proposals without their texts */
} completion_cases[] = {
    {"st", "start stop status stats"},
    {"relo", "reload"},
    {"status ''", "--all sshd recidive"},
    {"status ss", "sshd"},
    {"reload ''", "--restart --unban --all --if-exists sshd recidive"},
    {"reload --unban s", "sshd"},
    {"get l", "loglevel logtarget"},
    {"set sshd id", "idle"},
    {"set sshd idle o", "on off"},
    {"set sshd action x actionb", "actionban"},
    {"set syslogsocket ''", "auto"},
    {"get sshd banip ''", "--with-time"},
    {"set loglevel N", "NOTICE"},
    {"set logtarget SY", "SYSLOG SYSOUT SYSTEMD-JOURNAL"},
    {"status sshd s", "short stats"},
    {"add sshd p", "polling pyinotify"},
    {"unban 192.0.2.1 ''", ""},
    {"nosuch ''", ""},
    {"ping 1 ''", ""},
};

START_TEST(proposes_what_the_usage_says)
{
	const struct completion_case *c = &completion_cases[_i];
	struct value *words = value_list(), *jails = value_list();
	struct buf out = BUF_INIT, got = BUF_INIT;
	char *line, *rest;

	value_adds(jails, "sshd");
	value_adds(jails, "recidive");
	ck_assert_int_eq(words_split(words, c->line, NULL), 0);
	completion_command(&out, words, jails);
	rest = out.p;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
		buf_addf(&got, "%s%.*s", got.n > 0 ? " " : "",
		    (int)strcspn(line, "\t"), line);
	ck_assert_str_eq(got.p, c->want);
	buf_release(&out);
	buf_release(&got);
	value_free(words);
	value_free(jails);
}
END_TEST

START_TEST(without_a_server_commands_are_no_jails)
{
	struct value *words = value_list(), *jails = value_list();
	struct buf out = BUF_INIT;

	ck_assert_int_eq(words_split(words, "set loglevel ''", NULL), 0);
	completion_command(&out, words, jails);
	ck_assert_ptr_eq(strstr(out.p, "CRITICAL"), out.p);
	ck_assert_ptr_null(strstr(out.p, "bantime"));
	buf_release(&out);
	value_free(words);
	value_free(jails);
}
END_TEST

START_TEST(proposes_options)
{
	struct buf out = BUF_INIT;

	completion_option(&out, "--dum");
	ck_assert_ptr_eq(strstr(out.p, "--dump-pretty\t"), out.p);
	completion_option(&out, "-c");
	ck_assert_ptr_nonnull(strstr(out.p, "\n-c\t"));
	buf_release(&out);
}
END_TEST

Suite *completion_suite(void);

Suite *
completion_suite(void)
{
	Suite *s = suite_create("completion");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, proposes_what_the_usage_says, 0,
	    sizeof(completion_cases) / sizeof(completion_cases[0]));
	tcase_add_test(tc, without_a_server_commands_are_no_jails);
	tcase_add_test(tc, proposes_options);
	suite_add_tcase(s, tc);
	return s;
}
