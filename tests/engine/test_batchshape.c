#include "engine/batchshape.h"

#include <check.h>
#include <string.h>

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"
#define REJECT "-j REJECT --reject-with icmp-port-unreachable"

/* Commands as the stock files of 1.0.2 and 1.1 render them, and their kin. */
static const struct shape_case {
	const char *text;
	const char *key;
	const char *line;
} shape_cases[] = {
    {"nft add element inet f2b-table addr-set-sshd \\{ " V4 " \\}", "nft -f -",
        "add element inet f2b-table addr-set-sshd { " V4 " }"},
    {"nft delete element inet f2b-table addr6-set-sshd \\{ " V6 " \\}",
        "nft -f -", "delete element inet f2b-table addr6-set-sshd { " V6 " }"},
    {"/usr/sbin/nft add element ip t s { 192.0.2.0/24 timeout 600s }\n",
        "/usr/sbin/nft -f -",
        "add element ip t s { 192.0.2.0/24 timeout 600s }"},
    {"ipset -exist add f2b-sshd " V4 " timeout 0", "ipset -exist restore",
        "add f2b-sshd " V4 " timeout 0"},
    {"ipset -exist del f2b-sshd6 " V6, "ipset -exist restore",
        "del f2b-sshd6 " V6},
    {"ipset add f2b-x " V4 " timeout 600 -exist", "ipset -exist restore",
        "add f2b-x " V4 " timeout 600"},
    {"ipset del f2b-x " V4 " -exist", "ipset -exist restore", "del f2b-x " V4},
    {"ipset -! add s " V4
     " timeout $([ \"600\" -le 2147483 ] && echo \"600\" || echo 0)",
        "ipset -exist restore", "add s " V4 " timeout 600"},
    {"ipset -! add s " V4
     " timeout $([ \"2147484\" -le 2147483 ] && echo \"2147484\" || echo 0)",
        "ipset -exist restore", "add s " V4 " timeout 0"},
    {"iptables -w -I f2b-sshd 1 -s " V4 " " REJECT,
        "*filter iptables-restore -w --noflush",
        "-I f2b-sshd 1 -s " V4 " " REJECT},
    {"ip6tables -w -D f2b-sshd -s " V6 " -j DROP",
        "*filter ip6tables-restore -w --noflush",
        "-D f2b-sshd -s " V6 " -j DROP"},
    {"iptables -w 5 -t raw -A X -s " V4 " -j DROP",
        "*raw iptables-restore -w 5 --noflush", "-A X -s " V4 " -j DROP"},
    {"  /sbin/iptables  -I INPUT  -p tcp --dport 22 -s " V4
     " -j f2b-sshd-log  ",
        "*filter /sbin/iptables-restore --noflush",
        "-I INPUT -p tcp --dport 22 -s " V4 " -j f2b-sshd-log"},
};

START_TEST(known_shapes_are_taken_apart)
{
	const struct shape_case *c = &shape_cases[_i];
	struct batch_line l;

	batch_line_init(&l);
	ck_assert(batch_line_parse(&l, c->text));
	ck_assert_str_eq(l.key.p, c->key);
	ck_assert_str_eq(l.line.p, c->line);
	batch_line_release(&l);
}
END_TEST

static const char *const alone[] = {
    "",
    "nft",
    "nft -f -",
    "echo add element inet t s { " V4 " }",
    "nft add element inet t s { someone }",
    "nft add element inet t s { 192.0.2.01 }",
    "nft add element inet t s { " V4 ", 192.0.2.2 }",
    "nft add element inet t s { " V4 " } ; reboot",
    "nft add element inet t s { " V4 " }\nreboot",
    "nft add element inet t s { " V4 " } && reboot",
    "nft add element inet $t s { " V4 " }",
    "nft add element inet t 's' { " V4 " }",
    "nft add element inet t `s` { " V4 " }",
    "nft add rule inet t s { " V4 " }",
    "nft add element inet t { s } " V4,
    "nft -f - element inet t s { " V4 " }",
    "nft add element inet t s { " V4 " foo 1 }",
    "nft add element inet t s \\\\{ " V4 " }",
    "ipset add f2b-sshd " V4 " timeout 0",
    "ipset -exist create f2b-sshd hash:ip",
    "ipset -exist add f2b-sshd " V4 " timeout x",
    "ipset -exist add f2b-sshd someone",
    "ipset -exist add f2b-sshd " V4 " timeout $(reboot)",
    "ipset -exist add f2b-sshd " V4
    " timeout $([ \"6\" -le 2147483 ] && echo \"7\" || echo 0)",
    "ipset -exist",
    "-exist",
    "iptables -w -F f2b-sshd",
    "iptables -w -D f2b-sshd 3",
    "iptables -w -I f2b-sshd 1 -j DROP",
    "iptables -w -I f2b-sshd 1 -s " V4,
    "iptables -w -I f2b-sshd 1 -s someone -j DROP",
    "iptables -w -I f2b-sshd 1 -s " V4 " -j DROP -t nat",
    "iptables -w -I f2b-sshd 1 -s " V4 " -j DROP | tee x",
    "iptables -w -I f2b-sshd 1 -s " V4 " -j DROP >/dev/null",
    "iptables-restore -w -I f2b-sshd 1 -s " V4 " -j DROP",
    "iptables -I -s " V4 " -j DROP",
    "A=b iptables -I X -s " V4 " -j DROP",
    "iptables -I X -s " V4 " -m comment --comment a#b -j DROP",
    "iptables -I X -s ~" V4 " -j DROP",
};

START_TEST(everything_else_runs_alone)
{
	struct batch_line l;

	batch_line_init(&l);
	ck_assert_msg(!batch_line_parse(&l, alone[_i]), "%s", alone[_i]);
	ck_assert_ptr_null(l.shape);
	ck_assert_uint_eq(l.key.n, 0);
	ck_assert_uint_eq(l.line.n, 0);
}
END_TEST

START_TEST(a_restore_has_a_table_and_a_commit)
{
	struct buf input = BUF_INIT;
	struct batch_argv argv;
	struct batch_line l;

	batch_line_init(&l);
	ck_assert(batch_line_parse(
	    &l, "iptables -w 5 -t raw -I X -s " V4 " -j DROP"));
	batch_begin(&input, &l);
	buf_adds(&input, "rules\n");
	batch_end(&input, &l);
	ck_assert_str_eq(input.p, "*raw\nrules\nCOMMIT\n");
	batch_argv_init(&argv, &l);
	ck_assert_str_eq(argv.argv[0], "iptables-restore");
	ck_assert_str_eq(argv.argv[1], "-w");
	ck_assert_str_eq(argv.argv[2], "5");
	ck_assert_str_eq(argv.argv[3], "--noflush");
	ck_assert_ptr_null(argv.argv[4]);
	batch_argv_release(&argv);
	batch_line_release(&l);
	buf_release(&input);
}
END_TEST

START_TEST(nft_reads_its_standard_input)
{
	struct buf input = BUF_INIT;
	struct batch_argv argv;
	struct batch_line l;

	batch_line_init(&l);
	ck_assert(batch_line_parse(&l, "nft add element a b c { " V4 " }"));
	batch_begin(&input, &l);
	batch_end(&input, &l);
	ck_assert_str_eq(input.p, "");
	batch_argv_init(&argv, &l);
	ck_assert_str_eq(argv.argv[0], "nft");
	ck_assert_str_eq(argv.argv[1], "-f");
	ck_assert_str_eq(argv.argv[2], "-");
	ck_assert_ptr_null(argv.argv[3]);
	batch_argv_release(&argv);
	batch_line_release(&l);
}
END_TEST

Suite *batchshape_suite(void);

Suite *
batchshape_suite(void)
{
	Suite *s = suite_create("batchshape");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, known_shapes_are_taken_apart, 0,
	    sizeof(shape_cases) / sizeof(shape_cases[0]));
	tcase_add_loop_test(tc, everything_else_runs_alone, 0,
	    sizeof(alone) / sizeof(alone[0]));
	tcase_add_test(tc, a_restore_has_a_table_and_a_commit);
	tcase_add_test(tc, nft_reads_its_standard_input);
	suite_add_tcase(s, tc);
	return s;
}
