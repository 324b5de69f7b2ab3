#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "base/pickle.h"
#include "literal.h"
#include "tools/client.h"
#include "tools/words.h"

static char dir[] = "/tmp/f2bclientXXXXXX";
static struct buf path; /* of the socket */
static pid_t server;
static struct cli_opts o;
static struct client c;

static void
listen_at(int *fd)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, path.p, path.n);
	*fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(
	    bind(*fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(*fd, 8), 0);
}

/* Answers to whatever is asked; for ever. */
static void
serve(int fd, const char *answer)
{
	struct value *v = literal(answer);
	struct buf b = BUF_INIT;

	pickle_encode(&b, v);
	buf_adds(&b, PICKLE_END);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		char got[512];

		if (read(peer, got, sizeof(got)) > 0)
			(void)io_write_all(peer, b.p, b.n);
		while (read(peer, got, sizeof(got)) > 0)
			;
		(void)close(peer);
	}
}

static void
start_server(const char *answer)
{
	int fd;

	listen_at(&fd);
	server = fork();
	if (server == 0)
		serve(fd, answer);
	(void)close(fd);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	buf_init(&path);
	buf_addf(&path, "%s/s", dir);
	o = (struct cli_opts){
	    .conf = dir, .socket = path.p, .pidfile = path.p, .timeout = 1};
	log_set_level(LOG_WARN);
}

static void
teardown(void)
{
	if (server > 0)
		(void)kill(server, SIGKILL);
	(void)unlink(path.p);
	(void)rmdir(dir);
	buf_release(&path);
}

static FILE *
capture(int fd)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	(void)fflush(NULL);
	ck_assert_int_eq(dup2(fileno(f), fd), fd);
	return f;
}

static void
check_file(FILE *f, const char *want)
{
	char text[4096] = "";
	const char *at = text, *log;

	rewind(f);
	(void)!fread(text, 1, sizeof(text) - 1, f);
	/* a log line has a date and a process id before its level */
	log = strstr(text, "]: ");
	if (log != NULL && text[0] == '2')
		at = log + 3;
	ck_assert_str_eq(at, want);
	(void)fclose(f);
}

/* Runs the line; checks exit status, output and errors. */
static void
check_run(const char *line, int status, const char *out, const char *err)
{
	struct value *words = value_list();
	FILE *fout, *ferr;
	int rv;

	ck_assert_int_eq(words_split(words, line, NULL), 0);
	ck_assert_int_eq(client_init(&c, &o), 0);
	fout = capture(STDOUT_FILENO);
	ferr = capture(STDERR_FILENO);
	rv = client_run(&c, words);
	(void)fflush(stdout);
	client_release(&c);
	value_free(words);
	check_file(fout, out);
	check_file(ferr, err);
	ck_assert_int_eq(rv, status);
}

/* fail2ban: spec 16 section 2 */
START_TEST(no_socket)
{
	struct buf want = BUF_INIT, json = BUF_INIT;

	buf_addf(&want,
	    "ERROR   Failed to access socket path: %s. Is fail2ban running?\n",
	    path.p);
	check_run("ping", 255, "", want.p);
	check_run("status", 255, "", want.p);
	o.json = true;
	buf_addf(&json,
	    "{\"error\": \"Failed to access socket path: %s. "
	    "Is fail2ban running?\"}\n",
	    path.p);
	check_run("status", 255, json.p, want.p);
	buf_release(&want);
	buf_release(&json);
}
END_TEST

START_TEST(dead_socket)
{
	int fd;

	listen_at(&fd);
	(void)close(fd);
	check_run("ping", 255, "", "ERROR   [Errno 111] Connection refused\n");
	check_run("status", 255, "",
	    "ERROR   [[Errno 111] Connection refused] Unable to contact "
	    "server. Is it running?\n");
	check_run("reload", 255, "", "ERROR   Could not find server\n");
}
END_TEST

START_TEST(wrong_words_are_told_before_connecting)
{
	check_run("reload a b", 255, "",
	    "ERROR   Unexpected argument(s) for reload: ['a', 'b']\n");
	check_run("reload --foo a", 255, "",
	    "ERROR   Unexpected argument(s) for reload: ['--foo', 'a']\n");
	check_run("ping x", 255, "",
	    "ERROR   could not convert string to float: 'x'\n");
}
END_TEST

START_TEST(answers_are_printed)
{
	start_server("(0, 'pong')");
	check_run("ping", 0, "Server replied: pong\n", "");
	check_run("ping 5", 0, "Server replied: pong\n", "");
	o.json = true;
	check_run("ping", 0, "\"pong\"\n", "");
}
END_TEST

START_TEST(errors_are_printed_and_logged)
{
	start_server("(1, fail2ban.exceptions.UnknownJailException('x'))");
	check_run("status x", 255, "Sorry but the jail 'x' does not exist\n",
	    "ERROR   NOK: ('x',)\n");
	o.json = true;
	check_run("status x", 255,
	    "{\"error\": \"Sorry but the jail 'x' does not exist\"}\n",
	    "ERROR   NOK: ('x',)\n");
}
END_TEST

START_TEST(an_odd_answer_is_an_error)
{
	start_server("['SHUTDOWN']");
	check_run(
	    "status", 255, "", "ERROR   The server answered: ['SHUTDOWN']\n");
}
END_TEST

START_TEST(jails_for_completion)
{
	struct value *jails;

	ck_assert_int_eq(client_init(&c, &o), 0);
	jails = client_jails(&c);
	ck_assert_uint_eq(jails->n, 0);
	value_free(jails);
	start_server(
	    "(0, [('Number of jail', 2), ('Jail list', 'recidive, sshd')])");
	jails = client_jails(&c);
	ck_assert_uint_eq(jails->n, 2);
	ck_assert_str_eq(jails->items[1]->text, "sshd");
	value_free(jails);
	client_release(&c);
}
END_TEST

START_TEST(wrong_options_are_told)
{
	FILE *f = capture(STDOUT_FILENO);

	(void)capture(STDERR_FILENO);
	o.loglevel = "foo";
	ck_assert_int_eq(client_init(&c, &o), -1);
	o.loglevel = "heavydebug";
	ck_assert_int_eq(client_init(&c, &o), 0);
	o.conf = "/nonexistent";
	ck_assert_int_eq(client_init(&c, &o), 0); /* the socket is enough */
	ck_assert_int_eq(client_load_settings(&c), -1);
	(void)fflush(stdout);
	check_file(f,
	    "ERROR: Invalid log level 'foo'\n"
	    "ERROR: Base configuration directory /nonexistent does not exist "
	    "\n");
}
END_TEST

Suite *client_suite(void);

Suite *
client_suite(void)
{
	Suite *s = suite_create("client");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_socket);
	tcase_add_test(tc, dead_socket);
	tcase_add_test(tc, wrong_words_are_told_before_connecting);
	tcase_add_test(tc, answers_are_printed);
	tcase_add_test(tc, errors_are_printed_and_logged);
	tcase_add_test(tc, an_odd_answer_is_an_error);
	tcase_add_test(tc, jails_for_completion);
	tcase_add_test(tc, wrong_options_are_told);
	suite_add_tcase(s, tc);
	return s;
}
