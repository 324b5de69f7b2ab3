/*
 * buf - growable byte string
 *
 * Invariants: p is never NULL and p[n] is always NUL, so p is a C string as
 * long as no NUL was added. BUF_INIT needs no call; buf_release() may be
 * called on it and leaves it as BUF_INIT.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *p;    /* n bytes and a NUL */
	size_t n;   /* bytes in use, without the NUL */
	size_t cap; /* bytes allocated, 0: p is the shared empty string */
};

extern char buf_empty[1];
#define BUF_INIT                                                               \
	{                                                                      \
		.p = buf_empty, .n = 0, .cap = 0                               \
	}

void buf_init(struct buf *b);
void buf_release(struct buf *b);
/* For buf_grow() only. */
void buf_enlarge(struct buf *b, size_t n);

/* Room for n more bytes behind b->n; they may then be written directly. */
static inline char *
buf_grow(struct buf *b, size_t n)
{
	if (n >= b->cap - b->n)
		buf_enlarge(b, n);
	return b->p + b->n;
}

/* Says that n bytes were written into what buf_grow() gave. */
static inline void
buf_commit(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

/* Cuts to n bytes; n must not exceed b->n. */
static inline void
buf_truncate(struct buf *b, size_t n)
{
	b->n = n;
	if (b->cap > 0)
		b->p[n] = '\0';
}

/* Empties for reuse, keeps the memory. */
static inline void
buf_reset(struct buf *b)
{
	buf_truncate(b, 0);
}

static inline void
buf_add(struct buf *b, const char *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_grow(b, n), p, n);
	buf_commit(b, n);
}

static inline void
buf_addc(struct buf *b, char c)
{
	*buf_grow(b, 1) = c;
	buf_commit(b, 1);
}

void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Replaces n bytes at offset at by the bytes (p, len); p must not be in b. */
void buf_splice(struct buf *b, size_t at, size_t n, const char *p, size_t len);

/* The bytes as an allocated C string, owned by the caller; b is then empty. */
char *buf_detach(struct buf *b);

bool buf_eq(const struct buf *b, const char *s);

#endif
