/*
 * pack - fields of a message, one behind the other
 *
 * Little-endian numbers, byte strings with a length, values. The reader
 * trusts nothing: what does not fit makes it "bad" for good, and everything
 * read from then on is zero, empty or NULL.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/value.h"

void pack_u8(struct buf *b, unsigned n);
void pack_u32(struct buf *b, uint32_t n);
void pack_u64(struct buf *b, uint64_t n);
void pack_double(struct buf *b, double d);
void pack_bytes(struct buf *b, const char *p, size_t n);
/* NULL is packed as "". */
void pack_str(struct buf *b, const char *s);
/* All types but VALUE_OBJECT; NULL is packed as None. */
void pack_value(struct buf *b, const struct value *v);
/*
 * The same piece by piece: a text (p NULL: None); a LIST, TUPLE or DICT, whose
 * n items (key, value, key, value ...) must follow.
 */
void pack_text(struct buf *b, const char *p, size_t n);
void pack_sequence(struct buf *b, enum value_type type, size_t n);

struct unpack {
	const char *p; /* what is left, borrowed */
	size_t n;
	size_t values; /* made by unpack_value() */
	bool bad;
};

void unpack_init(struct unpack *u, const char *p, size_t n);
unsigned unpack_u8(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
double unpack_double(struct unpack *u);
/* Borrowed bytes, never NULL. */
const char *unpack_bytes(struct unpack *u, size_t *n);
/*
 * Borrowed C string of at most max bytes, never NULL; a NUL inside is bad.
 * Valid until the buffer goes.
 */
const char *unpack_str(struct unpack *u, size_t max);
/*
 * Owned by the caller; NULL when bad. Texts hold any bytes. A value of one
 * byte becomes a hundred in memory: more than a million of them is bad.
 */
struct value *unpack_value(struct unpack *u);
/* Everything was read and nothing was bad. */
bool unpack_done(const struct unpack *u);

#endif
