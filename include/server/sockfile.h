/*
 * sockfile - the file of the control socket and the group that may read
 */
#ifndef SERVER_SOCKFILE_H
#define SERVER_SOCKFILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "base/err.h"

/*
 * Binds a pipe that was initialised; its last folder is made when it is
 * missing. For the owner alone. -1 with the reason in err.
 */
int sockfile_bind(uv_pipe_t *listener, const char *path, struct err *err);
/* A group by name. -1: there is none, err says so. */
int sockfile_group(gid_t *ret, const char *name, struct err *err);
/* Lets members of the group use it as well. -1 with the reason in err. */
int sockfile_give(const char *path, gid_t gid, struct err *err);
/* Whether the peer, whose primary group this is, belongs to the group gid. */
bool sockfile_peer_in(int fd, gid_t primary, gid_t gid);

#endif
