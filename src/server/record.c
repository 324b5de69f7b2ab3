#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "sensor/codec.h"
#include "server/command.h"
#include "server/record.h"
#include "server/server.h"

/* From this length on iptables chains "f2b-NAME" do not fit. */
enum { LONG_NAME = 26 };

/*
 * What may be asked for. fail2ban: gamin is gone since 1.1; a configuration
 * of 1.0.2 may still name it.
 */
static const struct backend {
	const char *word;
	const char *used;
	const char *kind; /* in "Jail 'x' uses ..." */
	bool listed;
} backends[] = {
    {"pyinotify", "pyinotify", "pyinotify", true},
    {"gamin", "pyinotify", "pyinotify", false},
    {"polling", "polling", "poller", true},
    {"systemd", "systemd", "systemd", true},
    {"auto", "pyinotify", "pyinotify", false},
};

static const struct backend *
backend_find(const char *word)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (strcasecmp(backends[i].word, word) == 0)
			return &backends[i];
	return NULL;
}

struct value *
record_backends(void)
{
	struct value *list = value_list();

	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (backends[i].listed)
			value_adds(list, backends[i].word);
	return list;
}

static int
unknown_backend(const char *word, struct err *err)
{
	struct value *list = record_backends();
	struct buf text = BUF_INIT;

	value_repr(&text, list);
	value_free(list);
	err_set(err, "Unknown backend %s. Must be among %s or 'auto'", word,
	    text.p);
	buf_release(&text);
	return -1;
}

/* ---- rules */

static struct rules
rules_new(void)
{
	struct rules r = {.matches = value_list(), .logs = value_list()};

	filterspec_init(&r.spec);
	r.encoding = xstrdup(codec_default());
	r.dirty = true;
	return r;
}

static void
rules_release(struct rules *r)
{
	filterspec_release(&r->spec);
	free(r->encoding);
	value_free(r->matches);
	value_free(r->logs);
}

/* What a reload starts from: all options, no regexes, no matches, no logs. */
static struct rules *
rules_for_reload(const struct rules *r)
{
	struct rules *next = xcalloc(1, sizeof(*next));
	struct value *v = filterspec_to_value(&r->spec);

	if (filterspec_from_value(&next->spec, v, NULL) != 0)
		filterspec_init(&next->spec);
	value_free(v);
	filterspec_clear_regex(&next->spec);
	next->encoding = xstrdup(r->encoding);
	next->matches = value_list();
	next->logs = value_list();
	next->dirty = true;
	return next;
}

struct rules *
record_rules(struct record *r)
{
	return r->next != NULL ? r->next : &r->rules;
}

/* ---- making and dropping */

static bool
is_journal(const struct record *r)
{
	return strcmp(r->used, "systemd") == 0;
}

static void
say_new(const struct record *r, const char *asked, const char *kind)
{
	struct buf options = BUF_INIT;

	value_repr(&options, r->options);
	if (strlen(r->name) >= LONG_NAME)
		log_msg(LOG_WARN, "jail",
		    "Jail name '%s' might be too long and some commands might "
		    "not function correctly. Please shorten",
		    r->name);
	log_msg(LOG_INFO_, "jail", "Creating new jail '%s'", r->name);
	log_msg(LOG_INFO_, "jail", "Jail '%s' uses %s %s", r->name, kind,
	    options.p);
	if (strcasecmp(asked, "auto") != 0 && strcasecmp(asked, r->used) != 0)
		log_msg(LOG_WARN, "jail",
		    "Could only initiated '%s' backend whenever '%s' was "
		    "requested",
		    r->used, asked);
	else
		log_msg(LOG_INFO_, "jail", "Initiated '%s' backend", r->used);
	buf_release(&options);
}

/* What the monitor has to know before anything else is said. */
static int
introduce(struct record *r, struct err *err)
{
	struct monitor *m = r->server->monitor;

	if (!is_journal(r))
		return 0;
	if (record_push(r, err) != 0)
		return -1;
	return monitor_set_journal(m, r->name, r->options, err);
}

struct record *
record_new(struct server *s, const char *name, const char *backend, bool staged,
    struct err *err)
{
	struct record *r = xcalloc(1, sizeof(*r));
	const struct backend *b;
	struct jail_env env = server_jail_env(s);
	char *word = NULL;

	r->server = s;
	r->name = xstrdup(name);
	r->backend = xstrdup(backend);
	r->rules = rules_new();
	r->staged = staged;
	if (optlist_parse(&word, &r->options, backend, err) != 0)
		goto fail;
	b = backend_find(word);
	if (b == NULL) {
		unknown_backend(word, err);
		goto fail;
	}
	r->used = b->used;
	say_new(r, word, b->kind);
	r->judge = jail_new(name, &env);
	if (!staged && introduce(r, err) != 0)
		goto fail;
	free(word);
	return r;
fail:
	free(word);
	record_free(r);
	return NULL;
}

int
record_has_backend(const struct record *r, const char *backend, struct err *err)
{
	struct value *options = NULL;
	const struct backend *b;
	char *word = NULL;
	int rc = -1;

	if (optlist_parse(&word, &options, backend, err) != 0)
		return -1;
	b = backend_find(word);
	if (b == NULL)
		(void)unknown_backend(word, err);
	else
		rc = strcmp(b->used, r->used) == 0 &&
		     value_eq(options, r->options);
	free(word);
	value_free(options);
	return rc;
}

void
record_free(struct record *r)
{
	if (r == NULL)
		return;
	jail_free(r->judge);
	rules_release(&r->rules);
	if (r->next != NULL)
		rules_release(r->next);
	free(r->next);
	value_free(r->options);
	free(r->broken);
	free(r->backend);
	free(r->name);
	free(r);
}

void
record_free_value(void *r)
{
	record_free(r);
}

/* ---- towards the monitor */

static int
push_matches(struct record *r, struct err *err)
{
	if (!is_journal(r))
		return 0;
	return monitor_set_matches(
	    r->server->monitor, r->name, r->rules.matches, err);
}

int
record_push(struct record *r, struct err *err)
{
	struct rules *rules = &r->rules;

	if (r->staged || r->next != NULL || !rules->dirty)
		return 0;
	if (monitor_jail_set(r->server->monitor, r->name, &rules->spec,
	        rules->encoding, err) != 0)
		return -1;
	rules->dirty = false;
	return 0;
}

int
record_start(struct record *r, struct err *err)
{
	if (r->started)
		return 0;
	log_msg(LOG_DEBUG_, "jail", "Starting jail '%s'", r->name);
	if (record_push(r, err) != 0)
		return -1;
	r->started = true;
	if (is_journal(r) && r->rules.matches->n == 0)
		log_msg(LOG_NOTICE_, "filtersystemd",
		    "[%s] Jail started without 'journalmatch' set. Jail regexs "
		    "will be checked against all journal entries, which is "
		    "not advised for performance reasons.",
		    r->name);
	log_msg(LOG_INFO_, "jail", "Jail '%s' started", r->name);
	jail_start(r->judge, NULL, NULL);
	monitor_start(r->server->monitor, r->name);
	return 0;
}

static void
forget_logs(struct record *r)
{
	struct value *logs = monitor_logs(r->server->monitor, r->name);

	for (size_t i = 0; logs != NULL && i < logs->n; i++)
		monitor_del_log(
		    r->server->monitor, r->name, value_str(value_at(logs, i)));
	value_free(logs);
	monitor_jail_del(r->server->monitor, r->name);
}

static void
on_stopped(void *arg)
{
	struct record *r = arg;
	struct server *s = r->server;
	void (*done)(void *arg) = r->stopped;
	void *done_arg = r->stopped_arg;

	*r->ending_at = r->ending_next;
	if (r->ending_next != NULL)
		r->ending_next->ending_at = r->ending_at;
	log_msg(LOG_INFO_, "jail", "Jail '%s' stopped", r->name);
	if (s->history != NULL)
		history_jail_stop(s->history, r->name);
	record_free(r);
	if (done != NULL)
		done(done_arg);
	server_jail_stopped(s);
}

void
record_stop(struct record *r, void (*done)(void *arg), void *arg)
{
	struct dict *jails = r->server->jails;

	r->stopped = done;
	r->stopped_arg = arg;
	r->server->jails_stopping++;
	log_msg(LOG_DEBUG_, "jail", "Stopping jail '%s'", r->name);
	forget_logs(r); /* while positions still find the jail */
	if (dict_get(jails, r->name) == r)
		(void)dict_taken(jails, r->name, strlen(r->name));
	r->ending_next = r->server->ending;
	r->ending_at = &r->server->ending;
	if (r->ending_next != NULL)
		r->ending_next->ending_at = &r->ending_next;
	r->server->ending = r;
	server_watch(r->server);
	jail_stop(r->judge, on_stopped, r);
}

bool
record_look(struct server *s)
{
	for (struct record *r = s->ending; r != NULL; r = r->ending_next) {
		unsigned long commands = jail_commands(r->judge);

		r->looks = commands != r->commands ? 0 : r->looks + 1;
		r->commands = commands;
		if (r->looks != SERVER_LOOKS)
			continue;
		log_msg(LOG_ERROR, "jail",
		    "Jail '%s' does not end: what still runs is killed",
		    r->name);
		jail_give_up(r->judge);
	}
	return s->ending != NULL;
}

void
record_idle(struct record *r, bool idle)
{
	r->idle = idle;
	jail_idle(r->judge, idle);
	monitor_idle(r->server->monitor, r->name, idle);
}

/* ---- logs */

/* What a reload will open is looked at now, so that it can still be refused. */
static int
stage_log(struct record *r, const char *path, bool tail, bool await,
    struct value **exc)
{
	struct rules *rules = record_rules(r);
	struct value *log = value_tuple();
	struct stat st;

	if (!await && (stat(path, &st) != 0 || S_ISDIR(st.st_mode))) {
		*exc = exception_errno(
		    stat(path, &st) == 0 ? EISDIR : errno, path);
		value_free(log);
		return -1;
	}
	value_adds(log, path);
	value_add(log, value_bool(tail));
	value_add(log, value_bool(await));
	value_add(rules->logs, log);
	return 0;
}

int
record_add_log(struct record *r, const char *path, bool tail, bool await,
    struct value **exc)
{
	struct monitor *m = r->server->monitor;
	struct err err = ERR_INIT;
	int rc;

	/* fail2ban: a jail of the journal has no files and says nothing */
	if (is_journal(r))
		return 0;
	if (r->staged || r->next != NULL)
		return stage_log(r, path, tail, await, exc);
	if (record_push(r, &err) != 0) {
		*exc = exception("builtins.ValueError", "%s", err_text(&err));
		err_release(&err);
		return -1;
	}
	if (await) {
		(void)monitor_await_log(m, r->name, path, tail);
		return 0;
	}
	errno = 0;
	rc = monitor_add_log(m, r->name, path, tail, &err);
	if (rc < 0)
		*exc = errno != 0 ? exception_errno(errno, path)
		                  : exception("builtins.OSError", "%s",
		                        err_text(&err));
	err_release(&err);
	return rc < 0 ? -1 : 0;
}

void
record_del_log(struct record *r, const char *path)
{
	monitor_del_log(r->server->monitor, r->name, path);
}

struct value *
record_logs(const struct record *r)
{
	struct value *logs = monitor_logs(r->server->monitor, r->name);

	return logs == NULL ? value_list() : logs;
}

/* ---- reload */

static bool
is_configured(const struct value *logs, const char *path)
{
	for (size_t i = 0; i < logs->n; i++) {
		const struct value *log = value_at(logs, i);

		/* a file may have come by an awaited pattern */
		if (value_at(log, 2)->b ||
		    strcmp(value_str(value_at(log, 0)), path) == 0)
			return true;
	}
	return false;
}

static bool
has_text(const struct value *list, const char *text)
{
	for (size_t i = 0; list != NULL && i < list->n; i++)
		if (strcmp(value_str(value_at(list, i)), text) == 0)
			return true;
	return false;
}

/* The logs that were staged: new ones are added, others removed. */
static void
commit_logs(struct record *r, const struct value *logs)
{
	struct monitor *m = r->server->monitor;
	struct value *now = record_logs(r);

	for (size_t i = 0; i < now->n; i++)
		if (!is_configured(logs, value_str(value_at(now, i))))
			record_del_log(r, value_str(value_at(now, i)));
	for (size_t i = 0; i < logs->n; i++) {
		const struct value *log = value_at(logs, i);
		const char *path = value_str(value_at(log, 0));
		struct err err = ERR_INIT;

		if (value_at(log, 2)->b)
			(void)monitor_await_log(
			    m, r->name, path, value_at(log, 1)->b);
		else if (!has_text(now, path) &&
		         monitor_add_log(
		             m, r->name, path, value_at(log, 1)->b, &err) < 0)
			log_msg(LOG_ERROR, "filter", "%s", err_text(&err));
		err_release(&err);
	}
	value_free(now);
}

void
record_reload_begin(struct record *r)
{
	r->next = rules_for_reload(&r->rules);
	r->seen = false;
	jail_reload_begin(r->judge);
}

static void
say_error(const struct record *r, struct err *err)
{
	log_msg(LOG_ERROR, "jail", "[%s] %s", r->name, err_text(err));
	err_release(err);
}

/* A new jail of a reload enters the monitor; a kept one gets its new rules. */
void
record_reload_commit(struct record *r, jail_done_fn done, void *arg)
{
	struct value *logs;
	struct err err = ERR_INIT;
	bool was_new = r->staged;

	r->staged = false;
	if (r->next != NULL) {
		rules_release(&r->rules);
		r->rules = *r->next;
		free(r->next);
		r->next = NULL;
	}
	if (was_new && introduce(r, &err) != 0)
		say_error(r, &err);
	if (record_push(r, &err) != 0)
		say_error(r, &err);
	if (push_matches(r, &err) != 0)
		say_error(r, &err);
	logs = r->rules.logs;
	r->rules.logs = value_list();
	commit_logs(r, logs);
	value_free(logs);
	if (!was_new)
		jail_reload_commit(r->judge, done, arg);
	else if (done != NULL)
		done(arg);
}

void
record_reload_abort(struct record *r)
{
	if (r->next == NULL)
		return;
	rules_release(r->next);
	free(r->next);
	r->next = NULL;
	jail_reload_abort(r->judge);
}
