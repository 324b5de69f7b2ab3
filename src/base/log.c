/*
 * fail2ban: the line format is an interface that recidive, logwatch and
 * dashboards parse; it is reproduced byte for byte.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/integer.h"
#include "base/log.h"
#include "base/mem.h"

static int lowest = LOG_INFO_;
static log_sink_fn sink;
static void *sink_arg;
static void (*flush)(void *arg);
static void *flush_arg;
static int held;

void
log_set_level(int level)
{
	lowest = level;
}

int
log_level(void)
{
	return lowest;
}

int
log_enabled(int level)
{
	return level >= lowest;
}

void
log_set_sink(log_sink_fn fn, void *arg)
{
	sink = fn;
	sink_arg = arg;
}

void
log_set_flush(void (*fn)(void *arg), void *arg)
{
	flush = fn;
	flush_arg = arg;
}

void
log_hold(void)
{
	held++;
}

void
log_release(void)
{
	if (--held == 0 && flush != NULL)
		flush(flush_arg);
}

int
log_held(void)
{
	return held > 0;
}

static const struct level {
	int level;
	const char *name; /* as printed */
	const char *word; /* as set */
} levels[] = {
    {LOG_CRITICAL, "CRITICAL", "CRITICAL"},
    {LOG_ERROR, "ERROR", "ERROR"},
    {LOG_WARN, "WARNING", "WARNING"},
    {LOG_NOTICE_, "NOTICE", "NOTICE"},
    {LOG_INFO_, "INFO", "INFO"},
    {LOG_MSG, "MSG", "MSG"},
    {LOG_DEBUG_, "DEBUG", "DEBUG"},
    {LOG_TRACE, "TRACE", "TRACEDEBUG"},
    {LOG_HEAVY, "HEAVY", "HEAVYDEBUG"},
};

/* Other names that Python knows. */
static const struct {
	const char *word;
	int level;
} also[] = {
    {"FATAL", LOG_CRITICAL},
    {"NOTSET", 0},
    {"WARN", LOG_WARN},
};

int
log_level_parse(const char *word)
{
	long long n;

	if (*word >= '0' && *word <= '9' && integer_parse(&n, word) == 0)
		return n < INT_MAX ? (int)n : INT_MAX;
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (strcasecmp(also[i].word, word) == 0)
			return also[i].level;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasecmp(levels[i].word, word) == 0)
			return levels[i].level;
	return -1;
}

const char *
log_level_name(int level)
{
	static char other[24];

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (levels[i].level == level)
			return levels[i].name;
	(void)snprintf(other, sizeof(other), "#%02d-Lev.", level);
	return other;
}

void
log_format(
    struct buf *out, int level, const char *name, const char *msg, size_t n)
{
	double now = clock_now();
	time_t seconds = (time_t)now;
	char full[80];

	(void)snprintf(full, sizeof(full), "fail2ban%s%s",
	    name[0] == '\0' ? "" : ".", name);
	clock_print(out, seconds);
	buf_addf(out, ",%03d %-24s[%d]: %-7s ",
	    (int)((now - (double)seconds) * 1000), full, (int)getpid(),
	    log_level_name(level));
	buf_add(out, msg, n);
}

static bool
is_control(unsigned char c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

/*
 * Control bytes could move a terminal's cursor or forge a line; arguments
 * come from strangers. keep[i] says that the newline at i is our own.
 */
static void
escape(struct buf *out, const struct buf *in, const char *keep)
{
	size_t from = 0;

	for (size_t i = 0; i < in->n; i++) {
		unsigned char c = (unsigned char)in->p[i];

		if (!is_control(c))
			continue;
		buf_add(out, in->p + from, i - from);
		from = i + 1;
		if (c == '\n' && keep != NULL && keep[i] == '\n')
			buf_addc(out, '\n');
		else if (c == '\n')
			buf_adds(out, "\\n");
		else
			buf_addf(out, "\\x%02x", c);
	}
	buf_add(out, in->p + from, in->n - from);
}

/*
 * Which newlines are the format's own shows when it is printed once more
 * with another byte in their place: they are where the two results differ.
 */
static char *
own_newlines(const struct buf *msg, const char *fmt, va_list ap)
{
	char *other = xstrdup(fmt), *keep;
	struct buf again = BUF_INIT;

	for (char *p = strchr(other, '\n'); p != NULL; p = strchr(p, '\n'))
		*p = '\a';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_vaddf(&again, other, ap);
#pragma GCC diagnostic pop
	keep = xcalloc(1, msg->n + 1);
	for (size_t i = 0; i < msg->n && i < again.n; i++)
		if (msg->p[i] != again.p[i])
			keep[i] = '\n';
	free(other);
	buf_release(&again);
	return keep;
}

static void
deliver(int level, const char *name, const char *msg, size_t n)
{
	struct buf line = BUF_INIT;

	if (sink != NULL) {
		sink(sink_arg, level, name, msg, n);
		return;
	}
	log_format(&line, level, name, msg, n);
	buf_addc(&line, '\n');
	(void)!write(STDERR_FILENO, line.p, line.n);
	buf_release(&line);
}

void
log_vmsg(int level, const char *name, const char *fmt, va_list ap)
{
	struct buf raw = BUF_INIT, msg = BUF_INIT;
	char *keep = NULL;
	va_list again;

	if (level < lowest)
		return;
	va_copy(again, ap);
	buf_vaddf(&raw, fmt, ap);
	if (strchr(fmt, '\n') != NULL)
		keep = own_newlines(&raw, fmt, again);
	va_end(again);
	escape(&msg, &raw, keep);
	deliver(level, name, msg.p, msg.n);
	free(keep);
	buf_release(&raw);
	buf_release(&msg);
}

/* Whether one of eight bytes is below 0x20 or 0x7f; never wrongly false. */
static bool
may_have_control(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
	uint64_t v, del;

	memcpy(&v, p, sizeof(v));
	del = v ^ ones * 0x7f;
	return (((v - ones * 0x20) | (del - ones)) & tops) != 0;
}

void
log_text(int level, const char *name, const char *msg, size_t n)
{
	struct buf raw = BUF_INIT, escaped = BUF_INIT;
	size_t i = 0;

	if (level < lowest)
		return;
	while (i + 8 <= n && !may_have_control(msg + i))
		i += 8;
	while (i < n && !is_control((unsigned char)msg[i]))
		i++;
	if (i == n) {
		deliver(level, name, msg, n);
		return;
	}
	buf_add(&raw, msg, n);
	escape(&escaped, &raw, NULL);
	deliver(level, name, escaped.p, escaped.n);
	buf_release(&raw);
	buf_release(&escaped);
}

void
log_msg(int level, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vmsg(level, name, fmt, ap);
	va_end(ap);
}

void
log_lines(int level, const char *name, const char *fmt, ...)
{
	struct buf raw = BUF_INIT, msg = BUF_INIT;
	va_list ap;

	if (level < lowest)
		return;
	va_start(ap, fmt);
	buf_vaddf(&raw, fmt, ap);
	va_end(ap);
	/* every newline is its own witness */
	escape(&msg, &raw, raw.p);
	deliver(level, name, msg.p, msg.n);
	buf_release(&raw);
	buf_release(&msg);
}
