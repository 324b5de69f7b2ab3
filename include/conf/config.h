/*
 * config - a configuration directory -> the command stream (spec 01, 02, 03)
 *
 * What fail2ban-client -d, -t, start and reload need of the configuration
 * language; the rest of conf is behind it.
 */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"
#include "conf/configopts.h"

/* What fail2ban.conf says, after overrides; texts owned. */
struct config_server {
	char *loglevel;
	char *logtarget;
	char *syslogsocket;
	char *socket;
	char *pidfile;
};

/*
 * Reads only fail2ban.conf and its .d and .local. Returns 0 or -1 with the
 * reason in err.
 */
int config_server_load(
    struct config_server *ret, const struct config_opts *o, struct err *err);
void config_server_release(struct config_server *s);

/* The option protectssh of fail2ban.conf; true when it cannot be read. */
bool config_protects_ssh(const struct config_opts *o);

/*
 * Reads everything. Messages go to log_msg() as the reference prints them
 * (spec 01 section 9). Returns 0 with *stream, a list of lists, owned by the
 * caller; -1 when the configuration fails as a whole (said in the log):
 * *stream is then NULL, or what -d still prints when no jail at all is right
 * (with o->test: when one is wrong). *bad counts jails that were left out.
 * Without dump and test, whatever is wrong in one jail leaves out that jail
 * alone, unless no other is left. The log options of the stream are those of
 * config_server_load().
 */
int config_load(struct value **stream, int *bad, const struct config_opts *o);

/*
 * Warnings for what is legal but surely not meant, one a line with
 * file:line, appended to err. Returns their number. (conf/lint)
 */
int config_lint(const struct config_opts *o, struct err *err);
/*
 * The same for one filter as text: "filter.d/NAME" of the directory, or with
 * exact that file alone.
 */
int config_lint_filter(
    const char *dir, const char *name, bool exact, struct err *err);

/*
 * One filter for fail2ban-regex (spec 08 section 2). *ret is a dict:
 * "failregex", "ignoreregex" lists of text, "prefregex", "datepattern",
 * "maxlines" (int), "usedns", "journalmatch" (list of words, "+" between
 * alternatives), each when set; "options" the effective options in the order
 * of spec 08 section 3 ("Real  filter options"). Owned by the caller.
 * -1: reason in err; what the reference logs is in the log. 1: there is no such
 * jail, said in err, too.
 */
enum config_filter_kind {
	CONFIG_FILTER, /* of the directory's filter.d: with .local and .d */
	CONFIG_FILTER_FILE, /* path of a file: that file and its includes */
	CONFIG_JAIL,        /* the filter of a jail with the jail's options */
};
struct config_filter {
	enum config_filter_kind kind;
	const char *dir;          /* /etc/fail2ban */
	const char *name;         /* "sshd" (no .conf), a path, or a jail */
	const struct value *opts; /* bracket options, NULL: none */
	const char *backend;      /* "auto", "systemd": decides logtype */
};
int config_filter_read(
    struct value **ret, const struct config_filter *use, struct err *err);
/* The same with backend "auto", that is for files. */
int config_filter_load(struct value **ret, enum config_filter_kind kind,
    const char *dir, const char *name, const struct value *opts,
    struct err *err);

#endif
