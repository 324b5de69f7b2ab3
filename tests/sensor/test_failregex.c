/*
 * fail2ban: expected texts and captures are those of spec 04 and of
 * fail2ban-regex itself (-o row).
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/failregex.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

#define IP4 "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define IP6                                                                    \
	"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))"
#define ADDR "\\[?(?:" IP4 "|" IP6 ")\\]?"
#define DNS "(?P<dns>[\\w\\-.^_]*\\w)"

static const struct expand_case {
	const char *text;
	const char *expanded;
} expand_cases[] = {
    {"<HOST>", "(?:" ADDR "|" DNS ")"},
    {"<ADDR>", ADDR},
    {"<F-ADDR/>", ADDR},
    {"<IP4><F-IP4/>", IP4 IP4},
    {"<IP6><F-IP6/>", IP6 IP6},
    {"<DNS><F-DNS/>", DNS DNS},
    {"<CIDR><F-CIDR/>", "(?P<cidr>\\d+)(?P<cidr>\\d+)"},
    {"<SUBNET>", "\\[?(?:" IP4 "|" IP6 ")(?:/(?P<cidr>\\d+))?\\]?"},
    {"<F-ID/><F-PORT/>", "(?P<fid>\\S+)(?P<fport>\\w+)"},
    {"<F-ID>x</F-ID><F-PORT>y</F-PORT>", "(?P<fid>x)(?P<fport>y)"},
    {"<F-USER>a</F-USER>", "(?P<user>a)"},
    {"<F-USER_2>a</F-USER_2>", "(?P<user_2>a)"},
    {"<F-A>b</F-A></F-A>", "(?P<a>b))"},
    {"<F-A-B><F-1A>", "(?P<a-b>(?P<1a>"},
    {"<FOO> <br> <F-user> <F-USER/> </F-Q> <F-a> <F-> <ip4> </IP4>",
        "<FOO> <br> <F-user> <F-USER/> </F-Q> <F-a> <F-> <ip4> </IP4>"},
    {"<HOST/> <SKIPLINES/> < HOST> <HOST", "<HOST/> <SKIPLINES/> < HOST> "
                                           "<HOST"},
    {"a<SKIPLINES>b<SKIPLINES>", "a\\n(?P<skiplines0>(?:(?:.*\\n)*?))b\\n("
                                 "?P<skiplines1>(?:(?:.*\\n)*?))"},
    {"((?i)a) (?:(?iu)b) \\((?i)c)", "(?i:a) (?iu:b) \\((?i)c)"},
    {"((?Z)a)(?P<x>(?i)a)", "((?Z)a)(?P<x>(?i)a)"},
};

START_TEST(tags_are_expanded)
{
	const struct expand_case *c = &expand_cases[_i];
	struct buf out = BUF_INIT;

	failregex_expand(&out, c->text, false);
	ck_assert_str_eq(out.p, c->expanded);
	buf_release(&out);
}
END_TEST

START_TEST(host_without_names_when_dns_is_off)
{
	struct buf out = BUF_INIT;

	failregex_expand(&out, "<HOST>", true);
	ck_assert_str_eq(out.p, ADDR);
	buf_release(&out);
}
END_TEST

static struct names *names;

static void
setup(void)
{
	names = names_new();
}

static void
teardown(void)
{
	names_free(names);
}

static struct failregex *
compile(const char *text)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	struct failregex *f;

	failregex_expand(&out, text, false);
	f = failregex_new(out.p, false, names, &err);
	ck_assert_msg(f != NULL, "%s", err_text(&err));
	buf_release(&out);
	err_release(&err);
	return f;
}

/* Captures of f in the line over those in data, as fail2ban prints them. */
static void
match(struct captures *data, struct failregex *f, const char *line)
{
	struct captures own = CAPTURES_INIT;
	struct regex_subject s = {
	    .text = line, .n = strlen(line), .is_ascii = true};
	struct regex_budget budget = regex_budget(s.n);

	ck_assert_msg(
	    regex_search(failregex_regex(f), &s, &budget) == REGEX_MATCH, "%s",
	    line);
	failregex_captures(f, line, false, &own);
	captures_overlay(data, &own);
	captures_release(&own);
}

static void
ck_captures(const struct captures *data, const char *expected)
{
	struct value *v = captures_value(data, names);
	struct buf out = BUF_INIT;

	value_repr(&out, v);
	ck_assert_str_eq(out.p, expected);
	buf_release(&out);
	value_free(v);
}

static const struct capture_case {
	const char *text;
	const char *line;
	const char *captures;
} capture_cases[] = {
    {"x <HOST>", "x [2001:DB8::1]:22",
        "{'ip4': None, 'ip6': '2001:DB8::1', 'dns': None}"},
    {"x <HOST>", "x ::ffff:192.0.2.1",
        "{'ip4': '192.0.2.1', 'ip6': None, 'dns': None}"},
    {"x <HOST>", "x ::ffff:c000:201",
        "{'ip4': None, 'ip6': '::ffff:c000:201', 'dns': None}"},
    {"x <HOST>", "x a.example.org",
        "{'ip4': None, 'ip6': None, 'dns': 'a.example.org'}"},
    {"x <SUBNET>", "x 192.0.2.77/24",
        "{'ip4': '192.0.2.77', 'ip6': None, 'cidr': '24'}"},
    {"x <SUBNET>", "x [2001:db8::1/64]",
        "{'ip4': None, 'ip6': '2001:db8::1', 'cidr': '64'}"},
    {"x <SUBNET>", "x [2001:db8::1]/64",
        "{'ip4': None, 'ip6': '2001:db8::1', 'cidr': None}"},
    {"z(?:<F-ALT_USER1>a\\d</F-ALT_USER1>)?(?:<F-ALT_USER>b\\d</F-ALT_USER>)?"
     "(?:<F-USER>c\\d</F-USER>)? <F-ID/>",
        "za1b2 i",
        "{'alt_user1': 'a1', 'alt_user': 'b2', 'user': 'b2', 'fid': 'i', "
        "'user1': 'a1'}"},
    {"z(?:<F-ALT_USER_2>a\\d</F-ALT_USER_2>)?(?:<F-ALT_USER_1>b\\d"
     "</F-ALT_USER_1>)? <F-ID/>",
        "za1b2 i",
        "{'alt_user_2': 'a1', 'alt_user_1': 'b2', 'fid': 'i', 'user': "
        "'b2'}"},
    {"z <F-ALT_ID>a\\d</F-ALT_ID> <IP4>", "z a1 192.0.2.1",
        "{'alt_id': 'a1', 'ip4': '192.0.2.1', 'fid': 'a1'}"},
    {"<F-ID>a\\d</F-ID> <F-TUPLE_ID_1>b\\d</F-TUPLE_ID_1> <F-TUPLE_ID_2>c\\d"
     "</F-TUPLE_ID_2>",
        "a1 b2 c3",
        "{'fid': ('a1', 'b2', 'c3'), 'tuple_id_1': 'b2', 'tuple_id_2': "
        "'c3'}"},
    {"z <F-TUPLE_USER>a\\d</F-TUPLE_USER> <F-TUPLE_USER_1>b\\d"
     "</F-TUPLE_USER_1> <IP4>",
        "z a1 b1 192.0.2.1",
        "{'tuple_user': 'a1', 'tuple_user_1': 'b1', 'ip4': '192.0.2.1', "
        "'user': (None, 'a1', 'b1')}"},
    {"z (?:<F-TUPLE_USER>a\\d</F-TUPLE_USER>)? <IP4>", "z  192.0.2.1",
        "{'tuple_user': None, 'ip4': '192.0.2.1', 'user': (None, None)}"},
    {"z (?:<F-ALT_USER>a\\d</F-ALT_USER>)? <IP4>", "z  192.0.2.1",
        "{'alt_user': None, 'ip4': '192.0.2.1'}"},
};

START_TEST(captures_and_extras)
{
	const struct capture_case *c = &capture_cases[_i];
	struct failregex *f = compile(c->text);
	struct captures data = CAPTURES_INIT;

	match(&data, f, c->line);
	ck_captures(&data, c->captures);
	captures_release(&data);
	failregex_free(f);
}
END_TEST

START_TEST(overlay_keeps_what_is_not_captured)
{
	struct failregex *pref = compile("<F-USER>\\w+</F-USER> "
	                                 "<F-CONTENT>.*</F-CONTENT>");
	struct failregex *f =
	    compile("(?:u=<F-USER>\\w+</F-USER> )?<F-ID>x</F-ID>");
	struct captures data = CAPTURES_INIT;

	ck_assert_int_eq(failregex_content(pref), 2);
	match(&data, pref, "bob x");
	match(&data, f, "x");
	ck_captures(&data, "{'user': 'bob', 'fid': 'x'}");
	match(&data, f, "u=amy x");
	ck_captures(&data, "{'user': 'amy', 'fid': 'x'}");
	captures_release(&data);
	failregex_free(pref);
	failregex_free(f);
}
END_TEST

static const struct id_case {
	const char *text;
	bool has_id;
} id_cases[] = {
    {"<HOST>", true},
    {"<F-ID/>", true},
    {"<F-MLFID>x</F-MLFID>", true},
    {"<DNS>", true},
    {"(?P<host>x)", false},
    {"<F-HOST>x</F-HOST>", false},
    {"<F-ALT_ID>x</F-ALT_ID>", false},
};

START_TEST(some_groups_tell_who_fails)
{
	struct failregex *f = compile(id_cases[_i].text);

	ck_assert(failregex_has_id(f) == id_cases[_i].has_id);
	failregex_free(f);
}
END_TEST

/* A prefregex, and whether its end can be left out. */
static const struct head_case {
	const char *text;
	bool has_head;
} head_cases[] = {
    {"^a (?P<content>.+)$", true},
    {"^(?P<mlfid>x[]a|(]*\\(?)(?:b|c)? (?P<content>.+)$", true},
    {"^\\[(?P<content>.+)$", true},
    {"^a(?P<content>.+)", false},
    {"^a|b(?P<content>.+)$", false},
    {"^(?:a(?P<content>.+)$)", false},
    {"^(x\\(?P<content>.+)$", false},
    {"(?i)^a(?P<content>.+)$", false},
    {"^a(?P<content>.*)$", false},
};

START_TEST(end_of_a_prefregex_may_be_left_out)
{
	static const char *const lines[] = {"a b\n", "a \n", "a\n",
	    "xa|( z z\n", "x b q\n", "x(c q\n", "[\n", "[x\n", "[\xc3\xa4\n"};
	const struct head_case *c = &head_cases[_i];
	struct names *known = names_new();
	struct failregex *whole, *head;

	head = failregex_head(c->text, known);
	ck_assert_int_eq(head != NULL, c->has_head);
	if (head != NULL) {
		whole = failregex_new(c->text, false, known, NULL);
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			const struct regex_subject s = {
			    .text = lines[i], .n = strlen(lines[i])};
			struct regex_budget budget = regex_budget(s.n);
			enum regex_result a =
			    regex_search(failregex_regex(whole), &s, &budget);
			enum regex_result b =
			    regex_search(failregex_regex(head), &s, &budget);

			ck_assert_int_eq(a, b);
			if (a != REGEX_MATCH)
				continue;
			ck_assert_uint_eq(
			    regex_group(failregex_regex(head), 0).end,
			    regex_group(failregex_regex(whole),
			        failregex_content(whole))
			        .start);
		}
		failregex_free(whole);
	}
	failregex_free(head);
	names_free(known);
}
END_TEST

START_TEST(error_shows_the_expanded_text)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_null(failregex_new("x (", false, names, &err));
	ck_assert_str_eq(err_text(&err),
	    "Unable to compile regular expression 'x (':\n"
	    "missing ), unterminated subpattern at position 2");
	err_release(&err);
}
END_TEST

Suite *failregex_suite(void);

Suite *
failregex_suite(void)
{
	Suite *s = suite_create("failregex");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, tags_are_expanded, 0, COUNT(expand_cases));
	tcase_add_test(tc, host_without_names_when_dns_is_off);
	tcase_add_loop_test(tc, captures_and_extras, 0, COUNT(capture_cases));
	tcase_add_test(tc, overlay_keeps_what_is_not_captured);
	tcase_add_loop_test(tc, some_groups_tell_who_fails, 0, COUNT(id_cases));
	tcase_add_loop_test(tc, end_of_a_prefregex_may_be_left_out, 0,
	    sizeof(head_cases) / sizeof(head_cases[0]));
	tcase_add_test(tc, error_shows_the_expanded_text);
	suite_add_tcase(s, tc);
	return s;
}
