/*
 * fail2ban-client's malloc under random use: blocks keep what is written to
 * them, are aligned, and do not overlap. Linked with src/tools/pool.c.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 1000
#define ROUNDS 300000
#define MAX_SMALL 300
#define MAX_BIG 100000

static struct block {
	unsigned char *p; /* NULL: none */
	size_t n;
	unsigned char tag; /* each of its bytes */
} blocks[BLOCKS];

static uint32_t
next_random(void)
{
	static uint32_t x = 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void
fail(const char *what, const struct block *b)
{
	printf("%s: block %p of %zu bytes\n", what, (void *)b->p, b->n);
	exit(1);
}

static void
check(const struct block *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b->p[i] != b->tag)
			fail("overwritten", b);
}

static void
mark(struct block *b)
{
	b->tag = (unsigned char)next_random();
	memset(b->p, b->tag, b->n);
}

static void *
take(size_t n, size_t *align)
{
	void *p = NULL;

	*align = 16;
	switch (next_random() % 8) {
	case 0:
		*align = (size_t)32 << next_random() % 6;
		return aligned_alloc(
		    *align, (n + *align - 1) / *align * *align);
	case 1:
		*align = (size_t)32 << next_random() % 6;
		return posix_memalign(&p, *align, n) == 0 ? p : NULL;
	case 2:
		p = calloc(n, 1);
		for (size_t i = 0; p != NULL && i < n; i++)
			if (((unsigned char *)p)[i] != 0)
				return NULL;
		return p;
	default:
		return malloc(n);
	}
}

static void
start(struct block *b)
{
	size_t align;

	b->n =
	    next_random() % (next_random() % 20 == 0 ? MAX_BIG : MAX_SMALL) + 1;
	b->p = take(b->n, &align);
	if (b->p == NULL || (uintptr_t)b->p % align != 0)
		fail("not given, not zero or not aligned", b);
	mark(b);
}

static void
resize(struct block *b)
{
	size_t n = next_random() % MAX_SMALL + 1;

	b->p = realloc(b->p, n);
	if (b->p == NULL)
		fail("not resized", b);
	check(b, n < b->n ? n : b->n);
	b->n = n;
	mark(b);
}

int
main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct block *b = &blocks[next_random() % BLOCKS];

		if (b->p == NULL) {
			start(b);
			continue;
		}
		check(b, b->n);
		if (next_random() % 3 == 0) {
			resize(b);
		} else {
			free(b->p);
			b->p = NULL;
		}
	}
	for (size_t i = 0; i < BLOCKS; i++)
		free(blocks[i].p);
	return 0;
}
