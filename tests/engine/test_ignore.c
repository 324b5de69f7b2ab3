#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "jailfix.h"

static char *file;

static void
setup(void)
{
	jailfix_setup();
	jailfix_set("ignoreself", "no");
	jailfix_set("maxretry", "100");
	file = xasprintf("%s/list", fix.dir);
	(void)fixture_log();
}

static void
teardown(void)
{
	free(file);
	jailfix_teardown();
}

/* Why one failure of this id is ignored; "" when it is not. */
static const char *
source(const char *id)
{
	static struct buf out = BUF_INIT;
	const char *log, *by;

	jailfix_fails(id, 1);
	log = fixture_log();
	buf_reset(&out);
	by = strstr(log, " by ");
	if (strstr(log, "] Ignore ") != NULL && by != NULL)
		buf_add(&out, by + 4, strcspn(by + 4, "\n"));
	else if (strstr(log, "] Found ") == NULL)
		buf_adds(&out, "silent");
	return out.p;
}

static const struct entry_case {
	const char *entry;
	const char *id;
	const char *source;
} entry_cases[] = {
    {"192.0.2.1", "192.0.2.1", "ip"},
    {"::ffff:192.0.2.1", "192.0.2.1", "ip"},
    {"192.0.2.1", "192.0.2.2", ""},
    {"192.0.2.0/24", "192.0.2.2", "ip"},
    {"192.0.2.0/24", "192.0.2.0/25", "ip"},
    {"192.0.2.0/255.255.255.0", "192.0.2.2", "ip"},
    {"::/0", "192.0.2.2", ""},
    {"2001:db8::/32", "2001:db8:1::1", "ip"},
    {"two.example", "192.0.2.41", "dns"},
    {"two.example", "192.0.2.42", ""},
    {"user 1", "user 1", "ip"},
    {"user 1", "user 2", ""},
};

START_TEST(entries_match_what_they_mean)
{
	const struct entry_case *c = &entry_cases[_i];

	jailfix_set("addignoreip", c->entry);
	ck_assert_str_eq(source(c->id), c->source);
}
END_TEST

START_TEST(own_addresses_are_left_alone)
{
	jailfix_set("ignoreself", "yes");
	ck_assert_str_eq(source("127.0.0.1"), "ignoreself rule");
	ck_assert_str_eq(source("198.18.7.7"), "");
}
END_TEST

START_TEST(duplicates_are_dropped)
{
	struct value *v;

	jailfix_set("addignoreip", "192.0.2.7/24");
	jailfix_set("addignoreip", "192.0.2.0/24");
	v = jail_get(jf.jail, "ignoreip");
	ck_assert_uint_eq(v->n, 1);
	value_free(v);
}
END_TEST

static void
write_file(const char *text)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(files_are_read_again_when_they_change)
{
	char *entry = xasprintf("file:%s", file);

	write_file("# 192.0.2.9\n192.0.2.1, 198.51.100.0/24 ; 192.0.2.8\n"
	           "f#g\n");
	jailfix_set("addignoreip", entry);
	ck_assert_str_eq(source("192.0.2.1"), entry);
	ck_assert_str_eq(source("198.51.100.77"), entry);
	ck_assert_str_eq(source("f#g"), entry);
	ck_assert_str_eq(source("192.0.2.9"), "");
	ck_assert_str_eq(source("192.0.2.8"), "");
	write_file("192.0.2.123");
	ck_assert_str_eq(source("192.0.2.1"), entry);
	clock_advance(1.5);
	ck_assert_str_eq(source("192.0.2.1"), "");
	ck_assert_str_eq(source("192.0.2.123"), entry);
	free(entry);
}
END_TEST

START_TEST(missing_file_is_said_once_a_minute)
{
	jailfix_set("addignoreip", "file:///no/such/file");
	jailfix_fails("192.0.2.1", 1);
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "WARNING ipdns: Retrieving IPs set from '/no/such/file' failed: "
	    "No such file or directory\n"));
	jailfix_fails("192.0.2.2", 1);
	ck_assert_ptr_null(strstr(fixture_log(), "WARNING"));
}
END_TEST

START_TEST(slow_name_is_asked_once_and_then_known)
{
	jailfix_set("addignoreip", "slow.example");
	jailfix_fails("192.0.2.9", 1);
	ck_assert_str_eq(fixture_log(), "");
	jailfix_resolve("192.0.2.9");
	ck_assert_str_eq(
	    fixture_log(), "INFO filter: [j] Ignore 192.0.2.9 by dns\n");
	ck_assert_str_eq(source("192.0.2.9"), "dns");
	ck_assert_str_eq(source("192.0.2.10"), "");
	ck_assert_int_eq(jf.questions, 1);
	/* old, but good enough while it is asked again */
	clock_advance(301);
	ck_assert_str_eq(source("192.0.2.9"), "dns");
	ck_assert_int_eq(jf.questions, 2);
}
END_TEST

START_TEST(cache_remembers_the_command)
{
	jailfix_set("ignorecommand",
	    "echo <ip> >>$TRACE; test \"<F-USER>\" = root -o <ip> = 192.0.2.7");
	jailfix_set("ignorecache", "key=\"<ip>\", max-count=2, max-time=1m");
	ck_assert_str_eq(source("192.0.2.7"), "command");
	ck_assert_str_eq(source("192.0.2.7"), "silent");
	ck_assert_str_eq(source("192.0.2.8"), "");
	ck_assert_str_eq(source("192.0.2.8"), "");
	ck_assert_str_eq(fixture_trace(), "192.0.2.7\n192.0.2.8\n");
	clock_advance(61);
	ck_assert_str_eq(source("192.0.2.8"), "");
	ck_assert_str_eq(fixture_trace(), "192.0.2.8\n");
	ck_assert_str_eq(source("192.0.2.1"), "");
	ck_assert_str_eq(source("192.0.2.2"), "");
	(void)fixture_trace();
	ck_assert_str_eq(source("192.0.2.8"), "");
	ck_assert_str_eq(fixture_trace(), "192.0.2.8\n");
}
END_TEST

START_TEST(failing_command_ignores_nobody)
{
	jailfix_set("ignorecommand", "exit 3");
	ck_assert_str_eq(source("192.0.2.7"), "");
	jailfix_set("ignorecommand", "kill $$");
	ck_assert_str_eq(source("192.0.2.7"), "");
}
END_TEST

START_TEST(hostile_id_is_an_argument_of_the_command)
{
	jailfix_set("ignorecommand", "test \"<fid>\" = 'x;touch $DIR/evil'");
	ck_assert_str_eq(source("x;touch $DIR/evil"), "command");
	jailfix_set("ignorecommand", "test -e $DIR/evil");
	ck_assert_str_eq(source("192.0.2.1"), "");
}
END_TEST

Suite *ignore_suite(void);

Suite *
ignore_suite(void)
{
	Suite *s = suite_create("ignore");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, entries_match_what_they_mean, 0,
	    sizeof(entry_cases) / sizeof(entry_cases[0]));
	tcase_add_test(tc, own_addresses_are_left_alone);
	tcase_add_test(tc, duplicates_are_dropped);
	tcase_add_test(tc, files_are_read_again_when_they_change);
	tcase_add_test(tc, missing_file_is_said_once_a_minute);
	tcase_add_test(tc, slow_name_is_asked_once_and_then_known);
	tcase_add_test(tc, cache_remembers_the_command);
	tcase_add_test(tc, failing_command_ignores_nobody);
	tcase_add_test(tc, hostile_id_is_an_argument_of_the_command);
	suite_add_tcase(s, tc);
	return s;
}
