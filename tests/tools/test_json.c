#include <check.h>

#include "literal.h"
#include "tools/json.h"

static const struct json_case {
	const char *answer;
	const char *json;
} json_cases[] = {
    {"'pong'", "\"pong\""},
    {"None", "null"},
    {"5000000000", "5000000000"},
    {"True", "true"},
    {"0.5", "0.5"},
    {"[]", "[]"},
    {"['a', 1]", "[\"a\", 1]"},
    {"(None, '^{EPOCH}')", "[null, \"^{EPOCH}\"]"},
    {"[('Number of jail', 2), ('Jail list', 't1, t2')]",
        "{\"Number of jail\": 2, \"Jail list\": [\"t1\", \"t2\"]}"},
    {"[('Number of jail', 0), ('Jail list', '')]",
        "{\"Number of jail\": 0, \"Jail list\": []}"},
    {"[('Filter', [('File list', ['/a'])]), ('Actions', [('x', [])])]",
        "{\"Filter\": {\"File list\": [\"/a\"]}, \"Actions\": {\"x\": []}}"},
    {"[('Jail list', 't1'), {'t1': [('Filter', 0)]}]",
        "{\"Jail list\": [\"t1\"], "
        "\"Status for the jails\": {\"t1\": {\"Filter\": 0}}}"},
    {"[{'t1': ['192.0.2.1']}, {'t2': []}]",
        "[{\"t1\": [\"192.0.2.1\"]}, {\"t2\": []}]"},
    {"{'t1': ['polling', (0, 1), (2, 3)]}",
        "{\"t1\": {\"backend\": \"polling\", "
        "\"failed\": {\"current\": 0, \"total\": 1}, "
        "\"banned\": {\"current\": 2, \"total\": 3}}}"},
    {"{}", "{}"},
    {"'\xff\"'", "\"\xef\xbf\xbd\\\"\""},
};

START_TEST(answers_are_data)
{
	struct value *v = literal(json_cases[_i].answer);
	struct buf b = BUF_INIT;

	json_answer(&b, v);
	ck_assert_str_eq(b.p, json_cases[_i].json);
	buf_release(&b);
	value_free(v);
}
END_TEST

START_TEST(errors_are_an_object)
{
	struct buf b = BUF_INIT;

	json_error(&b, "no \"server\"");
	ck_assert_str_eq(b.p, "{\"error\": \"no \\\"server\\\"\"}");
	buf_release(&b);
}
END_TEST

START_TEST(streams_are_arrays)
{
	struct value *v =
	    literal("[['add', 'Jail list'], ['start', 'a'], [('x', 1)]]");
	struct buf b = BUF_INIT;

	json_plain(&b, v);
	ck_assert_str_eq(b.p, "[[\"add\", \"Jail list\"], "
	                      "[\"start\", \"a\"], [[\"x\", 1]]]");
	buf_release(&b);
	value_free(v);
}
END_TEST

START_TEST(tests_tell_warnings)
{
	struct buf b = BUF_INIT;

	json_test(&b, NULL, "");
	ck_assert_str_eq(b.p, "{\"valid\": true, \"warnings\": []}");
	buf_reset(&b);
	json_test(&b, "bad", "one\ntwo\n");
	ck_assert_str_eq(b.p, "{\"valid\": false, \"error\": \"bad\", "
	                      "\"warnings\": [\"one\", \"two\"]}");
	buf_release(&b);
}
END_TEST

Suite *json_suite(void);

Suite *
json_suite(void)
{
	Suite *s = suite_create("json");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, answers_are_data, 0,
	    sizeof(json_cases) / sizeof(json_cases[0]));
	tcase_add_test(tc, errors_are_an_object);
	tcase_add_test(tc, streams_are_arrays);
	tcase_add_test(tc, tests_tell_warnings);
	suite_add_tcase(s, tc);
	return s;
}
