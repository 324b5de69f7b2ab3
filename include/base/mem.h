/*
 * mem - allocation that aborts when memory is exhausted
 *
 * A daemon that bans cannot do anything sensible without memory, and a
 * supervisor restarts it with everything it knew from the database.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *p, size_t n, size_t size)
    __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
/* Copy of n bytes with a NUL after them; p may hold NUL itself. */
char *xmemdup0(const char *p, size_t n)
    __attribute__((malloc, returns_nonnull));
/* Copy of n bytes. */
void *xmemdup(const void *p, size_t n)
    __attribute__((malloc, returns_nonnull, nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/*
 * Gives what was freed back to the system, where the C library can: after
 * something that took much memory for a short time.
 */
void mem_trim(void);

/*
 * Make room for one more element in the array p of *cap elements of which n
 * are in use: GROW(a, n, cap). p and cap are lvalues, cap a size_t.
 */
#define GROW(p, n, cap)                                                        \
	do {                                                                   \
		if ((n) >= (cap)) {                                            \
			(cap) = (cap) == 0 ? 8 : (cap)*2;                      \
			(p) = xreallocarray((p), (cap), sizeof(*(p)));         \
		}                                                              \
	} while (0)

#endif
