/*
 * ticketjson - the column "data" of the history (spec 13 section 2)
 *
 * JSON as Python's json.dumps() writes it with ensure_ascii off: matches,
 * failures, then the captures.
 */
#ifndef ENGINE_TICKETJSON_H
#define ENGINE_TICKETJSON_H

#include <stddef.h>

#include "base/buf.h"
#include "engine/ticket.h"

/* Only the last maxmatches matches; 0: without the key "matches". */
void ticketjson_write(struct buf *out, const struct ticket *t, int maxmatches);
/*
 * Fills matches, failures and data of t. Text that is no JSON object leaves
 * them empty, with "json loads failed" in the log. The text may be hostile.
 */
void ticketjson_read(struct ticket *t, const char *p, size_t n);

#endif
