/*
 * datedetect - finds the date in a line and tells the time (spec 06)
 *
 * An ordered list of templates that learns which one a log uses. One per
 * jail (per cursor in the worker). Not thread safe.
 */
#ifndef SENSOR_DATEDETECT_H
#define SENSOR_DATEDETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct datedetect;

struct datedetect *datedetect_new(void);
void datedetect_free(struct datedetect *d);

/*
 * Adds what a datepattern says (one pattern a line; spec 06 section 2); ""
 * or no call at all: the default templates. -1 with the reason in err.
 */
int datedetect_add(struct datedetect *d, const char *pattern, struct err *err);
/* Zone for lines without one, NULL: local time. -1: unknown zone. */
int datedetect_set_zone(
    struct datedetect *d, const char *zone, struct err *err);

struct datematch {
	size_t start; /* bytes of the line to cut out: [start, end) */
	size_t end;
	int template; /* index into the list, -1: none */
	bool none; /* found an empty text, as {NONE} does: no date on purpose */
	double time; /* seconds since the epoch, only when has_time */
	bool has_time;
	bool is_int; /* fail2ban prints this time without ".0" */
};

/*
 * Looks for the date in a line (valid UTF-8, no line end). now serves dates
 * without year or day. Returns 1 found, 0 none, -1 the line cannot be
 * processed (reason in err: unknown zone abbreviation, bad pattern).
 */
int datedetect_find(struct datedetect *d, const char *line, size_t n,
    double now, struct datematch *ret, struct err *err);

/* Templates in the order of the list, for reports: name, hits ... */
struct datetemplate_info {
	const char *name; /* display name, borrowed */
	unsigned long hits;
	double weight;      /* as --verbose-date prints it */
	double weight_hits; /* its second number */
	const char *pattern;
	const char *regex;
};
size_t datedetect_count(const struct datedetect *d);
void datedetect_info(
    const struct datedetect *d, size_t i, struct datetemplate_info *ret);

/*
 * Always search with the regexes, never by hand: the same results more
 * slowly, for tests.
 */
void datedetect_set_plain(struct datedetect *d, bool plain);

/*
 * What "get JAIL datepattern" answers: pattern and display name; pattern NULL
 * for the default detectors. Returns false when none is set.
 */
bool datedetect_describe(
    const struct datedetect *d, const char **pattern, const char **name);

#endif
