/*
 * cliopts - the command line of fail2ban-client (spec 16 section 1)
 */
#ifndef TOOLS_CLIOPTS_H
#define TOOLS_CLIOPTS_H

#include <stdbool.h>

#include "base/buf.h"

enum cli_action {
	CLI_RUN,        /* a command, or none; interactive when so said */
	CLI_HELP,       /* -h */
	CLI_NUMBER,     /* -V */
	CLI_VERSION,    /* --version */
	CLI_STR2SEC,    /* --str2sec */
	CLI_COMPLETION, /* --completion SHELL: text */
	CLI_COMPLETE,   /* --complete: what may follow these words */
	CLI_FEED,       /* --feed: wait for the server, configure it */
	CLI_SETTINGS,   /* --settings: what fail2ban.conf says, key TAB value */
	CLI_BAD,        /* the command line is wrong */
};

/* Texts are borrowed from argv. */
struct cli_opts {
	enum cli_action action;
	const char *conf; /* default /etc/fail2ban */
	const char *socket;
	const char *pidfile;
	const char *pname;
	const char *loglevel;
	const char *logtarget;
	const char *syslogsocket;
	const char *socket_group; /* handed over to the server */
	const char *text;         /* argument of --str2sec, --completion */
	bool dump;
	bool pretty; /* --dp */
	bool test;
	bool strict;
	bool interactive;
	bool force; /* -x */
	bool foreground;
	bool json;
	int verbose;    /* -v adds, -q takes away */
	double timeout; /* seconds, of --timeout */
	char **words;   /* the command */
	int words_n;
};

/*
 * Fills o from argv (NULL at its end). For CLI_BAD, msg is what is to be
 * printed instead of the usage, or empty. Actions that only print end the
 * parsing, as in fail2ban: what stands behind them does not count.
 */
void cli_parse(struct cli_opts *o, struct buf *msg, int argc, char **argv);

/* Level of the client's own messages for this verbosity. */
int cli_log_level(int verbose);

#endif
