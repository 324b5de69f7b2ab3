/*
 * configopts - what a configuration is read for
 */
#ifndef CONF_CONFIGOPTS_H
#define CONF_CONFIGOPTS_H

#include <stdbool.h>

/* Texts are borrowed. */
struct config_opts {
	const char *dir;  /* /etc/fail2ban */
	const char *jail; /* only this jail, NULL: all (reload JAIL) */
	bool dump;        /* -d: missing log files are tolerated */
	bool test;        /* -t: a wrong jail is an error */
	/*
	 * start, reload: a jail whose log is missing gets the command that
	 * waits for it instead of stopping everything (architecture,
	 * decision 10).
	 */
	bool wait_for_logs;
	bool of_1_1_1;        /* set here: conf/vintage says so of dir */
	const char *loglevel; /* override fail2ban.conf, NULL: not */
	const char *logtarget;
	const char *syslogsocket;
	const char *socket;
	const char *pidfile;
};

#endif
