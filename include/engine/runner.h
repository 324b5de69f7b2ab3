/*
 * runner - runs shell commands without waiting for them (spec 12 section 3)
 *
 * One queue per owner (jail), queues side by side. A command runs as
 * /bin/sh -c in a session of its own, its output is drained while it runs,
 * and it is killed with its group when its time is over.
 */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buf.h"

struct runner;

enum runner_lane {
	LANE_LIVE,
	LANE_RESTORE,
};

struct command {
	const char *text;        /* for /bin/sh -c, borrowed for the call */
	const char *const *args; /* $0, $1 ...: unsafe values; nargs of them */
	size_t nargs;
	int timeout_ms;
};

struct command_result {
	int status; /* exit status; 128 + n or -n when killed; see log */
	bool timed_out;
	bool failed;    /* could not be started at all */
	struct buf out; /* standard output, capped; valid during the callback */
	struct buf err; /* standard error, capped */
};

typedef void (*command_done_fn)(void *arg, const struct command_result *r);

struct runner *runner_new(uv_loop_t *loop);
/* Kills what runs. */
void runner_free(struct runner *r);

/*
 * Runs one command now; done is called from the loop. Logs as fail2ban does
 * (spec 12 section 3, module "utils"). Returns an id for runner_cancel().
 */
unsigned long runner_run(
    struct runner *r, const struct command *c, command_done_fn done, void *arg);
/* Kills it; done is not called. No-op for unknown ids. */
void runner_cancel(struct runner *r, unsigned long id);
/* Commands running now. */
size_t runner_active(const struct runner *r);

#endif
