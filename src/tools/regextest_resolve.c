/*
 * The tool may wait for the resolver, but asks it once a name. As in the
 * server, IPv6 is asked for only when this host can use it.
 */
#include <arpa/inet.h>
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

struct regextest_names {
	struct dict *names; /* name -> list of text */
	bool has_ipv6;
};

static void
free_list(void *list)
{
	value_free(list);
}

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

struct regextest_names *
regextest_names_new(void)
{
	struct regextest_names *n = xcalloc(1, sizeof(*n));

	n->names = dict_new(free_list);
	n->has_ipv6 = ipv6_works();
	return n;
}

void
regextest_names_free(struct regextest_names *n)
{
	if (n == NULL)
		return;
	dict_free(n->names);
	free(n);
}

static bool
has_text(const struct value *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(value_str(list->items[i]), text) == 0)
			return true;
	return false;
}

/* Appends the addresses of one family. Returns getaddrinfo()'s answer. */
static int
lookup(struct value *list, const char *name, int family)
{
	struct addrinfo hints = {
	    .ai_family = family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *all = NULL;
	char text[NI_MAXHOST];
	int r = getaddrinfo(name, NULL, &hints, &all);

	for (struct addrinfo *a = all; r == 0 && a != NULL; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text),
		        NULL, 0, NI_NUMERICHOST) == 0 &&
		    !has_text(list, text))
			value_adds(list, text);
	}
	if (all != NULL)
		freeaddrinfo(all);
	return r;
}

const struct value *
regextest_resolve(struct regextest_names *n, const char *name)
{
	struct value *list = dict_get(n->names, name);
	int r;

	if (list != NULL)
		return list;
	list = value_list();
	r = lookup(list, name, AF_INET);
	if (n->has_ipv6)
		(void)lookup(list, name, AF_INET6);
	if (list->n == 0)
		log_msg(LOG_WARN, "utils",
		    "Unable to find a corresponding IP address for %s: %s",
		    name, gai_strerror(r));
	dict_set(n->names, name, list);
	return list;
}

/* Name of an address, for the tag <ip-host>. */
bool
regextest_host_of(struct buf *out, const char *text)
{
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	struct addr a;
	char host[NI_MAXHOST];
	socklen_t len = sizeof(struct sockaddr_in);

	if (!addr_parse(&a, text, strlen(text)) || !addr_is_single(&a))
		return false;
	ss.ss_family = (sa_family_t)a.family;
	if (a.family == AF_INET6) {
		len = sizeof(struct sockaddr_in6);
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, a.bytes, 16);
	} else
		memcpy(&((struct sockaddr_in *)&ss)->sin_addr, a.bytes, 4);
	if (getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), NULL,
	        0, NI_NAMEREQD) != 0)
		return false;
	buf_adds(out, host);
	return true;
}
