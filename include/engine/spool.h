/*
 * spool - records that wait on disk instead of in memory
 *
 * A file without a name, used as a ring: what was added last is there, what
 * is older than SPOOL_BYTES of newer records is overwritten. It is gone with
 * the process. Nothing here syncs; losing it loses no decision.
 */
#ifndef ENGINE_SPOOL_H
#define ENGINE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct spool;

#define SPOOL_BYTES (64u << 20)
#define SPOOL_RECORD_MAX (1u << 20)

/* In this folder. NULL: errno says why. */
struct spool *spool_new(const char *folder);
void spool_free(struct spool *s);
/* For tests: bytes of the ring, at least SPOOL_RECORD_MAX. */
void spool_set_bytes(struct spool *s, uint64_t bytes);

/* Two pieces that become one; borrowed. */
struct spool_record {
	const char *head;
	size_t head_n;
	const char *p;
	size_t n;
};

/*
 * Copies a record. Returns its place, never 0; 0: it is larger than
 * SPOOL_RECORD_MAX, or (then and from then on, errno says why at the first
 * time) the file cannot be written.
 */
uint64_t spool_add(struct spool *s, const struct spool_record *r);
/* Appends the record to out. False: it was overwritten, or cannot be read. */
bool spool_read(struct spool *s, uint64_t place, struct buf *out);

#endif
