/*
 * Places count bytes from the first record on and never go back; where a
 * place lies in the file is its remainder. What is not written yet lies in a
 * small buffer, so that a write carries many records.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/spool.h"

enum {
	PENDING = 32 * 1024,
	HEADER = sizeof(uint32_t), /* size of the record */
	FIRST = 8,                 /* place of the first record: not 0 */
};

struct spool {
	int fd;
	bool broken; /* a write failed */
	uint64_t bytes;
	uint64_t written; /* place up to which the file has everything */
	struct buf pending;
};

static int
open_nameless(const char *folder)
{
	char *path;
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	path = xasprintf("%s/spool-XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	free(path);
	return fd;
}

struct spool *
spool_new(const char *folder)
{
	int fd = open_nameless(folder);
	struct spool *s;

	if (fd < 0)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	s->bytes = SPOOL_BYTES;
	s->written = FIRST;
	buf_init(&s->pending);
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	(void)close(s->fd);
	buf_release(&s->pending);
	free(s);
}

void
spool_set_bytes(struct spool *s, uint64_t bytes)
{
	s->bytes = bytes;
}

typedef ssize_t (*io_fn)(int fd, void *p, size_t n, off_t at);

static ssize_t
write_at(int fd, void *p, size_t n, off_t at)
{
	return pwrite(fd, p, n, at);
}

/* All n bytes at this place of the ring, around its end where need be. */
static bool
ring(const struct spool *s, io_fn io, struct buf *b, uint64_t place)
{
	size_t done = 0;

	while (done < b->n) {
		uint64_t at = (place + done) % s->bytes;
		size_t n = b->n - done;
		ssize_t got;

		if (n > s->bytes - at)
			n = (size_t)(s->bytes - at);
		got = io(s->fd, b->p + done, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENOSPC;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static void
flush(struct spool *s)
{
	if (!ring(s, write_at, &s->pending, s->written))
		s->broken = true;
	s->written += s->pending.n;
	buf_reset(&s->pending);
}

uint64_t
spool_add(struct spool *s, const struct spool_record *r)
{
	size_t n = r->head_n + r->n;
	uint32_t size = (uint32_t)n;
	uint64_t place = s->written + s->pending.n;

	if (s->broken || n > SPOOL_RECORD_MAX)
		return 0;
	buf_add(&s->pending, (const char *)&size, HEADER);
	buf_add(&s->pending, r->head, r->head_n);
	buf_add(&s->pending, r->p, r->n);
	if (s->pending.n >= PENDING)
		flush(s);
	if (s->pending.cap > 2 * PENDING) /* a large record was among them */
		buf_release(&s->pending);
	return s->broken ? 0 : place;
}

/* Replaces the n bytes of out, which has room. */
static bool
get(const struct spool *s, uint64_t place, struct buf *out, size_t n)
{
	uint64_t end = s->written + s->pending.n;

	if (place < FIRST || place > end || n > end - place ||
	    end - place > s->bytes)
		return false;
	(void)buf_grow(out, n);
	if (place >= s->written) {
		buf_add(out, s->pending.p + (place - s->written), n);
		return true;
	}
	buf_commit(out, n);
	return ring(s, pread, out, place);
}

bool
spool_read(struct spool *s, uint64_t place, struct buf *out)
{
	struct buf b = BUF_INIT;
	uint32_t size;
	bool ok;

	if (s->broken || !get(s, place, &b, HEADER))
		return false;
	memcpy(&size, b.p, HEADER);
	buf_reset(&b);
	ok = size <= SPOOL_RECORD_MAX && get(s, place + HEADER, &b, size);
	if (ok)
		buf_add(out, b.p, b.n);
	buf_release(&b);
	return ok;
}
