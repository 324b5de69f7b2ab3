/*
 * stream - options -> commands (spec 03)
 */
#ifndef CONF_STREAM_H
#define CONF_STREAM_H

#include <stddef.h>

#include "base/err.h"
#include "base/value.h"

/*
 * Adds the commands of the filter options in dict (of a filter or a jail) to
 * the list. -1: reason in err (quotes of journalmatch).
 */
int stream_filter(struct value *list, const char *jail,
    const struct value *dict, struct err *err);
/* The other options of a jail, without logpath and actions. */
void stream_jail(
    struct value *list, const char *jail, const struct value *options);

/*
 * The properties of an action, a list of [name, value], owned: combined are
 * its options with tags replaced, given the bracket and Init options as
 * written.
 */
struct value *stream_properties(
    const struct value *combined, const struct value *given);
/* The commands of an action; takes properties over. */
void stream_action(struct value *list, const char *jail, const char *name,
    struct value *properties);

/* A command of texts, ends with a NULL: ['start', 'sshd']. Owned. */
struct value *stream_command(const char *first, ...) __attribute__((sentinel));
/* Text as configured: a stored c0 80 becomes the NUL byte it stands for. */
struct value *stream_text(const char *p, size_t n);

/* Splits like a POSIX shell; adds the words to the list. */
int stream_split_words(struct value *list, const char *text, struct err *err);

/* All commands of one list behind those of the other; "from" is empty then. */
void stream_move(struct value *to, struct value *from);

#endif
