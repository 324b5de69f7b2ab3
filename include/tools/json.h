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
/* Without a look at labels: lists and tuples are arrays (-d). */
void json_plain(struct buf *out, const struct value *v);
/*
 * {"valid": true, "warnings": [line, ...]}, with "error" when it is not NULL
 * (-t). warnings: text of lines, may be empty.
 */
void json_test(struct buf *out, const char *error, const char *warnings);
/* {"error": text} */
void json_error(struct buf *out, const char *text);

#endif
