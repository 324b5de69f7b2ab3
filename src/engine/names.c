#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dict.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/names.h"

enum {
	FRESH_MS = 300000,
	STALE_MS = 600000, /* after that it is waited for again */
};

struct name {
	struct names *names;
	char *text;
	bool known;
	bool asked;
	int64_t since; /* monotonic */
	struct addr *addrs;
	size_t n;
	size_t cap;
};

struct names {
	struct names_env env;
	struct dict *by_text; /* name -> struct name, owned */
	struct addr *own;     /* of interfaces */
	size_t n;
	size_t cap;
	int64_t own_until; /* 0: never looked */
	char host[256];
	struct name *hosts[2]; /* "localhost" and host, in by_text, or NULL */
	bool inside;           /* the resolver may answer at once */
};

static void
name_free(void *p)
{
	struct name *m = p;

	if (m->asked)
		m->names->env.resolve_cancel(m->names->env.arg, m);
	free(m->text);
	free(m->addrs);
	free(m);
}

struct names *
names_open(const struct names_env *env)
{
	struct names *n = xcalloc(1, sizeof(*n));

	n->env = *env;
	n->by_text = dict_new(name_free);
	if (gethostname(n->host, sizeof(n->host) - 1) == -1)
		n->host[0] = '\0';
	return n;
}

void
names_close(struct names *n)
{
	if (n == NULL)
		return;
	dict_free(n->by_text);
	free(n->own);
	free(n);
}

static void
on_resolved(void *arg, const struct value *addresses, const char *error)
{
	struct name *m = arg;

	m->asked = false;
	m->known = true;
	m->since = clock_mono_ms();
	m->n = 0;
	if (error != NULL)
		log_msg(LOG_WARN, "ipdns",
		    "Unable to find a corresponding IP address for %s: %s",
		    m->text, error);
	for (size_t i = 0; addresses != NULL && i < addresses->n; i++) {
		const struct value *v = addresses->items[i];

		GROW(m->addrs, m->n, m->cap);
		if (value_is(v, VALUE_TEXT) &&
		    addr_parse(&m->addrs[m->n], v->text, v->text_n))
			m->n++;
	}
	if (!m->names->inside)
		m->names->env.ready(m->names->env.ready_arg);
}

static struct name *
name_get(struct names *n, const char *text)
{
	struct name *m = dict_get(n->by_text, text);

	if (m != NULL)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->names = n;
	m->text = xstrdup(text);
	dict_set(n->by_text, text, m);
	return m;
}

/* Known, and not too old to be used. */
static bool
is_usable(const struct name *m)
{
	return m->known && clock_mono_ms() - m->since < STALE_MS;
}

static void
ask(struct name *m)
{
	if (m->asked || (m->known && clock_mono_ms() - m->since < FRESH_MS))
		return;
	m->asked = true;
	m->names->inside = true;
	m->names->env.resolve(m->names->env.arg, m->text, on_resolved, m);
	m->names->inside = false;
}

static bool
name_has(const struct name *m, const struct addr *a)
{
	for (size_t i = 0; i < m->n; i++)
		if (addr_eq(&m->addrs[i], a))
			return true;
	return false;
}

int
names_has(struct names *n, const char *name, const struct addr *a)
{
	struct name *m = name_get(n, name);

	ask(m);
	return is_usable(m) ? name_has(m, a) : -1;
}

void
names_warm(struct names *n, const char *name)
{
	ask(name_get(n, name));
}

/* ---- this machine */

static void
add_interface(struct names *n, const struct sockaddr *sa)
{
	struct addr a = {0};

	if (sa == NULL ||
	    (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return;
	a.family = sa->sa_family;
	if (a.family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(a.bytes, &in.sin_addr, 4);
		a.plen = 32;
	} else {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(a.bytes, &in6.sin6_addr, 16);
		a.plen = 128;
	}
	GROW(n->own, n->n, n->cap);
	n->own[n->n++] = a;
}

static void
read_interfaces(struct names *n)
{
	struct ifaddrs *all;

	if (n->own_until != 0 && clock_mono_ms() < n->own_until)
		return;
	n->own_until = clock_mono_ms() + FRESH_MS;
	if (getifaddrs(&all) == -1) {
		log_msg(LOG_WARN, "ipdns", "Getting own IPs set failed: %m");
		return;
	}
	n->n = 0;
	for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		add_interface(n, i->ifa_addr);
	freeifaddrs(all);
}

/* Names stay in by_text once they are there. */
static struct name *
own_name(struct names *n, size_t i)
{
	const char *const hosts[] = {"localhost", n->host};

	if (n->hosts[i] == NULL && hosts[i][0] != '\0')
		n->hosts[i] = name_get(n, hosts[i]);
	return n->hosts[i];
}

bool
names_is_own(struct names *n, const struct addr *a)
{
	read_interfaces(n);
	for (size_t i = 0; i < n->n; i++)
		if (addr_eq(&n->own[i], a))
			return true;
	for (size_t i = 0; i < 2; i++) {
		struct name *m = own_name(n, i);

		if (m == NULL)
			continue;
		ask(m);
		if (is_usable(m) && name_has(m, a))
			return true;
	}
	return false;
}
