/*
 * The order matters: the bounding set and the groups need capabilities, the
 * capabilities go last, and only then is no_new_privs worth something.
 */
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/privdrop.h"

int
privdrop_find(struct privdrop_user *ret, struct err *err)
{
	static const char *const names[] = {PRIVDROP_USER, "nobody"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct passwd *pw = getpwnam(names[i]);

		if (pw == NULL || pw->pw_uid == 0 || pw->pw_gid == 0)
			continue;
		ret->uid = pw->pw_uid;
		ret->gid = pw->pw_gid;
		ret->own = i == 0;
		return 0;
	}
	return err_set(err,
	    "no user to drop root's privileges to: neither '%s' nor 'nobody' "
	    "exists; create one: useradd --system %s",
	    PRIVDROP_USER, PRIVDROP_USER);
}

bool
privdrop_is_able(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) == 1 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID) == 1;
}

static int
change_ids(const struct privdrop_user *u, struct err *err)
{
	uid_t r, e, s;

	if (setgroups(0, NULL) != 0)
		return err_set(err, "setgroups: %s", strerror(errno));
	if (setresgid(u->gid, u->gid, u->gid) != 0)
		return err_set(err, "setresgid: %s", strerror(errno));
	if (setresuid(u->uid, u->uid, u->uid) != 0)
		return err_set(err, "setresuid: %s", strerror(errno));
	if (getresuid(&r, &e, &s) != 0 || r != u->uid || e != u->uid ||
	    s != u->uid || setresuid(0, 0, 0) == 0)
		return err_set(err, "root could be regained after setresuid");
	return 0;
}

static int
drop_root(const struct privdrop_user *u, struct err *err)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return err_set(
		    err, "capability bounding set: %s", strerror(errno));
	if (change_ids(u, err) != 0)
		return -1;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return err_set(err, "capabilities: %s", strerror(errno));
	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return err_set(err, "capabilities are left after the drop");
	return 0;
}

int
privdrop(const struct privdrop_user *u, struct err *err)
{
	if (u != NULL && drop_root(u, err) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set(err, "no_new_privs: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_set(err, "dumpable: %s", strerror(errno));
	return 0;
}

static int
limit(int what, rlim_t to, struct err *err)
{
	struct rlimit rl = {to, to};

	if (setrlimit(what, &rl) != 0)
		return err_set(err, "setrlimit %d: %s", what, strerror(errno));
	return 0;
}

int
privdrop_limits(bool own_user, unsigned nfile, struct err *err)
{
	struct rlimit now;

	if (limit(RLIMIT_FSIZE, 0, err) != 0 || limit(RLIMIT_CORE, 0, err) != 0)
		return -1;
	if (own_user && limit(RLIMIT_NPROC, 0, err) != 0)
		return -1;
	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		return err_set(err, "getrlimit: %s", strerror(errno));
	return limit(
	    RLIMIT_NOFILE, now.rlim_max < nfile ? now.rlim_max : nfile, err);
}
