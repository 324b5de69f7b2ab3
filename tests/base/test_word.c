#include <check.h>
#include <stddef.h>

#include "base/word.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *word;
	bool is_true;
} cases[] = {
    {"1", true},
    {"on", true},
    {"TRUE", true},
    {"Yes", true},
    {"0", false},
    {"off", false},
    {"false", false},
    {"no", false},
    {"", false},
    {"2", false},
    {"yes ", false},
    {"y", false},
    {NULL, false},
};

START_TEST(four_words_are_true)
{
	ck_assert_int_eq(word_is_true(cases[_i].word), cases[_i].is_true);
}
END_TEST

Suite *word_suite(void);

Suite *
word_suite(void)
{
	Suite *s = suite_create("word");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, four_words_are_true, 0, COUNT(cases));
	suite_add_tcase(s, tc);
	return s;
}
