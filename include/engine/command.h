/*
 * command - a command to run, and what came of it
 */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* All members are borrowed for the call. Unused ones are 0. */
struct command {
	const char *text;        /* for /bin/sh -c; also what logs show */
	const char *const *args; /* $0, $1 ...: unsafe values; nargs of them */
	size_t nargs;
	int timeout_ms; /* 0: none */
	int ok_max;     /* highest exit status that is no error, normally 0 */
	/*
	 * Program run instead of the shell, NULL at the end; argv[0] is looked
	 * up in PATH.
	 */
	const char *const *argv;
	/*
	 * What the shell would run for text, NULL at the end: it is run without
	 * one, unless it cannot be started. Or NULL.
	 */
	char *const *direct;
	const char *input; /* standard input, NULL: that of the process */
	size_t input_n;
	bool quiet; /* errors are logged as DEBUG: the caller tries again */
	/*
	 * The shell gets text in its environment, which only its user may read:
	 * arguments are shown to everybody who asks ps.
	 */
	bool secret;
};

struct command_result {
	int status;     /* exit status, or -n when killed by signal n */
	bool ok;        /* status is 0 ... ok_max and time was enough */
	bool timed_out; /* and therefore killed */
	bool failed;    /* could not be started, or not be killed */
	struct buf out; /* standard output, its first 64 KiB */
	struct buf err; /* standard error likewise; both go after the call */
};

#endif
