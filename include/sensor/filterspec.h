/*
 * filterspec - what a jail matches with, as data (architecture, decision 3)
 *
 * The parent holds one per jail and validates each row at once; the worker
 * and fail2ban-regex build a struct filter from it. It crosses the process
 * border as a value.
 */
#ifndef SENSOR_FILTERSPEC_H
#define SENSOR_FILTERSPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"

/* Lines that one match may span. */
#define FILTERSPEC_MAXLINES 10000

enum usedns {
	USEDNS_YES,
	USEDNS_WARN,
	USEDNS_NO,
	USEDNS_RAW,
};

struct filter_row {
	char *text;     /* as configured, owned */
	char *expanded; /* after tags: what "get JAIL failregex" shows, owned */
	bool multiline; /* maxlines was > 1 when it was added */
};

struct filterspec {
	struct filter_row prefregex; /* text NULL: none */
	struct filter_row *failregex;
	size_t nfail;
	size_t cap_fail;
	struct filter_row *ignoreregex;
	size_t nignore;
	size_t cap_ignore;
	enum usedns usedns;
	int maxlines;       /* >= 1 */
	char *datepattern;  /* as configured, NULL: not set */
	char *logtimezone;  /* NULL or "": that of the system */
	double findtime;    /* seconds */
	bool only_captured; /* beside what prefregex captured, nothing is None:
	                     * fail2ban 1.1.1 shows it so */
	bool repeated; /* "message repeated N times" counts N; default true */
};

void filterspec_init(struct filterspec *s);
void filterspec_release(struct filterspec *s);
/* Removes the regexes, as a reload does before its stream. */
void filterspec_clear_regex(struct filterspec *s);

/*
 * Each checks and stores; -1 with fail2ban's text in err and nothing changed
 * ("Unable to compile regular expression '...':\n...", "No failure-id group
 * in '...'", "Cannot add empty regex").
 */
/* "" removes it. */
int filterspec_set_prefregex(
    struct filterspec *s, const char *text, struct err *err);
int filterspec_add_failregex(
    struct filterspec *s, const char *text, struct err *err);
int filterspec_add_ignoreregex(
    struct filterspec *s, const char *text, struct err *err);
/* -1 when the index is out of range. */
int filterspec_del_failregex(struct filterspec *s, size_t i);
int filterspec_del_ignoreregex(struct filterspec *s, size_t i);
int filterspec_set_datepattern(
    struct filterspec *s, const char *text, struct err *err);
int filterspec_set_logtimezone(
    struct filterspec *s, const char *text, struct err *err);
int filterspec_set_maxlines(struct filterspec *s, long n, struct err *err);

/* "warn", ...; unknown words are USEDNS_NO and false. */
bool usedns_parse(enum usedns *ret, const char *word);
const char *usedns_name(enum usedns u);

struct value *filterspec_to_value(const struct filterspec *s);
/* -1: not a specification; out is initialised only on success. */
int filterspec_from_value(
    struct filterspec *s, const struct value *v, struct err *err);

#endif
