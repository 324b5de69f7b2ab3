#include <check.h>
#include <string.h>

#include "sensor/prefilter.h"

/* "ab|cd" for the strings that literals_find() or _prefix() gives. */
static const char *
shown(const struct literals *l)
{
	static struct buf out;

	if (out.p == NULL)
		buf_init(&out);
	buf_reset(&out);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_addc(&out, '|');
		buf_add(&out, l->item[i].text, l->item[i].n);
	}
	return out.p;
}

static const struct literal_case {
	const char *pattern;
	const char *needed;
	const char *prefix;
} literal_cases[] = {
    {"^Failed \\w+ for", "Failed ", "Failed "},
    {"^(?:error: )?abc", "abc", "error: abc|abc"},
    {"(?:abc|xyz)", "abc|xyz", ""},
    {"^(?:abc|x)yz", "yz", "abcyz|xyz"},
    {"^[aA]bc", "bc", "abc|Abc"},
    {"ab?cd", "cd", ""},
    {"^ab?cd", "cd", "abcd|acd"},
    {"^ab*cd", "cd", "ab|a"},
    {"^ab+cd", "cd", "ab"},
    {"ab{2}cd", "cd", ""},
    {"a\\bb$c", "abc", ""},
    {"(?i)^abc", "abc", ""},
    {"(?i)^ask", "a", ""},
    {"^(?P<n>abc)(?=d)e", "abce", "abce"},
    {"(?:abc|\\d)", "", ""},
    {"(?(1)abc|xy)(z)?", "abc|xy", ""},
    {"(?m)^abc", "abc", ""},
    {"(^ab|c)d", "d", ""},
    {"(?!abc)xy", "xy", ""},
    {"^\\d+", "", ""},
    {"(abc)*", "", ""},
    {"^(abc){0}d", "d", "d"},
    {"", "", ""},
};

START_TEST(literals_of_a_pattern)
{
	const struct literal_case *c = &literal_cases[_i];
	struct literals l;
	struct dialect d;

	ck_assert_int_eq(
	    dialect_parse(&d, c->pattern, strlen(c->pattern), 0, NULL), 0);
	literals_find(&d, &l);
	ck_assert_str_eq(shown(&l), c->needed);
	literals_prefix(&d, &l);
	ck_assert_str_eq(shown(&l), c->prefix);
	dialect_release(&d);
}
END_TEST

/* Numbers of the patterns that may match, as digits. */
static const char *
may(struct prefilter *p, const char *text)
{
	static char out[100];
	size_t n = 0;

	prefilter_scan(p, text, strlen(text));
	for (size_t i = 0; prefilter_next(p, &i); i++)
		out[n++] = (char)('0' + i);
	out[n] = '\0';
	return out;
}

START_TEST(only_what_can_match_is_tried)
{
	static const char *const patterns[] = {
	    "^Abc", "he", "SHE", "hers", "\\d", "^A.*zz", "(?i)his"};
	struct prefilter *p = prefilter_new();

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct literals needed, prefix;
		struct dialect d;

		ck_assert_int_eq(dialect_parse(&d, patterns[i],
		                     strlen(patterns[i]), 0, NULL),
		    0);
		literals_find(&d, &needed);
		literals_prefix(&d, &prefix);
		prefilter_add(p, &needed, &prefix);
		dialect_release(&d);
	}
	prefilter_build(p);
	ck_assert_str_eq(may(p, ""), "4");
	ck_assert_str_eq(may(p, "Abc"), "04");
	ck_assert_str_eq(may(p, "A zz"), "45");
	ck_assert_str_eq(may(p, "A z"), "4");
	ck_assert_str_eq(may(p, "USHERS"), "1234");
	ck_assert_str_eq(may(p, "xhIs"), "46");
	prefilter_free(p);
}
END_TEST

Suite *prefilter_suite(void);

Suite *
prefilter_suite(void)
{
	Suite *s = suite_create("prefilter");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, literals_of_a_pattern, 0,
	    sizeof(literal_cases) / sizeof(literal_cases[0]));
	tcase_add_test(tc, only_what_can_match_is_tried);
	suite_add_tcase(s, tc);
	return s;
}
