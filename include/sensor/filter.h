/*
 * filter - one line in, failures out (spec 04, 06 section 6)
 *
 * Holds what one jail remembers between lines: the window of maxlines, the
 * connection-id table, the date detector and the last known date.
 */
#ifndef SENSOR_FILTER_H
#define SENSOR_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "failure.h"
#include "sensor/datedetect.h"
#include "sensor/filterspec.h"

struct filter;

/* spec is copied. name is the jail's, for log lines. NULL: bad spec. */
struct filter *filter_new(
    const char *name, const struct filterspec *spec, struct err *err);
void filter_free(struct filter *f);
/*
 * New rules from the next line on; the connection-id table survives, the
 * window and the date detector too when what they depend on is unchanged.
 */
int filter_update(
    struct filter *f, const struct filterspec *spec, struct err *err);

struct filter_line {
	const char *text; /* valid UTF-8, no line end */
	size_t n;
	bool is_ascii; /* it is surely ASCII; false: nobody has looked */
	/*
	 * Journal: the date is known and stands apart from the text; date is
	 * then its text (spec 07 section 5). Files: date NULL.
	 */
	const char *date;
	size_t date_n;
	double time;         /* only when date is set */
	double now;          /* wall clock for this line */
	bool in_operation;   /* false while catching up (spec 06 section 6) */
	bool check_findtime; /* false: fail2ban-regex, no line is too old */
	/*
	 * The date was found already by the shared detector of the cursor
	 * (architecture, decision 8); NULL: look for it.
	 */
	const struct datematch *found;
};

/* Called for each failure; f is borrowed for the call. */
typedef void (*failure_fn)(void *arg, const struct failure *f);

struct trace; /* what fail2ban-regex wants to know, see below */

/*
 * Feeds one line. emit and trace may be NULL. Returns 0, or -1 when the line
 * could not be processed (reason in err, which fail2ban logs and counts).
 */
int filter_line(struct filter *f, const struct filter_line *line,
    failure_fn emit, void *arg, struct trace *trace, struct err *err);

struct datedetect *filter_dates(struct filter *f);
/* Connection ids dropped because the table was full. */
unsigned long filter_evicted(const struct filter *f);
/* Sum of limit hits over all regexes. */
unsigned long filter_limit_hits(const struct filter *f);

enum filter_kind {
	FILTER_PREFREGEX,
	FILTER_FAILREGEX,
	FILTER_IGNOREREGEX,
};

/* What became of the i-th regex of a kind so far. */
struct filter_stat {
	unsigned long tried; /* searches; the prefilter saves most of them */
	unsigned long hits;
	unsigned long limit_hits;
	unsigned long retried; /* searched again with higher limits */
	double seconds; /* spent searching, only while trace.timing is set */
};
void filter_stat(const struct filter *f, enum filter_kind kind, size_t i,
    struct filter_stat *ret);

/*
 * Trace: what fail2ban-regex reports. All pointers are borrowed for the call;
 * functions may be NULL. Per line in this order: date, prefregex, then for
 * each failregex that matches hit, used; or ignoreregex.
 */
enum hit_kind {
	HIT_FAILURE, /* a failure, given to emit just after this call */
	HIT_NOFAIL,  /* carries nofail: tells about the connection only */
	HIT_PENDING, /* a failure that waits for its address */
};

struct trace_hit {
	size_t regex; /* index of the failregex */
	enum hit_kind kind;
	bool resolve;             /* as in struct failure */
	const char *name;         /* to be resolved, only then */
	double time;              /* NAN: the line has no date */
	const struct value *id;   /* only with trace.details; NULL: none yet */
	const struct value *data; /* the same; as in struct failure */
};

struct trace {
	bool first_only; /* stop at the first matching failregex */
	bool timing;     /* collect filter_stat.seconds */
	bool details;    /* fill id and data of hits; costs time */
	void *arg;
	/* the date of the line; m->template -1: none found */
	void (*date)(void *arg, const struct datematch *m);
	/* prefregex matched this line; groups: a dict, only with details */
	void (*prefregex)(void *arg, const struct value *groups);
	/* a failregex matched */
	void (*hit)(void *arg, const struct trace_hit *hit);
	/* this ignoreregex matched: the line is ignored */
	void (*ignoreregex)(void *arg, size_t i);
	/*
	 * maxlines > 1: this many lines ago there was a line that the match
	 * used, 0 is the line itself.
	 */
	void (*used)(void *arg, size_t back);
};

#endif
