/*
 * A reload first executes all of its commands: kept jails collect new rules,
 * new ones are made but stay unknown to the rest. Only when nothing failed
 * it goes on in steps, each waiting for the one before: lift bans (--unban),
 * stop what goes or is replaced, put the new into place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/daemon.h"
#include "server/reload.h"
#include "server/server.h"
#include "server/stream.h"

struct reload {
	struct stream *stream;
	const char *jail; /* or "--all", borrowed from the call */
	bool all;
	bool unban;
	bool restart;
	bool staging;        /* commands are being executed */
	struct dict *staged; /* name -> new record, owned */
	struct dict *starts; /* names that are to run */
	struct dict *keep;   /* names left as they are: wrong configuration */
	size_t waiting;      /* steps under way */
	int looks;           /* at the last step, see reload_look() */
	bool late;           /* it is not waited for any more */
	bool answered;
	void (*then)(struct reload *r);
	struct globals { /* to go back to */
		int level;
		char *loglevel;
		char *allowipv6;
		int ipv6;
		char *logtarget; /* with options, NULL: none */
		char *syslogsocket;
		int maxmatches;
		double purgeage;
	} before;
};

static int present; /* what a set of names holds as value */

/* ---- its parts of other commands */

bool
reload_is_staging(const struct server *s)
{
	return s->reload != NULL && s->reload->staging;
}

struct record *
reload_staged(const struct server *s, const char *name)
{
	return reload_is_staging(s) ? dict_get(s->reload->staged, name) : NULL;
}

static bool
is_affected(const struct reload *r, const char *name)
{
	return r->all || strcmp(r->jail, name) == 0;
}

static enum outcome
stage_new(struct call *c, const char *name, const char *backend)
{
	struct reload *r = c->server->reload;
	struct err err = ERR_INIT;
	struct record *fresh;

	fresh = record_new(c->server, name, backend, true, &err);
	if (fresh == NULL)
		return call_error(c, &err);
	dict_set(r->staged, name, fresh);
	return call_ok(c, value_text(name));
}

enum outcome
reload_add(struct call *c, const char *name, const char *backend)
{
	struct reload *r = c->server->reload;
	struct record *live = dict_get(c->server->jails, name);
	struct err err = ERR_INIT;
	int same;

	if (dict_get(r->staged, name) != NULL ||
	    (live != NULL && (live->seen || !is_affected(r, name))))
		return call_raise(
		    c, exception("fail2ban.exceptions.DuplicateJailException",
		           "%s", name));
	if (live == NULL || r->restart)
		return stage_new(c, name, backend);
	same = record_has_backend(live, backend, &err);
	if (same < 0)
		return call_error(c, &err);
	if (same == 0) {
		log_msg(LOG_INFO_, "server",
		    "Restart jail '%s' (reason: '%s' != '%s')", name,
		    live->backend, backend);
		return stage_new(c, name, backend);
	}
	log_msg(LOG_INFO_, "server", "Reload jail '%s'", name);
	record_reload_begin(live);
	live->seen = true;
	return call_ok(c, value_text(name));
}

enum outcome
reload_start(struct call *c, const char *name)
{
	dict_set(c->server->reload->starts, name, &present);
	return call_ok(c, value_none());
}

/*
 * "Jail 'NAME' skipped, because of wrong configuration": what runs under that
 * name is better than nothing.
 */
void
reload_config_error(struct server *s, const char *text)
{
	static const char before[] = "Jail '", after[] = "' skipped";
	const char *end = strstr(text, after);

	if (!reload_is_staging(s) || end == NULL ||
	    strncmp(text, before, sizeof(before) - 1) != 0)
		return;
	text += sizeof(before) - 1;
	if (end > text)
		dict_setn(
		    s->reload->keep, text, (size_t)(end - text), &present);
}

/* ---- from begin to end */

static void
save_globals(struct server *s, struct globals *g)
{
	g->level = log_level();
	g->loglevel = xstrdup(s->loglevel);
	g->allowipv6 = xstrdup(s->allowipv6);
	g->ipv6 = s->ipv6;
	if (logtarget_text(s->logtarget) != NULL)
		g->logtarget = xstrdup(logtarget_text(s->logtarget));
	g->syslogsocket = xstrdup(logtarget_syslogsocket(s->logtarget));
	if (s->history != NULL) {
		g->maxmatches = history_maxmatches(s->history);
		g->purgeage = history_purgeage(s->history);
	}
}

static void
restore_globals(struct server *s, struct globals *g)
{
	log_set_level(g->level);
	free(s->loglevel);
	s->loglevel = g->loglevel;
	free(s->allowipv6);
	s->allowipv6 = g->allowipv6;
	g->loglevel = g->allowipv6 = NULL;
	s->ipv6 = g->ipv6;
	(void)logtarget_set_syslogsocket(s->logtarget, g->syslogsocket, NULL);
	if (g->logtarget != NULL)
		(void)logtarget_set(s->logtarget, g->logtarget, NULL);
	if (s->history != NULL) {
		history_set_maxmatches(s->history, g->maxmatches);
		history_set_purgeage(s->history, g->purgeage);
	}
}

static void
reload_free(struct reload *r)
{
	dict_free(r->staged);
	dict_free(r->starts);
	dict_free(r->keep);
	free(r->before.loglevel);
	free(r->before.allowipv6);
	free(r->before.logtarget);
	free(r->before.syslogsocket);
	free(r);
}

static void
reload_answer(struct reload *r)
{
	struct stream *st = r->stream;
	struct call *c = st->call;

	log_msg(LOG_INFO_, "server", "Reload finished.");
	st->server->reload = NULL;
	daemon_trim();
	c->said = true; /* by the commands that failed */
	if (st->error != NULL)
		(void)call_raise(c, st->error);
	else
		(void)call_ok(c, value_text("OK"));
	st->error = NULL;
	r->answered = true;
	if (r->waiting == 0)
		reload_free(r);
	stream_end(st);
	call_end(c);
}

/* Nothing has happened. */
static void
reload_abort(struct reload *r)
{
	struct server *s = r->stream->server;

	r->staging = false;
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);)
		record_reload_abort(it.value);
	for (struct dict_iter it = {0}; dict_next(r->staged, &it);)
		if (s->history != NULL && dict_get(s->jails, it.key) == NULL)
			history_jail_stop(s->history, it.key);
	restore_globals(s, &r->before);
	log_msg(
	    LOG_ERROR, "server", "Reload failed, everything stays as it was");
	reload_answer(r);
}

/* One of the things that a step waits for has ended. */
static void
step_done(void *arg)
{
	struct reload *r = arg;

	if (--r->waiting > 0)
		return;
	if (!r->late)
		r->then(r);
	else if (r->answered)
		reload_free(r);
}

static void
on_unbanned(void *arg, int count)
{
	(void)count;
	step_done(arg);
}

/* Runs a step: its own work counts as one, so "then" comes exactly once. */
static void
reload_step(struct reload *r, void (*work)(struct reload *r),
    void (*then)(struct reload *r))
{
	r->then = then;
	r->waiting = 1;
	work(r);
	step_done(r);
}

static void
lift_bans(struct reload *r)
{
	struct server *s = r->stream->server;

	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		struct record *rec = it.value;

		if (!r->unban || !is_affected(r, it.key))
			continue;
		r->waiting++;
		/* what comes after it waits in the same queue */
		jail_hasty(rec->judge, true);
		jail_unban_all(rec->judge, on_unbanned, r);
		jail_hasty(rec->judge, false);
	}
}

static bool
goes_away(const struct reload *r, const struct record *rec)
{
	if (dict_get(r->staged, rec->name) != NULL)
		return true;
	return is_affected(r, rec->name) &&
	       dict_get(r->keep, rec->name) == NULL &&
	       (!rec->seen || dict_get(r->starts, rec->name) == NULL);
}

static void
stop_old(struct reload *r)
{
	struct server *s = r->stream->server;

	if (r->restart && r->all)
		log_msg(LOG_INFO_, "server", "Stopping all jails");
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		struct record *rec = it.value;

		if (!goes_away(r, rec))
			continue;
		record_reload_abort(rec);
		r->waiting++;
		record_stop(rec, step_done, r);
	}
}

static void
start_if_wanted(const struct reload *r, struct record *rec)
{
	struct err err = ERR_INIT;

	if (dict_get(r->starts, rec->name) == NULL)
		return;
	if (record_start(rec, &err) != 0)
		log_msg(
		    LOG_ERROR, "jail", "[%s] %s", rec->name, err_text(&err));
	err_release(&err);
}

static void
place_new(struct reload *r)
{
	struct server *s = r->stream->server;

	for (struct dict_iter it = {0}; dict_next(r->staged, &it);) {
		struct record *rec = dict_taken(r->staged, it.key, it.key_n);

		dict_set(s->jails, rec->name, rec);
		if (s->history != NULL)
			history_jail_add(s->history, rec->name);
		record_reload_commit(rec, NULL, NULL);
		start_if_wanted(r, rec);
	}
}

static void
renew_kept(struct reload *r)
{
	struct server *s = r->stream->server;

	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		struct record *rec = it.value;

		if (rec->next == NULL)
			continue;
		r->waiting++;
		log_msg(LOG_INFO_, "server", "Jail '%s' reloaded", rec->name);
		record_reload_commit(rec, step_done, r);
		start_if_wanted(r, rec);
	}
}

static void
put_into_place(struct reload *r)
{
	renew_kept(r);
	place_new(r);
}

static void
on_reload_synced(void *arg)
{
	reload_answer(arg);
}

static void
reload_sync(struct reload *r)
{
	monitor_sync(r->stream->server->monitor, on_reload_synced, r);
}

/* A hanging action does what it has to later, and the reload is done. */
bool
reload_look(struct server *s)
{
	struct reload *r = s->reload;

	if (r == NULL || r->staging)
		return false;
	if (r->then == reload_sync && !r->late && ++r->looks >= SERVER_LOOKS) {
		r->late = true;
		log_msg(LOG_WARN, "server",
		    "Actions take long: they are reloaded later");
		reload_sync(r);
	}
	return true;
}

static void
after_stop(struct reload *r)
{
	reload_step(r, put_into_place, reload_sync);
}

static void
after_unban(struct reload *r)
{
	reload_step(r, stop_old, after_stop);
}

void
reload_executed(struct reload *r)
{
	if (r->stream->error != NULL) {
		reload_abort(r);
		return;
	}
	r->staging = false;
	server_watch(r->stream->server);
	(void)call_answer_job(r->stream->call, value_text("OK"));
	reload_step(r, lift_bans, after_unban);
}

static bool
is_sequence(const struct value *v)
{
	return value_is(v, VALUE_LIST) || value_is(v, VALUE_TUPLE);
}

static bool
has_option(const struct value *options, const char *option)
{
	for (size_t i = 0; is_sequence(options) && i < options->n; i++) {
		const char *text = value_str(value_at(options, i));

		if (text != NULL && strcmp(text, option) == 0)
			return true;
	}
	return false;
}

static struct reload *
reload_new(struct call *c)
{
	struct reload *r = xcalloc(1, sizeof(*r));
	const struct value *options = call_arg(c, 1);

	r->jail = call_text(c, 0);
	r->all = strcmp(r->jail, "--all") == 0;
	r->unban = has_option(options, "--unban");
	r->restart = has_option(options, "--restart");
	r->staging = true;
	r->staged = dict_new(record_free_value);
	r->starts = dict_new(NULL);
	r->keep = dict_new(NULL);
	save_globals(c->server, &r->before);
	return r;
}

enum outcome
reload_run(struct call *c)
{
	const struct value *commands = call_arg(c, 2);
	const char *name = call_text(c, 0);
	bool all = strcmp(name, "--all") == 0;
	struct reload *r;

	if (!is_sequence(commands))
		return call_fail(
		    c, "builtins.TypeError", "reload wants a list of commands");
	if (all)
		log_msg(LOG_INFO_, "server", "Reload all jails");
	else
		log_msg(LOG_INFO_, "server", "Reload jail %s", name);
	if (!all && server_jail(c->server, name) == NULL &&
	    !has_option(call_arg(c, 1), "--if-exists")) {
		log_msg(LOG_INFO_, "server", "Reload finished.");
		return call_raise(c, exception_jail(name));
	}
	r = reload_new(c);
	r->stream = stream_new(c, commands);
	c->server->reload = r;
	for (struct dict_iter it = {0}; dict_next(c->server->jails, &it);)
		((struct record *)it.value)->seen = false;
	if (r->all)
		resolver_flush(c->server->resolver);
	r->stream->answered = true;
	stream_go(r->stream);
	return PENDING;
}
