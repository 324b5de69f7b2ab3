/*
 * completion - what a shell proposes behind fail2ban-client
 */
#ifndef TOOLS_COMPLETION_H
#define TOOLS_COMPLETION_H

#include "base/buf.h"
#include "base/value.h"

/* --completion: the script for bash, zsh or fish. -1: no such shell. */
int completion_print(const char *shell);

/*
 * Appends what can stand for the last of the words (which may be empty), one
 * a line with TAB and what it does where that is known. jails: list of names.
 */
void completion_command(
    struct buf *out, const struct value *words, const struct value *jails);
/* The same for an option that begins like this. */
void completion_option(struct buf *out, const char *word);

#endif
