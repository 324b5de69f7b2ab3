/*
 * log - fail2ban's log: levels, line format, targets (spec 17)
 *
 * log_msg() is for anybody; who opens targets is base/logtarget. Control
 * bytes of the arguments are escaped, newlines included, so that text from a
 * log can never forge a line; a "\n" of the format itself stays.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	LOG_HEAVY = 5,
	LOG_TRACE = 7,
	LOG_DETAIL = 9, /* prints as "#09-Lev." */
	LOG_DEBUG_ = 10,
	LOG_MSG = 18,
	LOG_INFO_ = 20,
	LOG_NOTICE_ = 25,
	LOG_WARN = 30,
	LOG_ERROR = 40,
	LOG_CRITICAL = 50,
};

/*
 * name is the module as fail2ban calls it, without "fail2ban.": "actions",
 * "filter", "server"; "" is "fail2ban" itself. Text of strangers goes into
 * %s arguments only. No-op when level is below the log level.
 */
void log_msg(int level, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void log_vmsg(int level, const char *name, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
/* The same for a text that is made already: all newlines are strangers'. */
void log_text(int level, const char *name, const char *msg, size_t n);
/*
 * The same where the arguments are texts of the administrator or of this
 * program that may have several lines (a command, a configuration error):
 * their newlines stay.
 */
void log_lines(int level, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Lowest level that is logged; default LOG_INFO_. */
void log_set_level(int level);
int log_level(void);
/* Level of a word of "set loglevel", any case, or digits; -1: unknown. */
int log_level_parse(const char *word);
/* Whether log_msg(level, ...) would do anything. */
int log_enabled(int level);

/*
 * Where messages go instead of standard error: fn gets the finished message
 * (n bytes, no line end). Used by base/logtarget, by the worker (sends them
 * to the parent) and by tests. NULL: standard error again.
 */
typedef void (*log_sink_fn)(
    void *arg, int level, const char *name, const char *msg, size_t n);
void log_set_sink(log_sink_fn fn, void *arg);

/*
 * Between these two, which nest, a sink may keep lines to write many at once:
 * around short work that logs much. At the end flush is called, which the
 * sink has set.
 */
void log_hold(void);
void log_release(void);
int log_held(void);
void log_set_flush(void (*flush)(void *arg), void *arg);

/*
 * The line as fail2ban prints it by default, without line end:
 * "2026-11-22 09:35:53,612 fail2ban.actions        [15686]: NOTICE  text"
 */
void log_format(
    struct buf *out, int level, const char *name, const char *msg, size_t n);
/* "NOTICE", "#09-Lev." ...; valid until the next call. */
const char *log_level_name(int level);

#endif
