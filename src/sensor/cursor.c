/*
 * Each read starts a few bytes before the cursor. When those differ from what
 * was read earlier the file was truncated or rewritten, whatever its size is
 * now; that costs no call of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"
#include "sensor/cursor.h"
#include "sensor/lines.h"

enum {
	SEEK_NEAR = 512, /* bytes: closer than that needs no search */
	SEEK_LINES = 5,  /* lines looked at for a date */
};

void
block_init(struct block *b)
{
	b->p = xmalloc(CURSOR_TAIL + CURSOR_BLOCK);
	b->start = b->end = 0;
	b->at_end = false;
}

void
block_release(struct block *b)
{
	free(b->p);
	b->p = NULL;
	b->start = b->end = 0;
}

static ssize_t
read_at(int fd, char *p, size_t n, int64_t at)
{
	ssize_t got;

	do
		got = pread(fd, p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

void
cursor_init(struct cursor *c, int fd, int64_t at)
{
	size_t want = at < CURSOR_TAIL ? (size_t)at : CURSOR_TAIL;
	ssize_t got;

	memset(c, 0, sizeof(*c));
	c->at = c->done = at;
	c->tail_n = want;
	got = read_at(fd, c->tail, want, at - (int64_t)want);
	/* Behind the end: the first read is too short, or differs. */
	if (got < (ssize_t)want)
		memset(c->tail, '\n', want);
}

bool
cursor_resume(struct cursor *c, int fd, int64_t at, const char *tail, size_t n)
{
	cursor_init(c, fd, at);
	if (n > c->tail_n || memcmp(c->tail + c->tail_n - n, tail, n) == 0)
		return true;
	memcpy(c->tail, tail, n);
	c->tail_n = n;
	return false;
}

void
cursor_rewind(struct cursor *c)
{
	uint32_t gen = c->gen + 1;

	memset(c, 0, sizeof(*c));
	c->gen = gen;
}

/*
 * A block that was read while the file was truncated and grew again may hold
 * old bytes first and new ones behind; then its start has changed by now.
 */
static bool
is_still_there(int fd, int64_t at, const char *p, size_t n)
{
	char now[CURSOR_TAIL];
	size_t some = n < sizeof(now) ? n : sizeof(now);

	return read_at(fd, now, some, at) == (ssize_t)some &&
	       memcmp(now, p, some) == 0;
}

enum cursor_result
cursor_fill(struct cursor *c, int fd, struct block *b)
{
	size_t want = c->tail_n + CURSOR_BLOCK;
	ssize_t got = read_at(fd, b->p, want, c->at - (int64_t)c->tail_n);

	b->start = b->end = 0;
	b->at_end = true;
	if (got < 0)
		return CURSOR_ERROR;
	if ((size_t)got < c->tail_n || memcmp(b->p, c->tail, c->tail_n) != 0)
		return CURSOR_REWRITTEN;
	if ((size_t)got > c->tail_n &&
	    !is_still_there(fd, c->at - (int64_t)c->tail_n, b->p, (size_t)got))
		return CURSOR_REWRITTEN;
	b->start = c->tail_n;
	b->end = (size_t)got;
	b->at_end = (size_t)got < want;
	return b->end > b->start ? CURSOR_DATA : CURSOR_END;
}

/* Takes n bytes of the block; remembers the last ones. */
static void
consume(struct cursor *c, struct block *b, size_t n)
{
	b->start += n;
	c->at += (int64_t)n;
	if (b->start >= CURSOR_TAIL) { /* a size that the compiler knows */
		memcpy(c->tail, b->p + b->start - CURSOR_TAIL, CURSOR_TAIL);
		c->tail_n = CURSOR_TAIL;
		return;
	}
	c->tail_n = b->start;
	memcpy(c->tail, b->p, c->tail_n);
}

/*
 * A line without end fills the block: its first part is the line, until the
 * line feed comes the rest is skipped. The cursor counts as done only after
 * that, so that the rest can never be taken for a line.
 */
static bool
take_part(struct cursor *c, struct block *b, struct cursor_line *ret)
{
	bool first = !c->skipping;

	ret->p = b->p + b->start;
	ret->n = b->end - b->start;
	ret->truncated = true;
	c->skipping = true;
	consume(c, b, ret->n);
	return first;
}

bool
cursor_next(struct cursor *c, struct block *b, const struct codec *codec,
    struct cursor_line *ret)
{
	while (b->start < b->end) {
		size_t left = b->end - b->start;
		bool skipped = c->skipping;
		size_t n = lines_next(codec, b->p + b->start, left, b->at_end);

		if (n == 0 && left < CURSOR_LINE && !skipped)
			return false;
		if (n == 0)
			return take_part(c, b, ret);
		ret->p = b->p + b->start;
		ret->n = n;
		ret->truncated = false;
		c->skipping = false;
		consume(c, b, n);
		c->done = c->at;
		if (!skipped)
			return true;
	}
	return false;
}

/* Start of the first line at or after at (> 0); b then stands there. */
static int64_t
line_start(int fd, struct block *b, int64_t at)
{
	ssize_t got = read_at(fd, b->p, CURSOR_BLOCK, at - 1);
	const char *lf;

	b->start = b->end = 0;
	if (got <= 0)
		return -1;
	lf = memchr(b->p, '\n', (size_t)got);
	if (lf == NULL)
		return -1;
	b->start = (size_t)(lf - b->p) + 1;
	b->end = (size_t)got;
	return at - 1 + (int64_t)b->start;
}

/*
 * Looks at the lines from the middle on. Returns the start of the line after
 * an old one, or -1: the lines there are wanted, or cannot be told.
 */
static int64_t
probe(int fd, struct block *b, const struct cursor_search *s, int64_t middle)
{
	int64_t at = line_start(fd, b, middle);

	for (int i = 0; at >= 0 && i < SEEK_LINES; i++) {
		const char *p = b->p + b->start;
		const char *lf = memchr(p, '\n', b->end - b->start);
		double time;
		size_t n;

		if (lf == NULL)
			return -1;
		n = (size_t)(lf - p);
		at += (int64_t)n + 1;
		b->start += n + 1;
		if (s->date(s->arg, p, n, &time))
			return time < s->wanted ? at : -1;
	}
	return -1;
}

int64_t
cursor_seek(int fd, struct block *b, const struct cursor_search *s)
{
	int64_t low = s->from, high = s->size;

	while (high - low > SEEK_NEAR) {
		int64_t middle = low + (high - low) / 2;
		int64_t next = probe(fd, b, s, middle);

		if (next >= 0 && next <= high)
			low = next;
		else
			high = middle;
	}
	b->start = b->end = 0;
	return low;
}
