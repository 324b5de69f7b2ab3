/*
 * firststart - whoever installs this over SSH is not locked out by it
 *
 * The first start reads the logs of the last findtime. A mistyped password of
 * the admin's is in there too, and nothing is in ignoreip yet.
 */
#ifndef TOOLS_FIRSTSTART_H
#define TOOLS_FIRSTSTART_H

#include <stdbool.h>

#include "base/value.h"

/*
 * Whether the stream starts a server that has never run: its database is a
 * file that is not there.
 */
bool firststart_is(const struct value *stream);
/*
 * Adds to the stream that no jail bans the addresses, in front of the starts
 * of the jails. dir: the configuration, for the sentence in the log that says
 * so and which line makes it last. No-op without addresses or jails.
 */
void firststart_protect(
    struct value *stream, const struct value *addresses, const char *dir);

#endif
