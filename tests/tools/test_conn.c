#include <sys/socket.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/pickle.h"
#include "tools/conn.h"

#define PONG "\x80\2K\0X\4\0\0\0pong\x86." PICKLE_END
#define REQUEST "\x80\2](X\4\0\0\0pinge." PICKLE_END

static struct conn conn;
static pid_t server;

/* What a server answers, in pieces; NULL: it hangs up. */
static void
serve(int fd, const char *const *pieces, const size_t *sizes)
{
	char got[sizeof(REQUEST)];
	size_t n = 0;

	while (n < sizeof(REQUEST) - 1) {
		ssize_t r = read(fd, got + n, sizeof(REQUEST) - 1 - n);

		if (r <= 0)
			_exit(2);
		n += (size_t)r;
	}
	if (memcmp(got, REQUEST, sizeof(REQUEST) - 1) != 0)
		_exit(3);
	for (; *pieces != NULL; pieces++, sizes++)
		if (io_write_all(fd, *pieces, *sizes) == -1)
			_exit(4);
}

static void
start_server(const char *const *pieces, const size_t *sizes)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	server = fork();
	if (server == 0) {
		(void)close(fds[0]);
		serve(fds[1], pieces, sizes);
		_exit(0);
	}
	(void)close(fds[1]);
	conn.fd = fds[0];
}

static int
request(struct value **answer, double timeout, struct err *err)
{
	struct value *v = value_list();
	int rv;

	value_adds(v, "ping");
	rv = conn_request(&conn, answer, v, timeout, err);
	value_free(v);
	return rv;
}

static void
end_server(void)
{
	int status;

	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert_int_eq(status, 0);
}

START_TEST(an_answer_may_come_in_pieces)
{
	static const char *const pieces[] = {
	    "\x80", "\2K\0X\4\0\0\0pong\x86.<F2B_END", "_COMMAND>", NULL};
	static const size_t sizes[] = {1, 22, 9};
	struct value *answer = NULL;
	struct buf b = BUF_INIT;

	start_server(pieces, sizes);
	ck_assert_int_eq(request(&answer, 5, NULL), 0);
	value_repr(&b, answer);
	ck_assert_str_eq(b.p, "(0, 'pong')");
	conn_close(&conn);
	end_server();
	value_free(answer);
	buf_release(&b);
}
END_TEST

START_TEST(an_answer_cut_short_is_told)
{
	static const char *const pieces[] = {"\x80\2K", NULL};
	static const size_t sizes[] = {3};
	struct value *answer = NULL;
	struct err err = ERR_INIT;

	start_server(pieces, sizes);
	ck_assert_int_eq(request(&answer, 5, &err), -1);
	ck_assert_str_eq(err_text(&err), "socket connection broken");
	ck_assert_ptr_null(answer);
	conn_close(&conn);
	end_server();
	err_release(&err);
}
END_TEST

START_TEST(garbage_is_told)
{
	static const char *const pieces[] = {"\xff" PICKLE_END, NULL};
	static const size_t sizes[] = {sizeof("\xff" PICKLE_END) - 1};
	struct value *answer = NULL;
	struct err err = ERR_INIT;

	start_server(pieces, sizes);
	ck_assert_int_eq(request(&answer, 5, &err), -1);
	ck_assert_str_eq(err_text(&err), "invalid load key, '\\xff'.");
	conn_close(&conn);
	end_server();
	err_release(&err);
}
END_TEST

START_TEST(a_silent_server_times_out)
{
	struct value *answer = NULL;
	struct err err = ERR_INIT;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	conn.fd = fds[0];
	ck_assert_int_eq(request(&answer, 0.01, &err), -1);
	ck_assert_str_eq(err_text(&err), "timed out");
	conn_close(&conn);
	(void)close(fds[1]);
	err_release(&err);
}
END_TEST

START_TEST(a_terminator_in_a_word_is_refused)
{
	struct value *answer = NULL, *v = value_list();
	struct err err = ERR_INIT;

	conn.fd = -1;
	value_adds(v, "x" PICKLE_END "y");
	ck_assert_int_eq(conn_request(&conn, &answer, v, 1, &err), -1);
	ck_assert_ptr_nonnull(strstr(err_text(&err), "cannot be sent"));
	value_free(v);
	err_release(&err);
}
END_TEST

START_TEST(opening_says_why_not)
{
	char longer[200];

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(conn_open(&conn, "/nonexistent/socket"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(conn_open(&conn, longer), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

Suite *conn_suite(void);

Suite *
conn_suite(void)
{
	Suite *s = suite_create("conn");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, an_answer_may_come_in_pieces);
	tcase_add_test(tc, an_answer_cut_short_is_told);
	tcase_add_test(tc, garbage_is_told);
	tcase_add_test(tc, a_silent_server_times_out);
	tcase_add_test(tc, a_terminator_in_a_word_is_refused);
	tcase_add_test(tc, opening_says_why_not);
	suite_add_tcase(s, tc);
	return s;
}
