/* Commands of the first word (spec 15 sections 1 and 4). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "server/command.h"
#include "server/reload.h"
#include "server/server.h"
#include "server/stream.h"

static enum outcome
run_ping(struct call *c)
{
	return call_ok(c, value_text("pong"));
}

static enum outcome
run_version(struct call *c)
{
	const char *how = call_text(c, 0);

	/* our client asks so whether the server is one of ours */
	if (how != NULL && strcmp(how, "--full") == 0)
		return call_ok(c, value_textf("%s (%s %s)", COMPAT_VERSION,
		                      OWN_NAME, OWN_VERSION));
	return call_ok(c, value_text(COMPAT_VERSION));
}

static enum outcome
run_echo(struct call *c)
{
	struct value *list = value_list();

	for (size_t i = 0; i < call_nargs(c); i++)
		value_add(list, value_copy(call_arg(c, i)));
	return call_ok(c, list);
}

static enum outcome
run_server_status(struct call *c)
{
	return call_ok(c, value_text("Server ready"));
}

static enum outcome
run_config_error(struct call *c)
{
	log_lines(LOG_ERROR, "transmitter", "%s", call_text(c, 0));
	reload_config_error(c->server, call_text(c, 0));
	return call_ok(c, value_none());
}

static enum outcome
run_flushlogs(struct call *c)
{
	struct logtarget *t = c->server->logtarget;
	const char *done = logtarget_flush(t);

	return done != NULL
	           ? call_ok(c, value_text(done))
	           : call_raise(c, exception_errno(errno, logtarget_name(t)));
}

/* ---- sleep */

struct nap {
	uv_timer_t timer;
	struct call *call;
};

static void
on_nap_closed(uv_handle_t *h)
{
	struct nap *n = h->data;

	free(n);
}

static void
on_nap(uv_timer_t *t)
{
	struct nap *n = t->data;

	(void)call_ok(n->call, value_none());
	call_end(n->call);
	uv_close((uv_handle_t *)t, on_nap_closed);
}

static enum outcome
run_sleep(struct call *c)
{
	const char *text = call_text(c, 0);
	struct buf repr = BUF_INIT;
	struct nap *n;
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0 && seconds < 1e6)) {
		value_repr_text(&repr, text, strlen(text));
		(void)call_fail(c, "builtins.ValueError",
		    "could not convert string to float: %s", repr.p);
		buf_release(&repr);
		return DONE;
	}
	n = xcalloc(1, sizeof(*n));
	n->call = c;
	n->timer.data = n;
	(void)uv_timer_init(c->server->loop, &n->timer);
	(void)uv_timer_start(&n->timer, on_nap, (uint64_t)(seconds * 1000), 0);
	/* a stop does not wait for sleepers */
	uv_unref((uv_handle_t *)&n->timer);
	return PENDING;
}

/* ---- jails */

static enum outcome
run_add(struct call *c)
{
	const char *name = call_text(c, 0), *backend = call_text(c, 1);
	struct record *r;
	struct err err = ERR_INIT;

	if (backend == NULL)
		backend = "auto";
	if (strcmp(name, "--all") == 0)
		return call_fail(
		    c, "builtins.ValueError", "Reserved name '--all'");
	if (reload_is_staging(c->server))
		return reload_add(c, name, backend);
	if (server_jail(c->server, name) != NULL)
		return call_raise(
		    c, exception("fail2ban.exceptions.DuplicateJailException",
		           "%s", name));
	r = record_new(c->server, name, backend, false, &err);
	if (r == NULL)
		return call_error(c, &err);
	dict_set(c->server->jails, name, r);
	return call_ok(c, value_text(name));
}

static enum outcome
run_start(struct call *c)
{
	const char *name = call_text(c, 0);
	struct record *r = server_jail(c->server, name);
	struct err err = ERR_INIT;

	if (r == NULL)
		return call_raise(c, exception_jail(name));
	if (reload_is_staging(c->server))
		return reload_start(c, name);
	if (record_start(r, &err) != 0)
		return call_error(c, &err);
	return call_ok(c, value_none());
}

/* ---- stop */

static void
on_jail_stopped(void *arg)
{
	struct call *c = arg;

	(void)call_ok(c, value_none());
	call_end(c);
}

struct stop_all {
	struct call *call;
	size_t waiting;
};

static void
on_one_stopped(void *arg)
{
	struct stop_all *a = arg;

	if (--a->waiting > 0)
		return;
	on_jail_stopped(a->call);
	free(a);
}

static enum outcome
stop_all(struct call *c)
{
	struct stop_all *a = xcalloc(1, sizeof(*a));
	struct dict *jails = c->server->jails;

	log_msg(LOG_INFO_, "server", "Stopping all jails");
	a->call = c;
	a->waiting = 1;
	(void)call_answer_job(c, value_none());
	for (struct dict_iter it = {0}; dict_next(jails, &it);) {
		a->waiting++;
		record_stop(it.value, on_one_stopped, a);
	}
	on_one_stopped(a);
	return PENDING;
}

static enum outcome
run_stop(struct call *c)
{
	const char *name = call_text(c, 0);
	struct record *r;

	if (name == NULL) {
		(void)call_ok(c, value_none());
		server_stop(c->server, c);
		return PENDING;
	}
	if (strcmp(name, "--all") == 0)
		return stop_all(c);
	r = dict_get(c->server->jails, name);
	if (r == NULL)
		return call_raise(c, exception_jail(name));
	(void)call_answer_job(c, value_none());
	record_stop(r, on_jail_stopped, c);
	return PENDING;
}

const struct row server_rows[] = {
    {"add", 1, run_add, ROW_UTF8},
    {"banned", 0, ban_banned, ROW_READ},
    {"config-error", 1, run_config_error, 0},
    {"echo", 0, run_echo, 0},
    {"flushlogs", 0, run_flushlogs, 0},
    {"get", 1, command_get, ROW_READ},
    {"multi-set", 1, command_multi_set, 0},
    {"ping", 0, run_ping, ROW_READ},
    {"reload", 3, reload_run, ROW_EXCLUSIVE | ROW_STREAM},
    {"server-status", 0, run_server_status, ROW_READ},
    {"server-stream", 1, stream_run, ROW_EXCLUSIVE | ROW_STREAM},
    {"set", 1, command_set, 0},
    {"sleep", 1, run_sleep, 0},
    {"start", 1, run_start, 0},
    {"statistic", 0, status_stats, ROW_READ},
    {"statistics", 0, status_stats, ROW_READ},
    {"stats", 0, status_stats, ROW_READ},
    {"status", 0, status_status, ROW_READ},
    {"stop", 0, run_stop, ROW_EXCLUSIVE},
    {"unban", 0, ban_unban, ROW_UTF8},
    {"version", 0, run_version, ROW_READ},
    {NULL, 0, NULL, 0},
};
