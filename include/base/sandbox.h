/*
 * sandbox - what a process that reads hostile text may still ask the kernel
 *
 * Landlock (no file system, and no network where the kernel knows it) and a
 * list of system calls; anything else kills the process. For good.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

enum sandbox_kind {
	SANDBOX_WORKER,   /* reads descriptors, talks on a channel */
	SANDBOX_JOURNAL,  /* the same with libsystemd in use */
	SANDBOX_RESOLVER, /* also asks name servers */
	SANDBOX_TOOL,     /* fail2ban-regex: also writes to its output */
};

/*
 * Landlock alone. Returns 1 in force, 0 when the kernel has none (says so in
 * err: a warning), -1 when it should work and did not.
 */
int sandbox_landlock(enum sandbox_kind kind, struct err *err);
/* Whether the kernel has seccomp at all. */
bool sandbox_is_known(void);
/* Seccomp. no_new_privs must be set. -1: the process must end. */
int sandbox_syscalls(enum sandbox_kind kind, struct err *err);

/*
 * Gives the pages of program and library code back to the page cache; they
 * come again when needed. Saves more than a MiB a process. Before Landlock,
 * because it reads /proc/self/maps.
 */
void sandbox_trim_memory(void);

#endif
