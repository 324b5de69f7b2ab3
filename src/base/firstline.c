#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* After stdint.h: libmd's header does not include what it uses. */
#include <sha1.h>

#include "base/firstline.h"

enum {
	FIRST_MAX = 1024 * 1024,
	BLOCK = 1024, /* most first lines are shorter */
};

static ssize_t
read_at(int fd, char *p, size_t n, off_t at)
{
	ssize_t got;

	do
		got = pread(fd, p, n, at);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Feeds the line to the hash; false: it has no end. */
static bool
hash_line(SHA1_CTX *ctx, int fd)
{
	char block[BLOCK];
	off_t at = 0;
	char last = '\0';

	while (at < FIRST_MAX) {
		ssize_t got = read_at(fd, block, sizeof(block), at);
		const char *end;
		size_t n;

		if (got <= 0)
			return got == 0 && last == '\r';
		end = memchr(block, '\n', (size_t)got);
		n = end == NULL ? (size_t)got : (size_t)(end - block) + 1;
		SHA1Update(ctx, (const uint8_t *)block, n);
		if (end != NULL)
			return true;
		last = block[n - 1];
		at += got;
	}
	return false;
}

void
firstline_hash(char ret[FIRSTLINE_SIZE], int fd)
{
	uint8_t digest[SHA1_DIGEST_LENGTH];
	SHA1_CTX ctx;

	SHA1Init(&ctx);
	ret[0] = '\0';
	if (!hash_line(&ctx, fd))
		return;
	SHA1Final(digest, &ctx);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
