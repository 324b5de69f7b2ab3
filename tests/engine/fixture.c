#include "fixture.h"

#include <check.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"

struct fixture fix;

/*
 * smtp.py runs this program again with "--smtp": then it writes down the
 * input instead of sending it.
 */
__attribute__((constructor)) static void
be_smtp(void)
{
	char chunk[4096];
	ssize_t n;
	FILE *f;

	if (getenv("TRACE") == NULL ||
	    (f = fopen("/proc/self/cmdline", "r")) == NULL)
		return;
	n = (ssize_t)fread(chunk, 1, sizeof(chunk) - 1, f);
	(void)fclose(f);
	chunk[n] = '\0';
	if (strcmp(chunk + strlen(chunk) + 1, "--smtp") != 0)
		return;
	f = fopen(getenv("TRACE"), "a");
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		(void)fwrite(chunk, 1, (size_t)n, f);
	(void)fclose(f);
	if (getenv("SMTP_FAILS") != NULL)
		(void)fprintf(stderr, "%s\n", getenv("SMTP_FAILS"));
	_exit(getenv("SMTP_FAILS") != NULL);
}

static void
take_line(void *arg, int level, const char *name, const char *msg, size_t n)
{
	size_t id = 0;

	(void)arg;
	buf_addf(&fix.log, "%s %s: ", log_level_name(level), name);
	while (id < n && isxdigit((unsigned char)msg[id]))
		id++;
	if (id > 0 && strncmp(msg + id, " -- ", 4) == 0) {
		buf_adds(&fix.log, "ID");
		msg += id;
		n -= id;
	}
	buf_add(&fix.log, msg, n);
	buf_addc(&fix.log, '\n');
}

void
fixture_setup(void)
{
	memset(&fix, 0, sizeof(fix));
	ck_assert_int_eq(uv_loop_init(&fix.loop), 0);
	fix.runner = runner_new(&fix.loop);
	buf_init(&fix.log);
	buf_init(&fix.text);
	(void)snprintf(fix.dir, sizeof(fix.dir), "/tmp/engine-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fix.dir));
	(void)snprintf(fix.trace, sizeof(fix.trace), "%s/trace", fix.dir);
	ck_assert_int_eq(setenv("TRACE", fix.trace, 1), 0);
	ck_assert_int_eq(setenv("DIR", fix.dir, 1), 0);
	log_set_level(LOG_INFO_);
	log_set_sink(take_line, NULL);
}

void
fixture_teardown(void)
{
	char command[128];

	runner_free(fix.runner);
	fixture_run();
	ck_assert_int_eq(uv_loop_close(&fix.loop), 0);
	buf_release(&fix.log);
	buf_release(&fix.text);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", fix.dir);
	ck_assert_int_eq(system(command), 0);
	log_set_sink(NULL, NULL);
	clock_set(-1);
}

void
fixture_run(void)
{
	(void)uv_run(&fix.loop, UV_RUN_DEFAULT);
}

static void
gate_path(char *path, size_t n)
{
	(void)snprintf(path, n, "%s/gate", fix.dir);
}

void
fixture_hold(void)
{
	char path[128];

	gate_path(path, sizeof(path));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

/* Who opens a FIFO waits for the other end, and then reads its end. */
void
fixture_go_on(void)
{
	char path[128];
	int fd;

	gate_path(path, sizeof(path));
	fd = open(path, O_WRONLY);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(close(fd), 0);
}

void
fixture_run_command(void)
{
	while (runner_active(fix.runner) == 0)
		(void)uv_run(&fix.loop, UV_RUN_NOWAIT);
}

const char *
fixture_trace(void)
{
	buf_reset(&fix.text);
	if (io_read_file(&fix.text, fix.trace, 1 << 24) == 0)
		ck_assert_int_eq(unlink(fix.trace), 0);
	return fix.text.p;
}

const char *
fixture_log(void)
{
	buf_reset(&fix.text);
	buf_add(&fix.text, fix.log.p, fix.log.n);
	buf_reset(&fix.log);
	return fix.text.p;
}
