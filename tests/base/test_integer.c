#include <check.h>
#include <limits.h>

#include "base/integer.h"

static const struct number_case {
	const char *text;
	long long want;
} numbers[] = {
    {"0", 0},
    {"-1", -1},
    {"+5", 5},
    {" 7\n", 7},
    {"1_000", 1000},
    {"007", 7},
    {"\u0663", 3},                  /* Arabic */
    {"\u3000-1_\uff12\u00a0", -12}, /* full width, its blank, NBSP */
    {"9223372036854775807", LLONG_MAX},
    {"9223372036854775808", LLONG_MAX},
    {"-9223372036854775808", LLONG_MIN},
    {"-99999999999999999999999999", LLONG_MIN},
    {"99999999999999999999999999", LLONG_MAX},
};

START_TEST(number_is_read_as_python_reads_it)
{
	long long got = 1;

	ck_assert_int_eq(integer_parse(&got, numbers[_i].text), 0);
	ck_assert_int_eq(got, numbers[_i].want);
}
END_TEST

static const char *const no_numbers[] = {"", " ", "abc", "1.5", "1e3", "0x10",
    "1 2", "--1", "- 1", "1__0", "_1", "1_", "-", "1h", "\u00b2", "\u2167"};

START_TEST(anything_else_is_no_number)
{
	long long got = 42;

	ck_assert_int_eq(integer_parse(&got, no_numbers[_i]), -1);
	ck_assert_int_eq(got, 42);
}
END_TEST

Suite *integer_suite(void);

Suite *
integer_suite(void)
{
	Suite *s = suite_create("integer");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, number_is_read_as_python_reads_it, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(tc, anything_else_is_no_number, 0,
	    sizeof(no_numbers) / sizeof(no_numbers[0]));
	suite_add_tcase(s, tc);
	return s;
}
