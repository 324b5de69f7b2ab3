/*
 * streamcheck - would the server take these rules?
 *
 * What -t does beyond reading the configuration: every expression and date
 * pattern of a command stream is compiled as the server does.
 */
#ifndef TOOLS_STREAMCHECK_H
#define TOOLS_STREAMCHECK_H

#include "base/value.h"

/*
 * Logs each fault with its jail at level WARNING. Returns how many there are;
 * commands that are not about matching are not looked at.
 */
int streamcheck(const struct value *stream);

#endif
