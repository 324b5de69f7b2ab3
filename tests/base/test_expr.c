#include <check.h>
#include <string.h>

#include "base/expr.h"

static const char *const names[] = {"ban.Time", "ban.Count", NULL};
static const struct number values[] = {{600, true}, {3, true}};

/* Expected values are Python's. */
static const struct result_case {
	const char *text;
	const char *result; /* NULL: an error */
} result_cases[] = {
    {"1+2*3", "7"},
    {"(1+2)*3", "9"},
    {"7/2", "3.5"},
    {"6/2", "3.0"},
    {"7//2", "3"},
    {"-7//2", "-4"},
    {"7//2.0", "3.0"},
    {"0//-2", "0"},
    {"0*-1", "0"},
    {"-2.0%1.0", "0.0"},
    {"1.5%-2//-1", "0.0"},
    {"-7%3", "2"},
    {"7%-3", "-2"},
    {"-7.5%2", "0.5"},
    {"2**10", "1024"},
    {"2**-1", "0.5"},
    {"-2**2", "-4"},
    {"2**3**2", "512"},
    {"1<<20", "1048576"},
    {"1+1<<2", "8"},
    {"-5>>1", "-3"},
    {"6&3|8", "10"},
    {"6^3", "5"},
    {"~5", "-6"},
    {"1<2<3", "1"},
    {"1<3<2", "0"},
    {"1<=1==1", "1"},
    {"2!=2", "0"},
    {"not 0", "1"},
    {"not 1 or 5", "5"},
    {"0 or 2.5", "2.5"},
    {"3 and 4", "4"},
    {"0 and 1/0", "0"},
    {"1 if 0 else 2 if 0 else 3", "3"},
    {"5 if 1 else 1/0", "5"},
    {"ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * 1", "4800"},
    {"max(ban.Time, 3600*ban.Count)", "10800"},
    {"ban.Time*ban.Count**2", "5400"},
    {"int(7.9)", "7"},
    {"int(-7.9)", "-7"},
    {"float(3)", "3.0"},
    {"round(2.5)", "2"},
    {"round(3.5)", "4"},
    {"round(2.675, 1)", "2.7"},
    {"min(3, 1.0, 2)", "1.0"},
    {"max(1, 1.0)", "1"},
    {"abs(-3)", "3"},
    {"pow(2, 3)", "8"},
    {"math.pow(2, 3)", "8.0"},
    {"math.floor(2.7)", "2"},
    {"math.ceil(2.1)", "3"},
    {"math.log(8, 2)", "3.0"},
    {"math.exp(0)", "1.0"},
    {"math.sqrt(9)", "3.0"},
    {"random.random() < 1", "1"},
    {"5 <= random.uniform(5, 6) <= 6", "1"},
    {"1 <= random.randint(1, 3) <= 3", "1"},
    {"0x10", "16"},
    {"0b101", "5"},
    {"1e3", "1000.0"},
    {"1_000", "1000"},
    {"True + True", "2"},
    {"  1 ", "1"},
    {"", NULL},
    {"1 +", NULL},
    {"(1", NULL},
    {"1)", NULL},
    {"1 2", NULL},
    {"foo", NULL},
    {"ban.Foo", NULL},
    {"math.foo(1)", NULL},
    {"__import__(1)", NULL},
    {"1/0", NULL},
    {"1%0", NULL},
    {"1.5<<1", NULL},
    {"1<<-1", NULL},
    {"1<<5000", NULL},
    {"10**400", NULL},
    {"10.0**400", NULL},
    {"0**-1", NULL},
    {"(-8)**0.5", NULL},
    {"math.exp(1000)", NULL},
    {"math.log(0)", NULL},
    {"math.sqrt(-1)", NULL},
    {"int(math.inf)", NULL},
    {"min(1)", NULL},
    {"1 if 2", NULL},
    {"if", NULL},
    {"'a'", NULL},
    {"08", NULL},
};

START_TEST(results_are_those_of_python)
{
	const struct result_case *c = &result_cases[_i];
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct expr *e = expr_new(c->text, names, &err);
	struct number v;
	int rc = e == NULL ? -1 : expr_eval(e, values, &v, &err);

	ck_assert_msg(rc == (c->result == NULL ? -1 : 0), "%s: %s", c->text,
	    err_text(&err));
	if (rc == 0) {
		number_print(&out, &v);
		ck_assert_str_eq(out.p, c->result);
	} else
		ck_assert_int_eq(err.count, 1);
	expr_free(e);
	buf_release(&out);
	err_release(&err);
}
END_TEST

START_TEST(deep_and_long_texts_are_refused)
{
	static const char *const parts[] = {
	    "(", "-", "not ", "1+", "1**", "1 if "};
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	for (int i = 0; i < 700; i++)
		buf_adds(&text, parts[_i]);
	buf_addc(&text, '1');
	ck_assert_ptr_null(expr_new(text.p, names, &err));
	ck_assert_int_eq(err.count, 1);
	buf_release(&text);
	err_release(&err);
}
END_TEST

Suite *expr_suite(void);

Suite *
expr_suite(void)
{
	Suite *s = suite_create("expr");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, results_are_those_of_python, 0,
	    sizeof(result_cases) / sizeof(result_cases[0]));
	tcase_add_loop_test(tc, deep_and_long_texts_are_refused, 0, 6);
	suite_add_tcase(s, tc);
	return s;
}
