/*
 * Commands are executed in slices of ten milliseconds, so that everybody
 * else is answered meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/daemon.h"
#include "server/reload.h"
#include "server/server.h"
#include "server/stream.h"

enum { SLICE_MS = 10 };

static int present; /* what a set of names holds as value */

/* ---- commands of a stream */

/* The jail that a command is about, NULL: none. */
static const char *
jail_of(const struct stream *st, const struct value *command)
{
	static const char *const words[] = {
	    "set", "multi-set", "add", "start", "stop"};
	const char *word = value_str(value_at(command, 0));
	const char *name = value_str(value_at(command, 1));

	if (word == NULL || name == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		/* "set NAME": an option of the server, or a jail */
		if (i > 1 || dict_get(st->broken, name) != NULL ||
		    server_jail(st->server, name) != NULL)
			return name;
	}
	return NULL;
}

static void
break_jail(struct stream *st, const char *name, const struct value *error)
{
	struct record *r = server_jail(st->server, name);
	struct buf why = BUF_INIT;

	dict_set(st->broken, name, &present);
	if (r == NULL || r->started)
		return;
	value_print(&why, value_at(error, 0));
	free(r->broken);
	r->broken = buf_detach(&why);
}

static void
on_turn(uv_idle_t *t)
{
	(void)uv_idle_stop(t);
	stream_go(t->data);
}

static void
on_answer(void *arg, struct value *answer, bool failed)
{
	struct stream *st = arg;
	const struct value *command = value_at(st->commands, st->next - 1);
	const char *jail = jail_of(st, command);

	if (failed && jail != NULL)
		break_jail(st, jail, answer);
	if (failed && st->error == NULL)
		st->error = answer;
	else
		value_free(answer);
	st->answered = true;
	/* not from inside the jail that answers: what follows may free it */
	if (!st->looping)
		(void)uv_idle_start(&st->turn, on_turn);
}

static void
on_closed(uv_handle_t *h)
{
	struct stream *st = h->data;

	free(st);
}

void
stream_end(struct stream *st)
{
	dict_free(st->broken);
	value_free(st->error);
	uv_close((uv_handle_t *)&st->turn, on_closed);
}

static void
on_synced(void *arg)
{
	struct stream *st = arg;
	struct call *c = st->call;

	c->said = true; /* by the commands that failed */
	if (st->error != NULL)
		(void)call_raise(c, st->error);
	st->error = NULL;
	if (!st->server->ready)
		daemon_notify("READY=1\n");
	st->server->ready = true;
	daemon_trim();
	stream_end(st);
	call_end(c);
}

static void
stream_done(struct stream *st)
{
	if (st->server->reload != NULL)
		reload_executed(st->server->reload);
	else
		monitor_sync(st->server->monitor, on_synced, st);
}

static bool
is_over(const struct stream *st)
{
	return st->next >= st->commands->n ||
	       (st->server->reload != NULL && st->error != NULL);
}

void
stream_go(struct stream *st)
{
	int64_t until = clock_mono_ms() + SLICE_MS;

	st->looping = true;
	while (!is_over(st)) {
		const struct value *command = value_at(st->commands, st->next);
		const char *jail = jail_of(st, command);

		if (clock_mono_ms() > until) {
			st->looping = false;
			(void)uv_idle_start(&st->turn, on_turn);
			return;
		}
		st->next++;
		if (jail != NULL && dict_get(st->broken, jail) != NULL)
			continue;
		st->answered = false;
		command_run(st->server, command,
		    (struct caller){.flags = CALL_QUIET}, on_answer, st);
		if (!st->answered)
			break;
	}
	st->looping = false;
	if (st->answered)
		stream_done(st);
}

struct stream *
stream_new(struct call *c, const struct value *commands)
{
	struct stream *st = xcalloc(1, sizeof(*st));

	st->server = c->server;
	st->call = c;
	st->commands = commands;
	st->broken = dict_new(NULL);
	(void)uv_idle_init(c->server->loop, &st->turn);
	st->turn.data = st;
	return st;
}

enum outcome
stream_run(struct call *c)
{
	const struct value *commands = call_arg(c, 0);
	struct stream *st;

	if (!value_is(commands, VALUE_LIST) && !value_is(commands, VALUE_TUPLE))
		return call_fail(c, "builtins.TypeError",
		    "server-stream wants a list of commands");
	st = stream_new(c, commands);
	st->answered = true;
	stream_go(st);
	return PENDING;
}
