#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/*
 * A regular file is over where less is read than asked for; that saves a
 * call for the many small ones. Files of /proc say they are empty.
 */
static int
read_all(struct buf *out, int fd, size_t max, size_t size)
{
	size_t room = size > 0 && size < max ? size + 1 : 16384;

	for (;;) {
		char *p = buf_grow(out, room);
		ssize_t got = read(fd, p, room);

		if (got == 0)
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		buf_commit(out, (size_t)got);
		if (out->n > max) {
			errno = EFBIG;
			return -1;
		}
		if (size > 0 && (size_t)got < room)
			return 0;
	}
}

int
io_read_file(struct buf *out, const char *path, size_t max)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc, saved;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0)
		rc = -1;
	else if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		rc = -1;
	} else
		rc = read_all(out, fd, max, (size_t)st.st_size);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

int
io_write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static size_t
write_some(int fd, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = write(fd, p + done, n - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	return done;
}

int
io_write_lines(int fd, struct buf *lines, size_t max, unsigned long *lost)
{
	size_t rest;

	buf_splice(lines, 0, write_some(fd, lines->p, lines->n), "", 0);
	if (lines->n == 0)
		return 0;
	if (lines->n < max)
		return -1;
	rest = (size_t)((const char *)memchr(lines->p, '\n', lines->n) -
	                lines->p) +
	       1;
	for (size_t i = rest; i < lines->n; i++)
		*lost += lines->p[i] == '\n';
	buf_truncate(lines, rest);
	return -1;
}

void
io_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int
io_set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
io_set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 ? -1 : fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}
