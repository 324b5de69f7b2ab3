/*
 * The order of life: log, socket, jails by commands; at the end every jail
 * side by side, then the history, the socket, the pid file.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "server/cymru.h"
#include "server/daemon.h"
#include "server/due.h"
#include "server/hooks.h"
#include "server/reload.h"
#include "server/server.h"

enum {
	PURGE_MS = 60 * 60 * 1000,
	LOOK_MS = 500, /* what is being stopped is looked at so often */
};

struct record *
server_jail(const struct server *s, const char *name)
{
	struct record *r = reload_staged(s, name);

	return r != NULL ? r : dict_get(s->jails, name);
}

bool
server_has_running(const struct server *s)
{
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);)
		if (((const struct record *)it.value)->started)
			return true;
	return false;
}

/* ---- requests */

static void
on_answer(void *arg, struct value *answer, bool failed)
{
	struct request *rq = arg;

	request_answer(rq, value_pair(value_int(failed ? 1 : 0), answer));
}

static void
on_request(
    void *arg, struct request *rq, const struct value *words, bool readonly)
{
	struct server *s = arg;
	struct caller by = {
	    .flags = readonly ? CALL_READONLY : 0,
	    .job = runner_job_of(s->runner, request_peer(rq)),
	};
	struct value *answer;

	if (s->stopping) {
		answer = value_list();
		value_adds(answer, "SHUTDOWN");
		request_answer(rq, answer);
		return;
	}
	command_run(s, words, by, on_answer, rq);
}

/* ---- options of the server */

int
server_set_loglevel(struct server *s, const char *word, struct err *err)
{
	int level = log_level_parse(word);
	char *upper;

	upper = xstrdup(word);
	for (char *p = upper; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	if (level < 0) {
		(void)err_set(err, "Invalid log level '%s'", upper);
		free(upper);
		return -1;
	}
	free(s->loglevel);
	s->loglevel = upper;
	log_set_level(level);
	return 0;
}

int
server_set_dbfile(struct server *s, const char *path, struct err *err)
{
	const char *now =
	    s->history == NULL ? "None" : history_path(s->history);
	struct history *next = NULL;

	if (strcasecmp(path, "None") == 0)
		path = "None";
	if (strcmp(now, path) == 0)
		return 0;
	if (dict_count(s->jails) > 0)
		return err_set(err, "Cannot change database when there are "
		                    "jails present");
	if (strcmp(path, "None") != 0) {
		next = history_open(path, s->loop, err);
		if (next == NULL)
			return -1;
	}
	if (s->history != NULL)
		history_close(s->history);
	s->history = next;
	return 0;
}

/* ---- stopping */

static void
close_handle(uv_handle_t *h)
{
	if (h->loop != NULL && !uv_is_closing(h))
		uv_close(h, NULL);
}

/* What server_start() made, all of it or what it came to. */
static void
close_all(struct server *s)
{
	for (size_t i = 0; i < SERVER_SIGNALS; i++)
		close_handle((uv_handle_t *)&s->signals[i]);
	close_handle((uv_handle_t *)&s->purge);
	close_handle((uv_handle_t *)&s->patience);
	close_handle((uv_handle_t *)&s->feeder);
	due_stop(s);
	runner_free(s->runner);
	if (s->resolver != NULL)
		resolver_free(s->resolver);
	if (s->monitor != NULL)
		monitor_free(s->monitor);
	control_free(s->control);
}

/* Everything is down: the last words, then the loop runs empty. */
static void
server_finish(struct server *s)
{
	struct call *c = s->stopper;

	if (s->history != NULL) {
		history_close(s->history);
		s->history = NULL;
	}
	if (c != NULL)
		call_end(c);
	control_close(s->control);
	log_msg(LOG_INFO_, "server", "Exiting Fail2ban");
	(void)unlink(s->opts->pidfile);
	close_all(s);
}

void
server_jail_stopped(struct server *s)
{
	s->jails_stopping--;
	if (s->sensor_stopped && s->jails_stopping == 0)
		server_finish(s);
}

static void
on_sensor_stopped(void *arg)
{
	struct server *s = arg;

	s->sensor_stopped = true;
	s->jails_stopping++; /* so that the last one is the last */
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);)
		record_stop(it.value, NULL, NULL);
	server_jail_stopped(s);
}

static void
give_up(struct server *s)
{
	log_msg(LOG_ERROR, "server",
	    "%zu jail(s) do not end: what still runs is killed",
	    s->jails_stopping);
	(void)unlink(s->opts->pidfile);
	control_close(s->control);
	if (s->history != NULL)
		history_close(s->history);
	if (s->stopper != NULL)
		call_end(s->stopper);
	log_msg(LOG_INFO_, "server", "Exiting Fail2ban");
	runner_free(s->runner);
	exit(s->exit_status);
}

/* A stop may take its time as long as something goes on. */
static void
look(struct server *s)
{
	unsigned long started = runner_started(s->runner);

	s->looks = started != s->started ? 0 : s->looks + 1;
	s->started = started;
	if (s->looks >= SERVER_LOOKS)
		give_up(s);
}

static void
on_patience(uv_timer_t *t)
{
	struct server *s = t->data;
	bool ending, reloading;

	if (s->stopping) {
		look(s);
		return;
	}
	ending = record_look(s);
	reloading = reload_look(s);
	if (!ending && !reloading)
		(void)uv_timer_stop(t);
}

void
server_watch(struct server *s)
{
	if (!uv_is_active((uv_handle_t *)&s->patience))
		(void)uv_timer_start(
		    &s->patience, on_patience, LOOK_MS, LOOK_MS);
}

void
server_stop(struct server *s, struct call *c)
{
	s->stopping = true;
	s->stopper = c;
	daemon_notify("STOPPING=1\n");
	log_msg(LOG_INFO_, "server", "Shutdown in progress...");
	log_msg(LOG_INFO_, "observer",
	    "Observer stop ... try to end queue 5 seconds");
	log_msg(LOG_INFO_, "observer", "Observer stopped, 0 events remaining.");
	log_msg(LOG_INFO_, "server", "Stopping all jails");
	cymru_give_up(&s->cymru);
	if (c != NULL && call_answer_job(c, value_none()))
		runner_detach(s->runner, c->job);
	server_watch(s);
	monitor_stop(s->monitor, on_sensor_stopped, s);
}

/* The same by the server itself: after a stream that is under way. */
static void
on_own_stop(void *arg, struct value *answer, bool failed)
{
	struct value *words = arg;

	(void)failed;
	value_free(answer);
	value_free(words);
}

static void
stop_self(struct server *s)
{
	struct value *words = value_list();

	if (s->stopping || s->stop_asked) {
		if (s->stop_asked)
			give_up(s);
		s->stop_asked = true;
		return;
	}
	s->stop_asked = true;
	value_adds(words, "stop");
	command_run(s, words, (struct caller){0}, on_own_stop, words);
}

/* ---- starting */

static void
on_signal(uv_signal_t *h, int number)
{
	struct server *s = h->data;

	if (number == SIGUSR1)
		(void)logtarget_flush(s->logtarget);
	else {
		log_msg(
		    LOG_DEBUG_, "server", "Caught signal %d. Exiting", number);
		stop_self(s);
	}
}

static void
on_purge(uv_timer_t *t)
{
	struct server *s = t->data;

	if (s->history != NULL)
		history_purge(s->history);
}

/* fail2ban: a configuration that fails in the foreground is the end of it. */
static void
on_feeder_exit(uv_process_t *p, int64_t status, int number)
{
	struct server *s = p->data;

	uv_close((uv_handle_t *)p, NULL);
	if ((status == 0 && number == 0) || s->stopping ||
	    server_has_running(s))
		return;
	log_msg(LOG_ERROR, "server", "Async configuration of server failed");
	s->exit_status = 255;
	stop_self(s);
}

static int
start_feeder(struct server *s, struct err *err)
{
	uv_stdio_container_t stdio[3] = {
	    {.flags = UV_IGNORE},
	    {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
	    {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
	};
	uv_process_options_t o = {
	    .file = s->opts->feeder[0],
	    .args = s->opts->feeder,
	    .exit_cb = on_feeder_exit,
	    .stdio = stdio,
	    .stdio_count = 3,
	};
	int rc = uv_spawn(s->loop, &s->feeder, &o);

	s->feeder.data = s;
	return rc == 0
	           ? 0
	           : err_set(err, "cannot run %s: %s", o.file, uv_strerror(rc));
}

static int
check_socket(struct server *s, struct err *err)
{
	struct stat st;

	s->inherited_fd = daemon_inherited_socket();
	if (s->inherited_fd >= 0) {
		log_msg(LOG_INFO_, "asyncserver",
		    "Using socket activation, inherited socket '%s'",
		    s->opts->socket);
		return 0;
	}
	if (lstat(s->opts->socket, &st) != 0)
		return 0;
	if (!s->opts->force) {
		log_msg(LOG_ERROR, "asyncserver",
		    "Fail2ban seems to be already running");
		return err_set(err, "Server already running");
	}
	log_msg(LOG_WARN, "asyncserver", "Forcing execution of the server");
	(void)unlink(s->opts->socket);
	return 0;
}

static void
start_handles(struct server *s)
{
	static const int numbers[SERVER_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1};

	for (size_t i = 0; i < SERVER_SIGNALS; i++) {
		(void)uv_signal_init(s->loop, &s->signals[i]);
		s->signals[i].data = s;
		(void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
	}
	(void)uv_timer_init(s->loop, &s->patience);
	(void)uv_timer_init(s->loop, &s->purge);
	s->patience.data = s->purge.data = s;
	(void)uv_timer_start(&s->purge, on_purge, PURGE_MS, PURGE_MS);
}

static int
server_start(struct server *s, struct err *err)
{
	struct control_opts o = {
	    .path = s->opts->socket, .group = s->opts->group};

	if (check_socket(s, err) != 0)
		return -1;
	o.fd = s->inherited_fd;
	s->pid_written = daemon_write_pidfile(s->opts->pidfile, err) == 0;
	if (!s->pid_written) {
		log_msg(LOG_ERROR, "server", "%s", err_text(err));
		err_reset(err);
	}
	log_msg(LOG_INFO_, "observer", "Observer start...");
	s->runner = runner_new(s->loop);
	s->resolver = resolver_new(s->loop);
	s->monitor = monitor_new(s->loop, &hooks_monitor, s, err);
	if (s->monitor == NULL || due_start(s, err) != 0)
		return -1;
	s->control = control_new(s->loop, &o, on_request, s, err);
	if (s->control == NULL)
		return -1;
	start_handles(s);
	return s->opts->feeder == NULL ? 0 : start_feeder(s, err);
}

static void
open_log(struct server *s)
{
	struct err err = ERR_INIT;

	s->logtarget = logtarget_new(s->opts->verbosity);
	if (s->opts->syslogsocket != NULL)
		(void)logtarget_set_syslogsocket(
		    s->logtarget, s->opts->syslogsocket, &err);
	if (s->opts->loglevel == NULL ||
	    server_set_loglevel(s, s->opts->loglevel, &err) != 0)
		(void)server_set_loglevel(s, "INFO", NULL);
	if (s->opts->logtarget != NULL)
		(void)logtarget_set(s->logtarget, s->opts->logtarget, &err);
	err_release(&err);
	log_msg(LOG_INFO_, "server",
	    "--------------------------------------------------");
	log_msg(LOG_INFO_, "server", "Starting Fail2ban v%s", COMPAT_VERSION);
	if (s->opts->background)
		log_msg(LOG_INFO_, "server", "Daemon started");
}

static void
server_release(struct server *s)
{
	dict_free(s->jails);
	logtarget_free(s->logtarget);
	free(s->loglevel);
	free(s->allowipv6);
}

int
server_run(const struct server_opts *opts)
{
	struct server s = {.opts = opts, .ipv6 = -1, .due_fd = -1};
	struct err err = ERR_INIT;
	uv_loop_t loop;

	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	s.loop = &loop;
	s.jails = dict_new(record_free_value);
	s.allowipv6 = xstrdup("auto");
	open_log(&s);
	(void)uv_loop_init(&loop);
	if (server_start(&s, &err) != 0) {
		log_msg(LOG_ERROR, "server", "Could not start server: %s",
		    err_text(&err));
		log_msg(LOG_INFO_, "server", "Exiting Fail2ban");
		err_release(&err);
		s.exit_status = 255;
		if (s.pid_written)
			(void)unlink(opts->pidfile);
		close_all(&s);
	}
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	server_release(&s);
	return s.exit_status;
}
