#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

START_TEST(grows_and_stays_terminated)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i % 10);
	ck_assert_uint_eq(b.n, 2000);
	ck_assert_uint_eq(strlen(b.p), 2000);
	buf_release(&b);
	ck_assert_str_eq(b.p, "");
}
END_TEST

START_TEST(splice_replaces_in_the_middle)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "one two three");
	buf_splice(&b, 4, 3, "twenty-two", 10);
	ck_assert_str_eq(b.p, "one twenty-two three");
	buf_splice(&b, 4, 11, "", 0);
	ck_assert_str_eq(b.p, "one three");
	buf_release(&b);
}
END_TEST

START_TEST(detach_gives_the_bytes_away)
{
	struct buf b = BUF_INIT;
	char *p;

	buf_add(&b, "a\0b", 3);
	p = buf_detach(&b);
	ck_assert(memcmp(p, "a\0b", 4) == 0);
	ck_assert_uint_eq(b.n, 0);
	free(p);
	p = buf_detach(&b);
	ck_assert_str_eq(p, "");
	free(p);
}
END_TEST

Suite *buf_suite(void);

Suite *
buf_suite(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, grows_and_stays_terminated);
	tcase_add_test(tc, splice_replaces_in_the_middle);
	tcase_add_test(tc, detach_gives_the_bytes_away);
	suite_add_tcase(s, tc);
	return s;
}
