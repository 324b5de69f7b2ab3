/*
 * ignorefile - an entry "file:PATH" of ignoreip (spec 07 section 6)
 */
#ifndef ENGINE_IGNOREFILE_H
#define ENGINE_IGNOREFILE_H

#include <stdbool.h>

#include "engine/ticket.h"

struct ignorefile;

/* text begins with "file:". */
struct ignorefile *ignorefile_new(const char *text);
void ignorefile_free(struct ignorefile *f);
/* Borrowed. */
const char *ignorefile_path(const struct ignorefile *f);
/*
 * Whether the file lists the offender. Looks at most once a second whether
 * the file has changed; one that cannot be read is left alone for a minute.
 */
bool ignorefile_has(struct ignorefile *f, const struct ticket *t);

#endif
