/*
 * malloc for fail2ban-client, which lives for some milliseconds and has one
 * thread: blocks are cut off the end of a piece of memory, freed ones wait in
 * a list of their size, and nothing goes back to the system before the end.
 * Loading a large configuration takes about 90,000 blocks; this is a seventh
 * of what the C library's malloc needs for them, and other allocators lose
 * more when they start than they win (bench/config).
 *
 * A block is a header of 8 bytes, its size, and what the caller gets, which
 * is aligned to 16 bytes. Sizes are multiples of 16 up to LARGE, then powers
 * of two.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* The sanitizers bring their own. */
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)

#define UNIT 16
#define HEADER 8
#define LARGE 1024
#define FIRST_PIECE ((size_t)64 << 10) /* enough for ping */
#define NEXT_PIECE ((size_t)256 << 10)
#define MAX_SIZE (SIZE_MAX / 4)

struct freed {
	struct freed *next;
};

static struct {
	char *at; /* where the next block's payload would start, less HEADER */
	char *end;
	struct freed *lists[LARGE / UNIT + 1 + 64];
} pool;

static size_t *
header_of(void *p)
{
	return (size_t *)(void *)((char *)p - HEADER);
}

/* Bytes of a block with room for n, and which list is for it. */
static size_t
block_size(size_t n, size_t *list)
{
	size_t size = (n + HEADER + UNIT - 1) & ~(size_t)(UNIT - 1);
	int bits;

	if (size <= LARGE) {
		*list = size / UNIT;
		return size;
	}
	bits = 64 - __builtin_clzll((unsigned long long)size - 1);
	*list = LARGE / UNIT + 1 + (size_t)bits - 1;
	return (size_t)1 << bits;
}

/* A new piece; what is left of the old one is lost. */
static int
add_piece(size_t size)
{
	bool is_first = pool.end == NULL;
	size_t room = is_first ? FIRST_PIECE : NEXT_PIECE;
	char *p;

	if (size + UNIT > room)
		room = size + UNIT;
	p = mmap(NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | (is_first ? 0 : MAP_POPULATE), -1, 0);
	if (p == MAP_FAILED) {
		errno = ENOMEM;
		return -1;
	}
	pool.at = p + UNIT - HEADER;
	pool.end = p + room;
	return 0;
}

void *
malloc(size_t n)
{
	size_t list, size;
	struct freed *block;

	if (n > MAX_SIZE) {
		errno = ENOMEM;
		return NULL;
	}
	size = block_size(n, &list);
	block = pool.lists[list];
	if (block != NULL) {
		pool.lists[list] = block->next;
		return block;
	}
	if ((size_t)(pool.end - pool.at) < size && add_piece(size) != 0)
		return NULL;
	block = (void *)(pool.at + HEADER);
	*header_of(block) = size;
	pool.at += size;
	return block;
}

void
free(void *p)
{
	struct freed *block = p;
	size_t list;

	if (p == NULL)
		return;
	(void)block_size(*header_of(p) - HEADER, &list);
	block->next = pool.lists[list];
	pool.lists[list] = block;
}

void *
calloc(size_t n, size_t size)
{
	size_t bytes;
	void *p = NULL;

	if (__builtin_mul_overflow(n, size, &bytes))
		errno = ENOMEM;
	else
		p = malloc(bytes);
	return p == NULL ? NULL : memset(p, 0, bytes);
}

void *
realloc(void *p, size_t n)
{
	void *to;
	size_t had;

	if (p == NULL)
		return malloc(n);
	had = *header_of(p) - HEADER;
	if (n <= had)
		return p;
	to = malloc(n);
	if (to != NULL) {
		memcpy(to, p, had);
		free(p);
	}
	return to;
}

/* align: a power of two. What lies in front of the block is lost. */
void *
aligned_alloc(size_t align, size_t n)
{
	size_t list, size;
	char *p, *aligned;

	if (align <= UNIT)
		return malloc(n);
	if (n > MAX_SIZE || align > MAX_SIZE) {
		errno = ENOMEM;
		return NULL;
	}
	size = block_size(n, &list);
	p = malloc(size + align);
	if (p == NULL)
		return NULL;
	aligned = p + (-(uintptr_t)p & (align - 1));
	if (aligned != p)
		*header_of(aligned) = size;
	return aligned;
}

int
posix_memalign(void **ret, size_t align, size_t n)
{
	int before = errno, rc;
	void *p;

	if (align % sizeof(void *) != 0 || (align & (align - 1)) != 0)
		return EINVAL;
	p = aligned_alloc(align, n);
	rc = p == NULL ? errno : 0;
	errno = before;
	if (p != NULL)
		*ret = p;
	return rc;
}
#endif
