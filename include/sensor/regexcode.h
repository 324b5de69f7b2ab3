/*
 * regexcode - a PCRE2 code of a pattern, and what a search by it may cost
 * (private to regex)
 */
#ifndef SENSOR_REGEXCODE_H
#define SENSOR_REGEXCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sensor/regex.h"

struct regexcode;

/* After so many uses a code for ASCII, and machine code, are worth making. */
extern unsigned regex_patience;

enum regexcode_kind {
	REGEXCODE_UTF = 0,
	REGEXCODE_ASCII = 1,   /* for subjects that are pure ASCII */
	REGEXCODE_METERED = 2, /* counts its steps, several times slower */
};

/*
 * text: as dialect_write() has it; kind: of enum regexcode_kind; flags: of
 * enum node_flag. NULL with the engine's message in err.
 */
struct regexcode *regexcode_new(
    const char *text, unsigned kind, unsigned flags, struct err *err);
void regexcode_free(struct regexcode *c);

/*
 * Searches; not by a metered code. REGEX_LIMIT when it would take more than
 * about a millisecond to say: a metered code then knows how long.
 */
enum regex_result regexcode_search(
    struct regexcode *c, const struct regex_subject *s, int groups);
/* The same by a metered code, in at most *steps, which becomes what is left. */
enum regex_result regexcode_metered(struct regexcode *c,
    const struct regex_subject *s, int groups, unsigned long *steps);
/* The spans of the last match of all, [0, groups]. */
void regexcode_spans(struct regex_span *ret, int groups);

#endif
