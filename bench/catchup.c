/*
 * What a line costs between the log file and the judge, without processes:
 *	bench/catchup LOG [FILTER [CONFIGURATION]]
 * Runs the lines of LOG through the filter as the worker does, and what is
 * found through a jail as the parent does. To be run under a profiler; the
 * seconds of both halves are printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/logtarget.h"
#include "base/mem.h"
#include "conf/config.h"
#include "engine/jail.h"
#include "sensor/codec.h"
#include "sensor/filter.h"
#include "sensor/lines.h"

enum {
	LOG_MAX = 1 << 30,
	BATCH = 500, /* lines between two rounds of the loop */
};

struct bench {
	uv_loop_t *loop;
	struct jail *jail;
	struct buf found; /* failures as they cross the border */
	struct buf where; /* what stands before each */
	unsigned long failures;
	double sensor; /* seconds */
	double engine;
};

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "bench/catchup: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- the sensor */

static void
add_rows(struct filterspec *spec, const struct value *rows)
{
	for (size_t i = 0; rows != NULL && i < rows->n; i++)
		if (filterspec_add_failregex(spec, rows->items[i]->text, NULL))
			die("a failregex is wrong");
}

static struct filter *
load_filter(const char *name, const char *folder)
{
	struct value *v = NULL;
	struct filterspec spec;
	struct filter *f;
	const char *text;

	if (config_filter_load(&v, CONFIG_FILTER, folder, name, NULL, NULL) !=
	    0)
		die("no such filter");
	filterspec_init(&spec);
	spec.usedns = USEDNS_NO;
	spec.findtime = 86400;
	if ((text = value_str(value_get(v, "prefregex"))) != NULL)
		(void)filterspec_set_prefregex(&spec, text, NULL);
	if ((text = value_str(value_get(v, "datepattern"))) != NULL)
		(void)filterspec_set_datepattern(&spec, text, NULL);
	add_rows(&spec, value_get(v, "failregex"));
	f = filter_new("bench", &spec, NULL);
	filterspec_release(&spec);
	value_free(v);
	return f;
}

static void
on_failure(void *arg, const struct failure *f)
{
	struct bench *b = arg;

	b->failures++;
	pack_double(&b->where, f->time);
	buf_add(&b->found, f->id.p, f->id.n);
	buf_add(&b->found, f->data.p, f->data.n);
	buf_add(&b->found, f->matches.p, f->matches.n);
}

/* ---- the engine */

static void
no_resolve(void *arg, const char *name, resolved_fn fn, void *fn_arg)
{
	(void)arg;
	(void)name;
	fn(fn_arg, NULL, NULL);
}

static void
no_cancel(void *arg, void *fn_arg)
{
	(void)arg;
	(void)fn_arg;
}

static void
set_option(struct jail *j, const char *name, const char *text)
{
	struct value *v = value_text(text);

	if (jail_set(j, name, &v, 1, NULL) != 0)
		die(name);
	value_free(v);
}

static struct jail *
new_jail(uv_loop_t *loop, struct history *h)
{
	const struct jail_env env = {
	    .loop = loop,
	    .runner = runner_new(loop),
	    .history = h,
	    .resolve = no_resolve,
	    .resolve_cancel = no_cancel,
	};
	struct jail *j = jail_new("bench", &env);

	set_option(j, "maxretry", "1000000");
	set_option(j, "maxmatches", "1000000");
	set_option(j, "findtime", "1d");
	return j;
}

static void
judge(struct bench *b)
{
	struct unpack found, where;

	unpack_init(&found, b->found.p, b->found.n);
	unpack_init(&where, b->where.p, b->where.n);
	clock_hold();
	log_hold();
	while (where.n > 0) {
		struct failure f = {.time = unpack_double(&where), .count = 1};

		f.id = packed_take(&found);
		f.data = packed_take(&found);
		f.matches = packed_take(&found);
		jail_failure(b->jail, &f);
	}
	log_release();
	clock_release();
	(void)uv_run(b->loop, UV_RUN_DEFAULT);
	buf_reset(&b->found);
	buf_reset(&b->where);
}

/* ---- both */

static void
feed(struct bench *b, struct filter *filter, struct codec *codec,
    const struct buf *log)
{
	struct buf scratch = BUF_INIT;
	struct filter_line line = {.in_operation = true};
	struct err err = ERR_INIT;
	double start = cpu_seconds(), end;
	size_t n;

	line.check_findtime = true;
	for (size_t at = 0, i = 0; at < log->n; at += n) {
		n = lines_next(codec, log->p + at, log->n - at, true);
		(void)codec_decode(
		    codec, log->p + at, n, &scratch, &line.text, &line.n);
		line.n = lines_strip(line.text, line.n);
		if (i % 16 == 0)
			line.now = clock_now();
		(void)filter_line(filter, &line, on_failure, b, NULL, &err);
		if (++i % BATCH != 0)
			continue;
		end = cpu_seconds();
		b->sensor += end - start;
		judge(b);
		start = cpu_seconds();
		b->engine += start - end;
	}
	buf_release(&scratch);
	err_release(&err);
}

int
main(int argc, char **argv)
{
	struct bench b = {.found = BUF_INIT, .where = BUF_INIT};
	struct buf log = BUF_INIT;
	struct logtarget *target;
	uv_loop_t loop;
	struct history *h;

	if (argc < 2 || io_read_file(&log, argv[1], LOG_MAX) != 0)
		die("bench/catchup LOG [FILTER [CONFIGURATION]]");
	if (uv_loop_init(&loop) != 0)
		die("no loop");
	target = logtarget_new(0);
	(void)logtarget_set(target, "/tmp/bench-catchup.log", NULL);
	h = history_open("/tmp/bench-catchup.sqlite3", NULL, NULL);
	b.loop = &loop;
	b.jail = new_jail(&loop, h);
	feed(&b,
	    load_filter(argc > 2 ? argv[2] : "sshd",
	        argc > 3 ? argv[3] : "/etc/fail2ban"),
	    codec_new("UTF-8"), &log);
	printf("%lu failures, sensor %.3f s, engine %.3f s\n", b.failures,
	    b.sensor, b.engine);
	history_close(h);
	logtarget_free(target);
	(void)unlink("/tmp/bench-catchup.log");
	(void)unlink("/tmp/bench-catchup.sqlite3");
	return EXIT_SUCCESS;
}
