/*
 * spawn - the server's own binary again, as one of its helper processes
 */
#ifndef SERVER_SPAWN_H
#define SERVER_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum {
	SPAWN_FD = 3, /* number of the first passed descriptor in the child */
};

/*
 * Starts /proc/self/exe as "fail2ban-server WORD" with fds[i] as SPAWN_FD + i
 * and nothing else but /dev/null as 0, 1, 2. Returns the process number, -1
 * with the reason in err. The caller waits for it.
 */
pid_t spawn_self(const char *word, const int *fds, size_t n, struct err *err);

/*
 * For the child: closes what it was not given on purpose, n descriptors from
 * SPAWN_FD on. Whoever started the server may have left others open.
 */
void spawn_close_others(size_t n);

#endif
