#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "conf/ini.h"
#include "conf/interp.h"

/*
 * fail2ban: the tables of spec 01 section 1. result lists the options of
 * every section but DEFAULT; an error is shown as "!" and a part of it.
 */
static const struct ini_case {
	const char *text;
	const char *result;
} ini_cases[] = {
    {"[A]\na=1\nb: 2\nc = x = y : z\nd:=3\ne =: 4\ng=\n",
        "A: a='1' b='2' c='x = y : z' d='=3' e=': 4' g=''"},
    {"[A]\na = 1 # no\n", "A: a='1 # no'"},
    {"[A]\nb = 1 ; c\nc = 1;no\nd = 1\t; t\nf = ; x\ng = a ;b;c ; d\n",
        "A: b='1' c='1;no' d='1' f='' g='a'"},
    {"[A]\ne = x\n   # c\n   y\n   ; c\n   z\n", "A: e='x\\ny\\nz'"},
    {"[A]\na = 1\n# col-0\n  2\n", "A: a='1\\n2'"},
    {"[A]\na = 1\n  2\n\n  3\nb = 4\n", "A: a='1\\n2\\n\\n3' b='4'"},
    {"[A]\nb = 1\n\n# c\n\n  2\n", "A: b='1\\n\\n\\n2'"},
    {"[A]\na =\n   x\n   y\n", "A: a='\\nx\\ny'"},
    {"[A]\na =\n\n\n", "A: a=''"},
    {"  [A]\n  x = 1\n  y = 2\n    cont\n   [B]\n z = 1\n",
        "A: x='1' y='2\\ncont\\n[B]' z='1'"},
    {"[A]\n  x = 1\n  y = 2\n z = 3\n   w = 4\n",
        "A: x='1' y='2' z='3\\nw = 4'"},
    {"[A B]\n[ C ]\n[D]]\n[E] junk\n", "A B: |  C : | D]: | E:"},
    {"[A]\nFoo = 1\n", "A: foo='1'"},
    {"[A]\r\na = 1\r\n  2\rb = 3", "A: a='1\\n2' b='3'"},
    {"[A]\na = \xc2\xa0x\xc2\xa0\n", "A: a='x'"},
    {"[A]\na = 1\n[DEFAULT]\nx=1\n[DEFAULT]\ny=1\n", "A: a='1'"},
    {"\xef\xbb\xbf[A]\n", "!File contains no section headers."},
    {"x = 1\n", "!line: 1\n'x = 1\\n'"},
    {"[]\n", "!line: 1\n'[]\\n'"},
    {"[A\n", "!line: 1\n'[A\\n'"},
    {"[A]\njust\n= v\nok = 1\n",
        "!Source contains parsing errors: 'f.conf'\n\t[line  2]: "
        "'just\\n'\n\t[line  3]: '= v\\n'"},
    {"[A]\na=1\nA=2\n",
        "!While reading from 'f.conf' [line  3]: option 'a' in section 'A' "
        "already exists"},
    {"[A]\n[A]\n",
        "!While reading from 'f.conf' [line  2]: section 'A' already exists"},
    {"[DEFAULT]\na=1\n[DEFAULT]\na=2\n",
        "!option 'a' in section 'DEFAULT' already exists"},
};

static void
show(struct buf *out, const struct ini *ini)
{
	for (size_t i = 0; i < ini_count(ini); i++) {
		const struct ini_section *s = ini_at(ini, i);

		buf_addf(out, "%s%s:", i > 0 ? " | " : "", ini_name(s));
		for (size_t k = 0; k < ini_options(s); k++) {
			const char *v = ini_get(s, ini_option(s, k));

			buf_addf(out, " %s=", ini_option(s, k));
			value_repr_text(out, v, strlen(v));
		}
	}
}

static int
parse(struct ini *ini, const char *text, struct err *err)
{
	struct ini_source src = {"f.conf", text, strlen(text)};

	return ini_parse(ini, &src, err);
}

START_TEST(file_is_read_as_the_reference_does)
{
	const struct ini_case *c = &ini_cases[_i];
	struct ini *ini = ini_new();
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;

	if (parse(ini, c->text, &err) == 0)
		show(&got, ini);
	else
		buf_addf(&got, "!%s", err_text(&err));
	if (c->result[0] == '!' && got.p[0] == '!')
		ck_assert_msg(strstr(got.p, c->result + 1) != NULL,
		    "%s\nnot in\n%s", c->result, got.p);
	else
		ck_assert_str_eq(got.p, c->result);
	err_release(&err);
	buf_release(&got);
	ini_free(ini);
}
END_TEST

START_TEST(option_knows_file_and_line)
{
	struct ini *ini = ini_new();
	struct pos pos;

	ck_assert_int_eq(
	    parse(ini, "# c\n[A]\n\na = 1\n  2\nb = 3\n", NULL), 0);
	pos = ini_pos(ini_find(ini, "A"), "b");
	ck_assert_str_eq(pos.file, "f.conf");
	ck_assert_int_eq(pos.line, 6);
	ck_assert_int_eq(ini_section_pos(ini_find(ini, "A")).line, 2);
	ck_assert_ptr_null(ini_pos(ini_find(ini, "A"), "c").file);
	ini_free(ini);
}
END_TEST

START_TEST(too_many_options_are_an_error_with_line)
{
	struct ini *ini = ini_new();
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	buf_adds(&text, "[A]\n");
	for (int i = 0; i <= INI_MAX_OPTIONS; i++)
		buf_addf(&text, "o%d=\n", i);
	ck_assert_int_eq(parse(ini, text.p, &err), -1);
	ck_assert_ptr_nonnull(
	    strstr(err_text(&err), "f.conf:20002: more than"));
	err_release(&err);
	buf_release(&text);
	ini_free(ini);
}
END_TEST

/* fail2ban: spec 01 section 2; an error is "!" and a part of it. */
static const struct interp_case {
	const char *text;
	const char *result;
} interp_cases[] = {
    {"[s]\nx = %(FooBar)s\nfoobar = 3\n", "3"},
    {"[s]\nx = 100%% %(__name__)s\n", "100% s"},
    {"[DEFAULT]\nq = 9\n[other]\n[s]\nx = %(other/q)s%(default/q)s\n", "99"},
    {"[other]\nr = %(z)s\n[s]\nz = here\nx = %(other/r)s\n", "here"},
    {"[s]\nx = %(known/x)s\n[DEFAULT]\nx = d\n", "d"},
    {"[s]\nx=%(a1)s\na1=%(a2)s\na2=%(a3)s\na3=%(a4)s\na4=%(a5)s\na5=%(a6)s\n"
     "a6=%(a7)s\na7=%(a8)s\na8=%(a9)s\na9=%(a10)s\na10=5\n",
        "5"},
    {"[s]\nx=%(a1)s\na1=%(a2)s\na2=%(a3)s\na3=%(a4)s\na4=%(a5)s\na5=%(a6)s\n"
     "a6=%(a7)s\na7=%(a8)s\na8=%(a9)s\na9=%(a10)s\na10=%(a11)s\na11=5\n",
        "!cannot be substituted in 10 steps. Raw value: '%(a1)s'"},
    {"[s]\nx = %(no)s\n",
        "!Bad value substitution: option 'x' in section 's' contains an "
        "interpolation key 'no' which is not a valid option name. Raw value: "
        "'%(no)s'"},
    {"[s]\nx = %(no/y)s\n", "!interpolation key 'no/y'"},
    {"[Other]\ny = 1\n[s]\nx = %(Other/y)s\n", "!interpolation key 'other/y'"},
    {"[s]\nx = a%(y)d\n", "!bad interpolation variable reference '%(y)d'"},
    {"[s]\nx = 5%\n", "!'%' must be followed by '%' or '(', found: '%'"},
};

START_TEST(references_are_replaced_as_the_reference_does)
{
	const struct interp_case *c = &interp_cases[_i];
	struct overlay cfg = {.all = ini_new(), .known = ini_new()};
	struct interp in = {.cfg = &cfg, .section = "s"};
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;

	ck_assert_int_eq(parse(cfg.all, c->text, NULL), 0);
	if (interp_get(&got, &in, "x", &err) == 1)
		ck_assert_str_eq(got.p, c->result);
	else
		ck_assert_msg(strstr(err_text(&err), c->result + 1) != NULL,
		    "%s", err_text(&err));
	ck_assert_int_eq(c->result[0] == '!', err.count > 0);
	err_release(&err);
	buf_release(&got);
	ini_free(cfg.all);
	ini_free(cfg.known);
}
END_TEST

START_TEST(references_that_multiply_are_bounded)
{
	struct overlay cfg = {.all = ini_new(), .known = ini_new()};
	struct interp in = {.cfg = &cfg, .section = "s"};
	struct buf text = BUF_INIT, got = BUF_INIT;
	struct err err = ERR_INIT;

	buf_adds(&text, "[s]\n");
	for (int i = 0; i < 9; i++) {
		buf_addf(&text, "x%d = ", i);
		for (int k = 0; k < 50; k++)
			buf_addf(&text, "%%(x%d)s", i + 1);
		buf_adds(&text, "\n");
	}
	buf_adds(&text, "x9 =\n");
	ck_assert_int_eq(parse(cfg.all, text.p, NULL), 0);
	ck_assert_int_eq(interp_get(&got, &in, "x0", &err), -1);
	err_release(&err);
	buf_release(&got);
	buf_release(&text);
	ini_free(cfg.all);
	ini_free(cfg.known);
}
END_TEST

Suite *ini_suite(void);

Suite *
ini_suite(void)
{
	Suite *s = suite_create("ini");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, file_is_read_as_the_reference_does, 0,
	    sizeof(ini_cases) / sizeof(ini_cases[0]));
	tcase_add_test(tc, option_knows_file_and_line);
	tcase_add_test(tc, too_many_options_are_an_error_with_line);
	tcase_add_loop_test(tc, references_are_replaced_as_the_reference_does,
	    0, sizeof(interp_cases) / sizeof(interp_cases[0]));
	tcase_add_test(tc, references_that_multiply_are_bounded);
	suite_add_tcase(s, tc);
	return s;
}
