/*
 * lines - where a line of a log ends (spec 07 section 2)
 */
#ifndef SENSOR_LINES_H
#define SENSOR_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/codec.h"

/*
 * Bytes of the first line of p[0, n) with its end, 0 when it is not complete.
 * p stands at the start of a character. at_end: nothing follows at the
 * moment; then a "\r" as the very last byte ends a line too.
 */
size_t lines_next(const struct codec *c, const char *p, size_t n, bool at_end);
/* Length of decoded text without all "\r" and "\n" at its end. */
size_t lines_strip(const char *text, size_t n);

#endif
