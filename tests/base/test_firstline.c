#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/firstline.h"

static int
file_with(const char *text, size_t n)
{
	char path[] = "/tmp/firstline.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)unlink(path);
	ck_assert_int_eq(write(fd, text, n), n);
	return fd;
}

/* fail2ban: values from spec 07 section 1 and 13. */
static const struct hash_case {
	const char *text;
	const char *hash;
} cases[] = {
    {"line1\n", "96eebd6d7ef91bc42afb9bd168cb82ab643da052"},
    {"line1\nline2\n", "96eebd6d7ef91bc42afb9bd168cb82ab643da052"},
    {"1795340120 idfail sess1\n", "5b3faf351c809cdad6f02a0f4439b464a7c94c26"},
    {"line1", ""},
    {"", ""},
};

START_TEST(hash_is_that_of_the_first_line_with_its_end)
{
	const struct hash_case *c = &cases[_i];
	char hash[FIRSTLINE_SIZE];
	int fd = file_with(c->text, strlen(c->text));

	firstline_hash(hash, fd);
	ck_assert_str_eq(hash, c->hash);
	(void)close(fd);
}
END_TEST

START_TEST(a_line_over_several_blocks_has_one)
{
	char text[5001], hash[FIRSTLINE_SIZE];
	int fd;

	memset(text, 'x', sizeof(text));
	text[5000] = '\n';
	fd = file_with(text, sizeof(text));
	firstline_hash(hash, fd);
	ck_assert_uint_eq(strlen(hash), 40);
	(void)close(fd);
}
END_TEST

START_TEST(no_file_has_none)
{
	char hash[FIRSTLINE_SIZE];

	firstline_hash(hash, -1);
	ck_assert_str_eq(hash, "");
}
END_TEST

Suite *firstline_suite(void);

Suite *
firstline_suite(void)
{
	Suite *s = suite_create("firstline");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, hash_is_that_of_the_first_line_with_its_end, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, a_line_over_several_blocks_has_one);
	tcase_add_test(tc, no_file_has_none);
	suite_add_tcase(s, tc);
	return s;
}
