/*
 * spawn - starts the process of a command
 */
#ifndef ENGINE_SPAWN_H
#define ENGINE_SPAWN_H

#include <sys/types.h>

#include "engine/command.h"

struct spawned {
	pid_t pid; /* leader of a session of its own */
	int pidfd; /* readable when it has ended */
	int out;   /* its standard output, non-blocking */
	int err;   /* its standard error, non-blocking */
};

/* Returns 0 or an error number. The caller closes and reaps. */
int spawn_command(struct spawned *ret, const struct command *c);

/* The parent of a process; 0: unknown. */
pid_t spawn_parent(pid_t pid);

#endif
