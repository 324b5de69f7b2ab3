/*
 * fixture - a loop, a runner and a captured log for tests of the engine
 */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

#include <uv.h>

#include "base/buf.h"
#include "engine/runner.h"

struct fixture {
	uv_loop_t loop;
	struct runner *runner;
	struct buf log;  /* "LEVEL module: text\n" */
	char dir[64];    /* temporary directory */
	char trace[128]; /* path in it: what commands append to */
	struct buf text; /* fixture_trace() */
};

extern struct fixture fix;

void fixture_setup(void);
void fixture_teardown(void);
/* Runs the loop until nothing is left to do. */
void fixture_run(void);
/*
 * From here on commands with FIXTURE_GATE in them stay there until
 * fixture_go_on(), however long the test is kept from the processor.
 */
void fixture_hold(void);
/* Opens the gate for those that wait there and for later ones. */
void fixture_go_on(void);
/* Runs the loop until a command of the runner runs. */
void fixture_run_command(void);
#define FIXTURE_GATE "{ read gate <$DIR/gate; } 2>/dev/null;"
/* What was written to the trace since the last call. */
const char *fixture_trace(void);
/* What was logged since the last call, hex ids of commands as "ID". */
const char *fixture_log(void);

#endif
