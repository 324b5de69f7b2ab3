/*
 * datezone - offsets of zone names and of "+01:00" (spec 06 section 7)
 */
#ifndef SENSOR_DATEZONE_H
#define SENSOR_DATEZONE_H

#include <stdbool.h>
#include <stddef.h>

enum datezone {
	DATEZONE_OK,
	DATEZONE_UNKNOWN,   /* an abbreviation that nobody knows */
	DATEZONE_MALFORMED, /* nothing like a zone */
};

/*
 * "CET", "+01", "-0330", "+05:45", "CET+01:00" (the sum): seconds east of
 * UTC. Case matters.
 */
enum datezone datezone_parse(int *ret, const char *p, size_t n);

#endif
