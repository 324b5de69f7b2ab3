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
/* Empties for reuse, keeps the memory. */
void buf_reset(struct buf *b);
/* Room for n more bytes behind b->n; they may then be written directly. */
char *buf_grow(struct buf *b, size_t n);
/* Says that n bytes were written into what buf_grow() gave. */
void buf_commit(struct buf *b, size_t n);
/* Cuts to n bytes; n must not exceed b->n. */
void buf_truncate(struct buf *b, size_t n);

void buf_add(struct buf *b, const char *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
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
