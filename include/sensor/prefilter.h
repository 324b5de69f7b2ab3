/*
 * prefilter - which patterns a text can match at all
 *
 * One pass over the text finds the literals that patterns need. Says "may"
 * too often, never too seldom.
 */
#ifndef SENSOR_PREFILTER_H
#define SENSOR_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/literals.h"

struct prefilter;

struct prefilter *prefilter_new(void);
void prefilter_free(struct prefilter *p);
/* The next pattern: they are numbered in the order they are added. */
void prefilter_add(struct prefilter *p, const struct literals *l);
/* To be called once, after the last pattern. */
void prefilter_build(struct prefilter *p);

/* Looks at a text; the answers hold until the next one. */
void prefilter_scan(struct prefilter *p, const char *text, size_t n);
/* The next pattern from *pattern on that may match; false: none is left. */
bool prefilter_next(const struct prefilter *p, size_t *pattern);

#endif
