#include <check.h>

#include "literal.h"
#include "tools/streamcheck.h"

static const struct stream_case {
	const char *stream;
	int faults;
} stream_cases[] = {
    {"[]", 0},
    {"[['set', 'loglevel', 'INFO'], ['add', 'a', 'auto']]", 0},
    {"[['add', 'a', 'auto'], ['set', 'a', 'addfailregex', 'x <HOST>$']]", 0},
    {"[['add', 'a', 'auto'], ['set', 'a', 'addfailregex', 'x (<HOST>$']]", 1},
    {"[['add', 'a', 'auto'], ['set', 'a', 'addfailregex', 'x']]", 1},
    /* an id by the connection, but only in the jail that has it */
    {"[['add', 'a', 'auto'], "
     "['set', 'a', 'prefregex', '<F-MLFID>x</F-MLFID>'], "
     "['set', 'a', 'addfailregex', 'x']]",
        0},
    {"[['add', 'a', 'auto'], "
     "['set', 'a', 'prefregex', '<F-MLFID>x</F-MLFID>'], "
     "['add', 'b', 'auto'], ['set', 'b', 'addfailregex', 'x']]",
        1},
    {"[['multi-set', 'a', 'addfailregex', ['x', '<HOST>', '(']]]", 2},
    {"[['set', 'a', 'addignoreregex', '['], ['set', 'a', 'datepattern', "
     "'%Q'], ['set', 'a', 'logtimezone', 'XYZ'], ['set', 'a', 'maxlines', 0]]",
        4},
};

START_TEST(counts_what_the_server_would_refuse)
{
	const struct stream_case *c = &stream_cases[_i];
	struct value *stream = literal(c->stream);

	ck_assert_int_eq(streamcheck(stream), c->faults);
	value_free(stream);
}
END_TEST

Suite *streamcheck_suite(void);

Suite *
streamcheck_suite(void)
{
	Suite *s = suite_create("streamcheck");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, counts_what_the_server_would_refuse, 0,
	    sizeof(stream_cases) / sizeof(stream_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
