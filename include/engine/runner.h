/*
 * runner - runs commands without waiting for them (spec 12 section 3)
 *
 * A command runs as /bin/sh -c in a session of its own, its output is drained
 * while it runs, and it is killed with its group when its time is over. All
 * commands given run side by side; who wants an order (the actions of a jail)
 * gives the next one when the last is done.
 */
#ifndef ENGINE_RUNNER_H
#define ENGINE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "engine/command.h"

struct runner;

/* Queue of a jail: live goes before restore. */
enum runner_lane {
	LANE_LIVE,
	LANE_RESTORE,
};

typedef void (*command_done_fn)(void *arg, const struct command_result *r);

struct runner *runner_new(uv_loop_t *loop);
/*
 * Kills what runs, no done is called. The loop must run once more to close
 * the handles.
 */
void runner_free(struct runner *r);

/*
 * Runs one command now; done is called from the loop, never from here. Logs
 * as fail2ban does (module "utils"). Returns an id for runner_cancel().
 */
unsigned long runner_run(
    struct runner *r, const struct command *c, command_done_fn done, void *arg);
/* Kills it with its group; done is not called. No-op for unknown ids. */
void runner_cancel(struct runner *r, unsigned long id);
/* Kills it with its group; done is called as for any that was killed. */
void runner_kill(struct runner *r, unsigned long id);
/*
 * Who waits for it is told that it is done, while it runs on; runner_free()
 * does not kill it. No-op for unknown ids.
 */
void runner_detach(struct runner *r, unsigned long id);
/* The command that a process belongs to; 0: none that runs. */
unsigned long runner_job_of(const struct runner *r, pid_t pid);
/* Commands running now. */
size_t runner_active(const struct runner *r);
/*
 * Enough was started in this turn of the loop: a start costs a millisecond,
 * and others want to be served.
 */
bool runner_is_busy(const struct runner *r);
uv_loop_t *runner_loop(const struct runner *r);

/* Commands started so far. */
unsigned long runner_started(const struct runner *r);

#endif
