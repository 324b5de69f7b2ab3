/*
 * Expected values come from spec 05 and from Python 3.11 itself.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "sensor/regex.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct regex *
compile(const char *pattern, unsigned flags)
{
	struct err err = ERR_INIT;
	struct regex *re = regex_new(pattern, strlen(pattern), flags, &err);

	ck_assert_msg(re != NULL, "%s: %s", pattern, err_text(&err));
	err_release(&err);
	return re;
}

static struct regex_subject
subject_of(const char *text, size_t n)
{
	return (struct regex_subject){
	    .text = text, .n = n, .is_ascii = utf8_ascii(text, n) == n};
}

static enum regex_result
search(struct regex *re, const char *text, size_t n, size_t start)
{
	struct regex_subject s = subject_of(text, n);
	struct regex_budget budget = regex_budget(n);

	s.start = start;
	return regex_search(re, &s, &budget);
}

static enum regex_result
search_metered(struct regex *re, const char *text, size_t n)
{
	struct regex_subject s = subject_of(text, n);
	struct regex_budget budget = regex_budget(n);

	return regex_search_again(re, &s, &budget);
}

/* "0-3 1-2 -": the spans of all groups, "none" */
static void
describe(
    const struct regex *re, enum regex_result result, char *ret, size_t size)
{
	size_t at = 0;

	(void)snprintf(
	    ret, size, "%s", result == REGEX_NONE ? "none" : "limit");
	if (result != REGEX_MATCH)
		return;
	for (int g = 0; g <= regex_groups(re) && at < size; g++) {
		struct regex_span span = regex_group(re, g);
		const char *gap = g == 0 ? "" : " ";

		if (span.set)
			at += (size_t)snprintf(ret + at, size - at, "%s%zu-%zu",
			    gap, span.start, span.end);
		else
			at += (size_t)snprintf(ret + at, size - at, "%s-", gap);
	}
}

static const struct match_case {
	const char *pattern;
	const char *subject;
	const char *spans;
} match_cases[] = {
    /* spec 05 section 5 */
    {"a{,2}b", "aab", "0-3"},
    {"a\\Z", "a\n", "none"},
    {"a$", "a\n", "0-1"},
    {"a$", "a\r\n", "none"},
    {"(?P<a>x)?(?(a)y|z)", "z", "0-1 -"},
    {"(?P<n>a)?(?P=n)", "x", "none"},
    {"(?:(a)|b)*", "ab", "0-2 0-1"},
    {"(a*)*", "aa", "0-2 2-2"},
    {"\\s", "\x1c", "0-1"},
    {"\\s", "\xc2\x85", "0-2"},
    {"\\s", "\xc2\xa0", "0-2"},
    {"\\S", "\x1f", "none"},
    {"\\s", "\xe1\xa0\x8e", "none"}, /* U+180E is no blank any more */
    {"[]a]", "]", "0-1"},
    {"[^]a]", "]ab", "2-3"},
    {"[\\w-]", "-", "0-1"},
    {"(?i)\xc3\xa9", "\xc3\x89", "0-2"},
    {".+", "a\rb", "0-3"},
    /* section 3, by row */
    {"x{,}y", "xxxy", "0-4"},
    {"x{a}", "x{a}", "0-4"},
    {"x{ 1}", "x{ 1}", "0-5"},
    {"[{,2}]", ",", "0-1"},
    {"(?iu)abc", "xABC", "1-4"},
    {"(?a)\\w", "\xc3\xa9", "none"},
    {"(?a)\\d", "\xd9\xa1", "none"},
    {"\\d", "\xd9\xa1", "0-2"},
    {"(?a)\\bx", "\xc3\xa9x", "2-3"},
    {"\\bx", "\xc3\xa9x", "none"},
    {"(?x) a b # c\n c", "abc", "0-3"},
    {"(?x: a b )c d", "abc d", "0-5"},
    {"(?i:a)b", "Ab", "0-2"},
    {"(?i:a)b", "AB", "none"},
    {"(?i)a(?-i:b)", "AB", "none"},
    {"a(?#comment)*b", "aab", "0-3"},
    {"(?>a+)ab", "aaab", "none"},
    {"a++b", "aaab", "0-4"},
    {"a{1,2}+a", "aa", "none"},
    {"(?(1)a|b)(x)?", "b", "0-1 -"},
    {"\\u00e9\\U0001f600", "\xc3\xa9\xf0\x9f\x98\x80", "0-6"},
    {"\\x41", "A", "0-1"},
    {"[^\\s]", "\x1d\x1e.", "2-3"},
    {"[\\S]", "\x1d .", "2-3"},
    {"[[:alpha:]]", "a]", "0-2"},
    {"[[:alpha:]]", "z", "none"},
    {"\\v", "\f\v", "1-2"},
    {"[\\b]", "x\b", "1-2"},
    {"\\0", "x", "none"},
    {"\\101\\0601", "A01", "0-3"},
    {"\\_\\<\\/\\-\\'\\\"", "_</-'\"", "0-6"},
    {"[a--]", "x", NULL},
    {"[a&&b]", "&", "0-1"},
    {"\\N{LATIN SMALL LETTER A}\\N{DIGIT ONE}[\\N{full stop}]", "a1.", "0-3"},
    {"[^\\x00-\\x7f]", "a\xc3\xa9", "1-3"},
    {"\xc3\xa9?x", "x", "0-1"},
    {"\\w+", "\xc2\xb2\xc2\xbd", "0-4"},
    {"(?<=:)x", ":x", "1-2"},
    {"(?m)^b$", "a\nb\nc", "2-3"},
    {"(?s).+", "a\nb", "0-3"},
    {"(?P<a_name_that_is_longer_than_32_code_units>x)", "x", "0-1 0-1"},
};

static void
ck_spans(const struct regex *re, enum regex_result result,
    const struct match_case *c)
{
	char got[200];

	describe(re, result, got, sizeof(got));
	ck_assert_msg(strcmp(got, c->spans) == 0, "%s: %s not %s", c->pattern,
	    got, c->spans);
}

START_TEST(matches_as_python_does)
{
	const struct match_case *c = &match_cases[_i];
	struct regex *re;
	size_t n;

	if (c->spans == NULL)
		return;
	re = compile(c->pattern, 0);
	n = strlen(c->subject);
	/* interpreted first, then machine code and the ASCII form */
	for (int i = 0; i < 40; i++)
		ck_spans(re, search(re, c->subject, n, 0), c);
	ck_spans(re, search_metered(re, c->subject, n), c);
	regex_free(re);
}
END_TEST

static const struct error_case {
	const char *pattern;
	const char *message;
} error_cases[] = {
    {"a\\z", "bad escape \\z at position 1"},
    {"\\h", "bad escape \\h at position 0"},
    {"\\R", "bad escape \\R at position 0"},
    {"\\Q", "bad escape \\Q at position 0"},
    {"\\pL", "bad escape \\p at position 0"},
    {"[\\k]", "bad escape \\k at position 1"},
    {"\\x4", "incomplete escape \\x4 at position 0"},
    {"\\xg", "incomplete escape \\x at position 0"},
    {"\\u12", "incomplete escape \\u12 at position 0"},
    {"\\U00110000", "bad escape \\U00110000 at position 0"},
    {"x(?i)", "global flags not at the start of the expression at "
              "position 1"},
    {"(?L)x", "bad inline flags: cannot use 'L' flag with a str pattern at "
              "position 3"},
    {"(?au)x", "bad inline flags: flags 'a', 'u' and 'L' are incompatible "
               "at position 4"},
    {"(?iz)", "unknown flag at position 3"},
    {"(?<n>x)", "unknown extension ?<n at position 1"},
    {"(?'n'x)", "unknown extension ?' at position 1"},
    {"(?|x)", "unknown extension ?| at position 1"},
    {"(?R)", "unknown extension ?R at position 1"},
    {"(?1)", "unknown extension ?1 at position 1"},
    {"(?P>n)", "unknown extension ?P> at position 1"},
    {"(*ACCEPT)", "nothing to repeat at position 1"},
    {"(?P<n>x)(?P<n>y)", "redefinition of group name 'n' as group 2; was "
                         "group 1 at position 12"},
    {"\\1", "invalid group reference 1 at position 1"},
    {"(?(2)a|b)", "invalid group reference 2 at position 3"},
    {"(?(n)a|b)", "unknown group name 'n' at position 3"},
    {"(x)(?(1)a|b|c)", "conditional backref with more than two branches at "
                       "position 11"},
    {"(?P=n)", "unknown group name 'n' at position 4"},
    {"(?P<1a>x)", "bad character in group name '1a' at position 4"},
    {"(?P<a-b>x)", "bad character in group name 'a-b' at position 4"},
    {"(?P<n", "missing >, unterminated name at position 4"},
    {"*a", "nothing to repeat at position 0"},
    {"a**", "multiple repeat at position 2"},
    {"^*", "nothing to repeat at position 1"},
    {"a{3,2}", "min repeat greater than max repeat at position 2"},
    {"a)", "unbalanced parenthesis at position 1"},
    {"[a", "unterminated character set at position 0"},
    {"x (", "missing ), unterminated subpattern at position 2"},
    {"[z-a]", "bad character range z-a at position 1"},
    {"[\\w-z]", "bad character range \\w-z at position 1"},
    {"[\\d--]", "bad character range \\d-- at position 1"},
    {"a\\", "bad escape (end of pattern) at position 1"},
    {"\\N", "missing { at position 2"},
    {"(?<=a+)b", "look-behind requires fixed-width pattern"},
    {"\xc3\xa9*\xc3\xa9**", "multiple repeat at position 4"},
    {"a\n(", "missing ), unterminated subpattern at position 2 (line 2, "
             "column 1)"},
    {"\xff", "the regular expression is not valid UTF-8 after its first 0 "
             "bytes"},
};

START_TEST(rejects_in_pythons_words)
{
	const struct error_case *c = &error_cases[_i];
	struct err err = ERR_INIT;

	ck_assert_ptr_null(regex_new(c->pattern, strlen(c->pattern), 0, &err));
	ck_assert_str_eq(err_text(&err), c->message);
	err_release(&err);
}
END_TEST

START_TEST(names_keep_their_length_and_order)
{
	struct regex *re = compile("(?P<second_of_all_names_but_a_long_one_x>a)"
	                           "(b)(?P<a>c)",
	    0);

	ck_assert_uint_eq(regex_names(re), 2);
	ck_assert_str_eq(
	    regex_name(re, 0), "second_of_all_names_but_a_long_one_x");
	ck_assert_str_eq(regex_name(re, 1), "a");
	ck_assert_int_eq(regex_name_group(re, 1), 3);
	ck_assert_int_eq(regex_groups(re), 3);
	regex_free(re);
}
END_TEST

START_TEST(start_does_not_hide_what_is_before)
{
	struct regex *re = compile("\\bx|^y", 0);

	ck_assert_int_eq(search(re, "axy", 3, 1), REGEX_NONE);
	ck_assert_int_eq(search(re, "a-xy", 4, 2), REGEX_MATCH);
	regex_free(re);
}
END_TEST

START_TEST(multiline_flag_reaches_every_line)
{
	struct regex *re = compile("^b$", REGEX_MULTILINE);

	ck_assert_int_eq(search(re, "a\nb\n", 4, 0), REGEX_MATCH);
	regex_free(re);
	re = compile("^b$", 0);
	ck_assert_int_eq(search(re, "a\nb\n", 4, 0), REGEX_NONE);
	regex_free(re);
}
END_TEST

/* ---- what a search may cost */

/* head, unit over and over up to n bytes, tail; freed by the caller */
static char *
long_line(const char *head, const char *unit, size_t n, const char *tail)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, head);
	while (b.n + strlen(unit) + strlen(tail) <= n)
		buf_adds(&b, unit);
	buf_adds(&b, tail);
	return buf_detach(&b);
}

/* Slow in every way there is: at one place, at many, without a step. */
static const struct slow_case {
	const char *pattern;
	const char *unit;
} slow_cases[] = {
    {"^x(?:a+)+[bc]$", "a"},
    {"(?:a+)+[bc]$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax"},
    {"(a+)(a+)(a+)[xy]", "a"},
    {"[^x]*[yz]", "a"},
    {"\\S+[ ;][yz]", "a"},
    {"x.*a.*[bc][ef]", "xa"},
    {"^x.*a.*[bc][ef]", "a"},
    {"(?=.*[bc][xy])a", "ab"},
    {"(?:a|b)+?[yz]", "ab"},
    {"(.*),\\1[xy]", "a,"},
    {"(?s)a(?>.*)[bc]", "a"},
};

START_TEST(slow_search_ends_with_its_budget)
{
	const struct slow_case *c = &slow_cases[_i];
	struct regex *re = compile(c->pattern, 0);
	char *text = long_line("x", c->unit, 60000, "");
	struct regex_subject s = subject_of(text, strlen(text));
	struct regex_budget budget = regex_budget(s.n);

	ck_assert_int_eq(regex_search(re, &s, &budget), REGEX_LIMIT);
	ck_assert_uint_eq(budget.steps, 0);
	ck_assert_int_eq(regex_search_again(re, &s, &budget), REGEX_LIMIT);
	ck_assert_uint_eq(budget.again, 0);
	ck_assert_int_eq(regex_search_again(re, &s, &budget), REGEX_LIMIT);
	free(text);
	regex_free(re);
}
END_TEST

START_TEST(exploding_pattern_hits_a_limit_each_time)
{
	struct regex *re = compile("(?:a+)+[bc]$", 0);
	char *text = long_line("b", "a", 200, "");

	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(search(re, text, 200, 0), REGEX_LIMIT);
	ck_assert_int_eq(search(re, text, 8, 0), REGEX_NONE);
	free(text);
	regex_free(re);
}
END_TEST

START_TEST(search_that_takes_much_memory_is_given_up)
{
	struct regex *re = compile("(\\w+\\s?)+[:;]x?$", 0);
	char *text = long_line("", "a ", 60000, "");

	ck_assert_int_eq(search(re, text, strlen(text), 0), REGEX_LIMIT);
	ck_assert_int_eq(search(re, "a a;", 4, 0), REGEX_MATCH);
	free(text);
	regex_free(re);
}
END_TEST

START_TEST(used_up_budget_leaves_enough_for_a_simple_pattern)
{
	struct regex *re = compile("^x.* from (\\S+)$", 0);
	char *text = long_line("x", "from ", 60000, " from 192.0.2.1");
	struct regex_subject s = subject_of(text, strlen(text));
	struct regex_budget none = {0, 0};

	ck_assert_int_eq(regex_search(re, &s, &none), REGEX_MATCH);
	ck_assert_uint_eq(regex_group(re, 1).start, s.n - 9);
	ck_assert_uint_eq(none.steps, 0);
	free(text);
	regex_free(re);
}
END_TEST

/* What people write without a thought, on the worst line that still counts. */
static const struct normal_case {
	const char *pattern;
	const char *unit;
} normal_cases[] = {
    {"from (\\S+) failed$", "from "},
    {"\\S+ \\S+ from (\\S+) failed$", "a"},
    {".*\\S+.*from (\\S+) failed$", "from "},
    {"^.*user .*from (\\S+) failed$", "user from "},
    {"\\w+\\s*=?.*from (\\S+) failed$", "a "},
    {"user (.*) from (\\S+) failed$", "user a from b "},
    {"^\\s*(?:\\S+ )*from (\\S+) failed$", "a "},
    {"(?:\\[[^]]*\\] ?)+.*from (\\S+) failed$", "[x] "},
    {"[a-z.]+(?::[^:]*)?: from (\\S+) failed$", "a"},
    {"\\d+.*\\d+.*from (\\S+) failed$", "1 "},
};

START_TEST(failure_in_a_line_of_4_kb_is_found)
{
	const struct normal_case *c = &normal_cases[_i];
	struct regex *re = compile(c->pattern, 0);
	char *text = long_line(
	    "user 1 [b] a: ", c->unit, 4000, "user b: from 192.0.2.1 failed");
	struct regex_subject s = subject_of(text, strlen(text));
	struct regex_budget budget = regex_budget(s.n);
	enum regex_result result = regex_search(re, &s, &budget);

	if (result == REGEX_LIMIT)
		result = regex_search_again(re, &s, &budget);
	ck_assert_int_eq(result, REGEX_MATCH);
	free(text);
	regex_free(re);
}
END_TEST

Suite *regex_suite(void);

Suite *
regex_suite(void)
{
	Suite *s = suite_create("regex");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, matches_as_python_does, 0, COUNT(match_cases));
	tcase_add_loop_test(
	    tc, rejects_in_pythons_words, 0, COUNT(error_cases));
	tcase_add_test(tc, names_keep_their_length_and_order);
	tcase_add_test(tc, start_does_not_hide_what_is_before);
	tcase_add_test(tc, multiline_flag_reaches_every_line);
	tcase_add_loop_test(
	    tc, slow_search_ends_with_its_budget, 0, COUNT(slow_cases));
	tcase_add_test(tc, exploding_pattern_hits_a_limit_each_time);
	tcase_add_test(tc, search_that_takes_much_memory_is_given_up);
	tcase_add_test(tc, used_up_budget_leaves_enough_for_a_simple_pattern);
	tcase_add_loop_test(
	    tc, failure_in_a_line_of_4_kb_is_found, 0, COUNT(normal_cases));
	suite_add_tcase(s, tc);
	return s;
}
