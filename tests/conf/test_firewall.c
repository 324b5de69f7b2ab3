#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/firewall.h"

static char *dir;

static void
setup(void)
{
	dir = xstrdup("/tmp/cfail2ban-firewall.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char *cmd = xasprintf("rm -rf '%s'", dir);

	ck_assert_int_eq(system(cmd), 0);
	free(cmd);
	free(dir);
}

static void
install(const char *program, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, program);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
	free(path);
}

static void
choice_is(const char *want)
{
	char *folders = xasprintf("/nonexistent::%s:", dir);

	ck_assert_str_eq(firewall_choose(folders), want);
	free(folders);
}

START_TEST(nftables_goes_first)
{
	install("iptables", 0755);
	choice_is("iptables");
	install("nft", 0755);
	choice_is("nftables");
}
END_TEST

START_TEST(what_cannot_be_run_is_not_there)
{
	install("iptables", 0755);
	install("nft", 0644);
	choice_is("iptables");
}
END_TEST

START_TEST(a_machine_without_any_is_told_of_nft)
{
	choice_is("nftables");
	ck_assert_str_eq(firewall_choose(""), "nftables");
}
END_TEST

START_TEST(an_action_lacks_its_program)
{
	install("iptables", 0755);
	ck_assert_str_eq(firewall_lacks(dir, "nftables-multiport"), "nft");
	ck_assert_ptr_null(firewall_lacks(dir, "iptables-allports"));
	ck_assert_ptr_null(firewall_lacks(dir, "route"));
	ck_assert_str_eq(firewall_lacks("", "iptables"), "iptables");
}
END_TEST

static const struct case_of_files {
	const char *path; /* of the file that says "mine", NULL: none does */
	bool is_kept;
} cases_of_files[] = {
    {"/etc/fail2ban/jail.local", true},
    {"/etc/fail2ban/paths-overrides.local", true},
    {"/etc/fail2ban/paths-common.conf", false},
    {"paths-common.conf", false},
    {NULL, false},
};

START_TEST(what_the_admin_says_wins)
{
	const struct case_of_files *c = &cases_of_files[_i];
	struct ini *ini = ini_new();
	struct ini_section *s = ini_defaults(ini);
	struct pos pos = {c->path, 1};

	if (c->path != NULL)
		ini_set(s, "fail2ban_firewall", "mine", pos);
	firewall_predefine(s);
	ck_assert_int_eq(
	    strcmp(ini_get(s, "fail2ban_firewall"), "mine") == 0, c->is_kept);
	ini_free(ini);
}
END_TEST

Suite *firewall_suite(void);

Suite *
firewall_suite(void)
{
	Suite *s = suite_create("firewall");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nftables_goes_first);
	tcase_add_test(tc, what_cannot_be_run_is_not_there);
	tcase_add_test(tc, a_machine_without_any_is_told_of_nft);
	tcase_add_test(tc, an_action_lacks_its_program);
	tcase_add_loop_test(tc, what_the_admin_says_wins, 0,
	    sizeof(cases_of_files) / sizeof(cases_of_files[0]));
	suite_add_tcase(s, tc);
	return s;
}
