/*
 * rotation KIND ROTATIONS LINES: a writer at full speed, its log rotated in
 * one way, and a monitor with a real worker; every line must be found once.
 * Also the program that the monitor starts as its worker: that of kind
 * "poison" dies of one line. Kind "polled" has no inotify.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../monitor/nobody.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "sensor/feed.h"
#include "server/worker.h"

static const char *const kinds[] = {"rename", "shift", "copytruncate",
    "copyshift", "recreate", "none", "poison", "polled", NULL};

enum {
	KILLS = 4,     /* after each the next worker waits longer */
	KEPT = 5,      /* files of kind "shift" */
	POISON = 3000, /* number of the line */
	POLLED = 3,    /* rotations where each takes a second */
};

/* The linker has the second one called by everybody. */
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

/* Kind "polled": a file system that tells nothing. */
static bool is_silent;

int
__wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (!is_silent)
		return __real_inotify_add_watch(fd, path, mask);
	errno = EOPNOTSUPP;
	return -1;
}

struct run {
	const char *kind;
	int rotations;
	int lines; /* between two rotations */
	char dir[64];
	char path[96];
	uv_loop_t loop;
	struct monitor *monitor;
	uv_timer_t tick;
	unsigned char *seen; /* by number of the line */
	long total;
	long found;
	long doubled;
	long before; /* found at the last tick */
	int still;   /* ticks without progress */
	pid_t writer;
	int kill_every; /* ticks, 0: the worker lives */
	int ticks;
	int kills;
	bool checked;
	bool undropped; /* the worker kept privileges */
	bool stopped;
};

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- the writer */

static int
open_log(const struct run *r)
{
	int fd = open(r->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0)
		die(r->path);
	return fd;
}

static void
copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	char block[65536];
	ssize_t n;

	while ((n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			die(to);
	(void)close(in);
	(void)close(out);
}

static void
shift_old(const struct run *r)
{
	for (int i = KEPT - 1; i > 0; i--) {
		char from[128], to[128];

		(void)snprintf(from, sizeof(from), "%s.%d", r->path, i);
		(void)snprintf(to, sizeof(to), "%s.%d", r->path, i + 1);
		(void)rename(from, to);
	}
}

static bool
is_kind(const struct run *r, const char *kind)
{
	return strcmp(r->kind, kind) == 0;
}

/*
 * What is gone before anybody could open it is lost, to everybody: how many
 * rotations may go by until somebody looks. 0: any number.
 */
static int
patience(const struct run *r)
{
	if (is_kind(r, "recreate") || is_kind(r, "polled"))
		return 1;
	return is_kind(r, "shift") || is_kind(r, "copyshift") ? KEPT / 2 : 0;
}

static bool
is_opened(int events, const char *wanted)
{
	union {
		struct inotify_event align;
		char bytes[16384];
	} b;
	ssize_t got = read(events, b.bytes, sizeof(b.bytes));
	bool found = false;

	if (got <= 0)
		die("inotify");
	for (const char *p = b.bytes; p < b.bytes + got;) {
		struct inotify_event e;

		memcpy(&e, p, sizeof(e));
		p += sizeof(e);
		found |= e.len > 0 && strcmp(p, wanted) == 0;
		p += e.len;
	}
	return found;
}

/* An empty file, and then nothing until somebody opened it. */
static void
create_seen(const struct run *r, const char *path)
{
	int events = inotify_init1(IN_CLOEXEC);

	if (events < 0 ||
	    __real_inotify_add_watch(events, r->dir, IN_OPEN) < 0 ||
	    mknod(path, S_IFREG | 0640, 0) != 0)
		die(path);
	while (!is_opened(events, strrchr(path, '/') + 1))
		;
	(void)close(events);
}

static int
rotate(const struct run *r, int fd, int number)
{
	bool wait = patience(r) > 0 && number % patience(r) == 0;
	char to[128];

	(void)snprintf(to, sizeof(to), "%s.%d", r->path, number);
	if (is_kind(r, "copyshift")) {
		shift_old(r);
		(void)snprintf(to, sizeof(to), "%s.1", r->path);
	}
	if (strncmp(r->kind, "copy", 4) == 0) {
		if (wait)
			create_seen(r, to);
		copy(r->path, to);
		if (ftruncate(fd, 0) != 0)
			die("ftruncate");
		return fd;
	}
	if (is_kind(r, "none") || is_kind(r, "poison"))
		return fd;
	(void)close(fd);
	if (is_kind(r, "recreate"))
		(void)unlink(r->path);
	else if (is_kind(r, "shift")) {
		shift_old(r);
		(void)snprintf(to, sizeof(to), "%s.1", r->path);
		(void)rename(r->path, to);
	} else
		(void)rename(r->path, to);
	if (wait)
		create_seen(r, r->path);
	return open_log(r);
}

static void
write_all(const struct run *r)
{
	int fd = open_log(r);
	long number = 0;

	for (int i = 1; i <= r->rotations; i++) {
		for (int k = 0; k < r->lines; k++) {
			char line[128];
			int n = snprintf(line, sizeof(line),
			    "%ld FAIL from 192.0.2.1 n=%ld\n", (long)time(NULL),
			    number++);

			if (write(fd, line, (size_t)n) != n)
				die("write");
		}
		fd = rotate(r, fd, i);
	}
	_exit(0);
}

/* ---- the monitor */

static void
on_failure(void *arg, const char *jail, const struct failure *f)
{
	struct run *r = arg;
	struct value *data = packed_value(f->data);
	const char *text = value_str(value_get(data, "n"));
	long n = text == NULL ? -1 : atol(text);

	(void)jail;
	if (n < 0 || n >= r->total)
		(void)fprintf(stderr, "strange line\n");
	else if (r->seen[n]++ != 0)
		r->doubled++;
	else
		r->found++;
	value_free(data);
}

static const struct monitor_ops ops = {
    .failure = on_failure,
    .position = nobody_position,
    .stored = nobody_stored,
};

static void
on_stopped(void *arg)
{
	struct run *r = arg;

	r->stopped = true;
	uv_close((uv_handle_t *)&r->tick, NULL);
	monitor_free(r->monitor);
}

/* Started by root, the worker must be nobody of importance by now. */
static void
check_drop(struct run *r, int pid)
{
	static const char *const wanted[] = {"NoNewPrivs:\t1\n",
	    "Seccomp:\t2\n", "CapEff:\t0000000000000000\n",
	    "CapBnd:\t0000000000000000\n"};
	struct buf status = BUF_INIT;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (geteuid() != 0 || io_read_file(&status, path, 65536) != 0) {
		buf_release(&status);
		return;
	}
	r->checked = true;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		r->undropped |= strstr(status.p, wanted[i]) == NULL;
	r->undropped |= strstr(status.p, "Uid:\t0") != NULL;
	buf_release(&status);
}

static void
on_tick(uv_timer_t *timer)
{
	struct run *r = timer->data;
	bool finished = false;

	r->ticks++;
	if (r->writer > 0 && waitpid(r->writer, NULL, WNOHANG) == r->writer)
		r->writer = 0;
	if (r->kill_every > 0 && r->ticks % r->kill_every == 0 &&
	    r->kills < KILLS && monitor_worker_pid(r->monitor) > 0) {
		r->kills++;
		(void)kill(monitor_worker_pid(r->monitor), SIGKILL);
	}
	/* The first failure shows that the sandbox is closed. */
	if (!r->checked && r->found > 0)
		check_drop(r, monitor_worker_pid(r->monitor));
	r->still = r->found == r->before ? r->still + 1 : 0;
	r->before = r->found;
	finished = r->writer == 0 && (r->found == r->total || r->still > 100);
	if (!finished)
		return;
	(void)uv_timer_stop(&r->tick);
	monitor_stop(r->monitor, on_stopped, r);
}

static void
set_jail(struct run *r)
{
	struct filterspec spec;
	struct err err = ERR_INIT;

	filterspec_init(&spec);
	spec.findtime = 600;
	if (filterspec_add_failregex(
	        &spec, "^ FAIL from <HOST> n=<F-N>\\d+</F-N>$", &err) != 0 ||
	    monitor_jail_set(r->monitor, r->kind, &spec, "UTF-8", &err) != 0 ||
	    monitor_await_log(r->monitor, r->kind, r->path, false) < 0) {
		(void)fprintf(stderr, "%s\n", err_text(&err));
		exit(2);
	}
	filterspec_release(&spec);
	err_release(&err);
	monitor_start(r->monitor, r->kind);
}

static int
report(struct run *r)
{
	long first = -1;

	/* The line that kills is left out in the end, and no other. */
	if (is_kind(r, "poison") && r->total > POISON && r->seen[POISON] == 0)
		r->seen[POISON] = r->found++ >= 0;

	for (long i = 0; i < r->total && first < 0; i++)
		if (r->seen[i] == 0)
			first = i;
	(void)printf("%s: %d rotations, %ld lines: %ld lost, %ld twice",
	    r->kind, r->rotations, r->total, r->total - r->found, r->doubled);
	if (first >= 0)
		(void)printf(", first lost: %ld", first);
	(void)printf("\n");
	if (r->undropped)
		(void)printf("the worker kept privileges\n");
	return r->found == r->total && r->doubled == 0 && !r->undropped ? 0 : 1;
}

static void
clean(const struct run *r)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	if (system(command) != 0)
		(void)fprintf(stderr, "%s is left\n", r->dir);
}

static int
run_kind(struct run *r)
{
	struct err err = ERR_INIT;
	int rc;

	is_silent = is_kind(r, "polled");
	if (is_silent && r->rotations > POLLED)
		r->rotations = POLLED;
	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/rotation.XXXXXX");
	if (mkdtemp(r->dir) == NULL || chmod(r->dir, 0755) != 0)
		die("mkdtemp");
	(void)snprintf(r->path, sizeof(r->path), "%s/log", r->dir);
	r->total = (long)r->rotations * r->lines;
	r->seen = xcalloc((size_t)r->total, 1);
	r->found = r->doubled = r->before = 0;
	r->still = r->ticks = r->kills = 0;
	(void)uv_loop_init(&r->loop);
	r->monitor = monitor_new(&r->loop, &ops, r, &err);
	if (r->monitor == NULL)
		die("monitor_new");
	(void)close(open_log(r)); /* what is gone before it is known is lost */
	set_jail(r);
	r->writer = fork();
	if (r->writer == 0)
		write_all(r);
	(void)uv_timer_init(&r->loop, &r->tick);
	r->tick.data = r;
	(void)uv_timer_start(&r->tick, on_tick, 50, 50);
	(void)uv_run(&r->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&r->loop);
	rc = report(r);
	free(r->seen);
	clean(r);
	return rc;
}

/* The linker has it called instead of feed_line(). */
void __real_feed_line(
    struct feed *f, const struct filter_line *line, failure_fn fn, void *arg);
void __wrap_feed_line(
    struct feed *f, const struct filter_line *line, failure_fn fn, void *arg);

void
__wrap_feed_line(
    struct feed *f, const struct filter_line *line, failure_fn fn, void *arg)
{
	char end[16];
	size_t n = (size_t)snprintf(end, sizeof(end), "n=%d", POISON);

	if (strcmp(f->name, "poison") == 0 && line->n > n &&
	    memcmp(line->text + line->n - n, end, n) == 0)
		abort();
	__real_feed_line(f, line, fn, arg);
}

int
main(int argc, char **argv)
{
	struct run r = {.rotations = 50, .lines = 1000};
	int rc = 0;

	if (argc == 2 && strcmp(argv[1], WORKER_WORD) == 0)
		return worker_main();
	if (argc > 2)
		r.rotations = atoi(argv[2]);
	if (argc > 3)
		r.lines = atoi(argv[3]);
	if (argc > 4)
		r.kill_every = atoi(argv[4]);
	if (getenv("ROTATION_DEBUG") != NULL)
		log_set_level(atoi(getenv("ROTATION_DEBUG")));
	else
		log_set_level(LOG_WARN);
	for (int i = 0; kinds[i] != NULL; i++) {
		r.kind = kinds[i];
		if (argc < 2 || strcmp(argv[1], "all") == 0 ||
		    strcmp(argv[1], r.kind) == 0)
			rc |= run_kind(&r);
	}
	return rc;
}
