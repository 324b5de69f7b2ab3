/*
 * The server that belongs to this client stands beside it: a test or a second
 * installation never starts the system's one.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tools/client.h"

#define SERVER "fail2ban-server"

extern char **environ;

enum { ARGV_MAX = 32 };

/* Where the server's program is; a bare name is looked for in PATH. */
static char *
server_path(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path;

	if (n > 0) {
		char *slash = memrchr(self, '/', (size_t)n);

		path = xasprintf("%.*s/%s", (int)(slash - self), self, SERVER);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	path = xstrdup(BINDIR "/" SERVER);
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return xstrdup(SERVER);
}

static size_t
add(const char **argv, size_t n, const char *option, const char *text)
{
	argv[n++] = option;
	argv[n++] = text;
	return n;
}

/* -x and as many -v as the client got. */
static size_t
add_flags(const struct client *c, const char **argv, size_t n)
{
	static const char *const verbose[] = {"-v", "-vv", "-vvv", "-vvvv"};
	int v = c->o->verbose;

	if (c->o->force)
		argv[n++] = "-x";
	if (v > 0)
		argv[n++] = verbose[v > 4 ? 3 : v - 1];
	return n;
}

static size_t
add_settings(const struct client *c, const char **argv, size_t n)
{
	n = add(argv, n, "--loglevel", c->server.loglevel);
	n = add(argv, n, "--logtarget", c->server.logtarget);
	if (c->o->socket_group != NULL)
		n = add(argv, n, "--socket-group", c->o->socket_group);
	return add(argv, n, "--syslogsocket", c->server.syslogsocket);
}

/* execv() and posix_spawn() want what they do not change to be changeable. */
static char **
args(const char **argv)
{
	union {
		const char **in;
		char **out;
	} u = {argv};

	return u.out;
}

pid_t
client_spawn(struct client *c)
{
	const char *argv[ARGV_MAX] = {SERVER, "--async", "-b"};
	char *path = server_path();
	size_t n = 3;
	pid_t pid;
	int e;

	n = add(argv, n, "-s", c->server.socket);
	n = add(argv, n, "-p", c->server.pidfile);
	n = add_flags(c, argv, n);
	n = add_settings(c, argv, n);
	argv[n] = NULL;
	log_msg(LOG_DEBUG_, "", "Starting %s", path);
	e = posix_spawnp(&pid, path, NULL, NULL, args(argv), environ);
	if (e != 0) {
		(void)client_fail(
		    c, "Could not start %s: %s", path, strerror(e));
		pid = -1;
	}
	free(path);
	return pid;
}

int
client_become_server(struct client *c)
{
	const char *argv[ARGV_MAX] = {SERVER, "-f"};
	char *path = server_path();
	size_t n = 2;

	n = add(argv, n, "-c", c->o->conf);
	n = add(argv, n, "-s", c->server.socket);
	n = add(argv, n, "-p", c->server.pidfile);
	if (c->o->pname != NULL)
		n = add(argv, n, "--pname", c->o->pname);
	n = add_flags(c, argv, n);
	n = add_settings(c, argv, n);
	argv[n++] = "start";
	argv[n] = NULL;
	(void)execvp(path, args(argv));
	(void)client_fail(c, "Could not start %s: %s", path, strerror(errno));
	free(path);
	return CLIENT_BAD;
}
