/*
 * The process that may ask name servers, and nothing else. It blocks; that is
 * what it is for.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/privdrop.h"
#include "base/sandbox.h"
#include "server/channel.h"
#include "server/resolver.h"
#include "server/resolver_impl.h"
#include "server/spawn.h"
#include "server/worker.h"

enum {
	DESCRIPTORS = 64,
	ANSWER_MAX = 16 * 1024, /* bytes of a message with TXT records */
};

struct helper {
	uv_loop_t loop;
	struct channel *channel;
	bool closed; /* the sandbox is */
};

struct query {
	unsigned kind;
	bool ipv6;
	const char *text;
};

/* The C library loads its modules at the first look-up. */
static void
load_modules(void)
{
	struct addrinfo *found = NULL;

	if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
}

static void
setup(struct helper *h, struct unpack *u)
{
	struct err err = ERR_INIT;
	bool drop = unpack_u8(u) != 0;
	struct privdrop_user user = {0};

	user.uid = unpack_u32(u);
	user.gid = unpack_u32(u);
	if (u->bad)
		_exit(2);
	load_modules();
	sandbox_trim_memory();
	if (privdrop(drop ? &user : NULL, &err) != 0 ||
	    privdrop_limits(false, DESCRIPTORS, &err) != 0 ||
	    sandbox_landlock(SANDBOX_RESOLVER, &err) < 0 ||
	    sandbox_syscalls(SANDBOX_RESOLVER, &err) != 0)
		_exit(3);
	err_release(&err);
	h->closed = true;
}

static int
add_family(struct value *list, const char *name, int family)
{
	struct addrinfo hints = {
	    .ai_family = family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &found);

	if (rc != 0)
		return rc;
	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		char text[NI_MAXHOST];

		if (list->n < RESOLVER_ADDRESSES &&
		    getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text),
		        NULL, 0, NI_NUMERICHOST) == 0 &&
		    strchr(text, '%') == NULL)
			value_adds(list, text);
	}
	freeaddrinfo(found);
	return 0;
}

/* The first error counts only when there is no address at all. */
static int
find_addresses(struct value *list, const char *name, bool ipv6)
{
	int v4 = add_family(list, name, AF_INET);
	int v6 = ipv6 ? add_family(list, name, AF_INET6) : 0;

	if (list->n > 0)
		return 0;
	return v4 != 0 ? v4 : v6;
}

static int
find_name(struct value *list, const char *text)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
	struct addrinfo *found = NULL;
	char name[NI_MAXHOST];
	int rc = getaddrinfo(text, NULL, &hints, &found);

	if (rc != 0)
		return rc;
	rc = getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name),
	    NULL, 0, NI_NAMEREQD);
	freeaddrinfo(found);
	if (rc == 0)
		value_adds(list, name);
	return rc;
}

/* The strings of one record are one text. */
static void
add_record(struct value *list, const ns_rr *rr)
{
	const unsigned char *p = ns_rr_rdata(*rr), *end = p + ns_rr_rdlen(*rr);
	struct buf text = BUF_INIT;

	for (size_t n; p < end && (n = *p) < (size_t)(end - p); p += n + 1)
		buf_add(&text, (const char *)p + 1, n);
	if (text.n > 0 && text.n <= RESOLVER_NAME &&
	    memchr(text.p, '\0', text.n) == NULL)
		value_add(list, value_textn(text.p, text.n));
	buf_release(&text);
}

static const char *
find_texts(struct value *list, const char *name)
{
	static unsigned char message[ANSWER_MAX];
	int n = res_query(name, ns_c_in, ns_t_txt, message, sizeof(message));
	ns_msg answer;
	ns_rr rr;

	if (n < 0)
		return h_errno == HOST_NOT_FOUND ? RESOLVER_NXDOMAIN
		                                 : hstrerror(h_errno);
	if (n > ANSWER_MAX || ns_initparse(message, n, &answer) != 0)
		return "malformed answer";
	for (int i = 0; i < ns_msg_count(answer, ns_s_an); i++) {
		if (ns_parserr(&answer, ns_s_an, i, &rr) != 0)
			return "malformed answer";
		if (ns_rr_type(rr) == ns_t_txt && list->n < RESOLVER_ADDRESSES)
			add_record(list, &rr);
	}
	return NULL;
}

static void
find(struct value *list, struct buf *error, const struct query *q)
{
	const char *why;
	int rc;

	if (q->kind == RESOLVER_KIND_TEXT) {
		why = find_texts(list, q->text);
		if (why != NULL)
			buf_adds(error, why);
		return;
	}
	rc = q->kind == RESOLVER_KIND_NAME
	         ? find_addresses(list, q->text, q->ipv6)
	         : find_name(list, q->text);
	/* fail2ban: worded as Python does it. */
	if (rc != 0)
		buf_addf(error, "[Errno %d] %s", rc, gai_strerror(rc));
}

static void
ask(struct helper *h, struct unpack *u)
{
	struct query q = {0};
	struct value *list = value_list();
	struct buf error = BUF_INIT, b = BUF_INIT;

	q.kind = unpack_u8(u);
	q.ipv6 = unpack_u8(u) != 0;
	q.text = unpack_str(u, RESOLVER_NAME);
	find(list, &error, &q);
	pack_str(&b, error.p);
	pack_value(&b, list);
	channel_send(h->channel, 0, &b, -1);
	value_free(list);
	buf_release(&error);
	buf_release(&b);
}

static void
on_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	struct helper *h = arg;

	(void)fd;
	if (type == RESOLVER_SETUP && !h->closed)
		setup(h, u);
	else if (type == RESOLVER_ASK && h->closed)
		ask(h, u);
	else
		_exit(2);
}

static void
on_closed(void *arg, const char *why)
{
	(void)why;
	uv_stop(&((struct helper *)arg)->loop);
}

static const struct channel_kind kinds[RESOLVER_MESSAGES] = {
    [RESOLVER_SETUP] = {64, false},
    [RESOLVER_ASK] = {4096, false},
};

static const struct channel_ops ops = {
    .kinds = kinds,
    .nkinds = RESOLVER_MESSAGES,
    .message = on_message,
    .closed = on_closed,
};

int
resolver_main(void)
{
	struct helper h = {0};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	spawn_close_others(1);
	if (uv_loop_init(&h.loop) != 0)
		return EXIT_FAILURE;
	h.channel = channel_new(&h.loop, SPAWN_FD, &ops, &h);
	(void)uv_run(&h.loop, UV_RUN_DEFAULT);
	channel_free(h.channel);
	(void)uv_run(&h.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&h.loop);
	return EXIT_SUCCESS;
}
