/*
 * options - the command line of fail2ban-server (spec 16 section 1)
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>

struct options {
	char *conf; /* all texts owned, NULL: not given */
	char *socket;
	char *pidfile;
	char *pname;
	char *loglevel;
	char *logtarget;
	char *syslogsocket;
	char *socket_group;
	int verbosity; /* -v less -q */
	bool async;
	bool foreground;
	bool force;  /* -x */
	bool test;   /* -t */
	bool client; /* asks for something that only the client does */
	bool help;
	bool version;
	bool version_short;
	int command; /* index of the first word in argv */
};

/* -1: unknown or ambiguous option, said on standard error by getopt. */
int options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);
/* What -h prints. */
void options_usage(void);

#endif
