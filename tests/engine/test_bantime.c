#include <check.h>
#include <string.h>

#include "engine/bantime.h"

static const int counts[] = {0, 1, 2, 3, 5, 10, 19, 20, 30};

/* fail2ban: spec 11 section 1, ban.Time 600. Options: name, text, ... */
static const struct table_case {
	const char *options[6];
	const char *results[9];
} table_cases[] = {
    {{NULL}, {"600", "1200", "2400", "4800", "19200", "614400", "314572800",
                 "629145600", "629145600"}},
    {{"factor", "2", NULL}, {"1200", "2400", "4800", "9600", "38400", "1228800",
                                "629145600", "1258291200", "1258291200"}},
    {{"factor", "0.5", NULL}, {"600", "600", "1200.0", "2400.0", "9600.0",
                                  "307200.0", NULL, NULL, NULL}},
    {{"factor", "2.0 / 3", NULL}, {"600", "800.0", "1600.0", "3200.0",
                                      "12800.0", "409600.0", NULL, NULL, NULL}},
    {{"multipliers", "1 2 4 8 16 32 64", NULL},
        {"600", "1200", "2400", "4800", "19200", "38400", "38400", "38400",
            "38400"}},
    {{"multipliers", "1 5 30 60 300 720 1440 2880", NULL},
        {"600", "3000", "18000", "36000", "432000", "1728000", "1728000",
            "1728000", "1728000"}},
    {{"multipliers", "1 2", "factor", "3", NULL},
        {"1800", "3600", "3600", "3600", "3600", "3600", "3600", "3600",
            "3600"}},
    {{"factor", "2.0 / 2.885385", "formula",
         "ban.Time * math.exp(float(ban.Count+1)*banFactor)"
         "/math.exp(1*banFactor)",
         NULL},
        {"600", "1200.0014649367868", "2400.0058597507245", "4800.017579262904",
            "19200.11719522909", "614407.5005175527", NULL, NULL,
            "644268689276.1"}},
    {{"maxtime", "5w", NULL}, {"600", "1200", "2400", "4800", "19200", "614400",
                                  "3024000", "3024000", "3024000"}},
    {{"formula", "ban.Time / 2", NULL},
        {"600", "600", "600", "600", "600", "600", "600", "600", "600"}},
    {{"formula", "max(ban.Time, 3600*ban.Count)", NULL},
        {"600", "3600", "7200", "10800", "18000", "36000", "68400", "72000",
            "108000"}},
    {{"formula", "ban.Time * ban.Count ** 2", NULL},
        {"600", "600", "2400", "5400", "15000", "60000", "216600", "240000",
            "540000"}},
};

static struct bantime *
with_options(const char *const *options)
{
	struct bantime *b = bantime_new();
	struct err err = ERR_INIT;

	for (; *options != NULL; options += 2)
		ck_assert_int_eq(
		    bantime_set(b, options[0], options[1], &err), 0);
	return b;
}

START_TEST(times_are_those_of_fail2ban)
{
	const struct table_case *c = &table_cases[_i];
	struct bantime *b = with_options(c->options);
	struct bantime *copy = bantime_copy(b);
	struct buf out = BUF_INIT;
	struct number v;

	for (int i = 0; i < 9; i++) {
		if (c->results[i] == NULL)
			continue;
		ck_assert_int_eq(
		    bantime_apply(copy, 600, counts[i], &v, NULL), 0);
		buf_reset(&out);
		number_print(&out, &v);
		ck_assert_msg(
		    strncmp(out.p, c->results[i], strlen(c->results[i])) == 0,
		    "%s is not %s", out.p, c->results[i]);
	}
	buf_release(&out);
	bantime_free(copy);
	bantime_free(b);
}
END_TEST

START_TEST(random_time_comes_after_the_limit)
{
	static const char *const options[] = {
	    "maxtime", "1000", "rndtime", "10", NULL};
	struct bantime *b = with_options(options);
	struct number v;

	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(bantime_apply(b, 600, 5, &v, NULL), 0);
		ck_assert(v.f >= 1000 && v.f < 1010);
	}
	bantime_free(b);
}
END_TEST

static const struct bad_case {
	const char *name;
	const char *text;
	const char *error;
} bad_cases[] = {
    {"formula", "ban.Time *", "invalid syntax"},
    {"formula", "foo", "name 'foo' is not defined"},
    {"factor", "x", "name 'x' is not defined"},
    {"multipliers", "1  2", "invalid literal for int() with base 10: ''"},
    {"multipliers", "1 a", "invalid literal for int() with base 10: 'a'"},
    {"maxtime", "foo", "name 'foo' is not defined"},
};

START_TEST(bad_option_changes_nothing)
{
	const struct bad_case *c = &bad_cases[_i];
	struct bantime *b = bantime_new();
	struct err err = ERR_INIT;
	struct value *v;
	struct number n;

	ck_assert_int_eq(bantime_set(b, c->name, c->text, &err), -1);
	ck_assert_ptr_nonnull(strstr(err_text(&err), c->error));
	v = bantime_get(b, c->name);
	ck_assert(value_is(v, VALUE_NONE));
	ck_assert_int_eq(bantime_apply(b, 600, 1, &n, NULL), 0);
	ck_assert(n.f == 1200);
	value_free(v);
	err_release(&err);
	bantime_free(b);
}
END_TEST

static const struct get_case {
	const char *name;
	const char *text;
	const char *repr;
} get_cases[] = {
    {"increment", "yes", "True"},
    {"increment", "false", "False"},
    {"increment", "", "False"},
    {"overalljails", "true", "'true'"},
    {"maxtime", "5w", "3024000"},
    {"rndtime", "1mo", "2629800.0"},
    {"factor", "2.0 / 3", "'2.0 / 3'"},
    {"whatever", "x", "'x'"},
};

START_TEST(options_answer_as_in_fail2ban)
{
	const struct get_case *c = &get_cases[_i];
	struct bantime *b = bantime_new();
	struct buf out = BUF_INIT;
	struct value *v;

	ck_assert_int_eq(bantime_set(b, c->name, c->text, NULL), 0);
	v = bantime_get(b, c->name);
	value_repr(&out, v);
	ck_assert_str_eq(out.p, c->repr);
	value_free(v);
	buf_release(&out);
	bantime_free(b);
}
END_TEST

START_TEST(formula_may_fail_at_run_time)
{
	static const char *const options[] = {
	    "formula", "ban.Time / (ban.Count - 1)", NULL};
	struct bantime *b = with_options(options);
	struct err err = ERR_INIT;
	struct number v;

	ck_assert_int_eq(bantime_apply(b, 600, 1, &v, &err), -1);
	ck_assert_int_eq(err.count, 1);
	err_release(&err);
	bantime_free(b);
}
END_TEST

START_TEST(huge_results_are_clamped)
{
	static const char *const options[] = {"formula", "10.0**300", NULL};
	struct bantime *b = with_options(options);
	struct number v;

	ck_assert_int_eq(bantime_apply(b, 600, 1, &v, NULL), 0);
	ck_assert(v.f == 140737488355327.0);
	bantime_free(b);
}
END_TEST

Suite *bantime_suite(void);

Suite *
bantime_suite(void)
{
	Suite *s = suite_create("bantime");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, times_are_those_of_fail2ban, 0,
	    sizeof(table_cases) / sizeof(table_cases[0]));
	tcase_add_test(tc, random_time_comes_after_the_limit);
	tcase_add_loop_test(tc, bad_option_changes_nothing, 0,
	    sizeof(bad_cases) / sizeof(bad_cases[0]));
	tcase_add_loop_test(tc, options_answer_as_in_fail2ban, 0,
	    sizeof(get_cases) / sizeof(get_cases[0]));
	tcase_add_test(tc, formula_may_fail_at_run_time);
	tcase_add_test(tc, huge_results_are_clamped);
	suite_add_tcase(s, tc);
	return s;
}
