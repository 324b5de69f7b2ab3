#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake.h"

struct fake_jail {
	struct value *logs;
	size_t nfail;
};

struct monitor {
	uv_timer_t timer;
	struct dict *jails; /* name -> struct fake_jail */
	monitor_done_fn fn[64];
	void *arg[64];
	size_t n;
};

static struct buf told = BUF_INIT, told_out = BUF_INIT;
static struct buf messages = BUF_INIT, messages_out = BUF_INIT;
static struct buf answer = BUF_INIT;

static const char *
hand_out(struct buf *from, struct buf *to)
{
	buf_reset(to);
	buf_add(to, from->p, from->n);
	buf_reset(from);
	return to->p;
}

const char *
fake_told(void)
{
	return hand_out(&told, &told_out);
}

const char *
fake_log(void)
{
	return hand_out(&messages, &messages_out);
}

/* ---- the monitor */

static void
jail_free_value(void *p)
{
	struct fake_jail *j = p;

	value_free(j->logs);
	free(j);
}

struct monitor *
monitor_new(
    uv_loop_t *loop, const struct monitor_ops *ops, void *arg, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));

	(void)ops;
	(void)arg;
	(void)err;
	(void)uv_timer_init(loop, &m->timer);
	m->timer.data = m;
	m->jails = dict_new(jail_free_value);
	return m;
}

static void
on_closed(uv_handle_t *h)
{
	struct monitor *m = h->data;

	dict_free(m->jails);
	free(m);
}

void
monitor_free(struct monitor *m)
{
	uv_close((uv_handle_t *)&m->timer, on_closed);
}

static void
on_timer(uv_timer_t *t)
{
	struct monitor *m = t->data;
	size_t n = m->n;

	m->n = 0;
	for (size_t i = 0; i < n; i++)
		m->fn[i](m->arg[i]);
}

void
monitor_sync(struct monitor *m, monitor_done_fn fn, void *arg)
{
	ck_assert_uint_lt(m->n, 64);
	m->fn[m->n] = fn;
	m->arg[m->n++] = arg;
	(void)uv_timer_start(&m->timer, on_timer, 0, 0);
}

void
monitor_stop(struct monitor *m, monitor_done_fn fn, void *arg)
{
	monitor_sync(m, fn, arg);
}

int
monitor_jail_set(struct monitor *m, const char *jail,
    const struct filterspec *spec, const char *encoding, struct err *err)
{
	struct fake_jail *j = dict_get(m->jails, jail);

	(void)err;
	if (j == NULL) {
		j = xcalloc(1, sizeof(*j));
		j->logs = value_list();
		dict_set(m->jails, jail, j);
	}
	j->nfail = spec->nfail;
	buf_addf(&told, "rules %s %zu %s;", jail, spec->nfail, encoding);
	return 0;
}

void
monitor_jail_del(struct monitor *m, const char *jail)
{
	buf_addf(&told, "del %s;", jail);
	dict_del(m->jails, jail);
}

void
monitor_idle(struct monitor *m, const char *jail, bool idle)
{
	(void)m;
	buf_addf(&told, "idle %s %d;", jail, idle);
}

void
monitor_pause(struct monitor *m, const char *jail, bool pause)
{
	(void)m;
	buf_addf(&told, "pause %s %d;", jail, pause);
}

void
monitor_cut_off(struct monitor *m)
{
	(void)m;
	buf_adds(&told, "cut off;");
}

void
monitor_start(struct monitor *m, const char *jail)
{
	(void)m;
	buf_addf(&told, "start %s;", jail);
}

int
monitor_add_log(struct monitor *m, const char *jail, const char *path,
    bool tail, struct err *err)
{
	struct fake_jail *j = dict_get(m->jails, jail);

	ck_assert_ptr_nonnull(j);
	if (strcmp(path, "/dev/null") != 0 && strncmp(path, "/fake", 5) != 0) {
		errno = ENOENT;
		return err_set(err, "no %s", path);
	}
	value_adds(j->logs, path);
	buf_addf(&told, "log %s %s%s;", jail, path, tail ? " tail" : "");
	return 0;
}

int
monitor_await_log(
    struct monitor *m, const char *jail, const char *pattern, bool tail)
{
	(void)m;
	(void)tail;
	buf_addf(&told, "await %s %s;", jail, pattern);
	return 0;
}

void
monitor_del_log(struct monitor *m, const char *jail, const char *path)
{
	struct fake_jail *j = dict_get(m->jails, jail);

	for (size_t i = 0; j != NULL && i < j->logs->n; i++)
		if (strcmp(value_str(value_at(j->logs, i)), path) == 0) {
			buf_addf(&told, "dellog %s %s;", jail, path);
			value_remove(j->logs, i);
			return;
		}
}

struct value *
monitor_logs(const struct monitor *m, const char *jail)
{
	const struct fake_jail *j = dict_get(m->jails, jail);

	return j == NULL ? value_list() : value_copy(j->logs);
}

struct value *
monitor_awaited(const struct monitor *m, const char *jail)
{
	(void)m;
	(void)jail;
	return value_list();
}

int
monitor_set_journal(struct monitor *m, const char *jail,
    const struct value *options, struct err *err)
{
	(void)m;
	(void)options;
	(void)err;
	buf_addf(&told, "journal %s;", jail);
	return 0;
}

int
monitor_set_matches(struct monitor *m, const char *jail,
    const struct value *matches, struct err *err)
{
	(void)m;
	(void)err;
	buf_addf(&told, "matches %s ", jail);
	value_repr(&told, matches);
	buf_addc(&told, ';');
	return 0;
}

void
monitor_health(struct monitor *m, const char *jail, struct monitor_health *ret)
{
	(void)m;
	(void)jail;
	*ret = (struct monitor_health){0};
}

int
monitor_worker_pid(const struct monitor *m)
{
	(void)m;
	return -1;
}

/* ---- the resolver: knows no name */

struct resolver *
resolver_new(uv_loop_t *loop)
{
	(void)loop;
	return xcalloc(1, 1);
}

void
resolver_free(struct resolver *r)
{
	free(r);
}

void
resolver_set_ipv6(struct resolver *r, bool allowed)
{
	(void)r;
	(void)allowed;
}

void
resolver_name(struct resolver *r, const char *name, resolver_fn fn, void *arg)
{
	struct value *none = value_list();

	(void)r;
	(void)name;
	fn(arg, none, NULL);
	value_free(none);
}

void
resolver_addr(struct resolver *r, const char *addr, resolver_fn fn, void *arg)
{
	resolver_name(r, addr, fn, arg);
}

void
resolver_text(struct resolver *r, const char *name, resolver_fn fn, void *arg)
{
	struct value *list = value_list();
	const char *error = RESOLVER_NXDOMAIN;

	(void)r;
	buf_addf(&told, "text %s;", name);
	if (strncmp(name, "1.2.0.192.", 10) == 0) {
		value_adds(list, "64500 | 192.0.2.0/24 | DE | ripencc | 2001");
		error = NULL;
	}
	fn(arg, list, error);
	value_free(list);
}

void
resolver_cancel(struct resolver *r, void *arg)
{
	(void)r;
	(void)arg;
}

void
resolver_flush(struct resolver *r)
{
	(void)r;
}

/* ---- the server */

static void
keep(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)name;
	buf_addf(&messages, "%s ", log_level_name(level));
	buf_add(&messages, msg, n);
	buf_addc(&messages, '\n');
}

struct server *
fake_server(void)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->loop = xcalloc(1, sizeof(*s->loop));
	ck_assert_int_eq(uv_loop_init(s->loop), 0);
	(void)uv_timer_init(s->loop, &s->patience);
	s->patience.data = s;
	s->jails = dict_new(record_free_value);
	s->runner = runner_new(s->loop);
	s->monitor = monitor_new(s->loop, NULL, s, NULL);
	s->resolver = resolver_new(s->loop);
	s->logtarget = logtarget_new(0);
	s->loglevel = xstrdup("INFO");
	s->allowipv6 = xstrdup("auto");
	s->ipv6 = -1;
	s->due_fd = -1;
	s->ready = true;
	log_set_sink(keep, NULL);
	buf_reset(&messages);
	buf_reset(&told);
	return s;
}

void
fake_server_free(struct server *s)
{
	dict_free(s->jails);
	if (s->history != NULL)
		history_close(s->history);
	runner_free(s->runner);
	monitor_free(s->monitor);
	resolver_free(s->resolver);
	uv_close((uv_handle_t *)&s->patience, NULL);
	(void)uv_run(s->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(s->loop), 0);
	logtarget_free(s->logtarget);
	free(s->loglevel);
	free(s->allowipv6);
	free(s->loop);
	free(s);
	buf_release(&told);
	buf_release(&told_out);
	buf_release(&messages);
	buf_release(&messages_out);
	buf_release(&answer);
}

/* ---- requests as text */

/* A text; \0 in it stands for a NUL. */
static struct value *
quoted(const char *p, size_t n)
{
	struct buf text = BUF_INIT;
	struct value *v;

	for (size_t i = 0; i < n; i++) {
		bool nul = i + 1 < n && p[i] == '\\' && p[i + 1] == '0';

		buf_addc(&text, nul ? '\0' : p[i]);
		i += nul;
	}
	v = value_textn(text.p, text.n);
	buf_release(&text);
	return v;
}

static struct value *parse(const char **p);

static void
parse_items(struct value *list, const char **p, char end)
{
	while (**p != end) {
		if (**p == ',' || **p == ' ') {
			(*p)++;
			continue;
		}
		ck_assert_msg(**p != '\0', "request is cut off");
		value_add(list, parse(p));
	}
	(*p)++;
}

static struct value *
parse_word(const char **p)
{
	static const char *const words[] = {"None", "True", "False"};
	char *end;
	double f;

	for (size_t i = 0; i < 3; i++)
		if (strncmp(*p, words[i], strlen(words[i])) == 0) {
			*p += strlen(words[i]);
			return i == 0 ? value_none() : value_bool(i == 1);
		}
	f = strtod(*p, &end);
	ck_assert_msg(end != *p, "cannot read %s", *p);
	*p = end;
	return f == (double)(long long)f ? value_int((long long)f)
	                                 : value_float(f);
}

static struct value *
parse(const char **p)
{
	const char *start = *p + 1;
	struct value *v;
	size_t n;

	switch (**p) {
	case '[':
	case '(':
		v = **p == '[' ? value_list() : value_tuple();
		(*p)++;
		parse_items(v, p, start[-1] == '[' ? ']' : ')');
		return v;
	case '{':
		v = value_dict();
		(*p)++;
		while (**p != '}') {
			struct value *key = parse(p);

			*p += strspn(*p, ": ");
			value_set(v, value_str(key), parse(p));
			value_free(key);
			*p += strspn(*p, ", ");
		}
		(*p)++;
		return v;
	case '\'':
	case '"':
		n = strcspn(start, **p == '"' ? "\"" : "'");
		*p = start + n + 1;
		return quoted(start, n);
	default:
		return parse_word(p);
	}
}

struct value *
fake_parse(const char *text)
{
	return parse(&text);
}

static void
on_answer(void *arg, struct value *v, bool failed)
{
	bool *done = arg;

	(void)failed;
	buf_reset(&answer);
	value_repr(&answer, v);
	value_free(v);
	*done = true;
}

const char *
fake_run(struct server *s, const char *request)
{
	struct value *words = fake_parse(request);
	bool done = false;

	command_run(s, words, (struct caller){0}, on_answer, &done);
	for (int i = 0; i < 1000 && !done; i++)
		(void)uv_run(s->loop, UV_RUN_ONCE);
	ck_assert_msg(done, "no answer to %s", request);
	value_free(words);
	return answer.p;
}
