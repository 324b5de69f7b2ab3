/*
 * word - words of options that mean the same everywhere
 */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <stdbool.h>

/* "1", "on", "true" or "yes", in any case; all else is false, NULL too. */
bool word_is_true(const char *text);

#endif
