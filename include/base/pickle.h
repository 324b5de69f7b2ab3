/*
 * pickle - Python's serialisation, data only (spec 14)
 *
 * The decoder knows an opcode whitelist for data of protocols 0-5, has limits
 * for size, depth and memo, and never calls anything: builtins.str(x) is x,
 * exceptions become VALUE_OBJECT, everything else is an error.
 */
#ifndef BASE_PICKLE_H
#define BASE_PICKLE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"

#define PICKLE_END "<F2B_END_COMMAND>"
#define PICKLE_CLOSE "<F2B_CLOSE_COMMAND>"

/* Appends protocol 2..4 data that Python 2.7 to 3.x and Go readers accept. */
void pickle_encode(struct buf *out, const struct value *v);

/*
 * Decodes one pickle at p of n bytes. Returns the bytes used (the pickle
 * ends with its STOP), 0 when more bytes are needed, -1 when it is no
 * acceptable pickle (reason in err, worded as Python does where it exists:
 * "pickle data was truncated").
 */
long pickle_decode(
    struct value **ret, const char *p, size_t n, struct err *err);

#endif
