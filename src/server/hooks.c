#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "server/due.h"
#include "server/hooks.h"
#include "server/server.h"

/* ---- from the sensor */

/* A good worker stops soon after it was told; positions count, too. */
static void
look_at_fifo(struct server *s, const struct record *r)
{
	const char *jail = jail_name(r->judge);

	if (jail_full(r->judge))
		monitor_pause(s->monitor, jail, true);
	if (jail_overrun(r->judge))
		monitor_cut_off(s->monitor);
}

static void
on_failure(void *arg, const char *jail, const struct failure *f)
{
	struct server *s = arg;
	struct record *r = dict_get(s->jails, jail);

	if (r == NULL)
		return;
	jail_failure(r->judge, f);
	look_at_fifo(s, r);
}

static void
on_position(void *arg, const char *jail, const char *path,
    const struct monitor_pos *pos)
{
	struct server *s = arg;
	struct record *r = dict_get(s->jails, jail);
	struct history_pos p = {.at = pos->at};

	if (r == NULL)
		return;
	(void)snprintf(p.mark, sizeof(p.mark), "%s", pos->mark);
	jail_position(r->judge, path, &p);
	look_at_fifo(s, r);
}

static bool
on_stored(
    void *arg, const char *jail, const char *path, struct monitor_pos *ret)
{
	struct server *s = arg;
	struct history_pos p;

	if (s->history == NULL || !history_log_get(s->history, jail, path, &p))
		return false;
	(void)snprintf(ret->mark, sizeof(ret->mark), "%s", p.mark);
	ret->at = p.at;
	return true;
}

static void
on_idle(void *arg, const char *jail)
{
	struct server *s = arg;
	struct record *r = dict_get(s->jails, jail);

	if (r == NULL)
		return;
	r->idle = true;
	jail_idle(r->judge, true);
}

const struct monitor_ops hooks_monitor = {
    .failure = on_failure,
    .position = on_position,
    .stored = on_stored,
    .idle = on_idle,
};

/* ---- from the judges */

static void
env_resolve(void *arg, const char *name, resolved_fn fn, void *fn_arg)
{
	struct server *s = arg;

	resolver_name(s->resolver, name, fn, fn_arg);
}

static void
env_resolve_cancel(void *arg, void *fn_arg)
{
	struct server *s = arg;

	resolver_cancel(s->resolver, fn_arg);
}

struct reverse {
	void (*fn)(void *arg, const char *name);
	void *arg;
};

static void
on_reversed(void *arg, const struct value *names, const char *error)
{
	struct reverse *r = arg;

	(void)error;
	r->fn(r->arg, value_str(value_at(names, 0)));
	free(r);
}

static void
env_reverse(void *arg, const struct addr *a,
    void (*fn)(void *fn_arg, const char *name), void *fn_arg)
{
	struct server *s = arg;
	struct reverse *r = xcalloc(1, sizeof(*r));
	struct buf text = BUF_INIT;

	r->fn = fn;
	r->arg = fn_arg;
	addr_print(&text, a);
	resolver_addr(s->resolver, text.p, on_reversed, r);
	buf_release(&text);
}

static bool
kernel_has_ipv6(void)
{
	struct buf text = BUF_INIT;
	bool has = io_read_file(&text,
	               "/proc/sys/net/ipv6/conf/all/disable_ipv6", 16) == 0 &&
	           text.p[0] == '0';

	buf_release(&text);
	return has;
}

bool
server_ipv6(const struct server *s)
{
	return s->ipv6 < 0 ? kernel_has_ipv6() : s->ipv6 != 0;
}

static bool
env_ipv6(void *arg)
{
	return server_ipv6(arg);
}

static void
env_drained(void *arg, struct jail *j)
{
	struct server *s = arg;

	monitor_pause(s->monitor, jail_name(j), false);
}

static void
env_due(void *arg, struct jail *j)
{
	(void)j;
	due_arm(arg);
}

struct jail_env
server_jail_env(struct server *s)
{
	return (struct jail_env){
	    .arg = s,
	    .loop = s->loop,
	    .runner = s->runner,
	    .history = s->history,
	    .waiting_bytes = &s->waiting_bytes,
	    .resolve = env_resolve,
	    .resolve_cancel = env_resolve_cancel,
	    .reverse = env_reverse,
	    .ipv6 = env_ipv6,
	    .drained = env_drained,
	    .due = env_due,
	};
}
