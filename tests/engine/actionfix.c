#include "actionfix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct actionfix fx;

static bool
env_tag(void *arg, const char *name, const struct ticket *t, struct buf *out)
{
	(void)arg;
	(void)t;
	buf_adds(out, strcmp(name, "bantime") == 0 ? "600" : "7");
	return true;
}

static void
env_resolve(void *arg, const struct addr *addr,
    void (*cb)(void *cb_arg, const char *name), void *cb_arg)
{
	(void)arg;
	(void)addr;
	fx.lookup.cb = cb;
	fx.lookup.arg = cb_arg;
	fx.lookup.asked++;
}

static bool
env_ipv6(void *arg)
{
	(void)arg;
	return fx.ipv6;
}

static int
env_next_epoch(void *arg)
{
	(void)arg;
	return ++fx.epoch;
}

static int
env_epoch(void *arg)
{
	(void)arg;
	return fx.epoch;
}

const struct action_env fx_env = {
    .jail = "J",
    .tag = env_tag,
    .resolve = env_resolve,
    .ipv6 = env_ipv6,
    .next_epoch = env_next_epoch,
    .epoch = env_epoch,
};

void
actionfix_setup(void)
{
	fixture_setup();
	fx.err = (struct err)ERR_INIT;
	buf_init(&fx.answers);
	fx.epoch = 0;
	fx.ipv6 = true;
	memset(&fx.lookup, 0, sizeof(fx.lookup));
	fx.set = actionset_new(&fx_env, fix.runner);
}

void
actionfix_teardown(void)
{
	actionset_free(fx.set);
	fixture_teardown();
	err_release(&fx.err);
	buf_release(&fx.answers);
}

void
answered(void *arg, bool ok)
{
	(void)arg;
	buf_addc(&fx.answers, ok ? '1' : '0');
}

struct action *
add(const char *name)
{
	struct action *new = actionset_add(fx.set, name, NULL, NULL, &fx.err);

	ck_assert_ptr_nonnull(new);
	return new;
}

void
set(const char *property, const char *value)
{
	struct value *v = value_text(value);

	ck_assert_int_eq(action_set(fx.action, property, v, &fx.err), 0);
	value_free(v);
}

/* An action that writes down what it does; what: commands, blank between. */
void
tracing(const char *what)
{
	static const char *const names[] = {"start", "stop", "check", "repair",
	    "ban", "reban", "unban", "prolong", "flush", "reload"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *word = xasprintf(" %s ", names[i]);
		char *property = xasprintf("action%s", names[i]);
		char *command =
		    xasprintf("echo %s f=<family> <ip> >>$TRACE; " FIXTURE_GATE
		              " test ! -e $DIR/no-%s",
		        names[i], names[i]);

		if (strstr(what, word) != NULL)
			set(property, command);
		free(word);
		free(property);
		free(command);
	}
}

void
conditional(void)
{
	set("x", "4");
	set("x?family=inet6", "6");
}

/* Commands of this name fail from now on, or no longer. */
void
breaks(const char *name, bool yes)
{
	char *path = xasprintf("%s/no-%s", fix.dir, name);

	if (yes)
		fclose(fopen(path, "w"));
	else
		(void)unlink(path);
	free(path);
}

/* The environment is broken until start or repair make it whole. */
void
environment(const char *ban)
{
	set("actionstart", "echo start f=<family> >>$TRACE; touch $DIR/env");
	set("actioncheck", "echo check f=<family> >>$TRACE; test -e $DIR/env");
	set("actionstop", "echo stop f=<family> >>$TRACE; rm -f $DIR/env");
	set(ban, "echo ban <ip> >>$TRACE; test -e $DIR/env");
}

void
broken(void)
{
	char *path = xasprintf("%s/env", fix.dir);

	(void)unlink(path);
	free(path);
}

struct ticket *
ticket(const char *id)
{
	struct ticket *t = ticket_new(id, strlen(id), 1795340016.5);

	t->bantime = 600;
	t->has_bantime = true;
	t->bancount = 1;
	return t;
}

void
ban(const char *id)
{
	struct ticket *t = ticket(id);

	actionset_ban(fx.set, t, LANE_LIVE, answered, NULL);
	ticket_free(t);
}

void
unban(const char *id)
{
	struct ticket *t = ticket(id);

	actionset_unban(fx.set, t, answered, NULL);
	ticket_free(t);
}

void
flush(const char *id1, const char *id2, bool stopping)
{
	struct ticket *t[2] = {ticket(id1), ticket(id2)};

	actionset_flush(fx.set, (const struct ticket *const *)t, 2, stopping,
	    answered, NULL);
	ticket_free(t[0]);
	ticket_free(t[1]);
}

void
expect_trace(const char *want)
{
	fixture_run();
	ck_assert_str_eq(fixture_trace(), want);
}

void
expect_log(const char *want)
{
	const char *log = fixture_log();
	struct buf b = BUF_INIT;

	/* what utils says about each command is the runner's business */
	for (const char *line = log; *line != '\0';) {
		size_t n = strcspn(line, "\n") + 1;

		if (strncmp(line, "ERROR utils", 11) != 0)
			buf_add(&b, line, n);
		line += n;
	}
	ck_assert_str_eq(b.p, want);
	buf_release(&b);
}
