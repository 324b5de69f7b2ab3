/*
 * pickle - Python's serialisation, data only (spec 14)
 *
 * The decoder knows an opcode whitelist for data of protocols 0-5, has limits
 * for size, depth, items and memo, and never calls anything: builtins.str(x)
 * is x, other classes with their arguments become a VALUE_OBJECT (modules
 * "exceptions" and "__builtin__" of Python 2 as "builtins"), everything else
 * is an error. Bytes become text, sets lists. A byte of a text that is not
 * UTF-8 travels as Python's surrogate escape (U+DC80 + ...), both ways.
 */
#ifndef BASE_PICKLE_H
#define BASE_PICKLE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"

#define PICKLE_END "<F2B_END_COMMAND>"
#define PICKLE_CLOSE "<F2B_CLOSE_COMMAND>"

enum {
	PICKLE_MAX_BYTES = 256 << 20, /* of one text, and of all of a result */
	PICKLE_MAX_DEPTH = 64,        /* containers in containers */
	PICKLE_MAX_ITEMS = 4 << 20,   /* values of a result, memo used */
	PICKLE_MAX_MEMO = 1 << 22,    /* highest index + 1 */
};

/*
 * Appends protocol 2 data, which Python 2.7 to 3.x and Go readers accept.
 * No terminator.
 */
void pickle_encode(struct buf *out, const struct value *v);

/*
 * Decodes one pickle at p of n bytes. Returns the bytes used (the pickle
 * ends with its STOP) and sets *ret, owned by the caller. Returns 0 when more
 * bytes are needed; err then says what Python says when no more come:
 * "pickle data was truncated" or "Ran out of input" (pass NULL while waiting
 * for more). Returns -1 when it is no acceptable pickle (reason in err, worded
 * as Python does where it exists).
 */
long pickle_decode(
    struct value **ret, const char *p, size_t n, struct err *err);

#endif
