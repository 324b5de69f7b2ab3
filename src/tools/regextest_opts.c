#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/optrows.h"
#include "base/version.h"
#include "conf/vintage.h"
#include "tools/regextest.h"

enum {
	OPT_VERSION = 256,
	OPT_USEDNS,
	OPT_VERBOSITY,
	OPT_VERBOSE_DATE,
	OPT_NO_CHECK_ALL,
	OPT_NO_MISSED,
	OPT_NO_IGNORED,
	OPT_ALL_MATCHED,
	OPT_ALL_MISSED,
	OPT_ALL_IGNORED,
	OPT_FULL_TRACEBACK,
	OPT_SAMPLES,
	OPT_TIMEZONE,
};

static const struct option long_options[] = {
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {"config", required_argument, NULL, 'c'},
    {"datepattern", required_argument, NULL, 'd'},
    {"timezone", required_argument, NULL, OPT_TIMEZONE},
    {"TZ", required_argument, NULL, OPT_TIMEZONE},
    {"encoding", required_argument, NULL, 'e'},
    {"raw", no_argument, NULL, 'r'},
    {"usedns", required_argument, NULL, OPT_USEDNS},
    {"maxlines", required_argument, NULL, 'L'},
    {"journalmatch", required_argument, NULL, 'm'},
    {"log-level", required_argument, NULL, 'l'},
    {"verbose", no_argument, NULL, 'v'},
    {"verbosity", required_argument, NULL, OPT_VERBOSITY},
    {"verbose-date", no_argument, NULL, OPT_VERBOSE_DATE},
    {"VD", no_argument, NULL, OPT_VERBOSE_DATE},
    {"debuggex", no_argument, NULL, 'D'},
    {"no-check-all", no_argument, NULL, OPT_NO_CHECK_ALL},
    {"out", required_argument, NULL, 'o'},
    {"invert", no_argument, NULL, 'i'},
    {"print-no-missed", no_argument, NULL, OPT_NO_MISSED},
    {"print-no-ignored", no_argument, NULL, OPT_NO_IGNORED},
    {"print-all-matched", no_argument, NULL, OPT_ALL_MATCHED},
    {"print-all-missed", no_argument, NULL, OPT_ALL_MISSED},
    {"print-all-ignored", no_argument, NULL, OPT_ALL_IGNORED},
    {"log-traceback", no_argument, NULL, 't'},
    {"full-traceback", no_argument, NULL, OPT_FULL_TRACEBACK},
    {"samples", required_argument, NULL, OPT_SAMPLES},
    {NULL, 0, NULL, 0},
};

static const char usage_line[] =
    "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n";

static const char help_text[] =
    "\n"
    "Says which lines of a log the rules of a filter match.\n"
    "\n"
    "LOG:\n"
    "  filename              path to a log file (/var/log/auth.log)\n"
    "  systemd-journal       the systemd journal, optionally with options of\n"
    "                        the backend (systemd-journal[journalflags=1])\n"
    "  string                the text of one or several log lines\n"
    "\n"
    "REGEX:\n"
    "  jail                  name of a jail, optionally with options\n"
    "  filter                name of a filter, optionally with options\n"
    "                        (sshd[mode=aggressive])\n"
    "  filename              path to a filter file (filter.d/sshd.conf)\n"
    "  string                a regular expression as in 'failregex'\n"
    "\n"
    "IGNOREREGEX:\n"
    "  string                a regular expression as in 'ignoreregex'\n"
    "\n"
    "Options:\n"
    "  --version             print the version and exit\n"
    "  -h, --help            print this help and exit\n"
    "  -c CONFIG, --config=CONFIG\n"
    "                        configuration directory (default: "
    "/etc/fail2ban)\n"
    "  -d DATEPATTERN, --datepattern=DATEPATTERN\n"
    "                        how to find dates, instead of the filter's\n"
    "  --timezone=TIMEZONE, --TZ=TIMEZONE\n"
    "                        zone of dates that do not name one\n"
    "  -e ENCODING, --encoding=ENCODING\n"
    "                        encoding of the file (default: of the locale)\n"
    "  -r, --raw             do not resolve host names\n"
    "  --usedns=USEDNS       what to do with host names: yes, warn, no, raw\n"
    "  -L MAXLINES, --maxlines=MAXLINES\n"
    "                        lines that a regex may span\n"
    "  -m JOURNALMATCH, --journalmatch=JOURNALMATCH\n"
    "                        which entries of the journal, instead of the\n"
    "                        filter's\n"
    "  -l LOG_LEVEL, --log-level=LOG_LEVEL\n"
    "                        log messages to show (default: critical)\n"
    "  -V                    print only the number of the version\n"
    "  -v, --verbose         tell more; may be repeated\n"
    "  --verbosity=VERBOSE   tell this much more (0..4)\n"
    "  --verbose-date, --VD  tell the regexes of date templates\n"
    "  -D, --debuggex        print addresses of debuggex.com for the lines\n"
    "  --no-check-all        stop at the first regex that matches a line\n"
    "  -o OUT, --out=OUT     print failures only: id, ip, msg, row, the name\n"
    "                        of a group, or a text with tags such as "
    "'<ip>'\n"
    "  -i, --invert          with -o: print the lines that do not match\n"
    "  --print-no-missed     do not print missed lines\n"
    "  --print-no-ignored    do not print ignored lines\n"
    "  --print-all-matched   print the matched lines\n"
    "  --print-all-missed    print all missed lines, however many\n"
    "  --print-all-ignored   print all ignored lines, however many\n"
    "  --samples=FILE        check annotated samples (# failJSON: ...) with\n"
    "                        the filter REGEX; there is no LOG then\n"
    "  -t, --log-traceback, --full-traceback\n"
    "                        accepted, without effect\n";

void
regextest_help(FILE *f)
{
	(void)fprintf(f, "%s%s", usage_line, help_text);
}

/* As the option parser of the reference: usage and what is wrong. */
static int
syntax_error(const char *before, const char *what, const char *after)
{
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s\nfail2ban-regex: error: %s%s%s\n", usage_line,
	    before, what, after);
	return REGEXTEST_SYNTAX;
}

static int
parse_int(int *ret, const char *option, const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);
	char *why;

	if (*text != '\0' && *end == '\0' && v >= 0 && v <= 1000000) {
		*ret = (int)v;
		return REGEXTEST_RUN;
	}
	why = xasprintf(": invalid integer value: '%s'", text);
	(void)syntax_error("option ", option, why);
	free(why);
	return REGEXTEST_SYNTAX;
}

static void
add_journalmatch(struct regextest_opts *o, const char *text)
{
	o->journalmatch = xreallocarray(
	    o->journalmatch, o->njournalmatch + 1, sizeof(*o->journalmatch));
	o->journalmatch[o->njournalmatch++] = text;
}

#define TEXT(member) OPTROW_TEXT, offsetof(struct regextest_opts, member)
#define ON(member) OPTROW_ON, offsetof(struct regextest_opts, member)

static const struct optrow rows[] = {
    {'c', TEXT(config)},
    {'d', TEXT(datepattern)},
    {'e', TEXT(encoding)},
    {'l', TEXT(log_level)},
    {'o', TEXT(out)},
    {OPT_TIMEZONE, TEXT(timezone)},
    {OPT_USEDNS, TEXT(usedns)},
    {OPT_SAMPLES, TEXT(samples)},
    {'v', OPTROW_MORE, offsetof(struct regextest_opts, verbose)},
    {'D', ON(debuggex)},
    {'i', ON(invert)},
    {OPT_VERBOSE_DATE, ON(verbose_date)},
    {OPT_NO_CHECK_ALL, OPTROW_OFF, offsetof(struct regextest_opts, check_all)},
    {OPT_NO_MISSED, ON(print_no_missed)},
    {OPT_NO_IGNORED, ON(print_no_ignored)},
    {OPT_ALL_MATCHED, ON(print_all_matched)},
    {OPT_ALL_MISSED, ON(print_all_missed)},
    {OPT_ALL_IGNORED, ON(print_all_ignored)},
    {'t', OPTROW_NOTHING, 0},
    {OPT_FULL_TRACEBACK, OPTROW_NOTHING, 0},
    {0, OPTROW_NOTHING, 0},
};

static int
set_option(struct regextest_opts *o, int c)
{
	if (optrows_set(o, rows, c, optarg))
		return REGEXTEST_RUN;
	switch (c) {
	case 'h':
		regextest_help(stdout);
		return REGEXTEST_OK;
	case 'V':
		(void)puts(COMPAT_VERSION);
		return REGEXTEST_OK;
	case OPT_VERSION:
		(void)printf("fail2ban-regex %s (%s %s)\n", COMPAT_VERSION,
		    OWN_NAME, OWN_VERSION);
		return REGEXTEST_OK;
	case 'r':
		o->usedns = "raw";
		return REGEXTEST_RUN;
	case 'm':
		add_journalmatch(o, optarg);
		return REGEXTEST_RUN;
	case 'L':
		return parse_int(&o->maxlines, "-L", optarg);
	case OPT_VERBOSITY:
		return parse_int(&o->verbose, "--verbosity", optarg);
	default:
		return REGEXTEST_SYNTAX;
	}
}

/* Checks what belongs together. */
static int
check(const struct regextest_opts *o)
{
	struct buf b = BUF_INIT;

	if (o->regex == NULL)
		buf_adds(&b, "ERROR: provide both <LOG> and <REGEX>.\n");
	if (o->print_no_missed && o->print_all_missed)
		buf_adds(&b, "ERROR: --print-no-missed and --print-all-missed "
		             "are mutually exclusive.\n");
	if (o->print_no_ignored && o->print_all_ignored)
		buf_adds(&b, "ERROR: --print-no-ignored and "
		             "--print-all-ignored are mutually exclusive.\n");
	if (b.n == 0)
		return REGEXTEST_RUN;
	regextest_help(stdout);
	(void)fflush(stdout);
	(void)fprintf(stderr, "\n%s", b.p);
	buf_release(&b);
	return REGEXTEST_USAGE;
}

static void
take_arguments(struct regextest_opts *o, int argc, char **argv)
{
	if (o->samples == NULL && optind < argc)
		o->log = argv[optind++];
	if (optind < argc)
		o->regex = argv[optind++];
	if (optind < argc)
		o->ignoreregex = argv[optind++];
}

int
regextest_parse(struct regextest_opts *o, int argc, char **argv)
{
	int c;
	int r;

	*o = (struct regextest_opts){.config = SYSCONFDIR "/fail2ban",
	    .log_level = "critical",
	    .check_all = true};
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hVc:d:e:rL:m:l:vDo:it",
	            long_options, NULL)) != -1) {
		const char *what = argv[optind - 1];

		if (c == ':')
			return syntax_error(
			    "", what, " option requires 1 argument");
		if (c == '?')
			return syntax_error("no such option: ", what, "");
		r = set_option(o, c);
		if (r != REGEXTEST_RUN)
			return r;
	}
	take_arguments(o, argc, argv);
	o->of_1_1_1 = vintage_is_1_1_1(o->config);
	return check(o);
}

void
regextest_opts_release(struct regextest_opts *o)
{
	free(o->journalmatch);
	o->journalmatch = NULL;
	o->njournalmatch = 0;
}
