/*
 * json - answers of the server as data for --json
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include "base/buf.h"
#include "base/value.h"

/*
 * Appends the answer v as one line of JSON,
 * without newline. Lists of (label, value) become objects, "Jail list" an
 * array, stats objects with names; anything else stays what it is.
 */
void json_answer(struct buf *out, const struct value *v);
/* {"error": text} */
void json_error(struct buf *out, const char *text);

#endif
