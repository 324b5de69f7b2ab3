/*
 * A target is a const row: how it is opened, how a finished line is written,
 * what its lines look like. Nothing here waits: what a full disk does not
 * take is tried again with the next line, some of it; a syslog daemon that
 * does not read loses lines. Their number is said when there is room again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/logformat.h"
#include "base/logtarget.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "base/value.h"
#include "base/version.h"
#include "base/word.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
enum {
	/* The largest datagram that every kernel takes with default buffers. */
	DATAGRAM_MAX = 64 * 1024,
	KEPT_MAX = 32 * 1024, /* bytes of lines that wait for log_release() */
	KEPT_USUAL = 2048,    /* their memory is not worth freeing */
};

struct output; /* an open target */

struct kind {
	const char *word; /* NULL: a path */
	bool date;        /* whether lines have one by default */
	bool padding;
	bool plain; /* lines are the message alone */
	/* Sets o->fd. -1: said in the log. */
	int (*open)(struct output *o);
	void (*write)(struct output *o, const struct logrecord *r,
	    const struct buf *line);
	bool reopens; /* a flush opens it again */
};

struct output {
	const struct kind *kind; /* NULL: not open */
	char *name;              /* as given, without options; owned */
	char *text;              /* the same with options; owned */
	char *socket;            /* of SYSLOG: path, owned */
	int fd;
	int facility;             /* of SYSLOG */
	bool json;                /* lines are JSON objects */
	struct logformat *format; /* of a line, owned */
	struct buf kept;          /* lines that are not written yet */
	unsigned long lost;
};

struct logtarget {
	struct output out;
	struct buf line;
	char *syslogsocket; /* "auto" or a path */
	int verbosity;
	int pid;
	double start; /* when it was made */
};

static int
open_file(struct output *o)
{
	o->fd = open(o->name,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return o->fd < 0 ? -1 : 0;
}

static int
open_stdout(struct output *o)
{
	o->fd = STDOUT_FILENO;
	return 0;
}

static int
open_stderr(struct output *o)
{
	o->fd = STDERR_FILENO;
	return 0;
}

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
connect_syslog(const char *path)
{
	int fd = connect_to(path, SOCK_DGRAM);

	return fd >= 0 || errno != EPROTOTYPE ? fd
	                                      : connect_to(path, SOCK_STREAM);
}

static int
open_syslog(struct output *o)
{
	struct stat st;

	if (stat(o->socket, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		log_msg(LOG_ERROR, "server",
		    "Syslog socket file: %s does not exists or is not a socket",
		    o->socket);
		errno = 0;
		return -1;
	}
	o->fd = connect_syslog(o->socket);
	return o->fd < 0 ? -1 : 0;
}

static int
open_journal(struct output *o)
{
	o->fd = connect_to(JOURNAL_SOCKET, SOCK_DGRAM);
	return o->fd < 0 ? -1 : 0;
}

static void
say_lost(struct output *o)
{
	unsigned long lost = o->lost;

	if (lost == 0)
		return;
	o->lost = 0;
	log_msg(LOG_WARN, "server",
	    "%lu line(s) could not be written to %s and are lost", lost,
	    o->name);
}

static void
write_kept(struct output *o)
{
	if (io_write_lines(o->fd, &o->kept, KEPT_MAX, &o->lost) != 0)
		return;
	if (o->kept.cap > KEPT_USUAL && !log_held())
		buf_release(&o->kept);
	say_lost(o);
}

static void
write_line(struct output *o, const struct logrecord *r, const struct buf *line)
{
	(void)r;
	buf_add(&o->kept, line->p, line->n);
	buf_addc(&o->kept, '\n');
	if (!log_held() || o->kept.n >= KEPT_MAX)
		write_kept(o);
}

/* A restarted syslog daemon has a new socket: once more from the start. */
static void
send_datagram(struct output *o, const struct buf *b, const char *path)
{
	for (int again = 0; again < 2; again++) {
		if (o->fd >= 0 &&
		    send(o->fd, b->p, b->n, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
			say_lost(o);
			return;
		}
		if (o->fd >= 0 && (errno == EAGAIN || errno == EMSGSIZE))
			break;
		if (o->fd >= 0)
			(void)close(o->fd);
		o->fd = connect_syslog(path);
	}
	o->lost++;
}

static int
severity(int level)
{
	static const struct {
		int level;
		int severity;
	} map[] = {
	    {LOG_CRITICAL, LOG_CRIT},
	    {LOG_ERROR, LOG_ERR},
	    {LOG_WARN, LOG_WARNING},
	    {LOG_NOTICE_, LOG_NOTICE},
	    {LOG_INFO_, LOG_INFO},
	    {LOG_DEBUG_, LOG_DEBUG},
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].level == level)
			return map[i].severity;
	return LOG_WARNING;
}

static void
write_syslog(
    struct output *o, const struct logrecord *r, const struct buf *line)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "<%d>", o->facility | severity(r->level));
	buf_add(&b, line->p,
	    line->n < DATAGRAM_MAX - 16 ? line->n : DATAGRAM_MAX - 16);
	buf_addc(&b, '\0');
	send_datagram(o, &b, o->socket);
	buf_release(&b);
}

/* fail2ban: its journal priorities know no notice, a ban is a warning. */
static int
journal_priority(int level)
{
	if (level >= LOG_CRITICAL)
		return LOG_CRIT;
	if (level >= LOG_ERROR)
		return LOG_ERR;
	if (level >= LOG_NOTICE_)
		return LOG_WARNING;
	return level >= LOG_INFO_ ? LOG_INFO : LOG_DEBUG;
}

/* A field whose value may have newlines: name, length in 8 bytes, value. */
static void
journal_field(struct buf *b, const char *name, const char *p, size_t n)
{
	buf_addf(b, "%s\n", name);
	for (int i = 0; i < 8; i++)
		buf_addc(b, (char)((uint64_t)n >> (8 * i)));
	buf_add(b, p, n);
	buf_addc(b, '\n');
}

static void
write_journal(
    struct output *o, const struct logrecord *r, const struct buf *line)
{
	struct buf b = BUF_INIT;

	journal_field(&b, "MESSAGE", line->p,
	    line->n < DATAGRAM_MAX - 512 ? line->n : DATAGRAM_MAX - 512);
	buf_addf(&b,
	    "PRIORITY=%d\nSYSLOG_IDENTIFIER=fail2ban\nLOGGER=fail2ban%s%s\n"
	    "THREAD_NAME=MainThread\n",
	    journal_priority(r->level), r->name[0] != '\0' ? "." : "", r->name);
	send_datagram(o, &b, JOURNAL_SOCKET);
	buf_release(&b);
}

static const struct kind kinds[] = {
    {"STDOUT", true, true, false, open_stdout, write_line, false},
    {"STDERR", true, true, false, open_stderr, write_line, false},
    {"SYSOUT", false, true, false, open_stdout, write_line, false},
    {"SYSLOG", false, false, false, open_syslog, write_syslog, false},
    {"SYSTEMD-JOURNAL", false, false, true, open_journal, write_journal, false},
    {NULL, true, true, false, open_file, write_line, true},
};

static const struct kind *
kind_find(const char *name)
{
	const struct kind *k = kinds;

	while (k->word != NULL && strcasecmp(k->word, name) != 0)
		k++;
	return k;
}

static void
output_release(struct output *o)
{
	write_kept(o);
	buf_release(&o->kept);
	if (o->fd > STDERR_FILENO)
		(void)close(o->fd);
	free(o->name);
	free(o->text);
	free(o->socket);
	logformat_free(o->format);
	*o = (struct output){.fd = -1, .kept = BUF_INIT};
}

static bool
is_on(const struct value *options, const char *name, bool otherwise)
{
	const char *word = value_str(value_get(options, name));

	if (word == NULL)
		return otherwise;
	return word_is_true(word);
}

static int
facility(const char *name)
{
	static const struct {
		const char *name;
		int facility;
	} map[] = {
	    {"auth", LOG_AUTH},
	    {"authpriv", LOG_AUTHPRIV},
	    {"cron", LOG_CRON},
	    {"daemon", LOG_DAEMON},
	    {"ftp", LOG_FTP},
	    {"kern", LOG_KERN},
	    {"local0", LOG_LOCAL0},
	    {"local1", LOG_LOCAL1},
	    {"local2", LOG_LOCAL2},
	    {"local3", LOG_LOCAL3},
	    {"local4", LOG_LOCAL4},
	    {"local5", LOG_LOCAL5},
	    {"local6", LOG_LOCAL6},
	    {"local7", LOG_LOCAL7},
	    {"lpr", LOG_LPR},
	    {"mail", LOG_MAIL},
	    {"news", LOG_NEWS},
	    {"security", LOG_AUTH},
	    {"syslog", LOG_SYSLOG},
	    {"user", LOG_USER},
	    {"uucp", LOG_UUCP},
	};

	if (name == NULL)
		return LOG_DAEMON;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (strcasecmp(map[i].name, name) == 0)
			return map[i].facility;
	log_msg(LOG_ERROR, "server",
	    "Unable to set facility '%s', using 'DAEMON'", name);
	return LOG_DAEMON;
}

static void
output_options(struct output *o, const struct value *options, int verbosity)
{
	const struct kind *k = o->kind;
	const char *format = value_str(value_get(options, "format"));
	struct buf text = BUF_INIT;

	o->json = format != NULL && strcmp(format, "json") == 0;
	if (format != NULL)
		buf_adds(&text, format);
	else if (k->plain && !is_on(options, "datetime", false) &&
	         value_get(options, "padding") == NULL)
		buf_adds(&text, "%(message)s");
	else
		logformat_default(&text, is_on(options, "datetime", k->date),
		    is_on(options, "padding", k->padding), verbosity);
	o->format = logformat_new(text.p);
	buf_release(&text);
	if (k->write == write_syslog)
		o->facility =
		    facility(value_str(value_get(options, "facility")));
}

static void
sink(void *arg, int level, const char *name, const char *msg, size_t n)
{
	struct logtarget *t = arg;
	struct logrecord r = {
	    level, name, msg, n, clock_now(), t->start, t->pid};

	buf_reset(&t->line);
	if (t->out.json)
		logformat_json(&t->line, &r);
	else
		logformat_print(&t->line, t->out.format, &r);
	t->out.kind->write(&t->out, &r, &t->line);
	if (t->line.cap > KEPT_USUAL)
		buf_release(&t->line);
}

static void
on_flush(void *arg)
{
	struct logtarget *t = arg;

	write_kept(&t->out);
}

struct logtarget *
logtarget_new(int verbosity)
{
	struct logtarget *t = xcalloc(1, sizeof(*t));

	t->out = (struct output){.fd = -1, .kept = BUF_INIT};
	buf_init(&t->line);
	t->pid = (int)getpid();
	t->syslogsocket = xstrdup("auto");
	t->verbosity = verbosity;
	t->start = clock_now();
	return t;
}

void
logtarget_free(struct logtarget *t)
{
	if (t == NULL)
		return;
	log_set_sink(NULL, NULL);
	log_set_flush(NULL, NULL);
	output_release(&t->out);
	buf_release(&t->line);
	free(t->syslogsocket);
	free(t);
}

static const char *
syslog_path(const struct logtarget *t)
{
	return strcmp(t->syslogsocket, "auto") == 0 ? "/dev/log"
	                                            : t->syslogsocket;
}

static void
say_unable(const struct logtarget *t, const char *name)
{
	log_msg(LOG_ERROR, "server", "Unable to log to '%s'", name);
	if (t->out.kind != NULL)
		log_msg(LOG_INFO_, "server", "Logging to previous target '%s'",
		    t->out.name);
}

static void
say_changed(const struct logtarget *t)
{
	struct buf name = BUF_INIT;

	buf_adds(&name, t->out.name);
	if (t->out.socket != NULL)
		buf_addf(&name, " (%s)", t->out.socket);
	log_msg(LOG_INFO_, "server", "Start Fail2ban v%s", COMPAT_VERSION);
	log_msg(LOG_INFO_, "server",
	    "Changed logging target to %s for Fail2ban v%s", name.p,
	    COMPAT_VERSION);
	buf_release(&name);
}

/* Takes name over. */
static int
switch_to(struct logtarget *t, char *name, const struct value *options,
    struct err *err)
{
	struct output next = {.fd = -1, .kept = BUF_INIT, .name = name};
	bool first = t->out.kind == NULL;

	next.kind = kind_find(name);
	if (next.kind->open == open_syslog)
		next.socket = xstrdup(syslog_path(t));
	if (next.kind->open(&next) != 0) {
		say_unable(t, name);
		output_release(&next);
		return err_set(err, "Failed to change log target");
	}
	output_options(&next, options, t->verbosity);
	output_release(&t->out);
	t->out = next;
	log_set_sink(sink, t);
	log_set_flush(on_flush, t);
	if (!first)
		say_changed(t);
	return 0;
}

/* again: also when the name is that of now. */
static int
set_text(struct logtarget *t, const char *text, bool again, struct err *err)
{
	struct value *options = NULL;
	char *name = NULL;
	int rc = 0;

	if (optlist_parse(&name, &options, text, err) != 0)
		return -1;
	if (t->out.kind != NULL && !again && strcmp(t->out.name, name) == 0)
		free(name);
	else {
		rc = switch_to(t, name, options, err);
		if (rc == 0)
			t->out.text = xstrdup(text);
	}
	value_free(options);
	return rc;
}

int
logtarget_set(struct logtarget *t, const char *text, struct err *err)
{
	return set_text(t, text, false, err);
}

const char *
logtarget_name(const struct logtarget *t)
{
	return t->out.name;
}

const char *
logtarget_text(const struct logtarget *t)
{
	return t->out.text;
}

int
logtarget_set_syslogsocket(
    struct logtarget *t, const char *path, struct err *err)
{
	char *text;
	int rc;

	if (strcmp(t->syslogsocket, path) == 0)
		return 0;
	free(t->syslogsocket);
	t->syslogsocket = xstrdup(path);
	if (t->out.socket == NULL)
		return 0;
	text = xstrdup(t->out.text);
	rc = set_text(t, text, true, err);
	free(text);
	return rc;
}

const char *
logtarget_syslogsocket(const struct logtarget *t)
{
	return t->syslogsocket;
}

/* The old descriptor stays when the new file cannot be opened. */
static int
reopen(struct output *o)
{
	int old = o->fd, saved;

	write_kept(o);
	if (o->kind->open(o) != 0) {
		saved = errno;
		o->fd = old;
		log_msg(LOG_ERROR, "server", "Unable to log to '%s'", o->name);
		errno = saved;
		return -1;
	}
	if (old >= 0)
		(void)close(old);
	return 0;
}

const char *
logtarget_flush(struct logtarget *t)
{
	static const char *const flushed[] = {
	    "STDOUT", "STDERR", "SYSLOG", "SYSTEMD-JOURNAL"};
	const struct kind *k = t->out.kind;

	if (k == NULL)
		return "flushed";
	if (k->reopens && reopen(&t->out) != 0)
		return NULL;
	log_msg(LOG_INFO_, "server", "%s performed on %s",
	    k->reopens ? "rollover" : "flush", t->out.name);
	/* fail2ban: only these words, spelt so, are known to be no files */
	for (size_t i = 0; i < sizeof(flushed) / sizeof(flushed[0]); i++)
		if (strcmp(flushed[i], t->out.name) == 0)
			return "flushed";
	return "rolled over";
}

int
logtarget_fd(const struct logtarget *t)
{
	return t->out.kind != NULL && t->out.kind->reopens ? t->out.fd : -1;
}
