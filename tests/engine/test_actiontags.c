#include "engine/actiontags.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct rendered r;
static struct value *given, *known;
static int asked;

static bool
ask(void *arg, const char *name, const struct ticket *t, struct buf *out)
{
	(void)arg;
	(void)t;
	asked++;
	buf_addf(out, "%s-value", name);
	return true;
}

static const struct action_env env = {.jail = "sshd", .tag = ask};

static void
setup(void)
{
	rendered_init(&r);
	given = value_dict();
	known = value_dict();
	asked = 0;
}

static void
teardown(void)
{
	rendered_release(&r);
	value_free(given);
	value_free(known);
}

static void
render(const char *text, const struct ticket *t)
{
	struct tagctx ctx = {
	    .env = &env, .ticket = t, .known = known, .given = given};

	actiontags_render(&r, text, &ctx);
}

/* fail2ban: table of spec 12 section 2. */
static const struct value_case {
	const char *command;
	const char *value; /* of tag "b" */
	const char *text;
	const char *arg; /* NULL: none */
} value_cases[] = {
    {"echo <b>", "x; rm", "f2bV_b=$0 \necho $f2bV_b", "x; rm"},
    {"echo '<b>' \"<b>\"", "x;y", "f2bV_b=$0 \necho '$f2bV_b' \"$f2bV_b\"",
        "x;y"},
    {"<b>", "a b", "a b", NULL},
    {"<b>", "a!b", "a!b", NULL},
    {"<b>", "\303\274", "\303\274", NULL},
    {"<b>", "a\tb%@:/=,+-", "a\tb%@:/=,+-", NULL},
    {"<b>", "a~", "f2bV_b=$0 \n$f2bV_b", "a~"},
    {"<b>", "a\nb", "f2bV_b=$0 \n$f2bV_b", "a\nb"},
    {"<b>", "a\rb", "f2bV_b=$0 \n$f2bV_b", "a\rb"},
    {"<b>", "<ip>", "f2bV_b=$0 \n$f2bV_b", "<ip>"},
    {"<b>", "", "", NULL},
    {"<zz> <> <a b> < <b>", "v", "<zz> <> <a b> < v", NULL},
};

/* Linux passes no argument of 128 KiB; no character is cut in two. */
START_TEST(long_values_are_cut)
{
	struct ticket *t = ticket_new("192.0.2.1", 9, 0);
	struct buf text = BUF_INIT;

	buf_addc(&text, ';');
	for (int i = 0; i < 70000; i++)
		buf_adds(&text, "\303\274");
	value_set(given, "b", value_textn(text.p, text.n));
	render("echo '<b>'", t);
	ck_assert_uint_eq(r.nargs, 1);
	ck_assert_uint_eq(strlen(r.args[0]), 99999);
	buf_release(&text);
	ticket_free(t);
}
END_TEST

START_TEST(unsafe_values_become_arguments)
{
	const struct value_case *c = &value_cases[_i];
	struct ticket *t = ticket_new("192.0.2.1", 9, 0);

	value_set(given, "b", value_text(c->value));
	render(c->command, t);
	ck_assert_str_eq(r.text.p, c->text);
	ck_assert_uint_eq(r.nargs, c->arg != NULL);
	if (c->arg != NULL)
		ck_assert_str_eq(r.args[0], c->arg);
	ticket_free(t);
}
END_TEST

/* fail2ban: first row of the table. */
START_TEST(variables_are_numbered_tags_first_then_captures)
{
	struct ticket *t = ticket_new("1.2.3.4", 7, 0);

	value_set(t->data, "x", value_text("it's"));
	value_set(given, "a", value_text("1.2.3.4"));
	value_set(given, "b", value_text("x; rm"));
	value_set(given, "c-d", value_text("a$b"));
	render("echo <a> <b> <F-X> <c-d> <zz>", t);
	ck_assert_str_eq(r.text.p,
	    "f2bV_b=$0 f2bV_c_d=$1 f2bV_F_x=$2 \n"
	    "echo 1.2.3.4 $f2bV_b $f2bV_F_x $f2bV_c_d <zz>");
	ck_assert_uint_eq(r.nargs, 3);
	ck_assert_str_eq(r.args[0], "x; rm");
	ck_assert_str_eq(r.args[1], "a$b");
	ck_assert_str_eq(r.args[2], "it's");
	ticket_free(t);
}
END_TEST

START_TEST(numbers_and_none_print_as_python_does)
{
	struct ticket *t = ticket_new("1.2.3.4", 7, 0);

	value_set(given, "i", value_int(5));
	value_set(given, "f", value_float(1.5));
	value_set(given, "n", value_none());
	render("echo <i> <f> <n>", t);
	ck_assert_str_eq(r.text.p, "echo 5 1.5 None");
	ticket_free(t);
}
END_TEST

START_TEST(the_eleventh_variable_is_not_the_first_with_a_zero)
{
	struct ticket *t = ticket_new("1.2.3.4", 7, 0);
	struct buf want = BUF_INIT;

	for (char c = 'a'; c <= 'l'; c++) {
		char name[2] = {c, '\0'};

		value_set(given, name, value_textf("%c;", c));
		buf_addf(&want,
		    c - 'a' < 10 ? "f2bV_%c=$%d " : "f2bV_%c=${%d} ", c,
		    c - 'a');
	}
	buf_adds(&want, "\n");
	render("<a><b><c><d><e><f><g><h><i><j><k><l>", t);
	ck_assert_int_eq(strncmp(r.text.p, want.p, want.n), 0);
	ck_assert_uint_eq(r.nargs, 12);
	ck_assert_str_eq(r.args[11], "l;");
	buf_release(&want);
	ticket_free(t);
}
END_TEST

static struct ticket *
sample(const char *id)
{
	struct ticket *t = ticket_new(id, strlen(id), 1795340016.7921038);

	t->bantime = 600;
	t->has_bantime = true;
	t->bancount = 2;
	t->failures = 5;
	value_adds(t->matches, "l1");
	value_adds(t->matches, "l2");
	return t;
}

/* fail2ban: values recorded from 1.0.2. */
static const struct tag_case {
	const char *id;
	const char *tag;
	const char *value;
} tag_cases[] = {
    {"192.0.2.1", "ip", "192.0.2.1"},
    {"192.0.2.1", "fid", "192.0.2.1"},
    {"192.0.2.1", "family", "inet4"},
    {"2001:db8::aa", "family", "inet6"},
    {"someone", "family", "None"},
    {"192.0.2.1", "ip-rev", "1.2.0.192."},
    {"2001:db8::aa", "ip-rev",
        "a.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."},
    {"someone", "ip-rev", ""},
    {"192.0.2.1", "failures", "5"},
    {"192.0.2.1", "time", "1795340016.7921038"},
    {"192.0.2.1", "bantime", "600"},
    {"192.0.2.1", "bancount", "2"},
    {"192.0.2.1", "matches", "l1\nl2"},
    {"192.0.2.1", "restored", "0"},
    {"192.0.2.1", "jail.name", "sshd"},
    {"192.0.2.1", "raw-ticket",
        "BanTicket: ip=192.0.2.1 time=1795340016.7921038 bantime=600 "
        "bancount=2 #attempts=5 matches=['l1', 'l2']"},
    {"192.0.2.1", "F-*", "{'matches': ['l1', 'l2'], 'failures': 5}"},
    {"192.0.2.1", "F-USER", ""},
    {"192.0.2.1", "ipmatches", "ipmatches-value"},
    {"192.0.2.1", "jail.found_total", "jail.found_total-value"},
};

START_TEST(tags_have_the_values_of_the_ticket)
{
	const struct tag_case *c = &tag_cases[_i];
	struct ticket *t = sample(c->id);
	struct tagctx ctx = {.env = &env, .ticket = t, .known = known};
	struct buf b = BUF_INIT;

	ck_assert(actiontags_value(&b, c->tag, strlen(c->tag), &ctx));
	ck_assert_str_eq(b.p, c->value);
	buf_release(&b);
	ticket_free(t);
}
END_TEST

START_TEST(captures_have_two_keys_of_their_own)
{
	struct ticket *t = sample("1.2.3.4");

	value_set(t->data, "user", value_text("u"));
	value_set(t->data, "fport", value_text("22"));
	value_set(t->data, "fid", value_text("x"));
	render("<F-USER>|<F-NO>|<F-ID>|<F-PORT>|<F-user>", t);
	ck_assert_str_eq(r.text.p, "u||x|22|<F-user>");
	ticket_free(t);
}
END_TEST

START_TEST(two_captures_that_look_alike_are_two_variables)
{
	struct ticket *t = sample("1.2.3.4");

	value_set(t->data, "a-b", value_text("1;"));
	value_set(t->data, "a_b", value_text("2;"));
	render("<F-A-B> <F-A_B> <F-A-B>", t);
	ck_assert_str_eq(r.text.p, "f2bV_F_a_b=$0 f2bV_F_a_b_=$1 \n"
	                           "$f2bV_F_a_b $f2bV_F_a_b_ $f2bV_F_a_b");
	ck_assert_uint_eq(r.nargs, 2);
	ticket_free(t);
}
END_TEST

START_TEST(restored_times_are_integers_and_missing_bantimes_the_jails)
{
	struct ticket *t = sample("1.2.3.4");

	t->time = 1795340130;
	render("<time> <bantime>", t);
	ck_assert_str_eq(r.text.p, "1795340130.0 600");
	t->restored = true;
	t->has_bantime = false;
	render("<time> <bantime> <restored>", t);
	ck_assert_str_eq(r.text.p, "1795340130 bantime-value 1");
	t->has_bantime = true;
	t->bantime = -1;
	render("<bantime>", t);
	ck_assert_str_eq(r.text.p, "-1");
	ticket_free(t);
}
END_TEST

START_TEST(what_costs_a_query_is_asked_once_a_ban)
{
	struct ticket *t = sample("1.2.3.4");

	render("<ipfailures> <ipfailures>", t);
	render("<ipfailures>", t);
	ck_assert_int_eq(asked, 1);
	ck_assert_str_eq(r.text.p, "ipfailures-value");
	ticket_free(t);
}
END_TEST

START_TEST(a_nul_in_a_value_is_left_out)
{
	struct ticket *t = sample("1.2.3.4");

	value_set(t->data, "user", value_textn("a\0b;", 4));
	render("<F-USER>", t);
	ck_assert_uint_eq(r.nargs, 1);
	ck_assert_str_eq(r.args[0], "ab;");
	ticket_free(t);
}
END_TEST

START_TEST(escaping_keeps_a_text_one_word_of_the_shell)
{
	struct buf b = BUF_INIT;

	actiontags_escape(&b, "a'b\n$(x)\r", 9);
	ck_assert_str_eq(b.p, "a\\'b\\n\\$\\(x\\)\\r");
	buf_release(&b);
}
END_TEST

Suite *actiontags_suite(void);

Suite *
actiontags_suite(void)
{
	Suite *s = suite_create("actiontags");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, unsafe_values_become_arguments, 0,
	    sizeof(value_cases) / sizeof(value_cases[0]));
	tcase_add_test(tc, long_values_are_cut);
	tcase_add_test(tc, variables_are_numbered_tags_first_then_captures);
	tcase_add_test(tc, numbers_and_none_print_as_python_does);
	tcase_add_test(tc, the_eleventh_variable_is_not_the_first_with_a_zero);
	tcase_add_loop_test(tc, tags_have_the_values_of_the_ticket, 0,
	    sizeof(tag_cases) / sizeof(tag_cases[0]));
	tcase_add_test(tc, captures_have_two_keys_of_their_own);
	tcase_add_test(tc, two_captures_that_look_alike_are_two_variables);
	tcase_add_test(
	    tc, restored_times_are_integers_and_missing_bantimes_the_jails);
	tcase_add_test(tc, what_costs_a_query_is_asked_once_a_ban);
	tcase_add_test(tc, a_nul_in_a_value_is_left_out);
	tcase_add_test(tc, escaping_keeps_a_text_one_word_of_the_shell);
	suite_add_tcase(s, tc);
	return s;
}
