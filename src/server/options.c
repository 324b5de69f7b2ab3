#include <getopt.h>
#include <stddef.h>
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

/* Where an option goes: a text or a flag of struct options. */
struct place {
	int option;
	size_t offset;
};

static const struct place texts[] = {
    {'c', offsetof(struct options, conf)},
    {'s', offsetof(struct options, socket)},
    {'p', offsetof(struct options, pidfile)},
    {OPT_PNAME, offsetof(struct options, pname)},
    {OPT_LOGLEVEL, offsetof(struct options, loglevel)},
    {OPT_LOGTARGET, offsetof(struct options, logtarget)},
    {OPT_SYSLOGSOCKET, offsetof(struct options, syslogsocket)},
    {OPT_SOCKET_GROUP, offsetof(struct options, socket_group)},
    {0, 0},
};

static const struct place flags[] = {
    {'f', offsetof(struct options, foreground)},
    {'x', offsetof(struct options, force)},
    {'t', offsetof(struct options, test)},
    {'h', offsetof(struct options, help)},
    {'V', offsetof(struct options, version_short)},
    {OPT_VERSION, offsetof(struct options, version)},
    {OPT_ASYNC, offsetof(struct options, async)},
    {'d', offsetof(struct options, client)},
    {'i', offsetof(struct options, client)},
    {OPT_CLIENT, offsetof(struct options, client)},
    {0, 0},
};

/* NULL when the option is not in the table. */
static void *
place_of(struct options *o, const struct place *table, int option)
{
	for (; table->option != 0; table++)
		if (table->option == option)
			return (char *)o + table->offset;
	return NULL;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){0};
	optind = 1;
	while ((option = getopt_long(argc, argv, "+hc:s:p:xbfdtiqvV",
	            long_options, NULL)) != -1) {
		char **text = place_of(o, texts, option);
		bool *flag = place_of(o, flags, option);

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
	for (const struct place *p = texts; p->option != 0; p++)
		free(*(char **)((char *)o + p->offset));
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
