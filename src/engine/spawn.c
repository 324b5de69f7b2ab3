/*
 * posix_spawn: shares the memory with the child until it executes, so a
 * start costs the same however large the server has grown.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "engine/spawn.h"

extern char **environ;

/* How the shell takes a secret text; errors then say "eval" before it. */
#define SECRET_NAME "F2B_COMMAND"
#define SECRET_TEXT "f2b=$" SECRET_NAME "; unset " SECRET_NAME "; eval \"$f2b\""

/* Both ends of the child's pipes; -1: not open (any more). */
struct ends {
	int out[2];
	int err[2];
	int input; /* -1: inherited */
};

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
ends_close(struct ends *e)
{
	close_one(&e->out[0]);
	close_one(&e->out[1]);
	close_one(&e->err[0]);
	close_one(&e->err[1]);
	close_one(&e->input);
}

/* A file in memory: unlike a pipe it needs no feeding. */
static int
open_input(const struct command *c)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd == -1)
		return -1;
	if (io_write_all(fd, c->input, c->input_n) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		close_one(&fd);
	return fd;
}

static int
ends_open(struct ends *e, const struct command *c)
{
	*e = (struct ends){{-1, -1}, {-1, -1}, -1};
	if (pipe2(e->out, O_CLOEXEC) == -1 || pipe2(e->err, O_CLOEXEC) == -1)
		return -1;
	if (io_set_nonblock(e->out[0]) == -1 ||
	    io_set_nonblock(e->err[0]) == -1)
		return -1;
	if (c->input != NULL && (e->input = open_input(c)) == -1)
		return -1;
	return 0;
}

/* Signals as a login shell has them; SIGHUP stays ignored in a daemon. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGHUP);
	(void)posix_spawnattr_setsigmask(attr, &none);
	(void)posix_spawnattr_setsigdefault(attr, &all);
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID |
	                                          POSIX_SPAWN_SETSIGMASK |
	                                          POSIX_SPAWN_SETSIGDEF);
}

static int
set_files(posix_spawn_file_actions_t *files, const struct ends *e)
{
	int error = 0;

	if (e->input != -1)
		error = posix_spawn_file_actions_adddup2(files, e->input, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(files, e->out[1], 1);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(files, e->err[1], 2);
	return error;
}

/* posix_spawn takes no const strings, though it only reads them: copied. */
static char **
command_argv(const struct command *c)
{
	const char *const shell[] = {
	    "/bin/sh", "-c", c->secret ? SECRET_TEXT : c->text};
	size_t n = 0;
	char **argv;

	if (c->argv == NULL) {
		argv = xcalloc(c->nargs + 4, sizeof(*argv));
		memcpy(argv, shell, sizeof(shell));
		if (c->nargs > 0)
			memcpy(argv + 3, c->args, c->nargs * sizeof(*argv));
		return argv;
	}
	while (c->argv[n] != NULL)
		n++;
	argv = xcalloc(n + 1, sizeof(*argv));
	memcpy(argv, c->argv, n * sizeof(*argv));
	return argv;
}

/* The environment and the text: entry is xasprintf()'s. Free the list only. */
static char **
secret_environment(char *entry)
{
	size_t n = 0;
	char **list;

	while (environ[n] != NULL)
		n++;
	list = xcalloc(n + 2, sizeof(*list));
	memcpy(list, environ, n * sizeof(*list));
	list[n] = entry;
	return list;
}

static int
spawn_argv(
    pid_t *pid, const struct ends *e, char *const *argv, char *const *env)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error;

	error = posix_spawn_file_actions_init(&files);
	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attr);
	if (error != 0) {
		(void)posix_spawn_file_actions_destroy(&files);
		return error;
	}
	error = set_files(&files, e);
	if (error == 0)
		error = set_attributes(&attr);
	if (error == 0)
		error = posix_spawnp(pid, argv[0], &files, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return error;
}

static int
spawn_secret(
    pid_t *pid, const struct ends *e, char *const *argv, const char *text)
{
	char *entry = xasprintf("%s=%s", SECRET_NAME, text);
	char **env = secret_environment(entry);
	int error = spawn_argv(pid, e, argv, env);

	free(env);
	free(entry);
	return error;
}

/* A program that is missing, or no program, is left to the shell. */
static int
spawn(pid_t *pid, const struct ends *e, const struct command *c)
{
	char **argv;
	int error;

	if (c->direct != NULL && spawn_argv(pid, e, c->direct, environ) == 0)
		return 0;
	argv = command_argv(c);
	if (c->secret && c->argv == NULL)
		error = spawn_secret(pid, e, argv, c->text);
	else
		error = spawn_argv(pid, e, argv, environ);
	free(argv);
	return error;
}

/* The child runs: without a pidfd it could not be watched, so it goes. */
static int
open_pidfd(struct spawned *child)
{
	int error;

	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd != -1)
		return 0;
	error = errno;
	(void)kill(-child->pid, SIGKILL);
	(void)kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, 0);
	return error;
}

int
spawn_command(struct spawned *ret, const struct command *c)
{
	struct spawned child = {0, -1, -1, -1};
	struct ends e;
	int error = 0;

	if (ends_open(&e, c) == -1)
		error = errno;
	if (error == 0)
		error = spawn(&child.pid, &e, c);
	if (error == 0)
		error = open_pidfd(&child);
	if (error == 0) {
		child.out = e.out[0];
		child.err = e.err[0];
		e.out[0] = e.err[0] = -1;
		*ret = child;
	}
	ends_close(&e);
	return error;
}

pid_t
spawn_parent(pid_t pid)
{
	struct buf path = BUF_INIT, stat = BUF_INIT;
	const char *end = NULL;
	long parent = 0;

	buf_addf(&path, "/proc/%ld/stat", (long)pid);
	if (io_read_file(&stat, path.p, 4096) == 0)
		end =
		    strrchr(stat.p, ')'); /* behind a name that may hold any */
	if (end != NULL && strlen(end) > 4)
		parent = strtol(end + 4, NULL, 10);
	buf_release(&path);
	buf_release(&stat);
	return (pid_t)parent;
}
