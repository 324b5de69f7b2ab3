/*
 * regextest - the program fail2ban-regex (spec 08)
 *
 * Options are parsed, the rules read, the lines fed to a struct filter, and
 * what its trace tells becomes a report, or rows with -o.
 */
#ifndef TOOLS_REGEXTEST_H
#define TOOLS_REGEXTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sandbox.h"
#include "base/value.h"
#include "sensor/filter.h"

enum {
	REGEXTEST_OK = 0,
	REGEXTEST_TROUBLE = 1, /* a line could not be processed */
	REGEXTEST_SYNTAX = 2,  /* unknown option */
	REGEXTEST_USAGE = 255, /* what was asked for is wrong */
	REGEXTEST_RUN = 256    /* no exit status: go on */
};

struct regextest_opts {
	const char *config; /* directory */
	bool of_1_1_1;      /* it is one for fail2ban 1.1.1 (conf/vintage) */
	const char *datepattern;
	const char *timezone;
	const char *encoding; /* NULL: of the locale */
	const char *usedns;
	const char *log_level;
	const char *out;     /* format of -o, NULL: report */
	const char *samples; /* file of annotated samples */
	const char **journalmatch;
	size_t njournalmatch;
	int maxlines; /* 0: as the filter says */
	int verbose;
	bool verbose_date;
	bool debuggex;
	bool check_all;
	bool invert;
	bool print_no_missed;
	bool print_no_ignored;
	bool print_all_matched;
	bool print_all_missed;
	bool print_all_ignored;
	const char *log; /* the arguments */
	const char *regex;
	const char *ignoreregex; /* NULL: not given */
};

/*
 * Returns an exit status, after printing what there is to say, or
 * REGEXTEST_RUN. The texts are borrowed from argv.
 */
int regextest_parse(struct regextest_opts *o, int argc, char **argv);
void regextest_opts_release(struct regextest_opts *o);
/* The whole help. */
void regextest_help(FILE *f);

/* ---- what is tested with ---- */

/*
 * Fills spec from the options, the REGEX and IGNOREREGEX arguments and says
 * so with "Use ..." lines (not with -o). *journalmatch: list of the filter's
 * or NULL, owned by the caller. -1: reason in err.
 */
int regextest_setup(struct filterspec *spec, struct value **journalmatch,
    const struct regextest_opts *o, struct err *err);
/*
 * The same for a filter with these options (dict), and no "Use ..." lines:
 * for samples.
 */
int regextest_setup_filter(struct filterspec *spec,
    const struct regextest_opts *o, const struct value *options,
    struct err *err);
/* Cuts a text for a "Use ..." line. */
void regextest_shorten(struct buf *out, const char *text);

/* ---- the run ---- */

struct regextest_hit {
	char *id; /* as it prints, owned */
	double time;
	bool multiple; /* third or later hit of the same line */
};

struct regextest_regex {
	unsigned long count;
	struct regextest_hit *hits; /* kept with -v only */
	size_t n;
	size_t cap;
};

/* Lines of a kind; their texts are kept only as far as they may be printed. */
struct regextest_lines {
	unsigned long count;
	char **text; /* owned; NULL: moved to another kind */
	size_t n;
	size_t cap;
	unsigned long keep; /* texts to keep */
};

struct regextest {
	const struct regextest_opts *o;
	struct filterspec spec;
	struct filter *filter;
	struct regextest_regex *fail;   /* spec.nfail */
	struct regextest_regex *ignore; /* spec.nignore */
	unsigned long pre_hits;
	struct value *pre_groups; /* list of dicts, with -v only */
	struct regextest_lines matched;
	struct regextest_lines missed;
	struct regextest_lines ignored;
	unsigned long tested;
	bool has_dates; /* files and text: the date is looked for */
	bool trouble;
	double seconds;
	struct regextest_feed *feed; /* private to the run */
};

struct regextest_input; /* where lines come from */

/* Opens the LOG argument and says so. NULL: reason in err. */
struct regextest_input *regextest_open(const struct regextest_opts *o,
    const struct filterspec *spec, const struct value *journalmatch,
    struct err *err);
void regextest_close(struct regextest_input *in);
/*
 * Next line (valid UTF-8, no line end), valid until the next call; skips
 * empty ones and comments. False at the end.
 */
bool regextest_next(struct regextest_input *in, struct filter_line *line);
bool regextest_is_journal(const struct regextest_input *in);

/* ---- the journal ---- */

struct regextest_journal;
/* "systemd-journal", with or without options. */
bool regextest_is_journal_name(const char *log);
/* NULL: reason in err. */
struct regextest_journal *regextest_journal_open(const struct regextest_opts *o,
    const struct value *journalmatch, struct err *err);
void regextest_journal_close(struct regextest_journal *j);
/* Next entry that the matches ask for, now is not set; false at the end. */
bool regextest_journal_next(
    struct regextest_journal *j, struct filter_line *line);

/* Makes r->filter of r->spec, which must be set. -1: reason in err. */
int regextest_begin(
    struct regextest *r, const struct regextest_opts *o, struct err *err);
void regextest_end(struct regextest *r);
void regextest_line(struct regextest *r, const struct filter_line *line);

void regextest_report(const struct regextest *r);
/* --samples; returns the exit status. */
int regextest_samples(const struct regextest_opts *o);

/*
 * Gives up privileges, files and system calls for good. Everything must be
 * open. -1: reason in err.
 */
int regextest_shut(enum sandbox_kind kind, struct err *err);

/* ---- rows ---- */

struct regextest_names; /* what the resolver answered */

/* One result of a line, as -o prints it. */
struct regextest_row {
	const struct value *id;
	const struct value *data;
	const struct value *matches;
	double time; /* NAN: the line has no date */
	bool is_int; /* prints without ".0" */
	double now;
	struct regextest_names *names; /* for the name of an address */
};
/* Appends what format makes of it, with line ends. */
void regextest_row(
    struct buf *out, const char *format, const struct regextest_row *row);
/* before + date + after of one of the matches. */
void regextest_match_text(struct buf *out, const struct value *match);

/* ---- names ---- */

/*
 * Another process asks the resolver: it must be there before the sandbox.
 * NULL: reason in err.
 */
struct regextest_names *regextest_names_new(struct err *err);
void regextest_names_free(struct regextest_names *n);
/* Addresses of a name: list of text, owned by n; empty when unknown. */
const struct value *regextest_resolve(
    struct regextest_names *n, const char *name);
/* Appends the name of an address. False: it has none. */
bool regextest_host_of(
    struct regextest_names *n, struct buf *out, const char *address);

/* The program. */
int regextest_main(int argc, char **argv);

#endif
