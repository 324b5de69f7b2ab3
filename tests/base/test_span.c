#include <check.h>

#include "base/span.h"

/* fail2ban: recorded from --str2sec of 1.0.2. NULL: an error. */
static const struct parse_case {
	const char *in;
	const char *out;
} parse_cases[] = {
    {"600", "600"},
    {"10m", "600"},
    {"10 m", "600"},
    {"10 min", "600"},
    {"1d12h", "129600"},
    {"1w 2d", "777600"},
    {"1d12h30m", "131400"},
    {"1h 30m", "5400"},
    {"0d 1h 30m", "5400"},
    {"1y 6mo", "47336400.0"},
    {"1year-6mo", "15778800.0"},
    {"6 months", "15778800.0"},
    {"1m-30s", "30"},
    {"1.5h", "5400.0"},
    {".5h", "1800.0"},
    {"-1", "-1"},
    {"- 1", "-1"},
    {"1h*2", "7200"},
    {"2h*3", "21600"},
    {"1h/2", "1800.0"},
    {"10/5", "2.0"},
    {"7//2", "3"},
    {"2**3", "8"},
    {"max(1,2)", "2"},
    {"1 if 2 else 3", "1"},
    {"1M", "60"},
    {"1H30", "3630"},
    {"1s5", "6"},
    {"5d3", "432003"},
    {"1d 12", "86412"},
    {"1d  2h", "93600"},
    {"1 day 2", "86402"},
    {"1 d2", "86402"},
    {"1  2", "3"},
    {"1hour+30min", "5400"},
    {"(1h+1)*2", "7202"},
    {"1_000", "1000"},
    {"1_0s", "10"},
    {"00", "0"},
    {"  5 ", "5"},
    {"3 + 4", "7"},
    {"1sec", "1"},
    {"1se", "1"},
    {"1wee", "604800"},
    {"1yea", "31557600.0"},
    {"60*60", "3600"},
    {"None", "None"},
    /* ours: cut, not a number of any size */
    {"99999999999999999999", "9000000000000000"},
    {"-99999999999999999999", "-9000000000000000"},
    {"1e400-1e400", NULL},
    {"", NULL},
    {"none", NULL},
    {"abc", NULL},
    {"foo", NULL},
    {"1e3", NULL},
    {"0x10", NULL},
    {"007", NULL},
    {"2das", NULL},
    {"1secs", NULL},
    {"1mins", NULL},
    {"1 foo", NULL},
    {"(1) 2", NULL},
    {"1.h", NULL},
    {"1__0", NULL},
    {"1/0", NULL},
    {"1*h", NULL},
    {"s", NULL},
    {"1h-", NULL},
    {"1s_", NULL},
    {"math.inf", NULL},
};

START_TEST(text_becomes_seconds)
{
	const struct parse_case *c = &parse_cases[_i];
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct span s;

	ck_assert_int_eq(span_parse(&s, c->in, &err), c->out == NULL ? -1 : 0);
	if (c->out != NULL) {
		span_print(&out, &s);
		ck_assert_str_eq(out.p, c->out);
	} else
		ck_assert_int_eq(err.count, 1);
	buf_release(&out);
	err_release(&err);
}
END_TEST

START_TEST(error_names_what_is_unknown)
{
	struct err err = ERR_INIT;
	struct span s;

	ck_assert_int_eq(span_parse(&s, "foo", &err), -1);
	ck_assert_str_eq(err_text(&err), "name 'foo' is not defined");
	err_release(&err);
}
END_TEST

/* fail2ban: recorded from 1.0.2. */
static const struct pretty_case {
	double seconds;
	const char *text;
} pretty_cases[] = {
    {0, "0"},
    {1, "1s"},
    {1.5, "1.5s"},
    {60, "1m"},
    {60.5, "1.0m 0.5s"},
    {61, "1m 1s"},
    {100, "1m 40s"},
    {123, "2m 3s"},
    {3594, "59m 54s"},
    {3595, "1h"},
    {3600, "1h"},
    {3661, "1h 1m"},
    {7195, "2h"},
    {86394, "23h 59m"},
    {86395, "24h"},
    {86399, "24h"},
    {86400, "1d"},
    {86430, "1d"},
    {90061, "1d 1h 1m"},
    {198900, "2d 7h 15m"},
    {603000, "6d 23h 30m"},
    {604799, "7d"},
    {604800, "1w"},
    {700000, "1w 1d 2h"},
    {31535999, "52w 1d"},
    {31536000, "1y"},
    {33696000, "1y 3w 4d"},
    {1e10, "317y 5w 1d"},
    {-1, "-1s"},
    {-100, "-100s"},
};

START_TEST(seconds_become_text)
{
	struct buf out = BUF_INIT;

	span_pretty(&out, pretty_cases[_i].seconds);
	ck_assert_str_eq(out.p, pretty_cases[_i].text);
	buf_release(&out);
}
END_TEST

Suite *span_suite(void);

Suite *
span_suite(void)
{
	Suite *s = suite_create("span");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, text_becomes_seconds, 0,
	    sizeof(parse_cases) / sizeof(parse_cases[0]));
	tcase_add_test(tc, error_names_what_is_unknown);
	tcase_add_loop_test(tc, seconds_become_text, 0,
	    sizeof(pretty_cases) / sizeof(pretty_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
