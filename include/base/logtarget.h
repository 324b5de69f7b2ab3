/*
 * logtarget - where log lines go (spec 17 section 2)
 *
 * One lives in a program that logs to a chosen target; while it lives it is
 * the sink of base/log.
 */
#ifndef BASE_LOGTARGET_H
#define BASE_LOGTARGET_H

#include <stdbool.h>

#include "base/err.h"

struct logtarget;

/* verbosity: number of -v, changes the line format from 2 on. */
struct logtarget *logtarget_new(int verbosity);
/* Closes the target; messages go to standard error again. */
void logtarget_free(struct logtarget *t);

/*
 * "NAME[option=value, ...]": STDOUT, STDERR, SYSOUT, SYSLOG, SYSTEMD-JOURNAL
 * in any case, or a path. Options: datetime, padding, facility, format. The
 * same name as now: nothing happens. -1 when it cannot be opened: said in
 * the log, which stays where it was.
 */
int logtarget_set(struct logtarget *t, const char *text, struct err *err);
/* Without options, as it was given; NULL before the first. */
const char *logtarget_name(const struct logtarget *t);
/* With options. */
const char *logtarget_text(const struct logtarget *t);

/* "auto" or a path; used when the target is SYSLOG, also when it is now. */
int logtarget_set_syslogsocket(
    struct logtarget *t, const char *path, struct err *err);
const char *logtarget_syslogsocket(const struct logtarget *t);

/*
 * Reopens a file (which logrotate has moved away) and says so in it. What
 * "flushlogs" answers: "rolled over" or "flushed"; NULL when the file cannot
 * be opened again: errno is set, and the old one is written still.
 */
const char *logtarget_flush(struct logtarget *t);
/* Descriptor of a log file, -1 when the target is none: to keep it open. */
int logtarget_fd(const struct logtarget *t);

#endif
