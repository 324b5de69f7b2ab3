/*
 * prefilter - which patterns a text can match at all
 *
 * Patterns that are bound to the start of the text are chosen by how it
 * begins, others by the literals that they need, all of which one pass over
 * the text finds. Says "may" too often, never too seldom.
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
void prefilter_add(struct prefilter *p, const struct literals *needed,
    const struct literals *prefix);
/* To be called once, after the last pattern. */
void prefilter_build(struct prefilter *p);

/* Looks at a text, which must stay as long as answers are asked for. */
void prefilter_scan(struct prefilter *p, const char *text, size_t n);
/* The next pattern from *pattern on that may match; false: none is left. */
bool prefilter_next(const struct prefilter *p, size_t *pattern);

#endif
