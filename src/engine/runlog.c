/*
 * fail2ban: logwatch and others look for "returned N" at the end of a line,
 * so each line is as the reference prints it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/value.h"
#include "engine/runlog.h"

#define MODULE "utils"

static const char *const signal_names[] = {
    [SIGHUP] = "SIGHUP",
    [SIGINT] = "SIGINT",
    [SIGQUIT] = "SIGQUIT",
    [SIGILL] = "SIGILL",
    [SIGTRAP] = "SIGTRAP",
    [SIGABRT] = "SIGABRT",
    [SIGBUS] = "SIGBUS",
    [SIGFPE] = "SIGFPE",
    [SIGKILL] = "SIGKILL",
    [SIGUSR1] = "SIGUSR1",
    [SIGSEGV] = "SIGSEGV",
    [SIGUSR2] = "SIGUSR2",
    [SIGPIPE] = "SIGPIPE",
    [SIGALRM] = "SIGALRM",
    [SIGTERM] = "SIGTERM",
    [SIGCHLD] = "SIGCHLD",
    [SIGCONT] = "SIGCONT",
    [SIGSTOP] = "SIGSTOP",
    [SIGTSTP] = "SIGTSTP",
    [SIGTTIN] = "SIGTTIN",
    [SIGTTOU] = "SIGTTOU",
    [SIGURG] = "SIGURG",
    [SIGXCPU] = "SIGXCPU",
    [SIGXFSZ] = "SIGXFSZ",
    [SIGVTALRM] = "SIGVTALRM",
    [SIGPROF] = "SIGPROF",
    [SIGWINCH] = "SIGWINCH",
    [SIGIO] = "SIGIO",
    [SIGPWR] = "SIGPWR",
    [SIGSYS] = "SIGSYS",
};

void
runlog_command(struct buf *out, const struct command *c)
{
	if (c->nargs == 0) {
		buf_adds(out, c->text);
		return;
	}
	buf_addc(out, '[');
	value_repr_text(out, c->text, strlen(c->text));
	for (size_t i = 0; i < c->nargs; i++) {
		buf_adds(out, ", ");
		value_repr_text(out, c->args[i], strlen(c->args[i]));
	}
	buf_addc(out, ']');
}

static void
log_output(int level, unsigned long id, const char *stream, const struct buf *b)
{
	struct buf text = BUF_INIT, shown = BUF_INIT;

	utf8_repair(&text, b->p, b->n);
	for (size_t at = 0; at < text.n;) {
		size_t n = 0;

		while (at + n < text.n && text.p[at + n] != '\n' &&
		       text.p[at + n] != '\r')
			n++;
		buf_reset(&shown);
		value_repr_text(&shown, text.p + at, n);
		log_msg(level, MODULE, "%lx -- %s: %s", id, stream, shown.p);
		at += n;
		at += strncmp(text.p + at, "\r\n", 2) == 0 ? 2 : 1;
	}
	buf_release(&text);
	buf_release(&shown);
}

static void
log_killed(int level, unsigned long id, int status)
{
	int sig = status < 0 ? -status : status - 128;
	const char *name = NULL;
	char other[24];

	if (sig < (int)(sizeof(signal_names) / sizeof(signal_names[0])))
		name = signal_names[sig];
	if (name == NULL) {
		(void)snprintf(other, sizeof(other), "signal %d", sig);
		name = other;
	}
	log_msg(level, MODULE, "%lx -- killed with %s (return code: %d)", id,
	    name, status);
}

static void
log_hint(const char *shown)
{
	const char *quote = shown[0] == '[' ? "" : "'";

	log_lines(LOG_INFO_, MODULE,
	    "HINT on 127: \"Command not found\".  Make sure that all commands "
	    "in %s%s%s are in the PATH of fail2ban-server process (grep -a "
	    "PATH= /proc/`pidof -x fail2ban-server`/environ). You may want to "
	    "start \"fail2ban-server -f\" separately, initiate it with "
	    "\"fail2ban-client reload\" in another shell session and observe "
	    "if additional informative error messages appear in the terminals.",
	    quote, shown, quote);
}

void
runlog_timeout(unsigned long id, const char *shown, int timeout_ms, bool quiet)
{
	int level = quiet ? LOG_DEBUG_ : LOG_ERROR;
	struct buf seconds = BUF_INIT;

	if (timeout_ms % 1000 == 0)
		buf_addf(&seconds, "%d", timeout_ms / 1000);
	else
		value_repr_float(&seconds, timeout_ms / 1000.0);
	log_lines(level, MODULE, "%lx -- exec: %s", id, shown);
	log_msg(
	    level, MODULE, "%lx -- timed out after %s seconds.", id, seconds.p);
	buf_release(&seconds);
}

void
runlog_end(unsigned long id, const char *shown, const struct command_result *r,
    bool quiet)
{
	int level = r->ok || quiet ? LOG_DEBUG_ : LOG_ERROR;

	if (!log_enabled(level))
		return;
	if (!r->timed_out)
		log_lines(r->ok ? LOG_DETAIL : level, MODULE, "%lx -- exec: %s",
		    id, shown);
	log_output(level, id, "stdout", &r->out);
	log_output(level, id, "stderr", &r->err);
	if (r->ok)
		log_msg(level, MODULE, "%lx -- returned successfully %d", id,
		    r->status);
	else if (r->status < 0 || r->status > 128)
		log_killed(level, id, r->status);
	else
		log_msg(level, MODULE, "%lx -- returned %d", id, r->status);
	if (!r->ok && !quiet && r->status == 127)
		log_hint(shown);
}

void
runlog_failed(const char *shown, int error, bool quiet)
{
	log_lines(quiet ? LOG_DEBUG_ : LOG_ERROR, MODULE,
	    "%s -- failed with [Errno %d] %s", shown, error, strerror(error));
}

void
runlog_unkillable(unsigned long id, int pid)
{
	log_msg(LOG_ERROR, MODULE, "%lx -- unable to kill PID %d", id, pid);
}
