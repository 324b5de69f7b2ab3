/*
 * fail2ban: the line format is an interface that recidive, logwatch and
 * dashboards parse; it is reproduced byte for byte.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static int lowest = LOG_INFO_;
static log_sink_fn sink;
static void *sink_arg;

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

const char *
log_level_name(int level)
{
	static const struct level {
		int level;
		const char *name;
	} names[] = {
	    {LOG_CRITICAL, "CRITICAL"},
	    {LOG_ERROR, "ERROR"},
	    {LOG_WARN, "WARNING"},
	    {LOG_NOTICE_, "NOTICE"},
	    {LOG_INFO_, "INFO"},
	    {LOG_MSG, "MSG"},
	    {LOG_DEBUG_, "DEBUG"},
	    {LOG_TRACE, "TRACE"},
	    {LOG_HEAVY, "HEAVY"},
	};
	static char other[24];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].level == level)
			return names[i].name;
	(void)snprintf(other, sizeof(other), "#%02d-Lev.", level);
	return other;
}

void
log_format(
    struct buf *out, int level, const char *name, const char *msg, size_t n)
{
	double now = clock_now();
	time_t seconds = (time_t)now;
	char date[40], full[80];
	struct tm tm;

	(void)localtime_r(&seconds, &tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(full, sizeof(full), "fail2ban%s%s",
	    name[0] == '\0' ? "" : ".", name);
	buf_addf(out, "%s,%03d %-24s[%d]: %-7s ", date,
	    (int)((now - (double)seconds) * 1000), full, (int)getpid(),
	    log_level_name(level));
	buf_add(out, msg, n);
}

/*
 * Control bytes could move a terminal's cursor or forge a line; arguments
 * come from strangers, so everything but the newline is shown escaped.
 */
static void
escape(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->p[i];
		char hex[5];

		if (c >= 0x20 ? c != 0x7f : c == '\n' || c == '\t')
			continue;
		(void)snprintf(hex, sizeof(hex), "\\x%02x", c);
		buf_splice(b, i, 1, hex, 4);
		i += 3;
	}
}

void
log_vmsg(int level, const char *name, const char *fmt, va_list ap)
{
	struct buf msg = BUF_INIT, line = BUF_INIT;

	if (level < lowest)
		return;
	buf_vaddf(&msg, fmt, ap);
	escape(&msg);
	if (sink != NULL)
		sink(sink_arg, level, name, msg.p, msg.n);
	else {
		log_format(&line, level, name, msg.p, msg.n);
		buf_addc(&line, '\n');
		(void)!write(STDERR_FILENO, line.p, line.n);
	}
	buf_release(&msg);
	buf_release(&line);
}

void
log_msg(int level, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vmsg(level, name, fmt, ap);
	va_end(ap);
}
