/*
 * Everything but start, restart and reload is the server's business: the words
 * go there as they are, and the answer is told as render knows.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tools/client.h"
#include "tools/conn.h"
#include "tools/json.h"
#include "tools/render.h"

/* ---- output */

/* Of ASCII, or the second byte of one of U+0080 ... U+009f. */
static bool
is_control(unsigned char before, unsigned char c)
{
	if (c >= 0x80)
		return before == 0xc2 && c < 0xa0;
	return (c < 0x20 || c == 0x7f) && c != '\n' && c != '\t';
}

/*
 * Names and captures in an answer can be an attacker's; a terminal must not
 * take orders from them. A pipe gets the bytes as they are.
 */
void
client_print(const char *p, size_t n)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	unsigned char c = 0, before;

	for (size_t i = 0; i < n; i++) {
		before = c;
		c = (unsigned char)p[i];
		if (terminal && is_control(before, c))
			printf("\\x%02x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void
print_buf(struct buf *b)
{
	client_print(b->p, b->n);
	buf_release(b);
}

void
client_tell_error(struct client *c, const char *text)
{
	struct buf json = BUF_INIT;

	if (!c->o->json)
		return;
	json_error(&json, text);
	print_buf(&json);
}

int
client_fail(struct client *c, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	log_msg(LOG_ERROR, "", "%s", text.p);
	client_tell_error(c, text.p);
	buf_release(&text);
	return CLIENT_BAD;
}

/* fail2ban: Python writes UTF-8 in the C locale as well */
static bool
is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *locale = NULL;

	for (int i = 0; i < 3 && (locale == NULL || *locale == '\0'); i++)
		locale = getenv(names[i]);
	return locale == NULL || *locale == '\0' || strcmp(locale, "C") == 0 ||
	       strcmp(locale, "POSIX") == 0 ||
	       strcasestr(locale, "utf-8") != NULL ||
	       strcasestr(locale, "utf8") != NULL;
}

/* ---- settings */

static bool
is_loglevel(const char *s)
{
	static const char *const names[] = {"CRITICAL", "ERROR", "WARNING",
	    "NOTICE", "INFO", "MSG", "DEBUG", "TRACEDEBUG", "HEAVYDEBUG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i], s) == 0)
			return true;
	return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* What a wrong command line says. */
static int
bad_init(
    struct client *c, const char *before, const char *what, const char *after)
{
	if (!c->o->json)
		printf("ERROR: %s%s%s\n", before, what, after);
	(void)fflush(stdout);
	(void)client_fail(c, "Init of command line failed");
	return -1;
}

/*
 * fail2ban: any command needs the folder; here only those that read in it, so
 * that -s is enough where no configuration is.
 */
static int
check_folder(struct client *c)
{
	struct stat st;

	if (stat(c->o->conf, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return bad_init(
	    c, "Base configuration directory ", c->o->conf, " does not exist ");
}

int
client_load_settings(struct client *c)
{
	struct err err = ERR_INIT;

	if (c->loaded)
		return 0;
	if (check_folder(c) == -1)
		return -1;
	if (config_server_load(&c->server, &c->config, &err) == -1) {
		(void)bad_init(c, "", err_text(&err), "");
		err_release(&err);
		return -1;
	}
	err_release(&err);
	c->loaded = true;
	c->socket = c->server.socket;
	log_msg(LOG_INFO_, "", "Using socket file %s", c->server.socket);
	log_msg(LOG_INFO_, "", "Using pid file %s, [%s] logging to %s",
	    c->server.pidfile, c->server.loglevel, c->server.logtarget);
	return 0;
}

int
client_init(struct client *c, const struct cli_opts *o)
{
	*c = (struct client){
	    .o = o,
	    .config = {.dir = o->conf,
	        .loglevel = o->loglevel,
	        .logtarget = o->logtarget,
	        .syslogsocket = o->syslogsocket,
	        .socket = o->socket,
	        .pidfile = o->pidfile},
	    .socket = o->socket,
	};
	if (o->loglevel != NULL && !is_loglevel(o->loglevel))
		return bad_init(c, "Invalid log level '", o->loglevel, "'");
	/* a command for the server needs its socket only */
	if (o->socket == NULL || o->verbose > 0)
		return client_load_settings(c);
	return 0;
}

void
client_release(struct client *c)
{
	if (c->loaded)
		config_server_release(&c->server);
	c->loaded = false;
}

/* ---- requests */

static bool
is_ping(const struct value *request)
{
	const char *word = value_str(value_at(request, 0));

	return word != NULL && strcmp(word, "ping") == 0;
}

/* fail2ban: what its client says when it cannot connect */
static int
no_connection(struct client *c, const struct value *request)
{
	int e = errno;

	if (e == ENOENT || e == ENOTDIR || access(c->socket, F_OK) == -1)
		return client_fail(c,
		    "Failed to access socket path: %s. Is fail2ban running?",
		    c->socket);
	if (e == EACCES || e == EPERM)
		return client_fail(c,
		    "Permission denied to socket: %s, (you must be root)",
		    c->socket);
	if (is_ping(request))
		return client_fail(c, "[Errno %d] %s", e, strerror(e));
	return client_fail(c,
	    "[[Errno %d] %s] Unable to contact server. Is it running?", e,
	    strerror(e));
}

/* Seconds that a ping typed in waits; -1: it says no number. */
static int
ping_timeout(struct client *c, double *timeout, const struct value *request)
{
	const char *text = value_str(value_at(request, 1));
	char *end;

	*timeout = 0;
	if (text == NULL || !is_ping(request))
		return 0;
	*timeout = strtod(text, &end);
	if (end != text && *end == '\0')
		return 0;
	(void)client_fail(c, "could not convert string to float: '%s'", text);
	return -1;
}

static int
exchange(struct client *c, struct value **answer, const struct value *request)
{
	struct conn conn = {-1};
	struct err err = ERR_INIT;
	double timeout;
	int rv;

	if (ping_timeout(c, &timeout, request) == -1)
		return -1;
	if (conn_open(&conn, c->socket) == -1) {
		(void)no_connection(c, request);
		return -1;
	}
	rv = conn_request(&conn, answer, request, timeout, &err);
	if (rv == -1)
		(void)client_fail(c, "%s", err_text(&err));
	conn_close(&conn);
	err_release(&err);
	return rv;
}

static void
tell(struct client *c, const struct value *command, const struct value *v)
{
	struct buf b = BUF_INIT;

	if (c->o->json)
		json_answer(&b, v);
	else
		render_answer(&b, command, v, is_utf8());
	print_buf(&b);
}

static int
tell_error(struct client *c, const struct value *e, enum client_show show)
{
	struct buf text = BUF_INIT, args = BUF_INIT, json = BUF_INIT;

	render_args(&args, e);
	log_msg(LOG_ERROR, "", "NOK: %s", args.p);
	render_error(&text, e);
	if (c->o->json) {
		json_error(&json, text.p);
		print_buf(&json);
	} else if (show != CLIENT_QUIET)
		client_print(text.p, text.n);
	buf_release(&text);
	buf_release(&args);
	return CLIENT_BAD;
}

/* An answer that is no (code, value). */
static int
odd_answer(struct client *c, const struct value *answer)
{
	struct buf b = BUF_INIT;
	int rv;

	/* fail2ban: the words of its accident, then what the server said */
	if (answer->type == VALUE_TEXT)
		log_msg(LOG_ERROR, "", "'str' object has no attribute 'args'");
	value_print(&b, answer);
	rv = client_fail(c, "The server answered: %s", b.p);
	buf_release(&b);
	return rv;
}

int
client_send(struct client *c, const struct value *request,
    const struct value *command, enum client_show show)
{
	struct value *answer = NULL, *code, *v;
	int rv = CLIENT_GOOD;

	if (exchange(c, &answer, request) == -1)
		return CLIENT_BAD;
	code = value_at(answer, 0);
	v = value_at(answer, 1);
	if (!value_is(code, VALUE_INT) || v == NULL)
		rv = odd_answer(c, answer);
	else if (code->i != 0)
		rv = tell_error(c, v, show);
	else if (show == CLIENT_TELL)
		tell(c, command, v);
	value_free(answer);
	return rv;
}

struct value *
client_ask(struct client *c, const struct value *request)
{
	struct conn conn = {-1};
	struct value *answer = NULL;

	if (conn_open(&conn, c->socket) == -1)
		return NULL;
	(void)conn_request(&conn, &answer, request, 1, NULL);
	conn_close(&conn);
	return answer;
}

struct value *
client_jails(struct client *c)
{
	struct value *request = value_list(), *names = value_list();
	struct value *answer, *list;
	char *text, *at, *name;

	value_adds(request, "status");
	answer = client_ask(c, request);
	list = value_at(value_at(value_at(answer, 1), 1), 1);
	text = at = xstrdup(value_str(list) != NULL ? list->text : "");
	while ((name = strsep(&at, ", ")) != NULL)
		if (*name != '\0')
			value_adds(names, name);
	free(text);
	value_free(request);
	value_free(answer);
	return names;
}

bool
client_ping(struct client *c, double timeout)
{
	struct value *request = value_list(), *answer = NULL;
	struct conn conn = {-1};
	bool alive = false;

	value_adds(request, "ping");
	value_add(request, value_float(timeout));
	if (conn_open(&conn, c->socket) == 0) {
		alive =
		    conn_request(&conn, &answer, request, timeout, NULL) == 0;
		conn_close(&conn);
	}
	value_free(request);
	value_free(answer);
	return alive;
}

/* ---- commands */

static bool
is_command(const struct value *command, const char *word)
{
	const char *first = value_str(value_at(command, 0));

	return first != NULL && strcmp(first, word) == 0;
}

int
client_run(struct client *c, const struct value *command)
{
	if (command->n == 1 && is_command(command, "start"))
		return client_start(c);
	if (command->n == 1 && is_command(command, "restart"))
		return client_restart(c);
	if (is_command(command, "reload") || is_command(command, "restart"))
		return client_reload(c, command);
	return client_send(c, command, command, CLIENT_TELL);
}
