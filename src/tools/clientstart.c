/*
 * What needs the configuration: it is compiled here to a stream of commands,
 * which the server then executes.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "tools/client.h"
#include "tools/firststart.h"
#include "tools/sessions.h"

static void
progress(const struct client *c, const char *text)
{
	if (c->interactive)
		client_print(text, strlen(text));
}

static struct value *
one_word(const char *word)
{
	struct value *v = value_list();

	value_adds(v, word);
	return v;
}

/*
 * The stream for a jail, or all (NULL). wait: jails without log files get the
 * command that waits for them, which a server of ours knows. NULL: said.
 */
static struct value *
load_stream(struct client *c, const char *jail, bool wait)
{
	struct config_opts opts = c->config;
	struct value *stream = NULL;
	int bad = 0;

	if (client_load_settings(c) == -1)
		return NULL;
	opts.jail = jail;
	opts.wait_for_logs = wait;
	if (config_load(&stream, &bad, &opts) == -1) {
		client_tell_error(c, "the configuration cannot be used: "
		                     "standard error tells why");
		return NULL;
	}
	return stream;
}

/* ---- waiting */

static void
pause_ms(int ms)
{
	struct timespec ts = {.tv_nsec = (long)ms * 1000000};

	(void)nanosleep(&ts, NULL);
}

/* A starter that ended with an error will not bring a server. */
static bool
has_failed(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, WNOHANG) == pid &&
	       !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/*
 * Waits until the server answers (up) or does no more, at most --timeout.
 * A server is up within some milliseconds: the first looks are close.
 */
static bool
wait_server(struct client *c, bool up, pid_t pid)
{
	int64_t end = clock_mono_ms() + (int64_t)(c->o->timeout * 1000);
	int step = 1;

	while (client_ping(c, 0.5) != up) {
		bool failed = up && has_failed(pid);

		if (failed || clock_mono_ms() >= end)
			return !failed && client_ping(c, 0.5) == up;
		pause_ms(step);
		step = step < 50 ? step + 1 : 50;
	}
	return true;
}

/* ---- start */

/* Sends the stream, then asks whether the server is ready, and says so. */
static int
configure(struct client *c, struct value *stream)
{
	struct value *request = one_word("server-stream");
	struct value *status = one_word("server-status");
	int rv, ready;

	value_add(request, stream);
	rv = client_send(c, request, request, CLIENT_QUIET);
	/* fail2ban: ready all the same; JSON is one answer only */
	ready = client_send(c, status, status,
	    c->o->json && rv != CLIENT_GOOD ? CLIENT_TELL_ERROR : CLIENT_TELL);
	value_free(request);
	value_free(status);
	return rv != CLIENT_GOOD ? rv : ready;
}

/* For a server that is about to begin, not for one that runs. */
static void
protect_sessions(struct client *c, struct value *stream)
{
	struct sessions_from from = {.proc = "/proc",
	    .sessions = "/run/systemd/sessions",
	    .pid = getpid()};
	struct value *addresses;

	if (!firststart_is(stream) || !config_protects_ssh(&c->config))
		return;
	addresses = sessions_addresses(&from);
	firststart_protect(stream, addresses, c->config.dir);
	value_free(addresses);
}

static int
not_started(struct client *c)
{
	return client_fail(c,
	    "Could not start server. Maybe an old socket file is still "
	    "present. Try to remove %s. If you used fail2ban-client to start "
	    "the server, adding the -x option will do it",
	    c->socket);
}

/* Starts the server and gives it the stream, which is taken over. */
static int
start_with(struct client *c, struct value *stream)
{
	pid_t pid;

	if (access(c->socket, F_OK) == 0 && !c->o->force) {
		value_free(stream);
		return client_fail(c,
		    "Fail2ban seems to be in unexpected state (not running "
		    "but the socket exists)");
	}
	pid = client_spawn(c);
	if (pid == -1 || !wait_server(c, true, pid)) {
		value_free(stream);
		return pid == -1 ? CLIENT_BAD : not_started(c);
	}
	protect_sessions(c, stream);
	return configure(c, stream);
}

int
client_start(struct client *c)
{
	struct value *stream;

	if (client_load_settings(c) == -1)
		return CLIENT_BAD;
	if (client_ping(c, 0.1))
		return client_fail(c, "Server already running");
	if (c->o->foreground)
		return client_become_server(c);
	stream = load_stream(c, NULL, true);
	return stream != NULL ? start_with(c, stream) : CLIENT_BAD;
}

/* fail2ban: no server to stop is an error that is told, but stops nothing */
static int
stop_running(struct client *c)
{
	struct value *stop = one_word("stop");
	int rv = CLIENT_GOOD;

	/* JSON is one answer only */
	if (!c->o->json)
		rv = client_send(c, stop, stop, CLIENT_TELL);
	else if (client_ping(c, 1))
		rv = client_send(c, stop, stop, CLIENT_TELL_ERROR);
	value_free(stop);
	if (rv == CLIENT_GOOD && !wait_server(c, false, 0))
		return client_fail(c, "Could not stop server");
	return CLIENT_GOOD;
}

/*
 * The configuration is read before the server is stopped: a mistake in it
 * must not leave the machine without a server.
 */
int
client_restart(struct client *c)
{
	struct value *stream;

	progress(c, "  ## load configuration ... ");
	stream = load_stream(c, NULL, true);
	if (stream == NULL)
		return CLIENT_BAD;
	progress(c, "  ## stop ... ");
	if (stop_running(c) != CLIENT_GOOD) {
		value_free(stream);
		return CLIENT_BAD;
	}
	progress(c, "  ## start ... ");
	if (c->o->foreground) {
		value_free(stream);
		return client_become_server(c);
	}
	return start_with(c, stream);
}

int
client_feed(struct client *c)
{
	struct value *stream = load_stream(c, NULL, true);

	if (stream == NULL)
		return CLIENT_BAD;
	if (wait_server(c, true, 0)) {
		protect_sessions(c, stream);
		return configure(c, stream);
	}
	value_free(stream);
	return not_started(c);
}

/* ---- reload */

static bool
is_reload_option(const char *s)
{
	return strcmp(s, "--restart") == 0 || strcmp(s, "--unban") == 0 ||
	       strcmp(s, "--if-exists") == 0;
}

/*
 * Options at the front of the words go to opts; *jail is what is left, NULL
 * for all. -1: too much is left (said).
 */
static int
reload_words(struct client *c, struct value *opts, const char **jail,
    const struct value *command)
{
	struct value *rest = value_list();
	struct buf b = BUF_INIT;
	int rv = 0;

	*jail = NULL;
	for (size_t i = 1; i < command->n; i++) {
		const char *word = command->items[i]->text;

		if (rest->n == 0 && is_reload_option(word)) {
			value_adds(opts, word);
			continue;
		}
		value_adds(rest, word);
		*jail = strcmp(word, "--all") == 0 ? NULL : word;
	}
	if (rest->n > 1) {
		value_repr(&b, rest);
		rv = -1;
		(void)client_fail(
		    c, "Unexpected argument(s) for reload: %s", b.p);
	}
	value_free(rest);
	buf_release(&b);
	return rv;
}

/* A server of ours says its name; fail2ban takes no notice of the word. */
static bool
is_our_server(struct client *c)
{
	struct value *request = one_word("version"), *answer;
	const char *text;
	bool ours;

	value_adds(request, "--full");
	answer = client_ask(c, request);
	text = value_str(value_at(answer, 1));
	ours = text != NULL && strstr(text, OWN_NAME) != NULL;
	value_free(request);
	value_free(answer);
	return ours;
}

static int
reload(struct client *c, struct value *opts, const char *jail)
{
	struct value *stream, *request;
	int rv;

	stream = load_stream(c, jail, is_our_server(c));
	if (stream == NULL) {
		value_free(opts);
		return CLIENT_BAD;
	}
	progress(c, "  ## reload ... ");
	request = one_word("reload");
	value_adds(request, jail != NULL ? jail : "--all");
	value_add(request, opts);
	value_add(request, stream);
	rv = client_send(c, request, request, CLIENT_TELL);
	value_free(request);
	return rv;
}

/* restart [OPTIONS] JAIL is reload --restart [OPTIONS] JAIL. */
int
client_reload(struct client *c, const struct value *command)
{
	struct value *opts = value_list();
	const char *jail;
	bool bad;

	if (strcmp(command->items[0]->text, "restart") == 0)
		value_adds(opts, "--restart");
	bad = reload_words(c, opts, &jail, command) == -1;
	if (!bad && !client_ping(c, 10)) {
		(void)client_fail(c, "Could not find server");
		bad = true;
	}
	if (bad) {
		value_free(opts);
		return CLIENT_BAD;
	}
	return reload(c, opts, jail);
}
