/*
 * The program: options, rules, input, then the loop over the lines. What has
 * to be opened is opened before the loop.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tools/regextest.h"

#define OUT_BUFFER (64 * 1024)

/* Log lines go to standard output, between the lines of the report. */
static void
log_line(void *arg, int level, const char *name, const char *msg, size_t n)
{
	const struct regextest_opts *o = arg;
	double now = clock_now();
	time_t t = (time_t)now;
	struct tm tm;
	char when[32] = "";
	char logger[64];

	(void)snprintf(logger, sizeof(logger), "fail2ban%s%s",
	    *name != '\0' ? "." : "", name);
	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	if (o->verbose < 2)
		(void)printf("%s,%03d %-24s[%d]: %-7s%c: ", when,
		    (int)((now - (double)t) * 1000), logger, (int)getpid(),
		    log_level_name(level), log_level_name(level)[0]);
	else if (o->verbose == 2)
		(void)printf(" %s,%03d %X %-5.5s ", when,
		    (int)((now - (double)t) * 1000), (unsigned)getpid(),
		    log_level_name(level));
	else
		(void)printf(" + %5d %X %-25s %-5.5s ",
		    (int)(clock_mono_ms() % 100000), (unsigned)getpid(), logger,
		    log_level_name(level));
	(void)fwrite(msg, 1, n, stdout);
	(void)putchar('\n');
}

static int
set_log_level(const struct regextest_opts *o)
{
	int level = log_level_parse(o->log_level);

	if (level < 0) {
		(void)printf("ERROR: Invalid log level '%s'\n", o->log_level);
		return REGEXTEST_TROUBLE;
	}
	log_set_level(level);
	return REGEXTEST_RUN;
}

static int
fail(const struct err *err)
{
	(void)printf("ERROR: %s\n", err_text(err));
	return REGEXTEST_USAGE;
}

static void
loop(struct regextest *r, struct regextest_input *in)
{
	double begin = clock_now();
	struct filter_line line;

	while (regextest_next(in, &line))
		regextest_line(r, &line);
	r->seconds = clock_now() - begin;
}

/* From here on it reads what others wrote. */
static int
shut(const struct regextest_input *in, struct err *err)
{
	/* What is in the buffer is of the same process still. */
	(void)fflush(stdout);
	return regextest_shut(
	    regextest_is_journal(in) ? SANDBOX_JOURNAL : SANDBOX_TOOL, err);
}

static int
run(const struct regextest_opts *o)
{
	struct regextest r = {.o = o};
	struct regextest_input *in = NULL;
	struct value *journalmatch = NULL;
	struct err err = ERR_INIT;
	int status = REGEXTEST_OK;

	filterspec_init(&r.spec);
	if (o->out == NULL)
		(void)printf("\nRunning tests\n=============\n\n");
	if (set_log_level(o) != REGEXTEST_RUN)
		status = REGEXTEST_TROUBLE;
	else if (regextest_setup(&r.spec, &journalmatch, o, &err) != 0 ||
	         (in = regextest_open(o, &r.spec, journalmatch, &err)) ==
	             NULL ||
	         regextest_begin(&r, o, &err) != 0 || shut(in, &err) != 0)
		status = fail(&err);
	if (status == REGEXTEST_OK) {
		r.has_dates = !regextest_is_journal(in);
		if (o->out == NULL)
			(void)putchar('\n');
		loop(&r, in);
		if (o->out == NULL)
			regextest_report(&r);
		status = r.trouble ? REGEXTEST_TROUBLE : REGEXTEST_OK;
	}
	regextest_close(in);
	regextest_end(&r);
	value_free(journalmatch);
	err_release(&err);
	return status;
}

int
regextest_main(int argc, char **argv)
{
	static char out_buffer[OUT_BUFFER];
	struct regextest_opts o;
	int status;

	(void)setlocale(LC_CTYPE, "");
	(void)setvbuf(stdout, out_buffer, _IOFBF, sizeof(out_buffer));
	log_set_sink(log_line, &o);
	status = regextest_parse(&o, argc, argv);
	if (status == REGEXTEST_RUN)
		status = o.samples != NULL ? regextest_samples(&o) : run(&o);
	regextest_opts_release(&o);
	if (fflush(stdout) != 0)
		status = REGEXTEST_TROUBLE;
	return status;
}
