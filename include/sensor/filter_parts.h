/*
 * filter_parts - what the source files of filter share (private to it)
 */
#ifndef SENSOR_FILTER_PARTS_H
#define SENSOR_FILTER_PARTS_H

#include "sensor/captures.h"
#include "sensor/failregex.h"
#include "sensor/filter.h"
#include "sensor/linelist.h"
#include "sensor/mlf.h"
#include "sensor/prefilter.h"

struct rule {
	struct failregex *re; /* owned */
	enum filter_kind kind;
	size_t index; /* among its kind */
	struct filter_stat stat;
	bool apart;      /* its names are none of prefregex */
	bool limit_told; /* logged that it hits limits */
	unsigned futile; /* second searches in a row that decided nothing */
};

/* A line of the window. */
struct window_line {
	struct buf text;      /* before, date, after */
	struct triple t;      /* points into text */
	unsigned long number; /* of the line, counted by the filter */
	size_t start;         /* of its text in the subject */
	bool matched;         /* by the current match */
};

struct filter {
	char *name; /* of the jail, owned */
	struct filterspec spec;
	struct names *names;
	struct rule pref; /* re NULL: none */
	/*
	 * pref without its end, where that is "all that is left of the line":
	 * a look ahead and a subtraction instead of a step a byte. NULL: it
	 * ends otherwise.
	 */
	struct failregex *head;
	struct rule *fail;
	size_t nfail;
	struct rule *ignore;
	size_t nignore;
	struct prefilter *prefilter;
	struct datedetect *dates;
	struct mlf *mlf;
	struct window_line *window; /* oldest first; used when maxlines > 1 */
	size_t nwindow;
	size_t cap_window;
	unsigned long lines; /* seen so far */
	double last_date;    /* NAN: none yet */
	struct buf last_text;
	bool fresh_seen;  /* a line that is not too old has come */
	double warned[3]; /* when, by enum filter_warning; NAN: never */
	/* memory that every line uses again */
	struct buf subject;
	struct buf content;
	struct buf unwrapped;
	struct captures own;
	struct captures data;
	struct triple *matched; /* lines of the current match, owned */
	size_t nmatched;
	size_t cap_matched;
	struct buf id;
	struct buf packed; /* the failure that is told of */
};

enum filter_warning {
	WARN_OPERATION,
	WARN_OLD,
	WARN_NO_DATE,
};

/* One line on its way through the filter. */
struct pass {
	struct filter *f;
	const struct filter_line *line;
	failure_fn emit;
	void *arg;
	struct trace *trace; /* may be NULL */
	struct triple t;     /* the line cut at its date */
	double date;         /* NAN: none */
	double written;      /* the same, as the log tells it */
	bool no_date;        /* the date, if any, is a guess */
	const char *whole;   /* subject of prefregex */
	size_t whole_n;
	const char *subject; /* of the failregexes: content or whole */
	size_t n;
	bool is_ascii;
	struct regex_budget budget; /* for all regexes */
	bool pref_told;             /* to the trace */
	bool by_head;               /* f->head matched, not f->pref */
	int count;                  /* how often the line happened */
};

/* Date of the line: 1 go on, 0 the line is too old, -1 reason in err. */
int filter_date(struct pass *p, struct err *err);
/* No date could be found for a line that matches. */
void filter_warn_no_date(struct pass *p);

/* The subject of the line: p->whole; takes the line into the window. */
void filter_subject(struct pass *p);
/* Which lines [start, end) of the subject of rule covers: f->matched. */
void filter_mark(struct pass *p, const struct failregex *re, bool in_content);
/* Takes the lines that were marked out of the window. */
void filter_consume(struct pass *p);
/*
 * The same between two regexes of one line: what is left of the window is
 * the subject of the next. False: nothing is.
 */
bool filter_rest(struct pass *p);

/* All rules on the line. Returns whether it matched or was ignored. */
bool filter_rules(struct pass *p);
/* A match of f->data in the lines f->matched: tells and emits. */
void filter_found(struct pass *p, size_t rule);

#endif
