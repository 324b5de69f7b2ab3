/*
 * datepat - date templates: a datepattern becomes a regex (spec 06, 1-3)
 */
#ifndef SENSOR_DATEPAT_H
#define SENSOR_DATEPAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sensor/datefields.h"
#include "sensor/regex.h"

/* What a named group of a template's regex holds. */
enum datefield {
	DATE_YEAR,   /* Y */
	DATE_YEAR2,  /* y */
	DATE_MONTH,  /* m */
	DATE_DAY,    /* d */
	DATE_MON,    /* b, B */
	DATE_WDAY,   /* a, A */
	DATE_HOUR,   /* H */
	DATE_HOUR12, /* I */
	DATE_MINUTE, /* M */
	DATE_SECOND, /* S */
	DATE_AMPM,   /* p */
	DATE_OFFSET, /* z */
	DATE_ZONE,   /* Z */
	DATE_YDAY,   /* j */
	DATE_WEEK_U, /* U */
	DATE_WEEK_W, /* W */
	DATE_WNUM,   /* w */
	DATE_EPOCH,  /* the number of an epoch template */
	DATE_TAI64N, /* the label of a TAI64N template */
	DATE_NFIELDS
};

/* Default templates that are also read by hand (sensor/datehand). */
enum datehand {
	DATEHAND_NONE,
	DATEHAND_ISO,     /* the first base template */
	DATEHAND_RFC3164, /* the second */
};

struct datetemplate {
	char *pattern; /* as configured, NULL: epoch, TAI64N */
	char *name;    /* display name */
	char *regex;   /* text, Python's dialect */
	bool line_begin;
	bool line_end;
	bool none; /* {NONE}: the empty string at the start of the line */
	int base;  /* 1..17: a default template (spec 06, 3), else 0 */
	enum datehand hand; /* the line-begin forms that have one */
	int ex_decade;      /* last one of ExY, 202 for 2029 */
	unsigned long hits; /* successful searches, chosen or not */

	struct regex *re; /* NULL: not compiled yet */
	char *broken;     /* why it does not compile, NULL: it does */
	/* What its groups hold; each field once. */
	struct datetemplate_group {
		enum datefield field;
		int group;
	} groups[DATE_NFIELDS];
	int ngroups;
};

/* One line of a datepattern that is no list of templates; now: for ExY. */
struct datetemplate *datepat_new(
    const char *pattern, double now, struct err *err);
void datetemplate_free(struct datetemplate *t);

#define DATEPAT_NBASE 17
/*
 * Default template number base (1..17), line_begin: its LN-BEG form. NULL
 * when it has none, because it stands at the begin of a line anyway.
 */
struct datetemplate *datepat_default(int base, bool line_begin, double now);
/*
 * A pattern with {DATE}, for default template number base. NULL with err
 * when the pattern is wrong.
 */
struct datetemplate *datepat_around(
    const char *pattern, int base, double now, struct err *err);
/* Whether the pattern has {DATE}. */
bool datepat_is_around(const char *pattern);

/* Compiles when that has not been done. -1: it is wrong, reason in err. */
int datetemplate_compile(struct datetemplate *t, struct err *err);
/*
 * Reads the fields of a match of t's regex, made on this line just before.
 */
void datetemplate_read(
    const struct datetemplate *t, const char *line, struct datefields *f);

/* The directives (sensor/datedirective): regex and display name of one. */
struct datedirective {
	const char *key;
	const char *name;  /* NULL: shown as it is */
	const char *regex; /* NULL: made from the current year */
	bool icase;        /* the whole regex ignores case then */
};
/* Longest directive at p, which follows a '%'. NULL: none. */
const struct datedirective *datedirective_find(const char *p);
/* The regex of d; ex_decade: the last one of ExY. */
void datedirective_regex(
    struct buf *out, const struct datedirective *d, int ex_decade);
/* The decade of three years after now. */
int datedirective_ex_decade(double now);
/* Field of a group name, -1: none. */
int datedirective_field(const char *group);
/* 1..12 of a month name, short or full, any case. 0: none. */
int datedirective_month(const char *p, size_t n);
/* 0 = Monday. -1: none. */
int datedirective_weekday(const char *p, size_t n);

#endif
