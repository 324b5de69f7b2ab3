/*
 * How long a jail takes to have its bans again after a restart:
 *	bench/restore [bans] [actionban]
 * The action defaults to what the stock nftables action runs; put a fake nft
 * in PATH, or run it in a network namespace with the set made before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/jail.h"

static unsigned long bans;
static double decided; /* when the last ban was read and logged */

static void
no_resolve(void *arg, const char *name, resolved_fn fn, void *fn_arg)
{
	(void)arg;
	(void)name;
	fn(fn_arg, NULL, NULL);
}

static void
no_cancel(void *arg, void *fn_arg)
{
	(void)arg;
	(void)fn_arg;
}

static void
no_reverse(void *arg, const struct addr *a,
    void (*fn)(void *fn_arg, const char *name), void *fn_arg)
{
	(void)arg;
	(void)a;
	fn(fn_arg, NULL);
}

static bool
no_ipv6(void *arg)
{
	(void)arg;
	return false;
}

static void
count_line(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)name;
	if (level > LOG_NOTICE_)
		(void)fprintf(stderr, "%.*s\n", (int)n, msg);
	if (strstr(msg, "Restore Ban") == NULL)
		return;
	bans++;
	decided = clock_now();
}

static void
fill(struct history *h, int n)
{
	history_jail_add(h, "bench");
	for (int i = 0; i < n; i++) {
		char *id = xasprintf(
		    "10.%d.%d.%d", i / 62500, i / 250 % 250, i % 250 + 1);
		struct ticket *t = ticket_new(id, strlen(id), clock_now());

		t->bancount = 1;
		t->failures = 5;
		for (int k = 0; k < 5; k++)
			value_adds(t->matches,
			    "Nov 24 12:00:00 host sshd[1234]: Failed password "
			    "for root from 10.0.0.1 port 4242 ssh2");
		history_ban(h, "bench", t, 86400);
		ticket_free(t);
		free(id);
		if (i % 5000 == 4999)
			(void)history_flush(h);
	}
	(void)history_flush(h);
}

static void
set_text(struct jail *j, const char *name, const char *text)
{
	struct value *v = value_text(text);
	struct action *a = actionset_at(jail_actions(j), 0);

	(void)action_set(a, name, v, NULL);
	value_free(v);
}

static void
run(uv_loop_t *loop, struct history *h, const char *actionban)
{
	const struct jail_env env = {
	    .loop = loop,
	    .runner = runner_new(loop),
	    .history = h,
	    .resolve = no_resolve,
	    .resolve_cancel = no_cancel,
	    .reverse = no_reverse,
	    .ipv6 = no_ipv6,
	};
	struct jail *j = jail_new("bench", &env);
	struct value *bantime = value_text("1d");
	double start;

	(void)jail_set(j, "bantime", &bantime, 1, NULL);
	value_free(bantime);
	(void)actionset_add(jail_actions(j), "a", NULL, NULL, NULL);
	set_text(j, "actionban", actionban);
	start = clock_now();
	jail_start(j, NULL, NULL);
	(void)uv_run(loop, UV_RUN_DEFAULT);
	printf("%lu bans read, judged and logged in %.3f s, all in force "
	       "after %.3f s\n",
	    bans, decided - start, clock_now() - start);
	jail_free(j);
	runner_free(env.runner);
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10000;
	char path[] = "/tmp/restore-bench.XXXXXX";
	int fd = mkstemp(path);
	uv_loop_t loop;
	struct history *h;

	if (fd == -1 || uv_loop_init(&loop) != 0)
		return EXIT_FAILURE;
	(void)close(fd);
	log_set_sink(count_line, NULL);
	h = history_open(path, &loop, NULL);
	fill(h, n);
	run(&loop, h,
	    argc > 2 ? argv[2]
	             : "nft add element inet f2b-table addr-set { <ip> }");
	history_close(h);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	(void)unlink(path);
	return EXIT_SUCCESS;
}
