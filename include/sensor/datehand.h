/*
 * datehand - the common timestamps without a regex
 *
 * Gives exactly what the template's regex gives, or says that it cannot
 * tell. tests and fuzz/fuzz_datedetect compare the two.
 */
#ifndef SENSOR_DATEHAND_H
#define SENSOR_DATEHAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/datefields.h"
#include "sensor/datepat.h"

enum datehand_result {
	DATEHAND_NO,     /* does not match */
	DATEHAND_MATCH,  /* does; the whole match begins at 0 */
	DATEHAND_UNSURE, /* ask the regex: there are bytes that are no ASCII */
};

/*
 * The line-begin form of the template hand at the begin of line. After
 * DATEHAND_MATCH [*cut, *end) is group 1 and *end the end of the match.
 * ex_decade: last decade that ExY accepts, 202 for 2029. Every line with the
 * same *looked bytes at its begin gives the same; more than n: this one only.
 */
struct datehand_match {
	size_t cut;
	size_t end;
	size_t looked;
	struct datefields fields;
};
enum datehand_result datehand_read(struct datehand_match *ret,
    enum datehand hand, const char *line, size_t n, int ex_decade);

/*
 * Which default templates could match somewhere in an ASCII line: bit n for
 * base template n. What is not set surely does not match.
 */
struct datemask {
	uint32_t any;   /* as they are */
	uint32_t begin; /* their LN-BEG forms, and those anchored by nature */
};
void datemask_make(struct datemask *ret, const char *line, size_t n);

#endif
