/*
 * Calls that a library may try and that have a sane failure are answered
 * with an error; whatever nobody ever needs kills.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sandbox.h"

enum {
	K_WORKER = 1 << SANDBOX_WORKER,
	K_JOURNAL = 1 << SANDBOX_JOURNAL,
	K_RESOLVER = 1 << SANDBOX_RESOLVER,
	K_TOOL = 1 << SANDBOX_TOOL,
	IOCTL_NONBLOCK = 0x5421, /* FIONBIO */
	K_ALL = K_WORKER | K_JOURNAL | K_RESOLVER | K_TOOL,
};

static const struct rule {
	int call;
	unsigned kinds; /* where it is allowed */
} rules[] = {
    {SCMP_SYS(read), K_ALL},
    {SCMP_SYS(readv), K_ALL},
    {SCMP_SYS(write), K_ALL},
    {SCMP_SYS(writev), K_ALL},
    {SCMP_SYS(pread64), K_ALL},
    {SCMP_SYS(lseek), K_ALL},
    {SCMP_SYS(fstat), K_ALL},
    {SCMP_SYS(newfstatat), K_ALL},
    {SCMP_SYS(statx), K_ALL},
    {SCMP_SYS(close), K_ALL},
    {SCMP_SYS(recvmsg), K_ALL},
    {SCMP_SYS(sendmsg), K_ALL},
    {SCMP_SYS(epoll_wait), K_ALL},
    {SCMP_SYS(epoll_pwait), K_ALL},
    {SCMP_SYS(epoll_ctl), K_ALL},
    {SCMP_SYS(poll), K_ALL},
    {SCMP_SYS(ppoll), K_ALL},
    {SCMP_SYS(munmap), K_ALL},
    {SCMP_SYS(mremap), K_ALL},
    {SCMP_SYS(brk), K_ALL},
    {SCMP_SYS(madvise), K_ALL},
    {SCMP_SYS(futex), K_ALL},
    {SCMP_SYS(getrandom), K_ALL},
    {SCMP_SYS(clock_gettime), K_ALL},
    {SCMP_SYS(gettimeofday), K_ALL},
    {SCMP_SYS(clock_nanosleep), K_ALL},
    {SCMP_SYS(getpid), K_ALL},
    {SCMP_SYS(gettid), K_ALL},
    {SCMP_SYS(rt_sigreturn), K_ALL},
    {SCMP_SYS(rt_sigprocmask), K_ALL},
    {SCMP_SYS(rt_sigaction), K_ALL},
    {SCMP_SYS(restart_syscall), K_ALL},
    {SCMP_SYS(exit_group), K_ALL},
    {SCMP_SYS(exit), K_ALL},
    {SCMP_SYS(fstatfs), K_JOURNAL},
    {SCMP_SYS(getuid), K_JOURNAL | K_RESOLVER},
    {SCMP_SYS(geteuid), K_JOURNAL | K_RESOLVER},
    {SCMP_SYS(getgid), K_JOURNAL},
    {SCMP_SYS(getegid), K_JOURNAL},
    {SCMP_SYS(prctl), K_JOURNAL},
    {SCMP_SYS(openat), K_RESOLVER},
    {SCMP_SYS(open), K_RESOLVER},
    {SCMP_SYS(access), K_RESOLVER},
    {SCMP_SYS(faccessat), K_RESOLVER},
    {SCMP_SYS(readlink), K_RESOLVER},
    {SCMP_SYS(readlinkat), K_RESOLVER},
    {SCMP_SYS(getdents64), K_RESOLVER},
    {SCMP_SYS(statfs), K_RESOLVER},
    {SCMP_SYS(fstatfs), K_RESOLVER},
    {SCMP_SYS(connect), K_RESOLVER},
    {SCMP_SYS(sendto), K_RESOLVER},
    {SCMP_SYS(sendmmsg), K_RESOLVER},
    {SCMP_SYS(recvfrom), K_RESOLVER},
    {SCMP_SYS(bind), K_RESOLVER},
    {SCMP_SYS(getsockname), K_RESOLVER},
    {SCMP_SYS(getpeername), K_RESOLVER},
    {SCMP_SYS(getsockopt), K_RESOLVER},
    {SCMP_SYS(setsockopt), K_RESOLVER},
    {SCMP_SYS(ioctl), K_RESOLVER},
    {SCMP_SYS(fcntl), K_ALL},
    {SCMP_SYS(uname), K_RESOLVER | K_TOOL},
    {SCMP_SYS(sysinfo), K_RESOLVER},
    {SCMP_SYS(getresuid), K_RESOLVER},
    {SCMP_SYS(getresgid), K_RESOLVER},
    {SCMP_SYS(prlimit64), K_RESOLVER},
};

/* These fail with an error instead of killing. */
static const struct refusal {
	int call;
	int error;
} refusals[] = {
    {SCMP_SYS(openat), EACCES},
    {SCMP_SYS(open), EACCES},
    {SCMP_SYS(inotify_add_watch), EACCES},
    {SCMP_SYS(access), EACCES},
    {SCMP_SYS(faccessat), EACCES},
    {SCMP_SYS(readlink), EACCES},
    {SCMP_SYS(readlinkat), EACCES},
    {SCMP_SYS(memfd_create), EACCES},
    {SCMP_SYS(prlimit64), EPERM},
    {SCMP_SYS(ioctl), ENOTTY},
    {SCMP_SYS(sysinfo), EPERM},
    {SCMP_SYS(uname), EPERM},
    {SCMP_SYS(statfs), EACCES},
    {SCMP_SYS(sched_getaffinity), EPERM},
    {SCMP_SYS(clone3), ENOSYS},
};

static bool
is_allowed(int call, enum sandbox_kind kind)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].call == call && (rules[i].kinds & 1U << kind) != 0)
			return true;
	return false;
}

static struct scmp_arg_cmp
argument_is(unsigned n, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){n, SCMP_CMP_EQ, value, 0};
}

static struct scmp_arg_cmp
argument_is_not(unsigned n, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){n, SCMP_CMP_NE, value, 0};
}

/* The bits of mask are those of value. */
static struct scmp_arg_cmp
argument_has(unsigned n, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){n, SCMP_CMP_MASKED_EQ, mask, value};
}

/*
 * Memory is either writable or executable, but for the one form that PCRE2's
 * JIT asks for: anonymous, private, all three at once.
 */
static int
add_memory_rules(scmp_filter_ctx ctx)
{
	int rc = 0;

	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    argument_has(2, PROT_EXEC, 0));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 3,
	    argument_is(2, PROT_READ | PROT_WRITE | PROT_EXEC),
	    argument_is(3, MAP_PRIVATE | MAP_ANONYMOUS),
	    argument_has(4, 0xffffffff, 0xffffffff));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mmap), 1,
	    argument_has(2, PROT_EXEC | PROT_WRITE, PROT_EXEC));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    argument_has(2, PROT_EXEC, 0));
	return rc;
}

/* libuv sets O_NONBLOCK by FIONBIO; name look-ups need inet sockets. */
static int
add_argument_rules(scmp_filter_ctx ctx, enum sandbox_kind kind)
{
	static const int families[] = {1, 2, 10, 16}; /* UNIX INET* NETLINK */
	int rc = 0;

	/*
	 * assert() and the sanitizers end by it; others of the same user
	 * are no business of this process.
	 */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    argument_is(0, (scmp_datum_t)getpid()));
	if (kind != SANDBOX_RESOLVER) {
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOTTY),
		    SCMP_SYS(ioctl), 1, argument_is_not(1, IOCTL_NONBLOCK));
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    argument_is(1, IOCTL_NONBLOCK));
		return rc;
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		    argument_is(0, (scmp_datum_t)families[i]));
	return rc;
}

static int
add_rules(scmp_filter_ctx ctx, enum sandbox_kind kind)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if ((rules[i].kinds & 1U << kind) != 0)
			rc |= seccomp_rule_add(
			    ctx, SCMP_ACT_ALLOW, rules[i].call, 0);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		if (is_allowed(r->call, kind) || r->call == SCMP_SYS(ioctl))
			continue;
		rc |= seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO((uint32_t)r->error), r->call, 0);
	}
	rc |= add_memory_rules(ctx);
	rc |= add_argument_rules(ctx, kind);
	return rc;
}

bool
sandbox_is_known(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

int
sandbox_syscalls(enum sandbox_kind kind, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (ctx == NULL)
		return err_set(err, "seccomp: cannot start a filter");
	rc = add_rules(ctx, kind);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0)
		return err_set(err, "seccomp: the filter cannot be loaded: %s",
		    strerror(rc < 0 ? -rc : rc));
	return 0;
}

/* Name servers and hosts are read from files; nothing is ever written. */
static uint64_t
handled_rights(enum sandbox_kind kind, int abi)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= 1ULL << 14; /* TRUNCATE */
	if (abi >= 5)
		all |= 1ULL << 15; /* IOCTL_DEV */
	if (kind == SANDBOX_RESOLVER)
		all &= ~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE |
		                   LANDLOCK_ACCESS_FS_READ_DIR);
	return all;
}

int
sandbox_landlock(enum sandbox_kind kind, struct err *err)
{
	/* Longer than old headers know: files, and TCP bind and connect. */
	uint64_t attr[2] = {0, 0};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	size_t size = abi >= 4 ? sizeof(attr) : sizeof(attr[0]);
	int fd, rc;

	if (abi <= 0) {
		(void)err_set(err,
		    "Landlock is not available (kernel %s): files are kept "
		    "away by user and system call filter only",
		    errno == EOPNOTSUPP ? "has it disabled" : "is too old");
		return 0;
	}
	attr[0] = handled_rights(kind, (int)abi);
	if (kind != SANDBOX_RESOLVER)
		attr[1] = 3;
	fd = (int)syscall(SYS_landlock_create_ruleset, attr, size, 0);
	if (fd < 0)
		return err_set(err, "Landlock: %s", strerror(errno));
	rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	if (rc != 0)
		(void)err_set(err, "Landlock: %s", strerror(errno));
	(void)close(fd);
	return rc == 0 ? 1 : -1;
}

/*
 * Only read-only code of files: those pages are clean and come back from the
 * page cache. Never r--p, which holds relocated data made read-only.
 */
static void
trim_line(const char *line)
{
	unsigned long from, to, offset;
	unsigned major, minor;
	unsigned long inode;
	char mode[5];

	if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &from, &to, mode, &offset,
	        &major, &minor, &inode) != 7)
		return;
	if (inode == 0 || strcmp(mode, "r-xp") != 0)
		return;
	/* An address that the kernel printed. */
	(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

void
sandbox_trim_memory(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	if (f == NULL)
		return; /* no /proc: it is a saving only */
	while (fgets(line, sizeof(line), f) != NULL)
		trim_line(line);
	(void)fclose(f);
}
