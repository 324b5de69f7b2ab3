/*
 * words - a typed line -> its words
 */
#ifndef TOOLS_WORDS_H
#define TOOLS_WORDS_H

#include "base/err.h"
#include "base/value.h"

/*
 * Appends the words of a line, split as a shell does, to the list words.
 * -1: a quote or escape is open (reason in err).
 */
int words_split(struct value *words, const char *line, struct err *err);

#endif
