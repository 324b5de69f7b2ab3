#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/logformat.h"
#include "base/logtarget.h"
#include "base/mem.h"

static char dir[] = "/tmp/f2blogXXXXXX";
static struct logtarget *t;

static void
setup(void)
{
	(void)strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	clock_set(1795340153.625);
	log_set_level(LOG_INFO_);
	t = logtarget_new(0);
}

static void
teardown(void)
{
	char *cmd = xasprintf("rm -rf %s", dir);

	logtarget_free(t);
	clock_set(-1);
	ck_assert_int_eq(system(cmd), 0);
	free(cmd);
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* The file with the process number written as PID and the folder as DIR. */
static char *
content(const char *path)
{
	struct buf b = BUF_INIT;
	char pid[32];
	char *p;

	ck_assert_int_eq(io_read_file(&b, path, 100000), 0);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	while ((p = strstr(b.p, pid)) != NULL)
		buf_splice(&b, (size_t)(p - b.p), strlen(pid), "PID", 3);
	while ((p = strstr(b.p, dir)) != NULL)
		buf_splice(&b, (size_t)(p - b.p), strlen(dir), "DIR", 3);
	return buf_detach(&b);
}

/* Options of a path and the line they give; spec 17 section 2. */
static const struct option_case {
	const char *options;
	const char *line;
} option_cases[] = {
    {"", "2026-11-22 09:35:53,625 fail2ban.actions        [PID]: NOTICE  "
         "[t1] Ban 192.0.2.1\n"},
    {"[datetime=off]", "fail2ban.actions        [PID]: NOTICE  [t1] Ban "
                       "192.0.2.1\n"},
    {"[padding=off]", "2026-11-22 09:35:53,625 fail2ban.actions[PID]: "
                      "NOTICE [t1] Ban 192.0.2.1\n"},
    {"[format=\"%(levelname)s|%(message)s|%(name)s|%(process)d|"
     "%(threadName)s\"]",
        "NOTICE|[t1] Ban 192.0.2.1|fail2ban.actions|PID|MainThread\n"},
    {"[format=\"%(levelname)-8s.%(name)20s.%(levelname).3s %%x%(nope)s\"]",
        "NOTICE  .    fail2ban.actions.NOT %x\n"},
    {"[format=json]",
        "{\"time\": \"2026-11-22T09:35:53.625+0000\", \"level\": "
        "\"NOTICE\", \"logger\": \"fail2ban.actions\", \"pid\": PID, "
        "\"jail\": \"t1\", \"message\": \"[t1] Ban 192.0.2.1\"}\n"},
};

START_TEST(options_of_a_file)
{
	char *path = path_of("f.log"), *text, *got;

	text = xasprintf("%s%s", path, option_cases[_i].options);
	ck_assert_int_eq(logtarget_set(t, text, NULL), 0);
	log_msg(LOG_NOTICE_, "actions", "[t1] Ban 192.0.2.1");
	got = content(path);
	ck_assert_str_eq(got, option_cases[_i].line);
	ck_assert_str_eq(logtarget_name(t), path);
	free(path);
	free(text);
	free(got);
}
END_TEST

/* fail2ban: what -vv and more make of a line. */
static const char *const verbose_cases[] = {
    " 2026-11-22 09:35:54,125 PIDX INFO  text\n",
    " +  500 PIDX fail2ban.server           INFO  text\n",
    (" +  500 PIDX fail2ban.server           INFO  |          server-20: "
     "server               | text\n"),
};

START_TEST(verbose_lines)
{
	char *path = path_of("v.log"), *got;
	struct buf want = BUF_INIT;
	char pid[32];
	char *p;

	logtarget_free(t);
	t = logtarget_new(_i + 2);
	clock_advance(0.5);
	ck_assert_int_eq(logtarget_set(t, path, NULL), 0);
	log_msg(LOG_INFO_, "server", "text");
	got = content(path);
	buf_adds(&want, verbose_cases[_i]);
	(void)snprintf(pid, sizeof(pid), "%X", (unsigned)getpid());
	p = strstr(want.p, "PIDX");
	buf_splice(&want, (size_t)(p - want.p), 4, pid, strlen(pid));
	ck_assert_str_eq(got, want.p);
	buf_release(&want);
	free(got);
	free(path);
}
END_TEST

START_TEST(a_new_target_begins_with_two_lines_the_first_one_does_not)
{
	char *a = path_of("a.log"), *b = path_of("b.log[datetime=off]");
	char *b_path = path_of("b.log"), *got;

	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	ck_assert_int_eq(logtarget_set(t, b, NULL), 0);
	got = content(a);
	ck_assert_str_eq(got, "");
	free(got);
	got = content(b_path);
	ck_assert_str_eq(got,
	    "fail2ban.server         [PID]: INFO    Start Fail2ban v1.1.0\n"
	    "fail2ban.server         [PID]: INFO    Changed logging target "
	    "to DIR/b.log for Fail2ban v1.1.0\n");
	free(got);
	free(a);
	free(b);
	free(b_path);
}
END_TEST

START_TEST(what_cannot_be_opened_changes_nothing)
{
	char *a = path_of("a.log[datetime=off]"), *path = path_of("a.log");
	char *bad = path_of("no/x.log"), *got;
	struct err err = ERR_INIT;

	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	ck_assert_int_eq(logtarget_set(t, bad, &err), -1);
	ck_assert_str_eq(err_text(&err), "Failed to change log target");
	ck_assert_str_eq(logtarget_name(t), path);
	got = content(path);
	ck_assert_str_eq(got,
	    "fail2ban.server         [PID]: ERROR   Unable to log to "
	    "'DIR/no/x.log'\n"
	    "fail2ban.server         [PID]: INFO    Logging to previous "
	    "target 'DIR/a.log'\n");
	err_release(&err);
	free(got);
	free(a);
	free(path);
	free(bad);
}
END_TEST

START_TEST(held_lines_come_together_and_in_order)
{
	char *path = path_of("held.log"), *moved = path_of("held.1");
	char *text;

	ck_assert_int_eq(logtarget_set(t, path, NULL), 0);
	log_hold();
	log_text(LOG_INFO_, "filter", "one\nline", 8);
	log_hold();
	log_msg(LOG_INFO_, "filter", "two");
	log_release();
	text = content(path);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_int_eq(rename(path, moved), 0);
	(void)logtarget_flush(t); /* what was held is in the old file */
	log_release();
	text = content(moved);
	ck_assert_ptr_nonnull(strstr(text, "INFO    one\\nline\n"));
	ck_assert_ptr_nonnull(strstr(text, "INFO    two\n"));
	free(text);
	text = content(path);
	ck_assert_ptr_nonnull(strstr(text, "rollover performed"));
	free(text);
	free(path);
	free(moved);
}
END_TEST

START_TEST(flush_goes_on_in_a_new_file)
{
	char *a = path_of("a.log[datetime=off]"), *path = path_of("a.log");
	char *old = path_of("old.log"), *got;
	struct stat st;

	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	log_msg(LOG_INFO_, "server", "before");
	ck_assert_int_eq(rename(path, old), 0);
	log_msg(LOG_INFO_, "server", "renamed");
	ck_assert_str_eq(logtarget_flush(t), "rolled over");
	got = content(old);
	ck_assert_str_eq(got,
	    "fail2ban.server         [PID]: INFO    before\n"
	    "fail2ban.server         [PID]: INFO    renamed\n");
	free(got);
	got = content(path);
	ck_assert_str_eq(got, "fail2ban.server         [PID]: INFO    "
	                      "rollover performed on DIR/a.log\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	free(got);
	free(a);
	free(path);
	free(old);
}
END_TEST

static void
limit_files(rlim_t max)
{
	struct rlimit r;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = max;
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* What a full disk does is done by a limit: the last write is a short one. */
START_TEST(what_a_full_disk_did_not_take_is_written_later)
{
	char *a = path_of("a.log[format=%(message)s]"),
	     *path = path_of("a.log");
	char *got;

	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	limit_files(4);
	log_msg(LOG_INFO_, "server", "first");
	log_msg(LOG_INFO_, "server", "second");
	limit_files(RLIM_INFINITY);
	log_msg(LOG_INFO_, "server", "third");
	got = content(path);
	ck_assert_str_eq(got, "first\nsecond\nthird\n");
	free(got);
	free(a);
	free(path);
}
END_TEST

START_TEST(lines_that_a_full_disk_cost_are_counted)
{
	char *a = path_of("a.log[format=%(message)s]"),
	     *path = path_of("a.log");
	char *got, line[1001] = {0};

	memset(line, 'x', 1000);
	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	limit_files(4);
	log_msg(LOG_INFO_, "server", "first");
	for (int i = 0; i < 40; i++)
		log_msg(LOG_INFO_, "server", "%s", line);
	limit_files(RLIM_INFINITY);
	log_msg(LOG_INFO_, "server", "last");
	got = content(path);
	ck_assert_msg(strncmp(got, "first\nxxx", 9) == 0, "%.20s", got);
	ck_assert_str_eq(strstr(got, "last"),
	    "last\n33 line(s) could not be written to DIR/a.log and are "
	    "lost\n");
	free(got);
	free(a);
	free(path);
}
END_TEST

static int
syslog_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Options, level and what arrives; spec 17 section 2. */
static const struct syslog_case {
	const char *target;
	int level;
	const char *line;
} syslog_cases[] = {
    {"SYSLOG", LOG_INFO_, "<30>fail2ban.actions[PID]: INFO text"},
    {"syslog", LOG_NOTICE_, "<29>fail2ban.actions[PID]: NOTICE text"},
    {"SYSLOG[facility=local0, datetime=on, padding=on]", LOG_NOTICE_,
        "<133>2026-11-22 09:35:53,625 fail2ban.actions        [PID]: NOTICE "
        " text"},
    {"SYSLOG[facility=auth]", LOG_NOTICE_,
        "<37>fail2ban.actions[PID]: NOTICE text"},
    {"SYSLOG", LOG_CRITICAL, "<26>fail2ban.actions[PID]: CRITICAL text"},
};

START_TEST(syslog_datagrams)
{
	const struct syslog_case *c = &syslog_cases[_i];
	char *path = path_of("log"), got[500] = "";
	struct buf want = BUF_INIT;
	int fd = syslog_socket(path);
	ssize_t n;
	char *p;

	ck_assert_int_eq(logtarget_set_syslogsocket(t, path, NULL), 0);
	ck_assert_int_eq(logtarget_set(t, c->target, NULL), 0);
	log_msg(c->level, "actions", "text");
	n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	buf_adds(&want, c->line);
	p = strstr(want.p, "PID");
	buf_splice(&want, (size_t)(p - want.p), 3, "", 0);
	{
		char pid[32];

		(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
		p = strstr(want.p, "[]");
		buf_splice(
		    &want, (size_t)(p + 1 - want.p), 0, pid, strlen(pid));
	}
	ck_assert_str_eq(got, want.p);
	ck_assert_int_eq(n, (int)want.n + 1); /* with its NUL */
	buf_release(&want);
	(void)close(fd);
	free(path);
}
END_TEST

START_TEST(no_syslog_socket_is_said)
{
	char *a = path_of("a.log[datetime=off]"), *path = path_of("a.log");
	char *socket_path = path_of("none"), *got;

	ck_assert_int_eq(logtarget_set(t, a, NULL), 0);
	ck_assert_int_eq(logtarget_set_syslogsocket(t, socket_path, NULL), 0);
	ck_assert_int_eq(logtarget_set(t, "SYSLOG", NULL), -1);
	got = content(path);
	ck_assert_ptr_nonnull(strstr(got, "ERROR   Syslog socket file: "
	                                  "DIR/none does not exists or is "
	                                  "not a socket\n"));
	free(got);
	free(a);
	free(path);
	free(socket_path);
}
END_TEST

Suite *logtarget_suite(void);

Suite *
logtarget_suite(void)
{
	Suite *s = suite_create("logtarget");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, options_of_a_file, 0,
	    sizeof(option_cases) / sizeof(option_cases[0]));
	tcase_add_loop_test(tc, verbose_lines, 0, 3);
	tcase_add_test(
	    tc, a_new_target_begins_with_two_lines_the_first_one_does_not);
	tcase_add_test(tc, what_cannot_be_opened_changes_nothing);
	tcase_add_test(tc, held_lines_come_together_and_in_order);
	tcase_add_test(tc, flush_goes_on_in_a_new_file);
	tcase_add_test(tc, what_a_full_disk_did_not_take_is_written_later);
	tcase_add_test(tc, lines_that_a_full_disk_cost_are_counted);
	tcase_add_loop_test(tc, syslog_datagrams, 0,
	    sizeof(syslog_cases) / sizeof(syslog_cases[0]));
	tcase_add_test(tc, no_syslog_socket_is_said);
	suite_add_tcase(s, tc);
	return s;
}
