/*
 * picklecopy - the tree that a pickle made, within limits (part of base/pickle)
 */
#ifndef BASE_PICKLECOPY_H
#define BASE_PICKLECOPY_H

#include <stddef.h>

#include "base/value.h"

/*
 * A copy of what lies under v, which may refer to itself or to one value many
 * times; n is the size of the pickle in bytes. NULL when it is deeper than
 * PICKLE_MAX_DEPTH or larger than is in proportion to n.
 */
struct value *picklecopy(const struct value *v, size_t n);

#endif
