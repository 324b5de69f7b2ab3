#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "base/packed.h"

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

START_TEST(packed_values_are_looked_at_where_they_lie)
{
	struct value *dict = value_dict(), *back;
	struct buf b = BUF_INIT, out = BUF_INIT;
	struct packed v, key, item;
	struct packed_iter it;
	struct unpack u;
	size_t n;

	value_set(dict, "k", value_text("v"));
	value_set(dict, "t", value_pair(value_int(-3), value_none()));
	pack_value(&b, dict);
	pack_text(&b, NULL, 0);
	unpack_init(&u, b.p, b.n);
	v = packed_take(&u);
	ck_assert_int_eq(packed_type(packed_take(&u)), VALUE_NONE);
	ck_assert(unpack_done(&u));
	it = packed_items(v);
	ck_assert_uint_eq(it.left, 4);
	ck_assert(packed_next(&it, &key) && packed_next(&it, &item));
	ck_assert_str_eq(packed_text(key, &n), "k");
	ck_assert_str_eq(packed_text(item, &n), "v");
	ck_assert(packed_next(&it, &key) && packed_next(&it, &item));
	ck_assert_ptr_null(packed_text(item, &n));
	packed_print(&out, item);
	ck_assert_str_eq(out.p, "(-3, None)");
	ck_assert(!packed_next(&it, &key));
	ck_assert(!packed_next(&(struct packed_iter){.left = 0}, &key));
	back = packed_value(v);
	ck_assert(value_eq(back, dict));
	value_free(back);
	value_free(dict);
	buf_release(&b);
	buf_release(&out);
}
END_TEST

/* What is walked through and what becomes a value are the same. */
static void
assert_same(const char *p, size_t n)
{
	struct unpack u, w;
	struct value *v;

	unpack_init(&u, p, n);
	unpack_init(&w, p, n);
	(void)packed_take(&u);
	v = unpack_value(&w);
	ck_assert_int_eq(u.bad, w.bad);
	ck_assert(u.bad || u.n == w.n);
	value_free(v);
}

START_TEST(walking_refuses_what_unpacking_refuses)
{
	struct value *v = value_list();
	struct buf b = BUF_INIT;

	for (int depth = 0; depth < 20; depth++) {
		value_adds(v, "text");
		v = value_pair(v, value_float(0.5));
		buf_reset(&b);
		pack_value(&b, v);
		for (size_t n = 0; n <= b.n; n++)
			assert_same(b.p, n);
		for (size_t n = 0; n < b.n && depth < 3; n++)
			for (int c = 0; c < 256; c++) {
				char was = b.p[n];

				b.p[n] = (char)c;
				assert_same(b.p, b.n);
				b.p[n] = was;
			}
	}
	value_free(v);
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
	tcase_add_test(tc, packed_values_are_looked_at_where_they_lie);
	tcase_add_test(tc, walking_refuses_what_unpacking_refuses);
	suite_add_tcase(s, tc);
	return s;
}
