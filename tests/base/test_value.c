#include <check.h>
#include <math.h>

#include "base/utf8.h"
#include "base/value.h"

/* fail2ban: recorded from Python's repr() */
static const struct text_case {
	const char *text;
	const char *repr;
} text_cases[] = {
    {"plain", "'plain'"},
    {"only' x", "\"only' x\""},
    {"a\\b\n\r\t\x01\x7f", "'a\\\\b\\n\\r\\t\\x01\\x7f'"},
    {"^it's \"q\" \\t\\d \xc3\xa9\xc2\xa0\xe2\x80\x8b\xf0\x9f\x98\x80\tx",
        "'^it\\'s \"q\" \\\\t\\\\d \xc3\xa9\\xa0\\u200b\xf0\x9f\x98\x80\\tx'"},
    {"\xe2\x80\xa8", "'\\u2028'"},
    {"\xff", "'\\udcff'"},
};

START_TEST(text_prints_as_python_does)
{
	struct value *v = value_text(text_cases[_i].text);
	struct buf b = BUF_INIT;

	value_repr(&b, v);
	ck_assert_str_eq(b.p, text_cases[_i].repr);
	buf_release(&b);
	value_free(v);
}
END_TEST

static const struct float_case {
	double f;
	const char *repr;
} float_cases[] = {
    {1.0, "1.0"},
    {0.1, "0.1"},
    {1795340016.7921038, "1795340016.7921038"},
    {1e16, "1e+16"},
    {123456789012345680.0, "1.2345678901234568e+17"},
    {9007199254740992.0, "9007199254740992.0"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {-2.5, "-2.5"},
    {INFINITY, "inf"},
};

START_TEST(floats_print_as_python_does)
{
	struct buf b = BUF_INIT;

	value_repr_float(&b, float_cases[_i].f);
	ck_assert_str_eq(b.p, float_cases[_i].repr);
	buf_release(&b);
}
END_TEST

START_TEST(containers_nest)
{
	struct value *v = value_list(), *d = value_dict();
	struct buf b = BUF_INIT;

	value_set(d, "k", value_none());
	value_set(d, "l", value_bool(true));
	value_set(d, "k", value_int(-5));
	value_add(v, value_pair(value_text("a"), value_float(2)));
	value_add(v, d);
	value_insert(v, 0, value_tuple());
	value_add(value_add(v, value_tuple()), value_text("x"));
	value_repr(&b, v);
	ck_assert_str_eq(b.p, "[(), ('a', 2.0), {'k': -5, 'l': True}, ('x',)]");
	value_del(d, "k");
	ck_assert_ptr_null(value_get(d, "k"));
	d = value_copy(v);
	ck_assert(value_eq(v, d));
	value_remove(d, 0);
	ck_assert(!value_eq(v, d));
	value_free(d);
	value_free(v);
	buf_release(&b);
}
END_TEST

/* fail2ban: the example of spec 07 section 3 */
START_TEST(repairs_maximal_invalid_parts)
{
	static const char bad[] =
	    "caf\xe9 \xf0\x9f\x98 a\xc3\xa9 \xed\xa0\x80 \xc0\x80\xff";
	static const char good[] =
	    "caf\xef\xbf\xbd \xef\xbf\xbd a\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd";
	struct buf b = BUF_INIT;

	ck_assert_uint_eq(utf8_valid(bad, sizeof(bad) - 1), 3);
	utf8_repair(&b, bad, sizeof(bad) - 1);
	ck_assert_str_eq(b.p, good);
	ck_assert_uint_eq(utf8_valid(b.p, b.n), b.n);
	buf_release(&b);
}
END_TEST

Suite *value_suite(void);

Suite *
value_suite(void)
{
	Suite *s = suite_create("value");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, text_prints_as_python_does, 0,
	    sizeof(text_cases) / sizeof(text_cases[0]));
	tcase_add_loop_test(tc, floats_print_as_python_does, 0,
	    sizeof(float_cases) / sizeof(float_cases[0]));
	tcase_add_test(tc, containers_nest);
	tcase_add_test(tc, repairs_maximal_invalid_parts);
	suite_add_tcase(s, tc);
	return s;
}
