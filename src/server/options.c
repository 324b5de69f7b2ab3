#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

static void
set_text(char **place, const char *text)
{
	free(*place);
	*place = xstrdup(text);
}

static char **
text_of(struct options *o, int option)
{
	switch (option) {
	case 'c':
		return &o->conf;
	case 's':
		return &o->socket;
	case 'p':
		return &o->pidfile;
	case OPT_PNAME:
		return &o->pname;
	case OPT_LOGLEVEL:
		return &o->loglevel;
	case OPT_LOGTARGET:
		return &o->logtarget;
	case OPT_SYSLOGSOCKET:
		return &o->syslogsocket;
	case OPT_SOCKET_GROUP:
		return &o->socket_group;
	default:
		return NULL;
	}
}

static bool *
flag_of(struct options *o, int option)
{
	switch (option) {
	case 'f':
		return &o->foreground;
	case 'x':
		return &o->force;
	case 't':
		return &o->test;
	case 'h':
		return &o->help;
	case 'V':
		return &o->version_short;
	case OPT_VERSION:
		return &o->version;
	case OPT_ASYNC:
		return &o->async;
	case 'd':
	case 'i':
	case OPT_CLIENT:
		return &o->client;
	default:
		return NULL;
	}
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){0};
	optind = 1;
	while ((option = getopt_long(argc, argv, "+hc:s:p:xbfdtiqvV",
	            long_options, NULL)) != -1) {
		char **text = text_of(o, option);
		bool *flag = flag_of(o, option);

		if (option == '?')
			return -1;
		if (text != NULL)
			set_text(text, optarg);
		else if (flag != NULL)
			*flag = true;
		else if (option == 'b')
			o->foreground = false;
		else if (option == 'v')
			o->verbosity++;
		else if (option == 'q')
			o->verbosity--;
	}
	o->command = optind;
	return 0;
}

void
options_release(struct options *o)
{
	free(o->conf);
	free(o->socket);
	free(o->pidfile);
	free(o->pname);
	free(o->loglevel);
	free(o->logtarget);
	free(o->syslogsocket);
	free(o->socket_group);
}

void
options_usage(void)
{
	static const char *const lines[][2] = {
	    {"-c, --conf <DIR>", "configuration directory"},
	    {"-s, --socket <FILE>", "socket path"},
	    {"-p, --pidfile <FILE>", "pidfile path"},
	    {"--pname <NAME>",
	        "name of the process (main thread) to identify instance "
	        "(default fail2ban-server)"},
	    {"--loglevel <LEVEL>", "logging level"},
	    {"--logtarget <TARGET>",
	        "logging target, use file-name or stdout, stderr, syslog or "
	        "sysout."},
	    {"--syslogsocket auto|<FILE>", ""},
	    {"--socket-group <GROUP>",
	        "members of this group may ask for the state over the socket"},
	    {"-d", "dump configuration. For debugging"},
	    {"--dp, --dump-pretty",
	        "dump the configuration using more human readable "
	        "representation"},
	    {"-t, --test", "test configuration (can be also specified with "
	                   "start parameters)"},
	    {"-i", "interactive mode"},
	    {"-v", "increase verbosity"},
	    {"-q", "decrease verbosity"},
	    {"-x", "force execution of the server (remove socket file)"},
	    {"-b", "start server in background (default)"},
	    {"-f", "start server in foreground"},
	    {"--async", "start server in async mode (for internal usage only, "
	                "don't read configuration)"},
	    {"--timeout", "timeout to wait for the server (for internal usage "
	                  "only, don't read configuration)"},
	    {"--str2sec <STRING>",
	        "convert time abbreviation format to seconds"},
	    {"-h, --help", "display this help message"},
	    {"-V, --version", "print the version (-V returns "
	                      "machine-readable short format)"},
	};

	printf("Usage: fail2ban-server [OPTIONS]\n\n"
	       "Fail2Ban v%s reads log file that contains password failure "
	       "report\n"
	       "and bans the corresponding IP addresses using firewall "
	       "rules.\n\nOptions:\n",
	    COMPAT_VERSION);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i][1][0] == '\0')
			printf("    %s\n", lines[i][0]);
		else
			printf("    %-23s %s\n", lines[i][0], lines[i][1]);
}
