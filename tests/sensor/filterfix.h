/*
 * filterfix - a filter that is made of rules, fed with lines, and what comes
 * out of it
 */
#ifndef TESTS_SENSOR_FILTERFIX_H
#define TESTS_SENSOR_FILTERFIX_H

#include "base/buf.h"
#include "sensor/filter.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW 1750000000.0
#define A "192.0.2.1"

extern struct filterspec spec;
extern struct buf out;    /* failures so far: "ID(lines)", by blanks */
extern struct buf logged; /* log lines so far */
extern bool with_data;    /* failures are shown with their data */
extern bool with_lines;   /* ... with their lines */

void filterfix_setup(void);
void filterfix_teardown(void);

/* Rules of spec, then a filter of it, owned by the caller. */
void add_fail(const char *text);
void add_ignore(const char *text);
void set_pref(const char *text);
struct filter *new_filter(void);

/* A line of the journal, now or at this time. */
void feed(struct filter *f, const char *text);
void feed_at(struct filter *f, const char *text, double time);
/*
 * What the lines, separated by ";", give: "-" for a line without failure.
 * Valid until the next call.
 */
const char *run(struct filter *f, const char *lines);

#endif
