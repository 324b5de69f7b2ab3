#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/codec.h"
#include "sensor/lines.h"

static const struct decode_case {
	const char *encoding;
	const char *in;
	size_t n; /* 0: strlen */
	const char *out;
	bool good;
} cases[] = {
    {"UTF-8", "caf\xc3\xa9", 0, "caf\xc3\xa9", true},
    /* spec 07 section 3 */
    {"utf8", "caf\xe9 \xf0\x9f\x98 a\xc3\xa9 \xed\xa0\x80 \xc0\x80\xff", 0,
        "caf\xef\xbf\xbd \xef\xbf\xbd a\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd"
        "\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
        false},
    {"ascii", "a\xc3\xa9", 0, "a\xef\xbf\xbd\xef\xbf\xbd", false},
    {"ascii", "plain", 0, "plain", true},
    {"latin1", "caf\xe9", 0, "caf\xc3\xa9", true},
    {"cp1252", "\x80", 0, "\xe2\x82\xac", true},
    {"utf-16-le", "a\0b\0", 4, "ab", true},
    {"utf-16-be", "\0a\0b", 4, "ab", true},
    {"utf-16-le", "a\0b", 3, "a\xef\xbf\xbd", false},
};

START_TEST(bytes_become_utf8)
{
	const struct decode_case *c = &cases[_i];
	struct codec *codec = codec_new(c->encoding);
	struct buf scratch = BUF_INIT;
	const char *text;
	size_t n = c->n == 0 ? strlen(c->in) : c->n;

	ck_assert_ptr_nonnull(codec);
	ck_assert_int_eq(
	    codec_decode(codec, c->in, n, &scratch, &text, &n), c->good);
	ck_assert_uint_eq(n, strlen(c->out));
	ck_assert_mem_eq(text, c->out, n);
	buf_release(&scratch);
	codec_free(codec);
}
END_TEST

START_TEST(names_are_as_python_knows_them)
{
	ck_assert(codec_known("UTF-8"));
	ck_assert(codec_known("utf_8"));
	ck_assert(codec_known("Latin-1"));
	ck_assert(codec_known("iso8859-15"));
	ck_assert(!codec_known("foo"));
	ck_assert(!codec_known(""));
	ck_assert(!codec_known("UTF-8//IGNORE"));
	ck_assert(codec_is_builtin("US-ASCII"));
	ck_assert(!codec_is_builtin("cp1252"));
}
END_TEST

static const struct line_case {
	const char *encoding;
	const char *in;
	size_t n;
	bool at_end;
	size_t takes;
} lines[] = {
    {"utf-8", "line1\nline2", 11, false, 6},
    {"utf-8", "part", 4, true, 0},
    {"utf-8", "a\rb\rc\n", 6, false, 6},
    {"utf-8", "a\r\r\n", 4, false, 4},
    {"utf-8", "x\r", 2, true, 2},
    {"utf-8", "x\r", 2, false, 0},
    {"utf-8", "\0nul\n", 5, false, 5},
    {"utf-16-le", "a\0\n\0b\0", 6, false, 4},
    {"utf-16-be", "\0a\0\n\0b", 6, false, 4},
    /* U+0A0A is no line end, nor is half of one. */
    {"utf-16-le", "\n\n\n\0", 4, false, 4},
    {"utf-16-le", "a\0\n", 3, false, 0},
};

START_TEST(a_line_ends_at_its_line_feed)
{
	const struct line_case *c = &lines[_i];
	struct codec *codec = codec_new(c->encoding);

	ck_assert_uint_eq(lines_next(codec, c->in, c->n, c->at_end), c->takes);
	codec_free(codec);
}
END_TEST

START_TEST(all_line_ends_are_stripped)
{
	ck_assert_uint_eq(lines_strip("a\r\r\n", 4), 1);
	ck_assert_uint_eq(lines_strip("\r\n", 2), 0);
	ck_assert_uint_eq(lines_strip("a\rb", 3), 3);
}
END_TEST

Suite *codec_suite(void);

Suite *
codec_suite(void)
{
	Suite *s = suite_create("codec");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(
	    tc, bytes_become_utf8, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, names_are_as_python_knows_them);
	tcase_add_loop_test(tc, a_line_ends_at_its_line_feed, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, all_line_ends_are_stripped);
	suite_add_tcase(s, tc);
	return s;
}
