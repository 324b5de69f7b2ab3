/*
 * Dates are kept as "wall seconds": seconds since 1970 as if the clock on
 * the wall were UTC. Only the last step knows about zones. The C library is
 * asked once for each quarter of an hour, where no zone changes its offset.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "sensor/datefields.h"

#define DAY 86400
#define SLOT 900

void
localzone_init(struct localzone *z)
{
	tzset();
	*z = (struct localzone){.wall_slot = INT64_MIN,
	    .now_slot = INT64_MIN,
	    .now_day = INT64_MIN};
}

void
datefields_init(struct datefields *f)
{
	*f = (struct datefields){.year = -1,
	    .month = -1,
	    .day = -1,
	    .hour = -1,
	    .minute = -1,
	    .second = -1,
	    .yday = -1,
	    .week = -1,
	    .weekday = -1};
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const signed char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years begin in March here, so that the leap day is the last of its year. */
int64_t
days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = floor_div(y, 400);
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

/* 0 = Monday; the epoch began on a Thursday. */
static int
weekday_of(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7);
}

static int64_t
offset_at(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return 0;
	return tm.tm_gmtoff;
}

/*
 * Offset that belongs to a local time. In the hour that a change of the
 * clock skips or repeats it is the smaller one of the two.
 * fail2ban: so does its mktime() on Linux.
 */
static int64_t
offset_of_wall(int64_t wall)
{
	int64_t before = offset_at(wall - DAY - offset_at(wall));
	int64_t after = offset_at(wall + DAY - offset_at(wall));
	int64_t low = before < after ? before : after;
	int64_t high = before < after ? after : before;

	if (offset_at(wall - low) == low)
		return low;
	return offset_at(wall - high) == high ? high : low;
}

static int64_t
wall_offset(struct localzone *z, int64_t wall)
{
	int64_t slot = floor_div(wall, SLOT);

	if (slot != z->wall_slot) {
		z->wall_offset = offset_of_wall(wall);
		z->wall_slot = slot;
	}
	return z->wall_offset;
}

/* The wall clock of now, with fraction; fills the civil date of z. */
static double
wall_now(struct localzone *z, double now)
{
	int64_t whole = (int64_t)floor(now);
	int64_t slot = floor_div(whole, SLOT);
	int64_t day;

	if (slot != z->now_slot) {
		z->now_offset = offset_at(whole);
		z->now_slot = slot;
	}
	day = floor_div(whole + z->now_offset, DAY);
	if (day != z->now_day) {
		civil_from_days(day, &z->year, &z->month, &z->day);
		z->now_day = day;
	}
	return now + (double)z->now_offset;
}

static bool
date_is_valid(int year, int month, int day)
{
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 &&
	       day >= 1 && day <= days_in_month(year, month);
}

/* Day of the year, from 1 on, of a weekday of a week; may lie outside. */
static int
yday_of_week(int year, const struct datefields *f)
{
	int first = weekday_of(days_from_civil(year, 1, 1));
	int weekday = f->weekday;

	if (!f->week_monday) {
		first = (first + 1) % 7;
		weekday = (weekday + 1) % 7;
	}
	if (f->week == 0)
		return 1 + weekday - first;
	return 1 + (7 - first) % 7 + 7 * (f->week - 1) + weekday;
}

/* The hour of the day, 0 when the line has none. */
static int
hour_of(const struct datefields *f)
{
	if (!f->hour12 || f->hour < 0)
		return f->hour < 0 ? 0 : f->hour;
	if (f->pm)
		return f->hour == 12 ? 12 : f->hour + 12;
	return f->hour == 12 ? 0 : f->hour;
}

struct civil {
	int year;
	int month;
	int day;
	bool assumed_year;
	bool assumed_day;
};

/* Completes what the line does not say from the local date in z. */
static enum datefields_result
complete(struct civil *c, const struct datefields *f, const struct localzone *z)
{
	int yday = f->yday;

	*c = (struct civil){.year = f->year, .month = f->month, .day = f->day};
	if (c->year < 0) {
		c->year = z->year;
		c->assumed_year = true;
	}
	if (c->month > 0 && c->day > 0)
		return DATEFIELDS_OK;
	if (c->year < 1 || c->year > 9999)
		return DATEFIELDS_INVALID;
	if (yday < 0 && f->week >= 0 && f->weekday >= 0)
		yday = yday_of_week(c->year, f);
	else if (yday < 0 && (c->month > 0 || c->day > 0))
		return DATEFIELDS_PARTIAL;
	else if (yday < 0) {
		c->month = z->month;
		c->day = z->day;
		c->assumed_day = true;
		return DATEFIELDS_OK;
	}
	civil_from_days(days_from_civil(c->year, 1, 1) + yday - 1, &c->year,
	    &c->month, &c->day);
	return DATEFIELDS_OK;
}

enum datefields_result
datefields_time(
    const struct datefields *f, struct localzone *z, double now, double *ret)
{
	struct civil c;
	double clock;
	int64_t wall;
	enum datefields_result r;
	int hour = hour_of(f);
	int minute = f->minute < 0 ? 0 : f->minute;
	int second = f->second < 0 ? 0 : f->second;

	if (f->invalid)
		return DATEFIELDS_INVALID;
	if (f->is_epoch) {
		*ret = f->epoch;
		return DATEFIELDS_OK;
	}
	clock = wall_now(z, now);
	r = complete(&c, f, z);
	if (r != DATEFIELDS_OK)
		return r;
	if (!date_is_valid(c.year, c.month, c.day) || hour > 23 ||
	    minute > 59 || second > 59)
		return DATEFIELDS_INVALID;
	wall = days_from_civil(c.year, c.month, c.day) * DAY +
	       (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	if (f->has_offset)
		wall -= f->offset;
	/* fail2ban: both compare with the local clock, whatever the zone. */
	if (c.assumed_day && (double)wall > clock)
		wall -= DAY;
	if (c.assumed_year && (double)wall > clock + DAY) {
		if (!date_is_valid(c.year - 1, c.month, c.day))
			return DATEFIELDS_INVALID;
		wall = days_from_civil(c.year - 1, c.month, c.day) * DAY +
		       (wall - floor_div(wall, DAY) * DAY);
	}
	*ret = (double)(f->has_offset ? wall : wall - wall_offset(z, wall));
	return DATEFIELDS_OK;
}
