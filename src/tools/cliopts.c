/*
 * getopt_long() knows prefixes, ambiguity and stopping at the first word just
 * as Python's getopt does; what it says on errors is not fail2ban's, so it
 * keeps quiet.
 */
#include <getopt.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/optrows.h"
#include "base/span.h"
#include "tools/cliopts.h"

enum {
	OPT_PNAME = 256,
	OPT_LOGLEVEL,
	OPT_LOGTARGET,
	OPT_SYSLOGSOCKET,
	OPT_SOCKET_GROUP,
	OPT_DP,
	OPT_ASYNC,
	OPT_TIMEOUT,
	OPT_STR2SEC,
	OPT_VERSION,
	OPT_STRICT,
	OPT_JSON,
	OPT_COMPLETION,
	OPT_COMPLETE,
	OPT_FEED,
	OPT_SETTINGS,
};

static const char short_opts[] = "+c:s:p:xfbdtviqhV";

static const struct option long_opts[] = {
    {"conf", required_argument, NULL, 'c'},
    {"socket", required_argument, NULL, 's'},
    {"pidfile", required_argument, NULL, 'p'},
    {"pname", required_argument, NULL, OPT_PNAME},
    {"loglevel", required_argument, NULL, OPT_LOGLEVEL},
    {"logtarget", required_argument, NULL, OPT_LOGTARGET},
    {"syslogsocket", required_argument, NULL, OPT_SYSLOGSOCKET},
    {"dp", no_argument, NULL, OPT_DP},
    {"dump-pretty", no_argument, NULL, OPT_DP},
    {"test", no_argument, NULL, 't'},
    {"async", no_argument, NULL, OPT_ASYNC},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"str2sec", required_argument, NULL, OPT_STR2SEC},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/*
 * Options that fail2ban has not: known by their full names only, so that its
 * own stay as unambiguous as they are there.
 */
static const struct option own_opts[] = {
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"json", no_argument, NULL, OPT_JSON},
    {"completion", required_argument, NULL, OPT_COMPLETION},
    {"complete", no_argument, NULL, OPT_COMPLETE},
    {"feed", no_argument, NULL, OPT_FEED},
    {"settings", no_argument, NULL, OPT_SETTINGS},
    {NULL, 0, NULL, 0},
};

#define TEXT(member) OPTROW_TEXT, offsetof(struct cli_opts, member)
#define ON(member) OPTROW_ON, offsetof(struct cli_opts, member)

static const struct optrow rows[] = {
    {'c', TEXT(conf)},
    {'s', TEXT(socket)},
    {'p', TEXT(pidfile)},
    {OPT_PNAME, TEXT(pname)},
    {OPT_LOGLEVEL, TEXT(loglevel)},
    {OPT_LOGTARGET, TEXT(logtarget)},
    {OPT_SYSLOGSOCKET, TEXT(syslogsocket)},
    {OPT_SOCKET_GROUP, TEXT(socket_group)},
    {'d', ON(dump)},
    {'t', ON(test)},
    {'i', ON(interactive)},
    {'x', ON(force)},
    {'f', ON(foreground)},
    {'b', OPTROW_OFF, offsetof(struct cli_opts, foreground)},
    {OPT_STRICT, ON(strict)},
    {OPT_JSON, ON(json)},
    {'v', OPTROW_MORE, offsetof(struct cli_opts, verbose)},
    {'q', OPTROW_LESS, offsetof(struct cli_opts, verbose)},
    {OPT_ASYNC, OPTROW_NOTHING, 0}, /* the server's */
    {0, OPTROW_NOTHING, 0},
};

static const struct action_option {
	int c;
	enum cli_action action;
} action_options[] = {
    {'h', CLI_HELP},
    {'V', CLI_NUMBER},
    {OPT_VERSION, CLI_VERSION},
    {OPT_STR2SEC, CLI_STR2SEC},
    {OPT_COMPLETION, CLI_COMPLETION},
};

/* Options that end the parsing. */
static bool
is_final(struct cli_opts *o, int c)
{
	size_t n = sizeof(action_options) / sizeof(action_options[0]);

	for (size_t i = 0; i < n; i++)
		if (action_options[i].c == c) {
			o->action = action_options[i].action;
			o->text = optarg;
			return true;
		}
	return false;
}

static int
set_timeout(struct cli_opts *o, struct buf *msg)
{
	struct span span = {0};
	struct err err = ERR_INIT;
	int rv = span_parse(&span, optarg, &err);

	if (rv == -1)
		buf_addf(msg, "ERROR: %s", err_text(&err));
	else
		o->timeout = span.seconds;
	err_release(&err);
	return rv;
}

/* 0 or -1: the option is not known or its argument is wrong. */
static int
set_other(struct cli_opts *o, struct buf *msg, int c)
{
	switch (c) {
	case OPT_DP:
		o->dump = o->pretty = true;
		return 0;
	case OPT_COMPLETE:
		o->action = CLI_COMPLETE;
		return 0;
	case OPT_FEED:
		o->action = CLI_FEED;
		return 0;
	case OPT_SETTINGS:
		o->action = CLI_SETTINGS;
		return 0;
	case OPT_TIMEOUT:
		return set_timeout(o, msg);
	default:
		return -1;
	}
}

static int
set(struct cli_opts *o, struct buf *msg, int c)
{
	return optrows_set(o, rows, c, optarg) ? 0 : set_other(o, msg, c);
}

/* fail2ban: its place, when nothing was installed below our prefix */
static const char *
default_conf(void)
{
	static const char own[] = SYSCONFDIR "/fail2ban";

	return access(own, F_OK) == 0 ? own : "/etc/fail2ban";
}

/* The table to look the next word up in. */
static const struct option *
table_for(const char *word)
{
	size_t n;

	if (word == NULL || strncmp(word, "--", 2) != 0)
		return long_opts;
	word += 2;
	n = strcspn(word, "=");
	for (const struct option *own = own_opts; own->name != NULL; own++)
		if (strlen(own->name) == n && memcmp(own->name, word, n) == 0)
			return own_opts;
	return long_opts;
}

/* The next option, -1 at the end of them. */
static int
next_option(int argc, char **argv)
{
	int next = optind > 0 ? optind : 1;
	const char *word = next < argc ? argv[next] : NULL;

	return getopt_long(argc, argv, short_opts, table_for(word), NULL);
}

void
cli_parse(struct cli_opts *o, struct buf *msg, int argc, char **argv)
{
	int c;

	*o = (struct cli_opts){
	    .action = CLI_RUN,
	    .conf = default_conf(),
	    .timeout = 30,
	};
	optind = 0;
	opterr = 0;
	while ((c = next_option(argc, argv)) != -1) {
		if (is_final(o, c))
			return;
		if (set(o, msg, c) == -1) {
			o->action = CLI_BAD;
			return;
		}
	}
	o->words = argv + optind;
	o->words_n = argc - optind;
}

int
cli_log_level(int verbose)
{
	static const int levels[] = {
	    LOG_ERROR, LOG_WARN, LOG_INFO_, LOG_DEBUG_, LOG_HEAVY};
	int i = verbose + 1;

	return levels[i < 0 ? 0 : i > 4 ? 4 : i];
}
