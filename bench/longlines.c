/*
 * What lines made to be slow cost each filter:
 *	bench/longlines [-v] [-n SAMPLES] [-b BYTES] CONFIG SAMPLES-DIR [FILTER
 *...] A line is a sample cut at a token, with something put there over and
 *over: blanks, digits, quotes, its own beginning ... Per filter the slowest
 *line is told, in processor time, and how many lines hit a limit. Exits 1 when
 * one takes longer than LIMIT_MS.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tests/quiet.h"
#include "base/mem.h"
#include "sensor/filter.h"
#include "tools/regextest.h"
#include "tools/samplefile.h"

#define NOW 1124013600.0
#define LIMIT_MS 50.0

enum { CUTS_MAX = 16 };

static struct {
	size_t samples; /* of a filter */
	size_t bytes;   /* of a line */
	bool verbose;
} opts = {.samples = 3, .bytes = 60000};

/* What is written over and over; the line's own parts come besides. */
static const char *const fillers[] = {"a", " ", "0", ".", ":", "\"", "'", "[",
    "a ", "1.2.3.4 ", "1.2.3.4", "from ", "from=<", "\" \"", "\\x22",
    "\xc3\xa9", "/", "a=b, ", "(1) ", "<a> ", "-",
    "ffff:", "host 1.2.3.4 port 22 "};

struct worst {
	double ms;
	struct buf what;
};

struct run {
	struct filter *filter;
	struct worst worst;
	unsigned long lines;
	unsigned long limited; /* lines that hit a limit */
};

static double
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void
drop(void *arg, const struct failure *f)
{
	(void)arg;
	(void)f;
}

/* ---- one line */

static void
measure(struct run *r, const struct buf *line, const char *what)
{
	struct filter_line l = {.text = line->p, .n = line->n, .now = NOW};
	unsigned long hits = filter_limit_hits(r->filter);
	double start = cpu_ms(), ms;

	(void)filter_line(r->filter, &l, drop, NULL, NULL, NULL);
	ms = cpu_ms() - start;
	r->lines++;
	r->limited += filter_limit_hits(r->filter) > hits;
	if (ms <= r->worst.ms)
		return;
	r->worst.ms = ms;
	buf_reset(&r->worst.what);
	buf_adds(&r->worst.what, what);
}

/* before + filler over and over + after */
static void
measure_filled(
    struct run *r, const char *text, size_t cut, const struct buf *filler)
{
	struct buf line = BUF_INIT;
	char what[200];

	for (int tail = 0; tail < 2; tail++) {
		buf_reset(&line);
		buf_add(&line, text, cut);
		while (line.n + filler->n <= opts.bytes)
			buf_add(&line, filler->p, filler->n);
		if (tail == 1)
			buf_adds(&line, text + cut);
		(void)snprintf(what, sizeof(what), "%.*s...%s %.60s", 60,
		    filler->p, tail == 1 ? "rest" : "end", text + cut);
		measure(r, &line, what);
	}
	buf_release(&line);
}

/* ---- the lines of a sample */

static size_t
find_cuts(const char *text, size_t cuts[CUTS_MAX])
{
	size_t n = strlen(text), found = 0, all = 0, want;

	for (size_t i = 1; i < n; i++)
		all += strchr(" \"':=[]<>(),", text[i]) != NULL;
	want = all / CUTS_MAX + 1;
	for (size_t i = 1, k = 0; i < n && found < CUTS_MAX; i++)
		if (strchr(" \"':=[]<>(),", text[i]) != NULL && k++ % want == 0)
			cuts[found++] = i + 1;
	return found;
}

static void
measure_sample(struct run *r, const char *text)
{
	size_t cuts[CUTS_MAX];
	size_t n = find_cuts(text, cuts);
	struct buf filler = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(fillers) / sizeof(fillers[0]);
		     k++) {
			buf_reset(&filler);
			buf_adds(&filler, fillers[k]);
			measure_filled(r, text, cuts[i], &filler);
		}
		for (size_t k = 0; k < 3 && k <= i; k++) {
			size_t from = k == 0 ? 0 : cuts[i - k];

			buf_reset(&filler);
			buf_add(&filler, text + from, cuts[i] - from);
			measure_filled(r, text, cuts[i], &filler);
		}
	}
	buf_release(&filler);
}

/* ---- a filter */

static void
tell(const struct run *r, const struct filterspec *spec, const char *name,
    const struct group *g)
{
	(void)printf("%-24s %-40.40s %7lu lines %8.2f ms %6lu limited  %s\n",
	    name, g->key, r->lines, r->worst.ms, r->limited,
	    r->worst.what.p != NULL ? r->worst.what.p : "");
	if (!opts.verbose)
		return;
	for (size_t i = 0; i < spec->nfail; i++) {
		struct filter_stat s;

		filter_stat(r->filter, FILTER_FAILREGEX, i, &s);
		if (s.limit_hits > 0)
			(void)printf("    failregex %zu: %lu limits of %lu: "
			             "%s\n",
			    i + 1, s.limit_hits, s.tried,
			    spec->failregex[i].text);
	}
}

/* The slowest line's milliseconds. */
static double
run_group(const struct regextest_opts *o, const struct group *g)
{
	struct filterspec spec;
	struct err err = ERR_INIT;
	struct run r = {.worst.what = BUF_INIT};
	size_t done = 0;

	filterspec_init(&spec);
	if (regextest_setup_filter(&spec, o, g->options, &err) == 0)
		r.filter = filter_new("bench", &spec, &err);
	if (r.filter == NULL)
		(void)printf("%s: %s\n", o->regex, err_text(&err));
	else {
		size_t step = g->n / opts.samples + 1;

		for (size_t i = 0; i < g->n && done < opts.samples; i += step) {
			measure_sample(&r, g->samples[i].text);
			done++;
		}
		tell(&r, &spec, o->regex, g);
	}
	filter_free(r.filter);
	filterspec_release(&spec);
	buf_release(&r.worst.what);
	err_release(&err);
	return r.worst.ms;
}

static double
run_filter(const char *config, const char *dir, const char *name)
{
	struct regextest_opts o = {.config = config,
	    .regex = name,
	    .usedns = "raw",
	    .encoding = "utf-8"};
	struct samples s = {.o = &o, .name = xstrdup(name)};
	struct err err = ERR_INIT;
	double worst = 0;

	s.files[s.nfiles++] = xasprintf("%s/%s", dir, name);
	for (size_t i = 0; i < s.nfiles; i++)
		if (samplefile_read(&s, s.files[i], &err) != 0)
			(void)printf("%s: %s\n", name, err_text(&err));
	for (size_t i = 0; i < s.n; i++) {
		double ms = run_group(&o, &s.groups[i]);

		if (ms > worst)
			worst = ms;
	}
	samplefile_release(&s);
	err_release(&err);
	return worst;
}

static int
has_samples(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int
run_all(const char *config, const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, has_samples, alphasort), slow = 0;

	if (n < 0) {
		perror(dir);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char *path =
		    xasprintf("%s/filter.d/%s.conf", config, list[i]->d_name);

		if (access(path, R_OK) == 0)
			slow +=
			    run_filter(config, dir, list[i]->d_name) > LIMIT_MS;
		(void)fflush(stdout);
		free(path);
		free(list[i]);
	}
	free(list);
	return slow;
}

int
main(int argc, char **argv)
{
	int c, slow = 0;

	while ((c = getopt(argc, argv, "vn:b:")) != -1) {
		if (c == 'n')
			opts.samples = strtoul(optarg, NULL, 10);
		else if (c == 'b')
			opts.bytes = strtoul(optarg, NULL, 10);
		else
			opts.verbose = true;
	}
	argv += optind;
	if (argv[0] == NULL || argv[1] == NULL || opts.samples == 0) {
		(void)fputs("usage: longlines [-v] [-n SAMPLES] [-b BYTES] "
		            "CONFIG SAMPLES-DIR [FILTER ...]\n",
		    stderr);
		return 2;
	}
	quiet_log();
	if (argv[2] == NULL)
		slow = run_all(argv[0], argv[1]);
	for (int i = 2; argv[i] != NULL; i++)
		slow += run_filter(argv[0], argv[1], argv[i]) > LIMIT_MS;
	return slow > 0;
}
