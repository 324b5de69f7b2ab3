/*
 * logformat - a log line by a Python %-format (spec 17 section 2)
 *
 * "%(asctime)s %(name)-24s[%(process)d]: %(levelname)-7s %(message)s" and
 * whatever else an administrator writes into format="...".
 */
#ifndef BASE_LOGFORMAT_H
#define BASE_LOGFORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct logrecord {
	int level;
	const char *name; /* without "fail2ban." */
	const char *msg;
	size_t n;
	double time;  /* seconds since the epoch */
	double start; /* of the program, likewise */
	int pid;
};

struct logformat;

/* Read once, printed often. Unknown fields print as nothing. */
struct logformat *logformat_new(const char *format);
void logformat_free(struct logformat *f);
/* No line end. */
void logformat_print(
    struct buf *out, const struct logformat *f, const struct logrecord *r);
/* One JSON object: time, level, logger, pid, jail where there is one, message.
 */
void logformat_json(struct buf *out, const struct logrecord *r);
/*
 * The format for a target: date and padding as fail2ban's options of these
 * names; verbosity 2 and more is that of a server started with -vv.
 */
void logformat_default(struct buf *out, bool date, bool padding, int verbosity);

#endif
