/*
 * datelist - the list of templates of a detector (part of datedetect)
 */
#ifndef SENSOR_DATELIST_H
#define SENSOR_DATELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/datedetect.h"
#include "sensor/datepat.h"
#include "sensor/datezone.h"

/* No place, no template. */
#define NOWHERE SIZE_MAX

struct date_entry {
	struct datetemplate *t; /* owned */
	unsigned long hits;     /* times it was chosen */
	double last_used;
	size_t distance; /* where it was found last */
	double weight;
};

enum {
	REPEAT_MAX = 48, /* bytes: longer than a date and what follows it */
};

/*
 * The last line, if its date was read by hand: many lines come in a second,
 * and then the date of the next one is the same text.
 */
struct repeat {
	size_t looked; /* bytes of text, 0: nothing is known */
	char text[REPEAT_MAX];
	int64_t second; /* of the wall clock */
	struct datematch match;
};

struct datedetect {
	struct repeat repeat;
	struct date_entry *list;
	size_t n;
	size_t cap;
	bool plain;
	double born;     /* time that ExY is made for */
	bool has_offset; /* logtimezone */
	int offset;
	struct localzone zone;

	/* Place of the date that was chosen last; -1: no such byte. */
	size_t last_index;
	size_t last_start;
	int before_start;
	int at_start;
	size_t last_end;
	int before_end;
	int at_end;
	size_t first_unused;
};

/* The default templates that begin a line. */
void datelist_add_line_begin(struct datedetect *d);
/* The base list, or those of it that are anchored already. */
void datelist_add_base(struct datedetect *d, bool only_anchored);

#endif
