/*
 * The asking side: a cache, questions in flight, and a few helper processes
 * that answer one question at a time. A helper that hangs is ended; a name
 * server that does not answer holds up other names only when all helpers hang.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dict.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privdrop.h"
#include "base/sandbox.h"
#include "server/channel.h"
#include "server/resolver.h"
#include "server/resolver_impl.h"
#include "server/spawn.h"
#include "server/worker.h"

enum {
	HELPERS = 4,
	CACHE_MAX = 1000, /* of each kind */
	CACHE_MS = 300 * 1000,
	IDLE_MS = 1500, /* a helper costs memory, a new one 2 ms */
	LIMIT_MS = 30 * 1000,
	WAITING_MAX = 10000, /* questions */
	TICK_MS = 1000,
};

struct answer {
	struct value *list;
	char *error; /* NULL: none */
	int64_t until;
};

struct asker {
	resolver_fn fn;
	void *arg;
};

struct question {
	unsigned kind;
	char *text;
	struct asker *askers;
	size_t n;
	size_t cap;
	int64_t asked; /* ms: when it was given to a helper, or made */
	int helper;    /* index, -1: waits */
};

struct helper {
	struct resolver *resolver;
	struct channel *channel; /* NULL: does not run */
	pid_t pid;
	struct question *question; /* NULL: idle */
};

struct resolver {
	uv_loop_t *loop;
	bool ipv6;
	struct dict *cache[RESOLVER_KINDS]; /* text -> struct answer, owned */
	struct dict *questions; /* kind and text -> struct question, owned */
	struct helper helpers[HELPERS];
	pid_t dying[HELPERS * 4]; /* killed, not waited for yet; 0: none */
	uv_timer_t tick;
	int64_t busy; /* ms: last question */
};

static void
answer_free(void *p)
{
	struct answer *a = p;

	value_free(a->list);
	free(a->error);
	free(a);
}

static void
question_free(struct question *q)
{
	free(q->text);
	free(q->askers);
	free(q);
}

struct resolver *
resolver_new(uv_loop_t *loop)
{
	struct resolver *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->ipv6 = true;
	for (size_t i = 0; i < RESOLVER_KINDS; i++)
		r->cache[i] = dict_new(answer_free);
	r->questions = dict_new(NULL);
	for (size_t i = 0; i < HELPERS; i++) {
		r->helpers[i].resolver = r;
		r->helpers[i].pid = -1;
	}
	(void)uv_timer_init(loop, &r->tick);
	r->tick.data = r;
	return r;
}

void
resolver_set_ipv6(struct resolver *r, bool allowed)
{
	if (r->ipv6 != allowed)
		resolver_flush(r);
	r->ipv6 = allowed;
}

void
resolver_flush(struct resolver *r)
{
	for (size_t i = 0; i < RESOLVER_KINDS; i++)
		dict_clear(r->cache[i]);
}

/* Ends a helper; it is waited for later, without waiting now. */
static void
stop_helper(struct resolver *r, struct helper *h)
{
	size_t free_slot = 0;

	if (h->channel == NULL)
		return;
	channel_free(h->channel);
	h->channel = NULL;
	(void)kill(h->pid, SIGKILL);
	while (free_slot + 1 < sizeof(r->dying) / sizeof(r->dying[0]) &&
	       r->dying[free_slot] > 0)
		free_slot++;
	if (r->dying[free_slot] > 0)
		(void)waitpid(r->dying[free_slot], NULL, 0);
	r->dying[free_slot] = h->pid;
	h->pid = -1;
}

static bool
reap(struct resolver *r)
{
	bool left = false;

	for (size_t i = 0; i < sizeof(r->dying) / sizeof(r->dying[0]); i++) {
		if (r->dying[i] <= 0)
			continue;
		if (waitpid(r->dying[i], NULL, WNOHANG) == 0)
			left = true;
		else
			r->dying[i] = 0;
	}
	return left;
}

static void
on_tick_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < HELPERS; i++)
		stop_helper(r, &r->helpers[i]);
	for (size_t i = 0; i < sizeof(r->dying) / sizeof(r->dying[0]); i++)
		if (r->dying[i] > 0)
			(void)waitpid(r->dying[i], NULL, 0);
	for (struct dict_iter it = {0}; dict_next(r->questions, &it);)
		question_free(it.value);
	dict_free(r->questions);
	for (size_t i = 0; i < RESOLVER_KINDS; i++)
		dict_free(r->cache[i]);
	uv_close((uv_handle_t *)&r->tick, on_tick_closed);
}

static void
forget_question(struct resolver *r, struct question *q)
{
	char *key = xasprintf("%u%s", q->kind, q->text);

	(void)dict_taken(r->questions, key, strlen(key));
	free(key);
	if (q->helper >= 0)
		r->helpers[q->helper].question = NULL;
}

static void
remember(struct resolver *r, const struct question *q, const struct value *list,
    const char *error)
{
	struct dict *cache = r->cache[q->kind];
	struct answer *a = xcalloc(1, sizeof(*a));

	a->list = value_copy(list);
	a->error = error == NULL ? NULL : xstrdup(error);
	a->until = clock_mono_ms() + CACHE_MS;
	dict_del(cache, q->text);
	dict_set(cache, q->text, a);
	for (struct dict_iter it = {0};
	     dict_count(cache) > CACHE_MAX && dict_next(cache, &it);)
		dict_deln(cache, it.key, it.key_n);
}

static void dispatch(struct resolver *r);

/* The question is gone before anybody hears: they may ask again. */
static void
answer(struct resolver *r, struct question *q, const struct value *list,
    const char *error)
{
	remember(r, q, list, error);
	forget_question(r, q);
	for (size_t i = 0; i < q->n; i++)
		if (q->askers[i].fn != NULL)
			q->askers[i].fn(q->askers[i].arg, list, error);
	question_free(q);
}

static void
fail(struct resolver *r, struct question *q, const char *error)
{
	struct value *none = value_list();

	answer(r, q, none, error);
	value_free(none);
}

static bool
is_list_of_texts(const struct value *v)
{
	if (!value_is(v, VALUE_LIST) || v->n > RESOLVER_ADDRESSES)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (!value_is(v->items[i], VALUE_TEXT) ||
		    v->items[i]->text_n > RESOLVER_NAME ||
		    strlen(v->items[i]->text) != v->items[i]->text_n)
			return false;
	return true;
}

static bool
are_addresses(const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct addr a;

		if (!addr_parse(&a, v->items[i]->text, v->items[i]->text_n))
			return false;
	}
	return true;
}

static void
on_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	struct helper *h = arg;
	struct question *q = h->question;
	const char *error = unpack_str(u, RESOLVER_NAME);
	struct value *list = unpack_value(u);

	(void)type;
	(void)fd;
	if (u->bad || !is_list_of_texts(list) ||
	    (q != NULL && q->kind == RESOLVER_KIND_NAME &&
	        !are_addresses(list)))
		u->bad = true;
	else if (q != NULL) {
		answer(h->resolver, q, list, error[0] == '\0' ? NULL : error);
		dispatch(h->resolver);
	}
	value_free(list);
}

static void
on_closed(void *arg, const char *why)
{
	struct helper *h = arg;
	struct resolver *r = h->resolver;
	struct question *q = h->question;

	stop_helper(r, h);
	if (q != NULL)
		fail(r, q, why == NULL ? "the resolver process died" : why);
	dispatch(r);
}

static const struct channel_kind kinds[] = {
    {64 * 1024, false},
};

static const struct channel_ops ops = {
    .kinds = kinds,
    .nkinds = 1,
    .message = on_message,
    .closed = on_closed,
};

static int
send_setup(struct helper *h, struct err *err)
{
	struct privdrop_user user = {0};
	bool is_root = geteuid() == 0;
	struct buf b = BUF_INIT;

	if (is_root && privdrop_find(&user, err) != 0)
		return -1;
	pack_u8(&b, is_root);
	pack_u32(&b, user.uid);
	pack_u32(&b, user.gid);
	channel_send(h->channel, RESOLVER_SETUP, &b, -1);
	buf_release(&b);
	return 0;
}

static int
start_helper(struct resolver *r, struct helper *h)
{
	struct err err = ERR_INIT;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	h->pid = spawn_self(RESOLVER_WORD, &pair[1], 1, &err);
	(void)close(pair[1]);
	if (h->pid < 0)
		(void)close(pair[0]);
	else {
		h->channel = channel_new(r->loop, pair[0], &ops, h);
		if (send_setup(h, &err) != 0)
			stop_helper(r, h);
	}
	if (h->channel == NULL)
		log_msg(LOG_ERROR, "ipdns", "%s", err_text(&err));
	err_release(&err);
	return h->channel == NULL ? -1 : 0;
}

static struct helper *
free_helper(struct resolver *r)
{
	for (size_t i = 0; i < HELPERS; i++)
		if (r->helpers[i].channel != NULL &&
		    r->helpers[i].question == NULL)
			return &r->helpers[i];
	for (size_t i = 0; i < HELPERS; i++)
		if (r->helpers[i].channel == NULL)
			return start_helper(r, &r->helpers[i]) == 0
			           ? &r->helpers[i]
			           : NULL;
	return NULL;
}

static void
ask(struct resolver *r, struct helper *h, struct question *q)
{
	struct buf b = BUF_INIT;

	h->question = q;
	q->helper = (int)(h - r->helpers);
	q->asked = clock_mono_ms();
	pack_u8(&b, q->kind);
	pack_u8(&b, r->ipv6);
	pack_str(&b, q->text);
	channel_send(h->channel, RESOLVER_ASK, &b, -1);
	buf_release(&b);
}

static void on_tick(uv_timer_t *timer);

static void
dispatch(struct resolver *r)
{
	for (struct dict_iter it = {0}; dict_next(r->questions, &it);) {
		struct question *q = it.value;
		struct helper *h;

		if (q->helper >= 0)
			continue;
		h = free_helper(r);
		if (h == NULL)
			break;
		ask(r, h, q);
	}
	if (!uv_is_active((uv_handle_t *)&r->tick))
		(void)uv_timer_start(&r->tick, on_tick, TICK_MS, TICK_MS);
}

static struct question *
find_late(const struct resolver *r)
{
	int64_t limit = clock_mono_ms() - LIMIT_MS;

	for (struct dict_iter it = {0}; dict_next(r->questions, &it);)
		if (((struct question *)it.value)->asked < limit)
			return it.value;
	return NULL;
}

/* Runs only while there are questions or helpers. */
static void
on_tick(uv_timer_t *timer)
{
	struct resolver *r = timer->data;
	struct question *q;
	bool left = reap(r);

	while ((q = find_late(r)) != NULL) {
		if (q->helper >= 0)
			stop_helper(r, &r->helpers[q->helper]);
		fail(r, q, "timed out");
	}
	if (dict_count(r->questions) > 0) {
		dispatch(r);
		return;
	}
	for (size_t i = 0; i < HELPERS; i++) {
		if (clock_mono_ms() - r->busy > IDLE_MS)
			stop_helper(r, &r->helpers[i]);
		left = left || r->helpers[i].channel != NULL;
	}
	if (left || reap(r))
		return;
	(void)uv_timer_stop(timer);
	/* names are asked for at the start: what it needed is not used now */
	sandbox_trim_memory();
}

static bool
from_cache(struct resolver *r, unsigned kind, const char *text, resolver_fn fn,
    void *arg)
{
	const struct answer *a = dict_get(r->cache[kind], text);
	struct value *list;
	char *error;

	if (a == NULL || a->until < clock_mono_ms())
		return false;
	/* fn may flush the cache. */
	list = value_copy(a->list);
	error = a->error == NULL ? NULL : xstrdup(a->error);
	fn(arg, list, error);
	value_free(list);
	free(error);
	return true;
}

static void
refuse(resolver_fn fn, void *arg, const char *why)
{
	struct value *none = value_list();

	fn(arg, none, why);
	value_free(none);
}

static void
resolve(struct resolver *r, unsigned kind, const char *text, resolver_fn fn,
    void *arg)
{
	struct question *q;
	char *key;

	if (from_cache(r, kind, text, fn, arg))
		return;
	if (strlen(text) > RESOLVER_NAME || text[0] == '\0') {
		refuse(fn, arg, "[Errno -2] Name or service not known");
		return;
	}
	if (dict_count(r->questions) >= WAITING_MAX) {
		refuse(fn, arg, "too many names are being looked up");
		return;
	}
	key = xasprintf("%u%s", kind, text);
	q = dict_get(r->questions, key);
	if (q == NULL) {
		q = xcalloc(1, sizeof(*q));
		q->kind = kind;
		q->text = xstrdup(text);
		q->helper = -1;
		q->asked = clock_mono_ms();
		dict_set(r->questions, key, q);
	}
	free(key);
	GROW(q->askers, q->n, q->cap);
	q->askers[q->n++] = (struct asker){fn, arg};
	r->busy = clock_mono_ms();
	dispatch(r);
}

void
resolver_name(struct resolver *r, const char *name, resolver_fn fn, void *arg)
{
	resolve(r, RESOLVER_KIND_NAME, name, fn, arg);
}

void
resolver_addr(struct resolver *r, const char *addr, resolver_fn fn, void *arg)
{
	resolve(r, RESOLVER_KIND_ADDR, addr, fn, arg);
}

void
resolver_text(struct resolver *r, const char *name, resolver_fn fn, void *arg)
{
	resolve(r, RESOLVER_KIND_TEXT, name, fn, arg);
}

void
resolver_cancel(struct resolver *r, void *arg)
{
	for (struct dict_iter it = {0}; dict_next(r->questions, &it);) {
		struct question *q = it.value;

		for (size_t i = 0; i < q->n; i++)
			if (q->askers[i].arg == arg)
				q->askers[i].fn = NULL;
	}
}
