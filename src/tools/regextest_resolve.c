/*
 * Names are asked for by a process of their own, because the one that reads
 * the lines may not: it is forked before, gives up its privileges at the
 * first question and ends with the other one. Each name is asked for once.
 * As in the server, IPv6 is asked for only when this host can use it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/dict.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "tools/regextest.h"

enum {
	QUESTION = 1024,
	ANSWER = 64 * 1024,
};

struct regextest_names {
	struct dict *names; /* name -> list of text */
	int fd;             /* the other process */
};

/* ---- the other process ---- */

static bool
ipv6_works(void)
{
	struct sockaddr_in6 sin6 = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct buf b = BUF_INIT;
	bool off = io_read_file(&b, "/proc/sys/net/ipv6/conf/all/disable_ipv6",
	               64) == 0 &&
	           b.p[0] == '1';
	bool ok = false;
	int fd = -1;

	buf_release(&b);
	if (!off)
		fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ok = bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0;
		(void)close(fd);
	}
	return ok;
}

/* Appends the addresses of one family, a line each. */
static int
lookup(struct buf *out, const char *name, int family)
{
	struct addrinfo hints = {
	    .ai_family = family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *all = NULL;
	char text[NI_MAXHOST];
	int r = getaddrinfo(name, NULL, &hints, &all);

	for (struct addrinfo *a = all; r == 0 && a != NULL; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text),
		        NULL, 0, NI_NUMERICHOST) == 0)
			buf_addf(out, "%s\n", text);
	if (all != NULL)
		freeaddrinfo(all);
	return r;
}

/* "N" and a name: its addresses, or after '!' why there are none. */
static void
find_addresses(struct buf *out, const char *name)
{
	int r = lookup(out, name, AF_INET);

	if (ipv6_works())
		(void)lookup(out, name, AF_INET6);
	if (out->n == 0)
		buf_addf(out, "!%s", gai_strerror(r));
}

/* "A" and an address: its name, or nothing. */
static void
find_host(struct buf *out, const char *text)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	struct addr a;
	char host[NI_MAXHOST];
	socklen_t len = sizeof(struct sockaddr_in);

	if (!addr_parse(&a, text, strlen(text)) || !addr_is_single(&a))
		return;
	ss.ss_family = (sa_family_t)a.family;
	if (a.family == AF_INET6) {
		len = sizeof(struct sockaddr_in6);
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, a.bytes, 16);
	} else
		memcpy(&((struct sockaddr_in *)&ss)->sin_addr, a.bytes, 4);
	if (getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), NULL,
	        0, NI_NAMEREQD) == 0)
		buf_adds(out, host);
}

/* Never returns. A broken sandbox is the end of it: no name is known then. */
static void
serve(int fd)
{
	struct err err = ERR_INIT;
	char question[QUESTION];
	bool is_shut = false;
	ssize_t n;

	while ((n = recv(fd, question, sizeof(question) - 1, 0)) > 0) {
		struct buf answer = BUF_INIT;

		if (!is_shut && regextest_shut(SANDBOX_RESOLVER, &err) != 0)
			break;
		is_shut = true;
		question[n] = '\0';
		if (question[0] == 'N')
			find_addresses(&answer, question + 1);
		else
			find_host(&answer, question + 1);
		buf_addc(&answer, '\n');
		(void)send(fd, answer.p, answer.n, MSG_NOSIGNAL);
		buf_release(&answer);
	}
	_exit(0);
}

/* ---- this process ---- */

static void
free_list(void *list)
{
	value_free(list);
}

struct regextest_names *
regextest_names_new(struct err *err)
{
	struct regextest_names *n;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		(void)err_set(err, "socketpair: %s", strerror(errno));
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		serve(pair[1]);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)err_set(err, "fork: %s", strerror(errno));
		(void)close(pair[0]);
		return NULL;
	}
	n = xcalloc(1, sizeof(*n));
	n->names = dict_new(free_list);
	n->fd = pair[0];
	return n;
}

/* The other process ends by itself. */
void
regextest_names_free(struct regextest_names *n)
{
	if (n == NULL)
		return;
	(void)close(n->fd);
	dict_free(n->names);
	free(n);
}

/* False: no answer. */
static bool
ask(const struct regextest_names *n, struct buf *answer, char kind,
    const char *text)
{
	struct buf question = BUF_INIT;
	struct iovec iov;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t got = -1;

	buf_addf(&question, "%c%s", kind, text);
	iov = (struct iovec){question.p, question.n};
	if (question.n < QUESTION && sendmsg(n->fd, &msg, MSG_NOSIGNAL) > 0) {
		iov = (struct iovec){buf_grow(answer, ANSWER), ANSWER};
		got = recvmsg(n->fd, &msg, 0);
	}
	buf_release(&question);
	if (got <= 0)
		return false;
	buf_commit(answer, (size_t)got - 1); /* its line end */
	return true;
}

static bool
has_text(const struct value *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(value_str(list->items[i]), text) == 0)
			return true;
	return false;
}

static void
add_lines(struct value *list, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL)
		if (*line != '\0' && !has_text(list, line))
			value_adds(list, line);
}

const struct value *
regextest_resolve(struct regextest_names *n, const char *name)
{
	struct value *list = dict_get(n->names, name);
	struct buf answer = BUF_INIT;

	if (list != NULL)
		return list;
	list = value_list();
	if (!ask(n, &answer, 'N', name))
		buf_adds(&answer, "!no resolver");
	if (answer.p[0] == '!')
		log_msg(LOG_WARN, "utils",
		    "Unable to find a corresponding IP address for %s: %s",
		    name, answer.p + 1);
	else
		add_lines(list, answer.p);
	dict_set(n->names, name, list);
	buf_release(&answer);
	return list;
}

/* Name of an address, for the tag <ip-host>. */
bool
regextest_host_of(
    struct regextest_names *n, struct buf *out, const char *address)
{
	struct buf answer = BUF_INIT;
	bool found = ask(n, &answer, 'A', address) && answer.n > 0;

	if (found)
		buf_add(out, answer.p, answer.n);
	buf_release(&answer);
	return found;
}
