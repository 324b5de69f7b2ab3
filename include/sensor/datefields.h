/*
 * datefields - what a template read from a line, and the time it means
 *
 * Spec 06 section 6. Fields that the line does not have are -1.
 */
#ifndef SENSOR_DATEFIELDS_H
#define SENSOR_DATEFIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Local time, with the offsets that were asked for last. */
struct localzone {
	int64_t wall_slot; /* quarter of an hour, local */
	int64_t wall_offset;
	int64_t now_slot; /* quarter of an hour, UTC */
	int64_t now_offset;
	int64_t now_day; /* the local day that year, month, day say */
	int year;
	int month;
	int day;
};

void localzone_init(struct localzone *z);

struct datefields {
	int year;
	int month; /* 1..12 */
	int day;
	int hour;
	int minute;
	int second;
	int yday;    /* 1..366 */
	int week;    /* of the year, counted from its first week_monday day */
	int weekday; /* 0 = Monday */
	bool week_monday; /* weeks begin on Monday, else on Sunday */
	bool hour12;      /* hour is of a 12-hour clock */
	bool pm;
	bool has_offset; /* the line has a zone */
	int offset;      /* seconds east of UTC */
	bool is_epoch;   /* epoch holds the time, the rest is unused */
	bool is_int;     /* fail2ban prints the time without a fraction */
	double epoch;
	/* A zone name that nobody knows: its place in the line. */
	size_t bad_zone;
	size_t bad_zone_n; /* 0: none */
	bool invalid;      /* a field has no usable value */
};

void datefields_init(struct datefields *f);

enum datefields_result {
	DATEFIELDS_OK,
	DATEFIELDS_INVALID, /* no such date */
	DATEFIELDS_PARTIAL, /* only one of month and day */
};

/*
 * The time in seconds since the epoch. now: the wall clock, for what the
 * fields leave open.
 */
enum datefields_result datefields_time(
    const struct datefields *f, struct localzone *z, double now, double *ret);

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t days_from_civil(int year, int month, int day);

#endif
