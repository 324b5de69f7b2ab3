#include <check.h>
#include <stdlib.h>

#include "base/optlist.h"

/*
 * fail2ban: recorded from its extractOptions(); "name {options}" or the
 * error.
 */
static const struct parse_case {
	const char *text;
	const char *result;
} parse_cases[] = {
    {"sshd[mode=\"a,b\", x='c]d']", "sshd {'mode': 'a,b', 'x': 'c]d'}"},
    {"a[x=1][y=2]", "a {'x': '1', 'y': '2'}"},
    {"a[x=1] [y=\"2\"]", "a {'x': '1', 'y': '2'}"},
    {"a[x=1,\n y=2\n]", "a {'x': '1', 'y': '2'}"},
    {"a[x= \"q\"]", "a {'x': '\"q\"'}"},
    {"a[x=a'b]", "a {'x': \"a'b\"}"},
    {"a[x=1;y=2]", "a {'x': '1;y=2'}"},
    {"a[x=b c d, y=2]", "a {'x': 'b c d', 'y': '2'}"},
    {"a[x=,y=2]", "a {'x': '', 'y': '2'}"},
    {"a[]", "a {}"},
    {"a[,]", "a {}"},
    {"a [x=1]", "a  {'x': '1'}"},
    {"a[x= 1 ]", "a {'x': '1'}"},
    {"a[x=\" q \"]", "a {'x': 'q'}"},
    {"a[x=\"a]", "a {'x': '\"a'}"},
    {"a[x=1, ]", "a {'x': '1'}"},
    {"a[x=1][]", "a {'x': '1'}"},
    {"a[x=1 ] [ y=2 ]", "a {'x': '1', 'y': '2'}"},
    {"a[x?family=inet6=1]", "a {'x?family=inet6': '1'}"},
    {"a\nb", "a\nb {}"},
    {"a[x=1, y=2, x=3]", "a {'x': '3', 'y': '2'}"},
    {"a[x=\"q\" ]", "unexpected syntax at 5 after option 'x':  "},
    {"a[x=\"q\" ,y=1]", "unexpected syntax at 5 after option 'x':  ,y=1"},
    {"a[x=a]b]", "unexpected syntax at 3 after option 'x': ]b"},
    {"a[x=1]]", "unexpected syntax at 3 after option 'x': ]"},
    {"a[ x = 1 ]", "expected option, wrong syntax at 0:  x = 1 "},
    {"a[x]", "expected option, wrong syntax at 0: x"},
    {"a[x=1,,y=2]", "expected option, wrong syntax at 4: ,y=2"},
    {"a[x=\"q\",\"]", "expected option, wrong syntax at 6: \""},
    {"a[y=\"1\"]b[z=2]", "unexpected syntax at 5 after option 'y': ]b[z=2"},
    {"", "unexpected option syntax"},
    {"[x=1]", "unexpected option syntax"},
    {"a[x=1", "unexpected option syntax"},
    {"a[x=1]b", "unexpected option syntax"},
};

START_TEST(item_is_parsed_as_the_reference_does)
{
	const struct parse_case *c = &parse_cases[_i];
	struct value *opts = NULL;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	char *name = NULL;

	if (optlist_parse(&name, &opts, c->text, &err) == 0) {
		buf_addf(&got, "%s ", name);
		value_repr(&got, opts);
	} else
		buf_adds(&got, err_text(&err));
	ck_assert_str_eq(got.p, c->result);
	buf_release(&got);
	err_release(&err);
	value_free(opts);
	free(name);
}
END_TEST

/* fail2ban: recorded from its splitWithOptions(), items trimmed. */
static const struct split_case {
	const char *text;
	const char *result;
} split_cases[] = {
    {"a[x y]", "['a[x', 'y]']"},
    {"a[x=1]\n[y=2]\nc", "['a[x=1]\\n[y=2]', 'c']"},
    {"a;b,c", "['a;b,c']"},
    {"a [x=1] b", "['a [x=1]', 'b']"},
    {"a[x=\"1 2\"]b", "['a[x=\"1', '2\"]b']"},
    {"a[x=1]b[y=2 3]", "['a[x=1]b[y=2', '3]']"},
    {"a[x=1 2", "['a[x=1', '2']"},
    {"a[\"x y\"]", "['a[\"x', 'y\"]']"},
    {"a[x=1]x[y= z]", "['a[x=1]x[y=', 'z]']"},
    {"[a b]", "['[a', 'b]']"},
    {" a  b\n c", "['a', 'b', 'c']"},
    {"a[x=\"1]\" y] c", "['a[x=\"1]\"', 'y]', 'c']"},
    {"a[x=1,y=2 3][z=\"q r\"] d", "['a[x=1,y=2 3][z=\"q r\"]', 'd']"},
    {"a[x=1] [bad b] d", "['a[x=1]', '[bad', 'b]', 'd']"},
    {"a\xc2\xa0"
     "b",
        "['a', 'b']"},
    {"", "[]"},
};

START_TEST(list_is_split_as_the_reference_does)
{
	const struct split_case *c = &split_cases[_i];
	struct value *list = optlist_split(c->text);
	struct buf got = BUF_INIT;

	value_repr(&got, list);
	ck_assert_str_eq(got.p, c->result);
	buf_release(&got);
	value_free(list);
}
END_TEST

Suite *optlist_suite(void);

Suite *
optlist_suite(void)
{
	Suite *s = suite_create("optlist");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, item_is_parsed_as_the_reference_does, 0,
	    sizeof(parse_cases) / sizeof(parse_cases[0]));
	tcase_add_loop_test(tc, list_is_split_as_the_reference_does, 0,
	    sizeof(split_cases) / sizeof(split_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
