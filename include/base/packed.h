/*
 * packed - a value as bytes, looked at where it lies
 *
 * What pack_value() wrote, borrowed. Nothing here allocates but
 * packed_value(). All functions but packed_take() want bytes that were
 * checked, by packed_take() or by coming from pack_value().
 */
#ifndef BASE_PACKED_H
#define BASE_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pack.h"
#include "base/value.h"

struct packed {
	const char *p;
	size_t n;
};

/*
 * The next value of a message, walked through to its end. What
 * unpack_value() refuses makes u bad; then the value is None.
 */
struct packed packed_take(struct unpack *u);

enum value_type packed_type(struct packed v);
/* Borrowed bytes of a TEXT with a NUL behind them; NULL for other types. */
const char *packed_text(struct packed v, size_t *n);
/* A value of its own, owned by the caller. */
struct value *packed_value(struct packed v);
/* As value_print(). */
void packed_print(struct buf *out, struct packed v);

/* The items of a LIST, TUPLE or DICT (key, value, key, value ...). */
struct packed_iter {
	struct unpack u;
	size_t left; /* items that are still to come */
};

/* Any other type has no items. */
struct packed_iter packed_items(struct packed v);
bool packed_next(struct packed_iter *it, struct packed *item);

#endif
