#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/sockfile.h"

int
sockfile_group(gid_t *ret, const char *name, struct err *err)
{
	const struct group *g = getgrnam(name);

	if (g == NULL)
		return err_set(err,
		    "socket group '%s' does not exist; create it or leave the "
		    "option out",
		    name);
	*ret = g->gr_gid;
	return 0;
}

bool
sockfile_peer_in(int fd, gid_t primary, gid_t gid)
{
	gid_t groups[512];
	socklen_t n = sizeof(groups);

	if (primary == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
		return false;
	for (size_t i = 0; i < n / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* NULL: none that could be missing. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path
	           ? NULL
	           : xmemdup0(path, (size_t)(slash - path));
}

/* The last folder is made when it is missing; what fails shows at bind. */
static void
make_folder(const char *path)
{
	char *dir = folder_of(path);

	if (dir != NULL)
		(void)mkdir(dir, 0700);
	free(dir);
}

static bool
has_folder(const char *path)
{
	char *dir = folder_of(path);
	bool has = dir == NULL || access(dir, F_OK) == 0;

	free(dir);
	return has;
}

int
sockfile_bind(uv_pipe_t *listener, const char *path, struct err *err)
{
	mode_t old;
	int rc;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(err, "socket path is too long: %s", path);
	make_folder(path);
	old = umask(077);
	rc = uv_pipe_bind(listener, path);
	(void)umask(old);
	if (rc == UV_EACCES && !has_folder(path))
		rc = UV_ENOENT; /* libuv has one word for both */
	return rc == 0 ? 0
	               : err_set(err, "cannot bind '%s': %s", path,
	                     uv_strerror(rc));
}

int
sockfile_give(const char *path, gid_t gid, struct err *err)
{
	if (chown(path, (uid_t)-1, gid) == 0 && chmod(path, 0660) == 0)
		return 0;
	return err_set(
	    err, "cannot give '%s' to its group: %s", path, strerror(errno));
}
