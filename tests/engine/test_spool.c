#include <check.h>
#include <string.h>

#include "engine/spool.h"

static struct spool *s;

static void
setup(void)
{
	s = spool_new("/tmp");
	ck_assert_ptr_nonnull(s);
	spool_set_bytes(s, SPOOL_RECORD_MAX);
}

static void
teardown(void)
{
	spool_free(s);
}

static void
assert_record(uint64_t place, char c, size_t n)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "x");
	ck_assert(spool_read(s, place, &b));
	ck_assert_uint_eq(b.n, n + 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(b.p[i + 1], c);
	buf_release(&b);
}

static uint64_t
add(char c, size_t n)
{
	static char text[SPOOL_RECORD_MAX];
	uint64_t place;

	memset(text, c, n);
	place = spool_add(s, &(struct spool_record){"", 0, text, n});
	ck_assert_uint_ne(place, 0);
	return place;
}

START_TEST(records_come_back)
{
	uint64_t a = add('a', 5), b = add('b', 100000), c = add('c', 0);

	assert_record(c, 'c', 0);
	assert_record(a, 'a', 5);
	assert_record(b, 'b', 100000);
}
END_TEST

START_TEST(the_oldest_are_overwritten)
{
	uint64_t places[100];
	struct buf b = BUF_INIT;

	for (int i = 0; i < 100; i++)
		places[i] = add((char)('A' + i % 26), 30001);
	for (int i = 0; i < 100; i++)
		if (i >= 70)
			assert_record(places[i], (char)('A' + i % 26), 30001);
		else if (i < 60)
			ck_assert(!spool_read(s, places[i], &b));
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

START_TEST(nothing_is_read_that_was_never_added)
{
	struct buf b = BUF_INIT;
	uint64_t a = add('a', 5);

	ck_assert(!spool_read(s, 0, &b));
	ck_assert(!spool_read(s, a + 100, &b));
	ck_assert(!spool_read(s, UINT64_MAX - 2, &b));
}
END_TEST

START_TEST(a_record_can_be_too_large)
{
	static char text[SPOOL_RECORD_MAX];
	const struct spool_record r = {"x", 1, text, sizeof(text)};

	ck_assert_uint_eq(spool_add(s, &r), 0);
	assert_record(add('a', 3), 'a', 3);
}
END_TEST

START_TEST(a_missing_folder_is_said)
{
	ck_assert_ptr_null(spool_new("/nonexistent/folder"));
}
END_TEST

Suite *spool_suite(void);

Suite *
spool_suite(void)
{
	Suite *suite = suite_create("spool");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, records_come_back);
	tcase_add_test(tc, the_oldest_are_overwritten);
	tcase_add_test(tc, nothing_is_read_that_was_never_added);
	tcase_add_test(tc, a_record_can_be_too_large);
	tcase_add_test(tc, a_missing_folder_is_said);
	suite_add_tcase(suite, tc);
	return suite;
}
