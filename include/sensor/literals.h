/*
 * literals - strings of which a pattern needs at least one to match
 */
#ifndef SENSOR_LITERALS_H
#define SENSOR_LITERALS_H

#include <stddef.h>

#include "sensor/dialect.h"

#define LITERALS_MAX 16
#define LITERAL_BYTES 32

/*
 * Lower case where letters are ASCII: to be looked for without regard to
 * case. n 0: nothing is known, any text may match.
 */
struct literals {
	size_t n;
	struct {
		char text[LITERAL_BYTES];
		size_t n; /* bytes */
	} item[LITERALS_MAX];
};

void literals_find(const struct dialect *d, struct literals *ret);

#endif
