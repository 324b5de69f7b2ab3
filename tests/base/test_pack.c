#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"

START_TEST(fields_come_back_as_they_were)
{
	struct value *list = value_list(), *dict = value_dict(), *back;
	struct buf b = BUF_INIT;
	struct unpack u;
	size_t n;

	value_adds(list, "x");
	(void)value_add(list, value_none());
	value_set(dict, "k", list);
	value_set(dict, "f", value_float(1.5));
	value_set(dict, "t", value_pair(value_int(-3), value_bool(true)));
	pack_u8(&b, 200);
	pack_u32(&b, 4000000000U);
	pack_u64(&b, 1ULL << 60);
	pack_double(&b, -0.25);
	pack_bytes(&b, "a\0b", 3);
	pack_str(&b, NULL);
	pack_value(&b, dict);
	unpack_init(&u, b.p, b.n);
	ck_assert_uint_eq(unpack_u8(&u), 200);
	ck_assert_uint_eq(unpack_u32(&u), 4000000000U);
	ck_assert_uint_eq(unpack_u64(&u), 1ULL << 60);
	ck_assert(unpack_double(&u) == -0.25);
	ck_assert_mem_eq(unpack_bytes(&u, &n), "a\0b", 3);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(unpack_str(&u, 10), "");
	back = unpack_value(&u);
	ck_assert(unpack_done(&u));
	ck_assert(value_eq(back, dict));
	value_free(back);
	value_free(dict);
	buf_release(&b);
}
END_TEST

/* Every prefix of a message is bad and nothing is read behind its end. */
START_TEST(cut_messages_are_bad)
{
	struct value *v = value_list();
	struct buf b = BUF_INIT;

	value_adds(v, "some text");
	(void)value_add(v, value_int(1));
	pack_str(&b, "name");
	pack_value(&b, v);
	for (size_t n = 0; n < b.n; n++) {
		char *copy = malloc(n + 1);
		struct unpack u;

		memcpy(copy, b.p, n);
		unpack_init(&u, copy, n);
		(void)unpack_str(&u, 100);
		value_free(unpack_value(&u));
		ck_assert(!unpack_done(&u));
		free(copy);
	}
	value_free(v);
	buf_release(&b);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
	struct buf b = BUF_INIT;
	struct unpack u;

	for (int i = 0; i < 1000; i++) {
		pack_u8(&b, VALUE_LIST);
		pack_u32(&b, 1);
	}
	unpack_init(&u, b.p, b.n);
	ck_assert_ptr_null(unpack_value(&u));
	ck_assert(u.bad);
	buf_release(&b);
}
END_TEST

START_TEST(text_with_a_nul_or_too_long_is_no_string)
{
	struct buf b = BUF_INIT;
	struct unpack u;

	pack_bytes(&b, "a\0b", 3);
	unpack_init(&u, b.p, b.n);
	ck_assert_str_eq(unpack_str(&u, 10), "");
	ck_assert(u.bad);
	buf_reset(&b);
	pack_str(&b, "eleven long");
	unpack_init(&u, b.p, b.n);
	ck_assert_str_eq(unpack_str(&u, 10), "");
	ck_assert(u.bad);
	buf_release(&b);
}
END_TEST

Suite *pack_suite(void);

Suite *
pack_suite(void)
{
	Suite *s = suite_create("pack");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, fields_come_back_as_they_were);
	tcase_add_test(tc, cut_messages_are_bad);
	tcase_add_test(tc, nesting_has_a_limit);
	tcase_add_test(tc, text_with_a_nul_or_too_long_is_no_string);
	suite_add_tcase(s, tc);
	return s;
}
