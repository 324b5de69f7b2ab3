/*
 * The terminator is looked for in the bytes, as every server of this protocol
 * does; so a request that has it inside cannot be sent and is refused here.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/pickle.h"
#include "tools/conn.h"

#define CONN_MAX_ANSWER ((size_t)1 << 30)

int
conn_open(struct conn *c, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd, saved;

	if (n >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	c->fd = fd;
	return 0;
}

void
conn_close(struct conn *c)
{
	if (c->fd == -1)
		return;
	(void)send(c->fd, PICKLE_CLOSE PICKLE_END,
	    sizeof(PICKLE_CLOSE PICKLE_END) - 1, MSG_NOSIGNAL);
	(void)close(c->fd);
	c->fd = -1;
}

/* 0 when the descriptor is ready for this, else -1 with errno. */
static int
wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int n = poll(&pfd, 1, timeout_ms);

	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

static int
send_all(int fd, const struct buf *b, int timeout_ms)
{
	size_t at = 0;

	while (at < b->n) {
		ssize_t n;

		if (wait_for(fd, POLLOUT, timeout_ms) == -1)
			return -1;
		n = send(fd, b->p + at, b->n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static bool
has_end(const struct buf *b)
{
	const size_t n = sizeof(PICKLE_END) - 1;

	return b->n >= n && memcmp(b->p + b->n - n, PICKLE_END, n) == 0;
}

/* Reads up to the terminator, which stays. End of file is ECONNRESET. */
static int
receive(int fd, struct buf *b, int timeout_ms)
{
	while (!has_end(b)) {
		char *room = buf_grow(b, 32768);
		ssize_t n;

		if (wait_for(fd, POLLIN, timeout_ms) == -1)
			return -1;
		n = read(fd, room, 32768);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0 || b->n > CONN_MAX_ANSWER) {
			errno = n == 0 ? ECONNRESET : EMSGSIZE;
			return -1;
		}
		buf_commit(b, (size_t)n);
	}
	return 0;
}

/* fail2ban: its words for what it and Python run into */
static int
failed(struct err *err)
{
	if (errno == ETIMEDOUT)
		return err_set(err, "timed out");
	if (errno == ECONNRESET || errno == EPIPE)
		return err_set(err, "socket connection broken");
	return err_set(err, "[Errno %d] %s", errno, strerror(errno));
}

int
conn_request(struct conn *c, struct value **answer, const struct value *request,
    double timeout, struct err *err)
{
	int timeout_ms =
	    timeout > 0 ? (int)fmin(ceil(timeout * 1000), 1e9) : -1;
	struct buf b = BUF_INIT;
	int rv = -1;

	pickle_encode(&b, request);
	if (memmem(b.p, b.n, PICKLE_END, sizeof(PICKLE_END) - 1) != NULL) {
		(void)err_set(
		    err, "'%s' ends a request and cannot be sent", PICKLE_END);
		goto out;
	}
	buf_adds(&b, PICKLE_END);
	if (send_all(c->fd, &b, timeout_ms) == -1 && errno != EPIPE) {
		(void)failed(err);
		goto out;
	}
	buf_reset(&b);
	if (receive(c->fd, &b, timeout_ms) == -1)
		(void)failed(err);
	else if (pickle_decode(
	             answer, b.p, b.n - (sizeof(PICKLE_END) - 1), err) > 0)
		rv = 0;
out:
	buf_release(&b);
	return rv;
}
