#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/channel.h"

static uv_loop_t loop;
static struct channel *left, *right;
static int raw; /* right's descriptor, for rubbish */
static struct buf got;
static unsigned messages;
static int passed;
static char why[128];
static bool closed;

enum {
	SMALL,
	LARGE,
	WITH_FD,
	FORBIDDEN,
	KINDS,
};

static const struct channel_kind kinds[KINDS] = {
    [SMALL] = {16, false},
    [LARGE] = {1024 * 1024, false},
    [WITH_FD] = {16, true},
};

static void
on_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	size_t n;
	const char *p = unpack_bytes(u, &n);

	(void)arg;
	(void)type;
	buf_reset(&got);
	buf_add(&got, p, n);
	passed = fd;
	messages++;
}

static void
on_closed(void *arg, const char *text)
{
	(void)arg;
	closed = true;
	(void)strncpy(why, text == NULL ? "end" : text, sizeof(why) - 1);
}

static const struct channel_ops ops = {
    .kinds = kinds,
    .nkinds = KINDS,
    .message = on_message,
    .closed = on_closed,
};

static void
setup(void)
{
	int pair[2];

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	left = channel_new(&loop, pair[0], &ops, NULL);
	right = channel_new(&loop, pair[1], &ops, NULL);
	raw = pair[1];
	buf_init(&got);
	messages = 0;
	passed = -1;
	closed = false;
}

static void
teardown(void)
{
	channel_free(left);
	channel_free(right);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	buf_release(&got);
}

static void
send_bytes(unsigned type, const char *p, size_t n, int fd)
{
	struct buf b = BUF_INIT;

	pack_bytes(&b, p, n);
	channel_send(right, type, &b, fd);
	buf_release(&b);
}

static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
}

START_TEST(message_arrives)
{
	send_bytes(SMALL, "hello", 5, -1);
	turn();
	ck_assert_uint_eq(messages, 1);
	ck_assert_str_eq(got.p, "hello");
}
END_TEST

START_TEST(large_message_travels_in_parts)
{
	size_t n = 900 * 1024;
	char *p = malloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 7);
	send_bytes(LARGE, p, n, -1);
	send_bytes(SMALL, "after", 5, -1);
	for (int i = 0; i < 100 && messages < 1; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert_uint_ge(messages, 1);
	turn();
	ck_assert_uint_eq(messages, 2);
	ck_assert_str_eq(got.p, "after");
	ck_assert_uint_eq(channel_queued(right), 0);
	free(p);
}
END_TEST

START_TEST(descriptor_is_passed)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	send_bytes(WITH_FD, "x", 1, fds[1]);
	turn();
	ck_assert_int_ge(passed, 0);
	ck_assert_int_eq(write(passed, "y", 1), 1);
	(void)close(passed);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

/* Raw packets: type, last, number (2 bytes), body. */
static const struct rubbish {
	char packet[24];
	size_t n;
	const char *why;
} rubbish[] = {
    {{0}, 2, "a packet is too short"},
    {{FORBIDDEN, 1, 0, 0}, 4, "a message of this type is not permitted"},
    {{100, 1, 0, 0}, 4, "a message of this type is not permitted"},
    {{SMALL, 1, 1, 0}, 4, "the parts of a message are out of order"},
    {{SMALL, 2, 0, 0}, 4, "the parts of a message are out of order"},
    {{SMALL, 1, 0, 0}, 24, "a message is too large"},
    {{WITH_FD, 1, 0, 0}, 4, "a descriptor is missing or was not wanted"},
    {{SMALL, 1, 0, 0, 9, 0, 0, 0}, 10, "a message is malformed"},
    {{SMALL, 1, 0, 0, 0, 0, 0, 0, 0, 7}, 10, "a message is malformed"},
};

START_TEST(rubbish_closes_the_channel)
{
	const struct rubbish *r = &rubbish[_i];

	ck_assert_int_eq(send(raw, r->packet, r->n, 0), r->n);
	turn();
	ck_assert(closed);
	ck_assert_str_eq(why, r->why);
}
END_TEST

/* It reads like the end of the connection. */
START_TEST(descriptor_of_an_empty_packet_is_closed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.align = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct msghdr msg = {.msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	int fds[2];
	char c;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	memcpy(CMSG_DATA(&control.align), &fds[1], sizeof(fds[1]));
	ck_assert_int_eq(sendmsg(raw, &msg, 0), 0);
	(void)close(fds[1]);
	turn();
	ck_assert(closed);
	channel_free(left);
	left = NULL;
	turn();
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(read(fds[0], &c, 1), 0); /* nobody holds it */
	(void)close(fds[0]);
}
END_TEST

START_TEST(end_of_the_peer_is_told_after_its_messages)
{
	send_bytes(SMALL, "last", 4, -1);
	channel_free(right);
	right = NULL;
	turn();
	ck_assert_uint_eq(messages, 1);
	ck_assert(closed);
	ck_assert_str_eq(why, "end");
}
END_TEST

Suite *channel_suite(void);

Suite *
channel_suite(void)
{
	Suite *s = suite_create("channel");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, message_arrives);
	tcase_add_test(tc, descriptor_of_an_empty_packet_is_closed);
	tcase_add_test(tc, large_message_travels_in_parts);
	tcase_add_test(tc, descriptor_is_passed);
	tcase_add_loop_test(tc, rubbish_closes_the_channel, 0,
	    sizeof(rubbish) / sizeof(rubbish[0]));
	tcase_add_test(tc, end_of_the_peer_is_told_after_its_messages);
	suite_add_tcase(s, tc);
	return s;
}
