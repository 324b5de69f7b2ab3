#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "base/optrows.h"
#include "base/version.h"
#include "server/options.h"

enum {
	OPT_ASYNC = 256,
	OPT_CLIENT, /* with or without argument: for the client */
	OPT_LOGLEVEL,
	OPT_LOGTARGET,
	OPT_PNAME,
	OPT_SOCKET_GROUP,
	OPT_SYSLOGSOCKET,
	OPT_TIMEOUT,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"async", no_argument, NULL, OPT_ASYNC},
    {"conf", required_argument, NULL, 'c'},
    {"dp", no_argument, NULL, OPT_CLIENT},
    {"dump-pretty", no_argument, NULL, OPT_CLIENT},
    {"help", no_argument, NULL, 'h'},
    {"loglevel", required_argument, NULL, OPT_LOGLEVEL},
    {"logtarget", required_argument, NULL, OPT_LOGTARGET},
    {"pidfile", required_argument, NULL, 'p'},
    {"pname", required_argument, NULL, OPT_PNAME},
    {"socket", required_argument, NULL, 's'},
    {"socket-group", required_argument, NULL, OPT_SOCKET_GROUP},
    {"str2sec", required_argument, NULL, OPT_CLIENT},
    {"syslogsocket", required_argument, NULL, OPT_SYSLOGSOCKET},
    {"test", no_argument, NULL, 't'},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

#define COPY(member) OPTROW_COPY, offsetof(struct options, member)
#define ON(member) OPTROW_ON, offsetof(struct options, member)

static const struct optrow rows[] = {
    {'c', COPY(conf)},
    {'s', COPY(socket)},
    {'p', COPY(pidfile)},
    {OPT_PNAME, COPY(pname)},
    {OPT_LOGLEVEL, COPY(loglevel)},
    {OPT_LOGTARGET, COPY(logtarget)},
    {OPT_SYSLOGSOCKET, COPY(syslogsocket)},
    {OPT_SOCKET_GROUP, COPY(socket_group)},
    {'f', ON(foreground)},
    {'b', OPTROW_OFF, offsetof(struct options, foreground)},
    {'x', ON(force)},
    {'t', ON(test)},
    {'h', ON(help)},
    {'V', ON(version_short)},
    {OPT_VERSION, ON(version)},
    {OPT_ASYNC, ON(async)},
    {'d', ON(client)},
    {'i', ON(client)},
    {OPT_CLIENT, ON(client)},
    {'v', OPTROW_MORE, offsetof(struct options, verbosity)},
    {'q', OPTROW_LESS, offsetof(struct options, verbosity)},
    {OPT_TIMEOUT, OPTROW_NOTHING, 0}, /* the client's */
    {0, OPTROW_NOTHING, 0},
};

int
options_parse(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){0};
	optind = 1;
	while ((option = getopt_long(
	            argc, argv, "+hc:s:p:xbfdtiqvV", long_options, NULL)) != -1)
		if (!optrows_set(o, rows, option, optarg))
			return -1;
	o->command = optind;
	return 0;
}

void
options_release(struct options *o)
{
	optrows_release(o, rows);
}

void
options_usage(void)
{
	static const char *const lines[][2] = {
	    {"-c, --conf <DIR>", "configuration directory"},
	    {"-s, --socket <FILE>", "socket for clients"},
	    {"-p, --pidfile <FILE>", "file that gets the process number"},
	    {"--pname <NAME>", "name in the list of processes"},
	    {"--loglevel <LEVEL>", "how much is logged"},
	    {"--logtarget <TARGET>",
	        "a file, stdout, stderr, sysout, syslog or systemd-journal"},
	    {"--syslogsocket auto|<FILE>", "of the syslog daemon"},
	    {"--socket-group <GROUP>", "whose members may look, not touch"},
	    {"-d", "print the commands that the configuration makes"},
	    {"--dp, --dump-pretty", "the same, easier to read"},
	    {"-t, --test", "check the configuration; with start: first"},
	    {"-i", "ask for commands one after another"},
	    {"-v", "say more; may be repeated"},
	    {"-q", "say less"},
	    {"-x", "start though the socket file exists"},
	    {"-b", "run in the background (default)"},
	    {"-f", "stay in the foreground"},
	    {"--async", "wait for a client to bring the configuration"},
	    {"--timeout <SECONDS>", "how long a start may take"},
	    {"--str2sec <STRING>", "print a span of time in seconds"},
	    {"-h, --help", "print this"},
	    {"-V", "print the version of fail2ban that this is like"},
	    {"--version", "print the own version too"},
	};

	printf("Usage: fail2ban-server [OPTIONS]\n\n"
	       "Fail2Ban v%s reads log file that contains password failure "
	       "report\n"
	       "and bans the corresponding IP addresses using firewall "
	       "rules.\n\nOptions:\n",
	    COMPAT_VERSION);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		printf("    %-23s %s\n", lines[i][0], lines[i][1]);
}
