/*
 * sessions - where those who are logged in over SSH come from
 *
 * Only log-ins that succeeded: a connection to sshd may be an attacker's.
 */
#ifndef TOOLS_SESSIONS_H
#define TOOLS_SESSIONS_H

#include <sys/types.h>

#include "base/value.h"

/* More are not listed. */
#define SESSIONS_MAX 32

/* Where the system tells of log-ins. */
struct sessions_from {
	const char *proc;     /* /proc: the environment of who runs us */
	const char *sessions; /* of systemd-logind, a file each */
	const char *utmp;     /* NULL: the system's */
	pid_t pid;            /* whose ancestors are looked at */
};

/* A list of addresses as text, each once. Owned by the caller. */
struct value *sessions_addresses(const struct sessions_from *from);

#endif
