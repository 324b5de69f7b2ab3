/*
 * libuv's pipes cut packets, so the socket is polled and read by recvmsg().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "server/channel.h"

enum {
	HEADER = 4, /* type, last part?, number of the part (2 bytes) */
	PACKET = 60 * 1024,
	BODY = PACKET - HEADER,
	AT_ONCE = 1024, /* packets when they are asked for */
	A_TURN = 8,     /* when the socket says that there are some */
};

struct packet {
	struct packet *next;
	int fd; /* owned, -1: none */
	size_t n;
	char p[];
};

struct channel {
	uv_poll_t poll;
	int fd;
	const struct channel_ops *ops;
	void *arg;
	bool dead;  /* closed() was called or the socket failed */
	bool freed; /* memory goes with the handle */
	struct packet *first;
	struct packet **last;
	size_t queued;
	char *in;           /* PACKET bytes, NULL while one is looked at */
	struct buf message; /* parts so far */
	unsigned type;      /* of the parts */
	unsigned parts;     /* received of the message */
	int passed;         /* descriptor of the message, -1 */
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void
watch(struct channel *c)
{
	int events = UV_READABLE | (c->first != NULL ? UV_WRITABLE : 0);

	if (!c->dead)
		(void)uv_poll_start(&c->poll, events, on_ready);
}

struct channel *
channel_new(uv_loop_t *loop, int fd, const struct channel_ops *ops, void *arg)
{
	struct channel *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->ops = ops;
	c->arg = arg;
	c->last = &c->first;
	c->passed = -1;
	buf_init(&c->message);
	(void)io_set_nonblock(fd);
	(void)uv_poll_init(loop, &c->poll, fd);
	c->poll.data = c;
	watch(c);
	return c;
}

static void
drop_queue(struct channel *c)
{
	struct packet *p;

	while ((p = c->first) != NULL) {
		c->first = p->next;
		if (p->fd >= 0)
			(void)close(p->fd);
		free(p);
	}
	c->last = &c->first;
	c->queued = 0;
}

static void
on_closed(uv_handle_t *handle)
{
	struct channel *c = handle->data;

	(void)close(c->fd);
	drop_queue(c);
	if (c->passed >= 0)
		(void)close(c->passed);
	buf_release(&c->message);
	free(c->in);
	free(c);
}

void
channel_free(struct channel *c)
{
	if (c == NULL || c->freed)
		return;
	c->dead = c->freed = true;
	(void)uv_poll_stop(&c->poll);
	uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void
fail(struct channel *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	(void)uv_poll_stop(&c->poll);
	drop_queue(c);
	c->ops->closed(c->arg, why);
}

size_t
channel_queued(const struct channel *c)
{
	return c->queued;
}

/* Header and body of a packet, both borrowed. */
struct piece {
	const char *head;
	const char *body;
	size_t n; /* bytes of body */
	int fd;   /* to pass, -1: none */
};

/* 1 sent, 0 the socket is full, -1 broken. */
static int
send_packet(struct channel *c, const struct piece *piece)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov[2] = {{.iov_len = HEADER}, {.iov_len = piece->n}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t put;

	/* sendmsg() does not write to them. */
	memcpy(&iov[0].iov_base, &piece->head, sizeof(piece->head));
	memcpy(&iov[1].iov_base, &piece->body, sizeof(piece->body));
	if (piece->fd >= 0) {
		struct cmsghdr *h = &control.align;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &piece->fd, sizeof(piece->fd));
	}
	do
		put = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return 1;
	/* ETOOMANYREFS: too many descriptors are on their way. */
	return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS
	           ? 0
	           : -1;
}

static void
queue(struct channel *c, const struct piece *piece)
{
	size_t n = HEADER + piece->n;
	struct packet *packet = xmalloc(sizeof(*packet) + n);

	packet->next = NULL;
	packet->fd = piece->fd < 0 ? -1 : fcntl(piece->fd, F_DUPFD_CLOEXEC, 3);
	packet->n = n;
	memcpy(packet->p, piece->head, HEADER);
	if (piece->n > 0)
		memcpy(packet->p + HEADER, piece->body, piece->n);
	*c->last = packet;
	c->last = &packet->next;
	c->queued += n;
	watch(c);
}

/* A broken socket shows as end of file at the next turn. */
static void
send_or_queue(struct channel *c, const struct piece *piece)
{
	if (c->dead)
		return;
	if (c->first == NULL && send_packet(c, piece) != 0)
		return;
	queue(c, piece);
}

void
channel_send(struct channel *c, unsigned type, const struct buf *b, int fd)
{
	size_t at = 0;
	unsigned part = 0;

	do {
		size_t n = b->n - at < BODY ? b->n - at : BODY;
		const char head[HEADER] = {(char)type, at + n == b->n,
		    (char)(part & 0xff), (char)(part >> 8 & 0xff)};
		const struct piece piece = {
		    head, b->p + at, n, part == 0 ? fd : -1};

		send_or_queue(c, &piece);
		at += n;
		part++;
	} while (at < b->n);
}

static void
flush(struct channel *c)
{
	struct packet *p;

	while ((p = c->first) != NULL) {
		const struct piece piece = {
		    p->p, p->p + HEADER, p->n - HEADER, p->fd};
		int rc = send_packet(c, &piece);

		if (rc == 0)
			return;
		c->first = p->next;
		if (c->first == NULL)
			c->last = &c->first;
		c->queued -= p->n;
		if (p->fd >= 0)
			(void)close(p->fd);
		free(p);
	}
	watch(c);
	if (c->ops->drained != NULL)
		c->ops->drained(c->arg);
}

/* Takes the descriptor of a packet; closes surplus ones. */
static void
take_fds(struct channel *c, struct msghdr *msg)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h != NULL;
	     h = CMSG_NXTHDR(msg, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (c->passed < 0)
				c->passed = fd;
			else
				(void)close(fd);
		}
	}
}

/* Hands over a finished message, which is borrowed. */
static void
deliver(struct channel *c, const char *p, size_t n)
{
	struct unpack u;
	int fd = c->passed;

	c->passed = -1;
	c->parts = 0;
	unpack_init(&u, p, n);
	c->ops->message(c->arg, c->type, &u, fd);
	if (!c->dead && !unpack_done(&u))
		fail(c, "a message is malformed");
}

/* A message that came in parts. */
static void
deliver_parts(struct channel *c)
{
	struct buf message = c->message;

	buf_init(&c->message);
	deliver(c, message.p, message.n);
	buf_release(&message);
}

/*
 * A message that came whole lies where the next one will come: who receives
 * from inside the callback gets memory of his own.
 */
static void
deliver_whole(struct channel *c, size_t n)
{
	char *in = c->in;

	c->in = NULL;
	deliver(c, in + HEADER, n - HEADER);
	if (c->in == NULL)
		c->in = in;
	else
		free(in);
}

static const char *
check(const struct channel *c, const unsigned char *p, size_t n)
{
	const struct channel_kind *kind;

	if (n < HEADER)
		return "a packet is too short";
	if (p[0] >= c->ops->nkinds || c->ops->kinds[p[0]].max == 0)
		return "a message of this type is not permitted";
	kind = &c->ops->kinds[p[0]];
	if (c->message.n + n - HEADER > kind->max)
		return "a message is too large";
	if ((unsigned)(p[2] | p[3] << 8) != (c->parts & 0xffff) ||
	    (c->parts > 0 && p[0] != c->type) || p[1] > 1)
		return "the parts of a message are out of order";
	if ((c->passed >= 0) != kind->with_fd)
		return "a descriptor is missing or was not wanted";
	return NULL;
}

static void
receive(struct channel *c, size_t n)
{
	const unsigned char *p = (const unsigned char *)c->in;
	const char *why = check(c, p, n);

	if (why != NULL) {
		fail(c, why);
		return;
	}
	c->type = p[0];
	if (p[1] == 1 && c->parts == 0) {
		deliver_whole(c, n);
		return;
	}
	c->parts++;
	buf_add(&c->message, c->in + HEADER, n - HEADER);
	if (p[1] == 1)
		deliver_parts(c);
}

/* Returns false when there is nothing more for now. */
static bool
receive_packet(struct channel *c)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = {.iov_len = PACKET};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	ssize_t got;

	if (c->in == NULL)
		c->in = xmalloc(PACKET);
	iov.iov_base = c->in;
	got = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);
	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got < 0) {
		fail(c, NULL);
		return false;
	}
	/* An empty packet looks like the end, but may bring descriptors. */
	take_fds(c, &msg);
	if (got == 0) {
		fail(c, NULL);
		return false;
	}
	if ((msg.msg_flags & MSG_TRUNC) != 0)
		fail(c, "a packet is too long");
	else
		receive(c, (size_t)got);
	return true;
}

static void
receive_packets(struct channel *c, int max)
{
	for (int i = 0; i < max && !c->dead; i++)
		if (!receive_packet(c))
			return;
}

void
channel_receive(struct channel *c)
{
	/* No more than the socket holds: the other end may be fast. */
	receive_packets(c, AT_ONCE);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct channel *c = poll->data;

	if (status < 0) {
		fail(c, NULL);
		return;
	}
	if ((events & UV_WRITABLE) != 0)
		flush(c);
	if (!c->dead && (events & UV_READABLE) != 0)
		receive_packets(c, A_TURN);
}
