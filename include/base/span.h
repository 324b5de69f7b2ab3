/*
 * span - "1d 12h", "60*60*24", "1h+30min" <-> seconds (spec 02 section 5)
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* More is cut to this: 285 million years, an exact integer everywhere. */
#define SPAN_MAX 9e15

struct span {
	double seconds;
	bool
	    is_float; /* prints with ".0": it had months, years or a fraction */
	bool is_none; /* the text was "None" */
};

/* Returns 0 or -1 with the reason in err; ret untouched on error. */
int span_parse(struct span *ret, const char *text, struct err *err);
/* What --str2sec prints: "600", "2629800.0". */
void span_print(struct buf *out, const struct span *s);
/* Seconds for log lines: "1y 3w 4d", "59m 54s", "0" (spec 11 section 3). */
void span_pretty(struct buf *out, double seconds);

#endif
