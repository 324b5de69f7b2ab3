#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/spawn.h"

enum {
	FDS_MAX = 8,
	FD_CLEAR = 3 + FDS_MAX, /* copies above it never collide */
};

extern char **environ;

static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int rc = 0;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	rc |= posix_spawnattr_setsigdefault(attr, &all);
	rc |= posix_spawnattr_setsigmask(attr, &none);
	rc |= posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	for (int fd = 0; fd <= 2; fd++)
		rc |= posix_spawn_file_actions_addopen(
		    actions, fd, "/dev/null", O_RDWR, 0);
	return rc;
}

static int
start(pid_t *pid, const char *word, const int *fds, size_t n)
{
	char name[] = "fail2ban-server", arg[32];
	char *argv[] = {name, arg, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc;

	(void)strncpy(arg, word, sizeof(arg) - 1);
	arg[sizeof(arg) - 1] = '\0';
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	rc = prepare(&actions, &attr);
	for (size_t i = 0; i < n; i++)
		rc |= posix_spawn_file_actions_adddup2(
		    &actions, fds[i], SPAWN_FD + (int)i);
	if (rc == 0)
		rc = posix_spawn(
		    pid, "/proc/self/exe", &actions, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return rc;
}

pid_t
spawn_self(const char *word, const int *fds, size_t n, struct err *err)
{
	int copies[FDS_MAX] = {0};
	size_t done = 0;
	pid_t pid = -1;
	int rc = n > FDS_MAX ? EINVAL : 0;

	while (rc == 0 && done < n) {
		copies[done] = fcntl(fds[done], F_DUPFD_CLOEXEC, FD_CLEAR);
		if (copies[done] < 0)
			rc = errno;
		else
			done++;
	}
	if (rc == 0)
		rc = start(&pid, word, copies, n);
	for (size_t i = 0; i < done; i++)
		(void)close(copies[i]);
	if (rc != 0)
		return err_set(err, "cannot start /proc/self/exe %s: %s", word,
		    strerror(rc));
	return pid;
}

void
spawn_close_others(size_t n)
{
	/* by its number: musl has no function for it */
	(void)syscall(SYS_close_range, SPAWN_FD + (unsigned)n, ~0U, 0);
}
