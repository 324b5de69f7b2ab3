#include "engine/shwords.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* argv separated by '|'; NULL: for a shell. */
static const struct argv_case {
	const char *text;
	const char *argv;
} argv_cases[] = {
    {"nft add element inet t s \\{ 192.0.2.1 \\}",
        "nft|add|element|inet|t|s|{|192.0.2.1|}"},
    {" ipset -exist add  s\t192.0.2.1 timeout 600\n",
        "ipset|-exist|add|s|192.0.2.1|timeout|600"},
    {"ipset add s 192.0.2.1 timeout "
     "$([ \"600\" -le 2147483 ] && echo \"600\" || echo 0) -exist",
        "ipset|add|s|192.0.2.1|timeout|600|-exist"},
    {"/usr/local/bin/block a=b 2001:db8::1",
        "/usr/local/bin/block|a=b|2001:db8::1"},
    {"echo 192.0.2.1", NULL},            /* a builtin */
    {"block 192.0.2.1", NULL},           /* may be one somewhere */
    {"PATH=/bin nft list", NULL},        /* an assignment */
    {"A=/bin nft list", NULL},           /* another one */
    {"nft list set inet t {a,b}", NULL}, /* two words to some shells */
    {"nft list; nft list", NULL},
    {"nft list && true", NULL},
    {"nft list >/dev/null", NULL},
    {"nft list $x", NULL},
    {"nft list *", NULL},
    {"nft list ~", NULL},
    {"nft 'a b'", NULL},
    {"nft a\\ b", NULL},
    {"nft list\nnft list", NULL},
    {"nft list # all", NULL},
    {"", NULL},
    {" \n", NULL},
};

START_TEST(simple_commands_need_no_shell)
{
	const struct argv_case *c = &argv_cases[_i];
	char **argv = shwords_argv(c->text);
	struct buf b = BUF_INIT;

	if (c->argv == NULL) {
		ck_assert_ptr_null(argv);
		return;
	}
	ck_assert_ptr_nonnull(argv);
	for (size_t i = 0; argv[i] != NULL; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : "|", argv[i]);
	ck_assert_str_eq(b.p, c->argv);
	buf_release(&b);
	free(argv);
}
END_TEST

START_TEST(too_many_words_are_for_a_shell)
{
	struct buf b = BUF_INIT;
	struct shwords w;

	for (int i = 0; i < SHWORDS_MAX; i++)
		buf_adds(&b, "nft ");
	ck_assert(shwords_read(&w, b.p));
	ck_assert_uint_eq(w.n, SHWORDS_MAX);
	buf_adds(&b, "nft");
	ck_assert(!shwords_read(&w, b.p));
	buf_release(&b);
}
END_TEST

Suite *shwords_suite(void);

Suite *
shwords_suite(void)
{
	Suite *s = suite_create("shwords");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, simple_commands_need_no_shell, 0,
	    sizeof(argv_cases) / sizeof(argv_cases[0]));
	tcase_add_test(tc, too_many_words_are_for_a_shell);
	suite_add_tcase(s, tc);
	return s;
}
