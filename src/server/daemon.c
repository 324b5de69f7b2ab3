#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "server/daemon.h"

enum {
	FIRST_FD = 3,
	SET_CLOEXEC = 1 << 2, /* CLOSE_RANGE_CLOEXEC */
};

static int
leave(void)
{
	pid_t pid = fork();

	if (pid > 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

int
daemon_detach(void)
{
	int null;

	if (leave() != 0 || setsid() < 0)
		return -1;
	(void)signal(SIGHUP, SIG_IGN);
	if (leave() != 0 || chdir("/") != 0)
		return -1;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -1;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	/* by its number: musl has no function for it */
	return (int)syscall(SYS_close_range, FIRST_FD, ~0U, 0);
}

void
daemon_keep_descriptors(void)
{
	(void)syscall(SYS_close_range, FIRST_FD, ~0U, SET_CLOEXEC);
}

int
daemon_write_pidfile(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct buf text = BUF_INIT;
	int fd, rc;

	if (slash != NULL && slash != path) {
		char *dir = xmemdup0(path, (size_t)(slash - path));

		(void)mkdir(dir, 0700);
		free(dir);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err,
		    "Unable to create PID file: [Errno %d] "
		    "%s: '%s'",
		    errno, strerror(errno), path);
	buf_addf(&text, "%d\n", (int)getpid());
	rc = io_write_all(fd, text.p, text.n);
	(void)close(fd);
	buf_release(&text);
	return rc == 0 ? 0
	               : err_set(err, "Unable to create PID file: %s: '%s'",
	                     strerror(errno), path);
}

void
daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);
	int fd;

	if (n == 0 || n >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0'; /* abstract */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}

/* Place of "fail2ban" in the colon separated names; 0 when it is not there. */
static int
index_of_name(const char *names)
{
	static const char wanted[] = "fail2ban";
	int i = 0;

	for (const char *p = names; p != NULL && *p != '\0'; i++) {
		size_t n = strcspn(p, ":");

		if (n == sizeof(wanted) - 1 && memcmp(p, wanted, n) == 0)
			return i;
		p += n + (p[n] == ':');
	}
	return 0;
}

int
daemon_inherited_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	int fd = -1;

	if (pid != NULL && n != NULL &&
	    strtol(pid, NULL, 10) == (long)getpid() &&
	    strtol(n, NULL, 10) > 0) {
		fd = FIRST_FD + index_of_name(getenv("LISTEN_FDNAMES"));
		if (fd - FIRST_FD >= strtol(n, NULL, 10) ||
		    io_set_cloexec(fd) != 0)
			fd = -1;
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return fd;
}

void
daemon_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
	sandbox_trim_memory();
}
