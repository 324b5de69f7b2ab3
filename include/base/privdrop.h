/*
 * privdrop - gives up root for good
 */
#ifndef BASE_PRIVDROP_H
#define BASE_PRIVDROP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define PRIVDROP_USER "fail2ban" /* preferred; else "nobody" */

struct privdrop_user {
	uid_t uid;
	gid_t gid;
	bool own; /* nobody else runs under it: limits per user may be set */
};

/* Reads the user database: before any sandbox. -1: neither user exists. */
int privdrop_find(struct privdrop_user *ret, struct err *err);

/* Whether the process has the capabilities to become somebody else. */
bool privdrop_is_able(void);

/*
 * Bounding set, groups, gid, uid, capabilities, no_new_privs, not dumpable;
 * verified afterwards. u NULL (not root): only what needs no privilege:
 * no_new_privs, not dumpable. -1: a step failed, the process must end.
 */
int privdrop(const struct privdrop_user *u, struct err *err);

/*
 * No new files' bytes, no core, no more processes (the last only when the
 * user is our own) and at most nfile descriptors.
 */
int privdrop_limits(bool own_user, unsigned nfile, struct err *err);

#endif
