#include <check.h>
#include <stddef.h>

#include "base/optrows.h"

struct target {
	const char *text;
	char *copy;
	bool on;
	bool off;
	int level;
};

static const struct optrow rows[] = {
    {'t', OPTROW_TEXT, offsetof(struct target, text)},
    {'c', OPTROW_COPY, offsetof(struct target, copy)},
    {'y', OPTROW_ON, offsetof(struct target, on)},
    {'n', OPTROW_OFF, offsetof(struct target, off)},
    {'v', OPTROW_MORE, offsetof(struct target, level)},
    {'q', OPTROW_LESS, offsetof(struct target, level)},
    {'z', OPTROW_NOTHING, 0},
    {0, OPTROW_NOTHING, 0},
};

START_TEST(each_option_does_what_its_row_says)
{
	struct target t = {.off = true};
	static const char text[] = "argument";

	ck_assert(optrows_set(&t, rows, 't', text));
	ck_assert_ptr_eq(t.text, text);
	ck_assert(optrows_set(&t, rows, 'c', "first"));
	ck_assert(optrows_set(&t, rows, 'c', text));
	ck_assert_str_eq(t.copy, text);
	ck_assert_ptr_ne(t.copy, text);
	ck_assert(optrows_set(&t, rows, 'y', NULL));
	ck_assert(optrows_set(&t, rows, 'n', NULL));
	ck_assert(t.on && !t.off);
	for (int i = 0; i < 3; i++)
		ck_assert(optrows_set(&t, rows, 'v', NULL));
	ck_assert(optrows_set(&t, rows, 'q', NULL));
	ck_assert_int_eq(t.level, 2);
	ck_assert(optrows_set(&t, rows, 'z', NULL));
	optrows_release(&t, rows);
}
END_TEST

START_TEST(option_without_a_row_is_left_alone)
{
	struct target t = {.level = 1};

	ck_assert(!optrows_set(&t, rows, 'x', "argument"));
	ck_assert(!optrows_set(&t, rows, '?', NULL));
	ck_assert_ptr_null(t.text);
	ck_assert_int_eq(t.level, 1);
}
END_TEST

Suite *optrows_suite(void);

Suite *
optrows_suite(void)
{
	Suite *s = suite_create("optrows");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, each_option_does_what_its_row_says);
	tcase_add_test(tc, option_without_a_row_is_left_alone);
	suite_add_tcase(s, tc);
	return s;
}
