#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/pickle.h"
#include "quiet.h"
#include "server/control.h"

static uv_loop_t loop;
static struct control *control;
static int peer;
static struct buf seen = BUF_INIT; /* requests as they came */
static struct request *held;       /* not yet answered */
static bool hold;

static void
on_request(
    void *arg, struct request *rq, const struct value *words, bool readonly)
{
	(void)arg;
	value_repr(&seen, words);
	buf_adds(&seen, readonly ? " ro;" : ";");
	if (hold)
		held = rq;
	else
		request_answer(rq, value_pair(value_int(0), value_int(7)));
}

static void
setup(void)
{
	int fds[2];

	quiet_log();
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	control = control_new_unbound(&loop, on_request, NULL);
	ck_assert_int_eq(control_adopt(control, fds[1], false), 0);
	peer = fds[0];
	hold = false;
	held = NULL;
	buf_reset(&seen);
}

static void
teardown(void)
{
	control_free(control);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	if (peer >= 0)
		(void)close(peer);
	buf_release(&seen);
}

static void
turn(void)
{
	for (int i = 0; i < 8; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void
say(const char *p, size_t n)
{
	ck_assert_int_eq(write(peer, p, n), (ssize_t)n);
}

#define SAY(literal) say(literal, sizeof(literal) - 1)
#define END "<F2B_END_COMMAND>"

/* Everything that has been answered so far, answers separated by "|". */
static char *
answers(void)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	ssize_t n;

	while ((n = recv(peer, buf_grow(&in, 4096), 4096, MSG_DONTWAIT)) > 0)
		buf_commit(&in, (size_t)n);
	for (char *p = in.p, *e; p < in.p + in.n; p = e + strlen(END)) {
		struct value *v = NULL;

		e = memmem(p, (size_t)(in.p + in.n - p), END, strlen(END));
		ck_assert_ptr_nonnull(e);
		ck_assert_int_gt(
		    pickle_decode(&v, p, (size_t)(e - p), NULL), 0);
		value_repr(&out, v);
		buf_addc(&out, '|');
		value_free(v);
	}
	buf_release(&in);
	return buf_detach(&out);
}

static void
expect(const char *requests, const char *replies)
{
	char *got;

	turn();
	got = answers();
	ck_assert_str_eq(seen.p, requests);
	ck_assert_str_eq(got, replies);
	free(got);
}

#define PING "]q\0X\4\0\0\0pingq\1a."

START_TEST(one_request)
{
	SAY(PING END);
	expect("['ping'];", "(0, 7)|");
}
END_TEST

START_TEST(many_small_writes)
{
	static const char bytes[] = PING END;

	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		say(bytes + i, 1);
		turn();
	}
	expect("['ping'];", "(0, 7)|");
}
END_TEST

START_TEST(several_in_one_write_are_answered_in_order)
{
	SAY(PING END "]." END PING END);
	expect("['ping'];[];['ping'];", "(0, 7)|(0, 7)|(0, 7)|");
}
END_TEST

START_TEST(the_next_request_waits_for_the_answer)
{
	hold = true;
	SAY(PING END "]." END);
	expect("['ping'];", "");
	hold = false;
	request_answer(held, value_int(1));
	expect("['ping'];[];", "1|(0, 7)|");
}
END_TEST

START_TEST(half_closed_peer_gets_its_answer)
{
	hold = true;
	SAY(PING END);
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	turn();
	request_answer(held, value_int(1));
	expect("['ping'];", "1|");
	turn();
	ck_assert_uint_eq(control_count(control), 0);
}
END_TEST

START_TEST(peer_that_has_gone_is_no_harm)
{
	hold = true;
	SAY(PING END);
	turn();
	(void)close(peer);
	peer = -1;
	turn();
	request_answer(held, value_int(1));
	turn();
	ck_assert_uint_eq(control_count(control), 0);
}
END_TEST

START_TEST(close_command_closes)
{
	SAY(PING END "<F2B_CLOSE_COMMAND>" END);
	turn();
	turn();
	ck_assert_uint_eq(control_count(control), 0);
	expect("['ping'];", "(0, 7)|");
}
END_TEST

START_TEST(terminator_inside_a_text_is_text)
{
	SAY("]X\x13\0\0\0a" END "ba." END);
	expect("['a" END "b'];", "(0, 7)|");
}
END_TEST

/* fail2ban: the texts are its own. */
START_TEST(undecodable_requests_get_a_bare_text)
{
	SAY(END);
	expect("", "'ERROR: Ran out of input'|");
	SAY("]X\x13\0\0\0a" END);
	expect("", "'ERROR: pickle data was truncated'|");
	SAY(PING END);
	expect("['ping'];", "(0, 7)|");
}
END_TEST

START_TEST(after_a_broken_request_the_next_is_served)
{
	SAY("\x80\4\x8c" END PING END);
	turn();
	ck_assert_str_eq(seen.p, "['ping'];");
}
END_TEST

START_TEST(a_reader_may_not_send_much)
{
	struct buf b = BUF_INIT;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(control_adopt(control, fds[1], true), 0);
	for (int i = 0; i < 70000; i++)
		buf_addc(&b, 'x');
	ck_assert_int_eq(write(fds[0], PING END, sizeof(PING END) - 1),
	    (ssize_t)sizeof(PING END) - 1);
	turn();
	ck_assert_str_eq(seen.p, "['ping'] ro;");
	ck_assert_int_eq(write(fds[0], b.p, b.n), (ssize_t)b.n);
	turn();
	ck_assert_uint_eq(control_count(control), 1);
	buf_release(&b);
	(void)close(fds[0]);
}
END_TEST

START_TEST(what_comes_during_an_answer_waits_in_the_socket)
{
	static char more[16384];
	size_t sent = 0;
	ssize_t n;

	hold = true;
	SAY(PING END);
	turn();
	ck_assert_ptr_nonnull(held);
	for (int i = 0; i < 1000; i++) {
		n = send(peer, more, sizeof(more), MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	ck_assert_uint_lt(sent, 2u << 20);
	hold = false;
	request_answer(held, value_none());
	turn();
	ck_assert_int_gt(send(peer, more, sizeof(more), MSG_DONTWAIT), 0);
}
END_TEST

START_TEST(the_oldest_that_says_nothing_makes_room)
{
	enum { MANY = 502 };
	static int ends[MANY][2];
	struct rlimit files;
	char byte;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_cur < 2 * MANY + 50)
		return; /* not allowed here */

	/* the first of all waits for an answer, the next says half a word */
	hold = true;
	SAY(PING END);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(
		    socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
		ck_assert_int_eq(control_adopt(control, ends[i][1], false), 0);
		if (i == 0)
			ck_assert_int_eq(write(ends[0][0], "]", 1), 1);
		turn();
	}
	ck_assert_uint_eq(control_count(control), 500);
	ck_assert_int_eq(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(recv(ends[0][0], &byte, 1, MSG_DONTWAIT), -1);
	for (int i = 1; i <= 3; i++)
		ck_assert_int_eq(recv(ends[i][0], &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(recv(ends[4][0], &byte, 1, MSG_DONTWAIT), -1);
	request_answer(held, value_none());
	turn();
	ck_assert_int_eq(recv(peer, &byte, 1, MSG_DONTWAIT), 1);
	for (int i = 0; i < MANY; i++)
		(void)close(ends[i][0]);
}
END_TEST

Suite *control_suite(void);

Suite *
control_suite(void)
{
	Suite *s = suite_create("control");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_request);
	tcase_add_test(tc, many_small_writes);
	tcase_add_test(tc, several_in_one_write_are_answered_in_order);
	tcase_add_test(tc, the_next_request_waits_for_the_answer);
	tcase_add_test(tc, half_closed_peer_gets_its_answer);
	tcase_add_test(tc, peer_that_has_gone_is_no_harm);
	tcase_add_test(tc, close_command_closes);
	tcase_add_test(tc, terminator_inside_a_text_is_text);
	tcase_add_test(tc, undecodable_requests_get_a_bare_text);
	tcase_add_test(tc, after_a_broken_request_the_next_is_served);
	tcase_add_test(tc, a_reader_may_not_send_much);
	tcase_add_test(tc, what_comes_during_an_answer_waits_in_the_socket);
	tcase_add_test(tc, the_oldest_that_says_nothing_makes_room);
	suite_add_tcase(s, tc);
	return s;
}
