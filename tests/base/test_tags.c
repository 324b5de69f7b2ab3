#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/tags.h"

static const struct tags_rules none;

/* Builds a dict from name, value, name, value ..., NULL. */
static struct value *
entries(const char *const *list)
{
	struct value *d = value_dict();

	for (; list[0] != NULL; list += 2)
		value_set(d, list[0], value_text(list[1]));
	return d;
}

/* fail2ban: results of its own substitution (spec 01 section 7). */
static const struct resolve_case {
	const char *entries[9];
	const char *name;
	const char *value; /* NULL: an error */
} resolve_cases[] = {
    {{"a", "<b-<c>>", "b-2", "two", "c", "2"}, "a", "two"},
    {{"a", "x<HOST>y<b>", "b", "<IP>"}, "a", "x<HOST>y<IP>"},
    {{"a", "<<b>>", "b", "c", "c", "9"}, "a", "9"},
    {{"a", "<B>", "b", "x"}, "a", "<B>"},
    {{"a", "-<b>-<b>", "b", ""}, "a", "--"},
    {{"a", "< b> <> <b >", "b", "x"}, "a", "< b> <> <b >"},
    {{"a", "<b>", "b", "<a>"}, "a", NULL},
    {{"a", "<a>"}, "a", NULL},
    {{"a", "<b>", "b", "<c>", "c", "<d>", "d", "deep"}, "a", "deep"},
};

START_TEST(entries_are_resolved_as_the_reference_does)
{
	const struct resolve_case *c = &resolve_cases[_i];
	struct value *d = entries(c->entries);
	struct err err = ERR_INIT;
	int rc = tags_resolve(d, &none, &err);

	if (c->value == NULL)
		ck_assert_int_eq(rc, -1);
	else {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(value_str(value_get(d, c->name)), c->value);
	}
	err_release(&err);
	value_free(d);
}
END_TEST

START_TEST(self_reference_names_tag_and_counts)
{
	const char *list[] = {"a", "<b>", "b", "<a>", NULL};
	struct value *d = entries(list);
	struct err err = ERR_INIT;

	ck_assert_int_eq(tags_resolve(d, &none, &err), -1);
	ck_assert_str_eq(err_text(&err),
	    "properties contain self referencing definitions and cannot be "
	    "resolved, fail tag: a, found: a in {'b': 1}, value: <a>");
	err_release(&err);
	value_free(d);
}
END_TEST

static int
echo(void *arg, struct buf *out, const char *name, size_t n, struct err *err)
{
	(void)err;
	if (strcmp(name, arg) != 0)
		return 0;
	buf_addc(out, '<');
	buf_add(out, name, n);
	buf_addc(out, '>');
	return 1;
}

START_TEST(fallback_that_returns_its_own_tag_ends)
{
	char x[] = "x";
	struct tags_rules rules = {.fallback = echo, .arg = x};
	const char *list[] = {"a", "<x>", NULL};
	struct value *d = entries(list);
	struct err err = ERR_INIT;

	ck_assert_int_eq(tags_resolve(d, &rules, &err), -1);
	ck_assert_ptr_nonnull(strstr(err_text(&err), "found: x in {'x': 26}"));
	err_release(&err);
	value_free(d);
}
END_TEST

static bool
is_b(void *arg, const char *name, size_t n)
{
	(void)arg;
	return n == 1 && *name == 'b';
}

START_TEST(ignored_names_stay_and_are_not_expanded)
{
	struct tags_rules rules = {.is_ignored = is_b};
	const char *list[] = {"a", "<b><c>", "b", "<c>", "c", "1", NULL};
	struct value *d = entries(list);

	ck_assert_int_eq(tags_resolve(d, &rules, NULL), 0);
	ck_assert_str_eq(value_str(value_get(d, "a")), "<b>1");
	ck_assert_str_eq(value_str(value_get(d, "b")), "<c>");
	value_free(d);
}
END_TEST

START_TEST(conditional_entry_wins)
{
	struct tags_rules rules = {.condition = "family=inet6"};
	const char *list[] = {
	    "ban", "<x>", "x", "4", "x?family=inet6", "6", NULL};
	struct value *d = entries(list);
	struct buf text = BUF_INIT;

	buf_adds(&text, "<x>-<y>");
	ck_assert_int_eq(tags_replace(&text, "t", d, &rules, NULL), 0);
	ck_assert_str_eq(text.p, "6-<y>");
	buf_release(&text);
	value_free(d);
}
END_TEST

START_TEST(exponential_growth_is_an_error)
{
	struct value *d = value_dict();
	struct err err = ERR_INIT;

	for (int i = 0; i < 40; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "t%d", i);
		value_set(d, name, value_textf("<t%d><t%d>", i + 1, i + 1));
	}
	value_set(d, "t40", value_text("x"));
	ck_assert_int_eq(tags_resolve(d, &none, &err), -1);
	ck_assert_ptr_nonnull(strstr(err_text(&err), "too large"));
	err_release(&err);
	value_free(d);
}
END_TEST

Suite *tags_suite(void);

Suite *
tags_suite(void)
{
	Suite *s = suite_create("tags");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, entries_are_resolved_as_the_reference_does, 0,
	    sizeof(resolve_cases) / sizeof(resolve_cases[0]));
	tcase_add_test(tc, self_reference_names_tag_and_counts);
	tcase_add_test(tc, fallback_that_returns_its_own_tag_ends);
	tcase_add_test(tc, ignored_names_stay_and_are_not_expanded);
	tcase_add_test(tc, conditional_entry_wins);
	tcase_add_test(tc, exponential_growth_is_an_error);
	suite_add_tcase(s, tc);
	return s;
}
