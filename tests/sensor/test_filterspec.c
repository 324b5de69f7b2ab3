#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/filterspec.h"

static struct filterspec spec;
static struct err err;

static void
setup(void)
{
	filterspec_init(&spec);
	memset(&err, 0, sizeof(err));
	buf_init(&err.text);
}

static void
teardown(void)
{
	filterspec_release(&spec);
	err_release(&err);
}

START_TEST(row_is_kept_with_its_expansion)
{
	ck_assert_int_eq(filterspec_add_failregex(&spec, "x <IP4>", &err), 0);
	ck_assert_uint_eq(spec.nfail, 1);
	ck_assert_str_eq(spec.failregex[0].text, "x <IP4>");
	ck_assert_str_eq(spec.failregex[0].expanded,
	    "x (?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})");
	ck_assert(!spec.failregex[0].multiline);
	ck_assert_int_eq(filterspec_del_failregex(&spec, 1), -1);
	ck_assert_int_eq(filterspec_del_failregex(&spec, 0), 0);
	ck_assert_uint_eq(spec.nfail, 0);
}
END_TEST

static const struct bad_case {
	const char *text;
	const char *message;
} bad_cases[] = {
    {" ", "Cannot add empty regex"},
    {"x nohost", "No failure-id group in 'x nohost'"},
    {"x (", "Unable to compile regular expression 'x (':\n"
            "missing ), unterminated subpattern at position 2"},
    {"<IP4> <IP4>",
        "Unable to compile regular expression "
        "'(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3}) "
        "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})':\n"
        "redefinition of group name 'ip4' as group 2; was group 1 at "
        "position 65"},
};

START_TEST(bad_row_is_told_and_changes_nothing)
{
	ck_assert_int_eq(
	    filterspec_add_failregex(&spec, bad_cases[_i].text, &err), -1);
	ck_assert_str_eq(err_text(&err), bad_cases[_i].message);
	ck_assert_uint_eq(spec.nfail, 0);
}
END_TEST

START_TEST(prefregex_may_have_the_id)
{
	ck_assert_int_eq(filterspec_set_prefregex(&spec, "^p <HOST>", &err), 0);
	ck_assert_int_eq(filterspec_add_failregex(&spec, "bad", &err), 0);
	ck_assert_int_eq(filterspec_add_ignoreregex(&spec, "x", &err), 0);
	ck_assert_int_eq(filterspec_set_prefregex(&spec, "", &err), 0);
	ck_assert_ptr_null(spec.prefregex.text);
	ck_assert_int_eq(filterspec_add_failregex(&spec, "bad", &err), -1);
}
END_TEST

START_TEST(failregex_after_maxlines_is_multiline)
{
	ck_assert_int_eq(filterspec_set_maxlines(&spec, 0, &err), -1);
	ck_assert_str_eq(
	    err_text(&err), "maxlines must be integer greater than zero");
	ck_assert_int_eq(filterspec_set_maxlines(&spec, 3, &err), 0);
	(void)filterspec_add_failregex(&spec, "<HOST>", &err);
	(void)filterspec_add_ignoreregex(&spec, "x", &err);
	ck_assert(spec.failregex[0].multiline);
	ck_assert(!spec.ignoreregex[0].multiline);
}
END_TEST

START_TEST(crosses_the_border_as_a_value)
{
	struct filterspec copy;
	struct value *v, *again;

	(void)filterspec_set_prefregex(&spec, "^p <HOST>", &err);
	(void)filterspec_add_failregex(&spec, "a", &err);
	(void)filterspec_add_failregex(&spec, "b", &err);
	(void)filterspec_add_ignoreregex(&spec, "c", &err);
	(void)filterspec_set_datepattern(&spec, "%Y", &err);
	spec.findtime = 12.5;
	spec.repeated = false;
	v = filterspec_to_value(&spec);
	ck_assert_int_eq(filterspec_from_value(&copy, v, &err), 0);
	again = filterspec_to_value(&copy);
	ck_assert(value_eq(v, again));
	value_free(again);
	filterspec_release(&copy);
	/* whatever is missing or odd makes it no specification */
	for (size_t i = 1; i < v->n; i += 2) {
		struct value *bad = value_copy(v);

		value_free(bad->items[i]);
		bad->items[i] = value_int(-1);
		if (i < v->n - 2 &&
		    strcmp(value_str(v->items[i - 1]), "datepattern") != 0 &&
		    strcmp(value_str(v->items[i - 1]), "logtimezone") != 0)
			ck_assert_int_eq(
			    filterspec_from_value(&copy, bad, NULL), -1);
		value_free(bad);
	}
	value_free(v);
}
END_TEST

START_TEST(words_for_usedns)
{
	enum usedns u;

	ck_assert(usedns_parse(&u, "RAW"));
	ck_assert_int_eq(u, USEDNS_RAW);
	ck_assert(!usedns_parse(&u, "maybe"));
	ck_assert_int_eq(u, USEDNS_NO);
	ck_assert_str_eq(usedns_name(USEDNS_WARN), "warn");
}
END_TEST

Suite *filterspec_suite(void);

Suite *
filterspec_suite(void)
{
	Suite *s = suite_create("filterspec");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, row_is_kept_with_its_expansion);
	tcase_add_loop_test(tc, bad_row_is_told_and_changes_nothing, 0,
	    sizeof(bad_cases) / sizeof(bad_cases[0]));
	tcase_add_test(tc, prefregex_may_have_the_id);
	tcase_add_test(tc, failregex_after_maxlines_is_multiline);
	tcase_add_test(tc, crosses_the_border_as_a_value);
	tcase_add_test(tc, words_for_usedns);
	suite_add_tcase(s, tc);
	return s;
}
