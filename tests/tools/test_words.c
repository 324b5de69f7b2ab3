#include <check.h>

#include "tools/words.h"

/* fail2ban: recorded from Python's shlex.split() */
static const struct words_case {
	const char *line;
	const char *want; /* repr, or the error */
} words_cases[] = {
    {"", "[]"},
    {"  \t\n", "[]"},
    {"status sshd\n", "['status', 'sshd']"},
    {"echo \"a b\" c", "['echo', 'a b', 'c']"},
    {"a'b c'd \"\"", "['ab cd', '']"},
    {"a\\ b '\\' \"\\\"\\\\\\n\"", "['a b', '\\\\', '\"\\\\\\\\n']"},
    {"a # b", "['a', '#', 'b']"},
    {"status \"x", "No closing quotation"},
    {"status 'x\"", "No closing quotation"},
    {"status \\", "No escaped character"},
};

START_TEST(splits_as_a_shell_does)
{
	const struct words_case *c = &words_cases[_i];
	struct value *words = value_list();
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;

	if (words_split(words, c->line, &err) == -1)
		buf_adds(&b, err_text(&err));
	else
		value_repr(&b, words);
	ck_assert_str_eq(b.p, c->want);
	buf_release(&b);
	err_release(&err);
	value_free(words);
}
END_TEST

Suite *words_suite(void);

Suite *
words_suite(void)
{
	Suite *s = suite_create("words");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, splits_as_a_shell_does, 0,
	    sizeof(words_cases) / sizeof(words_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
