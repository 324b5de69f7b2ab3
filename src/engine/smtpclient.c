/*
 * The server's answers are a stranger's text: lines and answers are bounded,
 * and only their codes and, of EHLO, the offered ways to log in matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "engine/mail.h"
#include "engine/smtp.h"
#include "engine/smtpclient.h"

#define INPUT_MAX ((size_t)16 << 20)
#define ANSWER_MAX 65536
#define PORT_PLAIN "25"
#define PORT_TLS "465"

extern char **environ;

/* ---- the letter */

int
letter_read(struct letter *l, const char *p, size_t n, struct err *err)
{
	const char *end = p + n;

	*l = (struct letter){.head = value_dict(), .to = value_list()};
	while (p < end && *p != '\n') {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *blank;

		if (nl == NULL)
			break;
		blank = memchr(p, ' ', (size_t)(nl - p));
		if (blank == NULL)
			break;
		if (blank - p == 2 && memcmp(p, "to", 2) == 0)
			value_add(l->to,
			    value_textn(blank + 1, (size_t)(nl - blank - 1)));
		else
			value_setn(l->head, p, (size_t)(blank - p),
			    value_textn(blank + 1, (size_t)(nl - blank - 1)));
		p = nl + 1;
	}
	if (p == end || *p != '\n' || l->to->n == 0)
		return err_set(err, "a mail needs an envelope, a recipient and "
		                    "an empty line before its text");
	l->text = p + 1;
	l->text_n = (size_t)(end - l->text);
	return 0;
}

void
letter_release(struct letter *l)
{
	value_free(l->head);
	value_free(l->to);
}

static const char *
head(const struct letter *l, const char *key)
{
	const char *text = value_str(value_get(l->head, key));

	return text == NULL ? "" : text;
}

/* ---- one question and its answer */

struct talk {
	int in;
	int out;
	struct buf read;   /* bytes that were read and not yet used */
	struct buf answer; /* all lines of the last answer */
};

/* Next line, without its end, behind the answer. Returns its code or -1. */
static int
read_line(struct talk *t, bool *last, struct err *err)
{
	char *nl;
	size_t n;
	int code = -1;

	while ((nl = memchr(t->read.p, '\n', t->read.n)) == NULL) {
		ssize_t got;

		if (t->read.n > ANSWER_MAX)
			return err_set(
			    err, "the mail server's line is too long");
		got = read(t->in, buf_grow(&t->read, 4096), 4096);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(err, "Connection unexpectedly closed");
		buf_commit(&t->read, (size_t)got);
	}
	n = (size_t)(nl - t->read.p);
	if (n >= 3 && strspn(t->read.p, "0123456789") == 3)
		code = (int)strtol(t->read.p, NULL, 10);
	*last = n < 4 || t->read.p[3] != '-';
	buf_add(&t->answer, t->read.p, n - (n > 0 && nl[-1] == '\r'));
	buf_addc(&t->answer, '\n');
	buf_splice(&t->read, 0, n + 1, "", 0);
	return code == -1 ? err_set(err, "no SMTP answer: %s", t->answer.p)
	                  : code;
}

/* Code of the next answer, -1 on error. */
static int
read_answer(struct talk *t, struct err *err)
{
	bool last = false;
	int code = -1;

	buf_reset(&t->answer);
	while (!last) {
		code = read_line(t, &last, err);
		if (code == -1)
			return -1;
		if (t->answer.n > ANSWER_MAX)
			return err_set(
			    err, "the mail server's answer is too long");
	}
	buf_truncate(&t->answer, t->answer.n - 1);
	return code;
}

/* Sends a line; returns the code of the answer or -1. */
static int
ask(struct talk *t, const char *line, struct err *err)
{
	struct buf b = BUF_INIT;
	int sent;

	buf_addf(&b, "%s\r\n", line);
	sent = io_write_all(t->out, b.p, b.n);
	buf_release(&b);
	if (sent == -1)
		return err_set(err, "%s", strerror(errno));
	return read_answer(t, err);
}

static int
refused(const struct talk *t, const char *what, struct err *err)
{
	return err_set(err, "%s refused: %s", what, t->answer.p);
}

/* ---- the parts of the conversation */

static int
greet(struct talk *t, struct err *err)
{
	char host[256] = "localhost", line[300];
	int code = read_answer(t, err);

	if (code == -1)
		return -1;
	if (code != 220)
		return refused(t, "connection", err);
	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(line, sizeof(line), "EHLO %s", host);
	code = ask(t, line, err);
	if (code == -1)
		return -1;
	if (code == 250)
		return 0;
	(void)snprintf(line, sizeof(line), "HELO %s", host);
	code = ask(t, line, err);
	if (code == -1)
		return -1;
	return code == 250 ? 0 : refused(t, "HELO", err);
}

/* Whether EHLO's answer offers this way to log in. */
static bool
offers(const struct talk *t, const char *way)
{
	for (const char *line = t->answer.p; line != NULL;
	     line = strchr(line, '\n')) {
		const char *found;
		size_t n;

		line += *line == '\n';
		n = strcspn(line, "\n");
		if (n < 9 || strncasecmp(line + 4, "AUTH", 4) != 0)
			continue;
		found = strcasestr(line, way);
		if (found != NULL && found < line + n)
			return true;
	}
	return false;
}

static int
ask_base64(struct talk *t, const char *before, const char *p, size_t n,
    struct err *err)
{
	struct buf line = BUF_INIT;
	int code;

	buf_adds(&line, before);
	mail_base64(&line, p, n, 0);
	code = ask(t, line.p, err);
	buf_release(&line);
	return code;
}

static int
log_in_plain(struct talk *t, const struct letter *l, struct err *err)
{
	struct buf b = BUF_INIT;
	int code;

	buf_addc(&b, '\0');
	buf_adds(&b, head(l, "user"));
	buf_addc(&b, '\0');
	buf_adds(&b, head(l, "password"));
	code = ask_base64(t, "AUTH PLAIN ", b.p, b.n, err);
	buf_release(&b);
	return code;
}

static int
log_in_login(struct talk *t, const struct letter *l, struct err *err)
{
	const char *user = head(l, "user"), *password = head(l, "password");
	int code = ask(t, "AUTH LOGIN", err);

	if (code == 334)
		code = ask_base64(t, "", user, strlen(user), err);
	if (code == 334)
		code = ask_base64(t, "", password, strlen(password), err);
	return code;
}

static int
log_in(struct talk *t, const struct letter *l, struct err *err)
{
	int code;

	if (head(l, "user")[0] == '\0')
		return 0;
	if (offers(t, "PLAIN"))
		code = log_in_plain(t, l, err);
	else if (offers(t, "LOGIN"))
		code = log_in_login(t, l, err);
	else
		return err_set(
		    err, "the mail server offers neither AUTH PLAIN nor LOGIN");
	if (code == -1)
		return -1;
	return code == 235 ? 0 : refused(t, "login", err);
}

static int
envelope(struct talk *t, const struct letter *l, struct err *err)
{
	struct buf line = BUF_INIT;
	size_t taken = 0;
	int code;

	buf_addf(&line, "MAIL FROM:<%s>", head(l, "from"));
	code = ask(t, line.p, err);
	if (code != -1 && code != 250)
		code = refused(t, "sender", err);
	for (size_t i = 0; code != -1 && i < l->to->n; i++) {
		buf_reset(&line);
		buf_addf(&line, "RCPT TO:<%s>", l->to->items[i]->text);
		code = ask(t, line.p, err);
		taken += code == 250 || code == 251;
	}
	buf_release(&line);
	if (code == -1)
		return -1;
	return taken > 0 ? 0 : refused(t, "every recipient", err);
}

/* Lines end in CR LF; a dot that begins one is doubled. */
static void
stuffed(struct buf *out, const char *p, size_t n)
{
	bool start = true;

	for (size_t i = 0; i < n; i++) {
		if (start && p[i] == '.')
			buf_addc(out, '.');
		start = p[i] == '\n';
		if (start)
			buf_addc(out, '\r');
		buf_addc(out, p[i]);
	}
	if (!start)
		buf_adds(out, "\r\n");
}

static int
contents(struct talk *t, const struct letter *l, struct err *err)
{
	struct buf b = BUF_INIT;
	int code = ask(t, "DATA", err);

	if (code == -1)
		return -1;
	if (code != 354)
		return refused(t, "DATA", err);
	stuffed(&b, l->text, l->text_n);
	buf_addc(&b, '.');
	code = ask(t, b.p, err);
	buf_release(&b);
	if (code == -1)
		return -1;
	return code == 250 ? 0 : refused(t, "the mail", err);
}

int
letter_send(int in, int out, const struct letter *l, struct err *err)
{
	struct talk t = {in, out, BUF_INIT, BUF_INIT};
	int ret = 0;

	if (greet(&t, err) == -1 || log_in(&t, l, err) == -1 ||
	    envelope(&t, l, err) == -1 || contents(&t, l, err) == -1)
		ret = -1;
	else
		(void)ask(&t, "QUIT", NULL);
	buf_release(&t.read);
	buf_release(&t.answer);
	return ret;
}

/* ---- the process */

/* "host", "host:port", "[v6]:port" -> both; owned by the caller. */
static void
split_host(const char *text, const char *otherwise, char **host, char **port)
{
	const char *colon = strrchr(text, ':');
	const char *close = strrchr(text, ']');
	bool bracket = text[0] == '[' && close != NULL;

	/* more than one colon without brackets: an IPv6 address alone */
	if (colon != NULL && !bracket && strchr(text, ':') != colon)
		colon = NULL;
	if (colon != NULL && bracket && colon < close)
		colon = NULL;
	*port = xstrdup(colon == NULL ? otherwise : colon + 1);
	if (bracket)
		*host = xmemdup0(text + 1, (size_t)(close - text - 1));
	else
		*host = xmemdup0(text,
		    colon == NULL ? strlen(text) : (size_t)(colon - text));
}

static int
connect_to(const char *host, const char *port, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	int fd = -1, error, why = 0;

	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0)
		return err_set(err, "%s: %s", host, gai_strerror(error));
	for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC,
		    a->ai_protocol);
		if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		why = errno;
		if (fd != -1)
			(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd == -1)
		return err_set(err, "[Errno %d] %s (%s:%s)", why, strerror(why),
		    host, port);
	return fd;
}

/* TLS by openssl(1): a socket to it. */
static int
connect_tls(const char *host, const char *port, struct err *err)
{
	char *name = xasprintf(
	    strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
	char words[5][16] = {"openssl", "s_client", "-quiet", "-connect", ""};
	char *argv[] = {words[0], words[1], words[2], words[3], name, NULL};
	posix_spawn_file_actions_t files;
	int pair[2], error;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		free(name);
		return err_set(err, "socketpair: %s", strerror(errno));
	}
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_adddup2(&files, pair[1], 0);
	(void)posix_spawn_file_actions_adddup2(&files, pair[1], 1);
	(void)posix_spawn_file_actions_addopen(
	    &files, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)close(pair[1]);
	free(name);
	if (error == 0)
		return pair[0];
	(void)close(pair[0]);
	return err_set(err, "ssl is on, which needs the program openssl: %s",
	    strerror(error));
}

static int
deliver(const struct letter *l, struct err *err)
{
	bool tls = head(l, "ssl")[0] != '\0';
	char *host, *port;
	int fd, ret = -1;

	split_host(head(l, "host"), tls ? PORT_TLS : PORT_PLAIN, &host, &port);
	fd = tls ? connect_tls(host, port, err) : connect_to(host, port, err);
	if (fd != -1) {
		ret = letter_send(fd, fd, l, err);
		(void)close(fd);
	}
	free(host);
	free(port);
	return ret;
}

static int
read_input(struct buf *b)
{
	while (b->n < INPUT_MAX) {
		ssize_t n = read(STDIN_FILENO, buf_grow(b, 65536), 65536);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		buf_commit(b, (size_t)n);
	}
	errno = EFBIG;
	return -1;
}

int
smtp_main(void)
{
	struct buf input = BUF_INIT;
	struct err err = ERR_INIT;
	struct letter l = {NULL, NULL, NULL, 0};
	int ret = EXIT_FAILURE;

	(void)signal(SIGPIPE, SIG_IGN);
	if (read_input(&input) == -1)
		(void)err_set(&err, "standard input: %s", strerror(errno));
	else if (letter_read(&l, input.p, input.n, &err) == 0 &&
	         deliver(&l, &err) == 0)
		ret = EXIT_SUCCESS;
	if (ret != EXIT_SUCCESS)
		(void)fprintf(stderr, "%s\n", err_text(&err));
	letter_release(&l);
	buf_release(&input);
	err_release(&err);
	return ret;
}
