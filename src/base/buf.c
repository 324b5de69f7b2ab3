#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Written to only with the NUL that it holds already. */
char buf_empty[1];

void
buf_init(struct buf *b)
{
	b->p = buf_empty;
	b->n = b->cap = 0;
}

void
buf_release(struct buf *b)
{
	if (b->cap > 0)
		free(b->p);
	buf_init(b);
}

void
buf_enlarge(struct buf *b, size_t n)
{
	size_t need, cap = b->cap < 32 ? 32 : b->cap;

	if (__builtin_add_overflow(b->n, n, &need) || need >= SIZE_MAX / 2)
		abort();
	need++; /* the NUL */
	while (cap < need)
		cap *= 2;
	b->p = xreallocarray(b->cap > 0 ? b->p : NULL, cap, 1);
	b->cap = cap;
	b->p[b->n] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = 64; /* mostly enough: then it is printed only once */
	va_list copy;
	int n;

	va_copy(copy, ap);
	n = vsnprintf(buf_grow(b, room), room + 1, fmt, copy);
	va_end(copy);
	if (n < 0)
		abort(); /* only a wrong format can do that */
	if ((size_t)n > room)
		(void)vsnprintf(buf_grow(b, (size_t)n), (size_t)n + 1, fmt, ap);
	buf_commit(b, (size_t)n);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_splice(struct buf *b, size_t at, size_t n, const char *p, size_t len)
{
	size_t tail = b->n - at - n;

	if (len > n)
		(void)buf_grow(b, len - n);
	if (b->cap == 0)
		return; /* nothing there and nothing to put */
	memmove(b->p + at + len, b->p + at + n, tail);
	if (len > 0)
		memcpy(b->p + at, p, len);
	b->n = at + len + tail;
	b->p[b->n] = '\0';
}

char *
buf_detach(struct buf *b)
{
	char *p = b->cap > 0 ? b->p : xstrdup("");

	buf_init(b);
	return p;
}

bool
buf_eq(const struct buf *b, const char *s)
{
	return strlen(s) == b->n && memcmp(b->p, s, b->n) == 0;
}
