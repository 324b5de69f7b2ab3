/*
 * daemon - what a service owes to the system around it (spec 14, 16, 18)
 */
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

#include "base/err.h"

/*
 * Goes into the background: double fork, new session, folder /, no
 * descriptors but /dev/null, SIGHUP ignored. Returns in the daemon only; the
 * caller's process exits with 0. -1: errno is set.
 */
int daemon_detach(void);

/*
 * In the foreground: what whoever started us left open is for this process
 * alone, not for those it starts.
 */
void daemon_keep_descriptors(void);

/* Writes the process number; its last folder is made when missing. */
int daemon_write_pidfile(const char *path, struct err *err);

/* "READY=1", "STOPPING=1": a datagram to $NOTIFY_SOCKET if there is one. */
void daemon_notify(const char *state);

/*
 * A listening socket handed over by the service manager: its descriptor, or
 * -1. The variables are removed.
 */
int daemon_inherited_socket(void);

/* Gives back the memory that starting has needed. */
void daemon_trim(void);

#endif
