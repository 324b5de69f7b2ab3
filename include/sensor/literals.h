/*
 * literals - strings of which a pattern needs at least one to match
 */
#ifndef SENSOR_LITERALS_H
#define SENSOR_LITERALS_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/dialect.h"

#define LITERALS_MAX 16
#define LITERAL_BYTES 32

struct literal {
	char text[LITERAL_BYTES];
	size_t n;      /* bytes */
	bool caseless; /* its ASCII letters stand for both cases */
};

/* n 0: nothing is known, any text may match. */
struct literals {
	size_t n;
	struct literal item[LITERALS_MAX];
};

/* A match holds one of these. */
void literals_find(const struct dialect *d, struct literals *ret);
/* The subject begins with one of these (never caseless) when it matches. */
void literals_prefix(const struct dialect *d, struct literals *ret);

#endif
