#include <arpa/inet.h>
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

#include "base/log.h"
#include "base/mem.h"
#include "literal.h"
#include "tools/firststart.h"
#include "tools/sessions.h"

static char dir[] = "/tmp/f2bfirstXXXXXX";
static struct sessions_from from;
static struct buf said;

static void
keep(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)level;
	(void)name;
	buf_add(&said, msg, n);
	buf_addc(&said, '\n');
}

static void
setup(void)
{
	strcpy(strrchr(dir, 't') + 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	from = (struct sessions_from){.proc = xasprintf("%s/proc", dir),
	    .sessions = xasprintf("%s/sessions", dir),
	    .utmp = xasprintf("%s/utmp", dir),
	    .pid = 40};
	ck_assert_int_eq(mkdir(from.proc, 0700), 0);
	ck_assert_int_eq(mkdir(from.sessions, 0700), 0);
	log_set_sink(keep, NULL);
}

static void
teardown(void)
{
	char *cmd = xasprintf("rm -rf '%s'", dir);

	ck_assert_int_eq(system(cmd), 0);
	free(cmd);
	log_set_sink(NULL, NULL);
	buf_release(&said);
}

static void
put(const char *name, const char *p, size_t n)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "a");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static void
put_process(int pid, const char *stat, const char *env, size_t n)
{
	char *folder = xasprintf("%s/%d", from.proc, pid);
	char *name = xasprintf("proc/%d/stat", pid);

	ck_assert_int_eq(mkdir(folder, 0700), 0);
	put(name, stat, strlen(stat));
	free(name);
	name = xasprintf("proc/%d/environ", pid);
	put(name, env, n);
	free(name);
	free(folder);
}

static void
found_is(const char *want)
{
	struct value *list = sessions_addresses(&from);
	struct buf text = BUF_INIT;

	value_repr(&text, list);
	ck_assert_str_eq(text.p, want);
	buf_release(&text);
	value_free(list);
}

START_TEST(nobody_is_logged_in)
{
	found_is("[]");
}
END_TEST

/* sudo has taken it out of ours */
START_TEST(an_ancestor_knows_where_the_admin_comes_from)
{
	static const char env[] =
	    "HOME=/root\0SSH_CONNECTION=2001:DB8::1 5 2001:db8::2 22\0X=1";

	put_process(40, "40 (fail2ban) S 30 1 1", "A=1", 4);
	put_process(30, "30 (a) S 99) S 20 1 1", "A=1", 4);
	put_process(20, "20 (bash) S 1 1 1", env, sizeof(env) - 1);
	found_is("['2001:db8::1']");
}
END_TEST

/* a process that is its own grandparent, an end without NUL, no address */
START_TEST(odd_processes_end_the_search)
{
	put_process(40, "40 (a) S 30 1 1", "SSH_CONNECTION=evil.example 1", 29);
	put_process(30, "30 (a) S 40 1 1", "SSH_CONNECTION=", 15);
	found_is("[]");
}
END_TEST

static const struct session_case {
	const char *name;
	const char *text;
	const char *want;
} session_cases[] = {
    {"5", "# x\nUID=0\nREMOTE=1\nREMOTE_HOST=192.0.2.7\nSTATE=active\n",
        "['192.0.2.7']"},
    {"c1", "# x\nREMOTE_HOST=::ffff:192.0.2.7\nREMOTE=1", "['192.0.2.7']"},
    {"5", "# x\nREMOTE=0\nREMOTE_HOST=192.0.2.7\n", "[]"},
    {"5", "# x\nREMOTE=1\nREMOTE_HOST=192.0.2.7\nSTATE=closing\n", "[]"},
    {"5", "# x\nREMOTE=1\nREMOTE_HOST=host.example.org\n", "[]"},
    {"5", "# x\nREMOTE=1\nREMOTE_HOST=0.0.0.0/0\n", "[]"},
    {"5", "# x\nREMOTE=1\n", "[]"},
    {"5.ref", "# x\nREMOTE=1\nREMOTE_HOST=192.0.2.7\n", "[]"},
    {"5", "", "[]"},
};

START_TEST(logind_knows_who_is_logged_in)
{
	const struct session_case *c = &session_cases[_i];
	char *name = xasprintf("sessions/%s", c->name);

	put(name, c->text, strlen(c->text));
	found_is(c->want);
	free(name);
}
END_TEST

static void
put_utmp(int type, pid_t pid, const char *v4, const char *v6)
{
	struct utmpx u = {.ut_type = (short)type, .ut_pid = pid};

	if (v4 != NULL)
		ck_assert_int_eq(inet_pton(AF_INET, v4, u.ut_addr_v6), 1);
	if (v6 != NULL)
		ck_assert_int_eq(inet_pton(AF_INET6, v6, u.ut_addr_v6), 1);
	put("utmp", (const char *)&u, sizeof(u));
}

START_TEST(utmp_knows_who_is_logged_in)
{
	if (utmpxname(from.utmp) == -1)
		return; /* a C library without utmp */
	put_utmp(USER_PROCESS, getpid(), "192.0.2.1", NULL);
	put_utmp(USER_PROCESS, getpid(), NULL, "2001:db8::1");
	put_utmp(USER_PROCESS, getpid(), NULL, NULL);
	put_utmp(DEAD_PROCESS, getpid(), "192.0.2.3", NULL);
	put_utmp(LOGIN_PROCESS, getpid(), "192.0.2.4", NULL);
	put_utmp(USER_PROCESS, 0x7ffffff0, "192.0.2.5", NULL);
	put_utmp(USER_PROCESS, getpid(), "192.0.2.1", NULL);
	found_is("['192.0.2.1', '2001:db8::1']");
}
END_TEST

START_TEST(the_list_is_bounded)
{
	for (int i = 0; i < 2 * SESSIONS_MAX; i++) {
		char *name = xasprintf("sessions/%d", i);
		char *text =
		    xasprintf("#\nREMOTE=1\nREMOTE_HOST=192.0.2.%d\n", i);

		put(name, text, strlen(text));
		free(text);
		free(name);
	}
	struct value *list = sessions_addresses(&from);

	ck_assert_uint_eq(list->n, SESSIONS_MAX);
	value_free(list);
}
END_TEST

/* ---- the stream */

static const struct first_case {
	const char *stream;
	bool is_first;
} first_cases[] = {
    {"[['set', 'dbfile', '/nonexistent/db']]", true},
    {"[['set', 'dbfile', '/etc/passwd']]", false},
    {"[['set', 'dbfile', '/etc/passwd/db']]", false},
    {"[['set', 'dbfile', 'None']]", false},
    {"[['set', 'dbfile', ':memory:']]", false},
    {"[['set', 'dbpurgeage', '/nonexistent/db']]", false},
    {"[]", false},
};

START_TEST(first_start_is_one_without_its_database)
{
	struct value *stream = literal(first_cases[_i].stream);

	ck_assert_int_eq(firststart_is(stream), first_cases[_i].is_first);
	value_free(stream);
}
END_TEST

static const struct protect_case {
	const char *stream;
	const char *addresses;
	const char *want;
} protect_cases[] = {
    {"[['add', 'a'], ['add', 'b'], ['start', 'a'], ['start', 'b']]",
        "['192.0.2.1', '::1']",
        "[['add', 'a'], ['add', 'b'],"
        " ['set', 'a', 'addignoreip', '192.0.2.1', '::1'],"
        " ['set', 'b', 'addignoreip', '192.0.2.1', '::1'],"
        " ['start', 'a'], ['start', 'b']]"},
    {"[['add', 'a'], ['start', 'a']]", "[]", "[['add', 'a'], ['start', 'a']]"},
    {"[['config-error', 'x']]", "['192.0.2.1']", "[['config-error', 'x']]"},
};

START_TEST(no_jail_bans_who_is_logged_in)
{
	const struct protect_case *c = &protect_cases[_i];
	struct value *stream = literal(c->stream);
	struct value *addresses = literal(c->addresses);
	struct buf text = BUF_INIT;

	firststart_protect(stream, addresses, "/etc/fail2ban");
	value_repr(&text, stream);
	ck_assert_str_eq(text.p, c->want);
	ck_assert_int_eq(strcmp(c->want, c->stream) != 0, said.n > 0);
	if (said.n > 0)
		ck_assert_ptr_nonnull(
		    strstr(said.p, "[DEFAULT] in /etc/fail2ban/jail.local: "
		                   "ignoreip = 192.0.2.1 ::1\n"));
	buf_release(&text);
	value_free(addresses);
	value_free(stream);
}
END_TEST

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Suite *firststart_suite(void);

Suite *
firststart_suite(void)
{
	Suite *s = suite_create("firststart");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nobody_is_logged_in);
	tcase_add_test(tc, an_ancestor_knows_where_the_admin_comes_from);
	tcase_add_test(tc, odd_processes_end_the_search);
	tcase_add_loop_test(
	    tc, logind_knows_who_is_logged_in, 0, COUNT(session_cases));
	tcase_add_test(tc, utmp_knows_who_is_logged_in);
	tcase_add_test(tc, the_list_is_bounded);
	tcase_add_loop_test(
	    tc, first_start_is_one_without_its_database, 0, COUNT(first_cases));
	tcase_add_loop_test(
	    tc, no_jail_bans_who_is_logged_in, 0, COUNT(protect_cases));
	suite_add_tcase(s, tc);
	return s;
}
