/*
 * The log files of a jail: found now, waited for, or the journal instead.
 */
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/jaildef.h"
#include "conf/stream.h"

#define READER "jailreader"

struct found {
	struct value *paths; /* addlogpath commands */
	struct value *waits; /* awaitlogpath commands: for what may come */
};

static void
add_path(struct value *list, const struct jaildef *j, const char *path,
    const char *mode)
{
	struct stat st;

	if (stat(path, &st) != 0)
		log_msg(LOG_WARN, READER,
		    "File %s is a dangling link, thus cannot be monitored",
		    path);
	else
		value_add(list, stream_command("set", j->name, "addlogpath",
		                    path, mode, NULL));
}

/* Files of one glob, in the order of the folder. */
static void
find_logs(struct found *f, const struct jaildef *j, const char *pattern,
    const char *mode)
{
	size_t before = f->paths->n;
	bool grows = strpbrk(pattern, "*?[") != NULL;
	struct stat st;
	glob_t g = {0};

	if (strlen(pattern) >= PATH_MAX)
		; /* no file has such a name; glob() would recurse over it */
	else if (!grows) {
		if (lstat(pattern, &st) == 0)
			add_path(f->paths, j, pattern, mode);
	} else if (glob(pattern, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			add_path(f->paths, j, g.gl_pathv[i], mode);
	}
	globfree(&g);
	if (f->paths->n > before && !grows)
		return;
	if (f->paths->n == before)
		log_msg(LOG_NOTICE_, READER, "No file(s) found for glob %s",
		    pattern);
	value_add(f->waits, stream_command("set", j->name, "awaitlogpath",
	                        pattern, mode, NULL));
}

static void
find_all_logs(struct found *f, const struct jaildef *j)
{
	char *copy = xstrdup(jaildef_text(j, "logpath")), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *blank = strrchr(line, ' ');

		if (blank != NULL)
			*blank = '\0';
		find_logs(f, j, line, blank != NULL ? blank + 1 : "head");
	}
	free(copy);
}

/* A syslog daemon writes these: what goes there is in the journal as well. */
static bool
is_syslogs(const char *path)
{
	static const char *const names[] = {"auth.log", "daemon.log",
	    "mail.log", "mail.warn", "maillog", "messages", "secure", "syslog",
	    "user.log"};

	if (strncmp(path, "/var/log/", 9) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(path + 9, names[i], n) == 0 &&
		    strchr(" \n", path[9 + n]) != NULL)
			return true;
	}
	return false;
}

static bool
journal_has_logs(const struct jaildef *j)
{
	const char *path = jaildef_text(j, "logpath");

	if (access("/run/log/journal", F_OK) != 0 &&
	    access("/var/log/journal", F_OK) != 0)
		return false;
	for (; path != NULL; path = strchr(path, '\n')) {
		path += *path == '\n';
		if (!is_syslogs(path))
			return false;
	}
	return true;
}

/*
 * Is it said which entries of the journal are the service's?
 * fail2ban: what a filter says does not count, and the server does not start,
 * as with its own jail for sshd where no syslog daemon writes auth.log. To
 * start it counts here; -d and -t show and judge what fail2ban does.
 */
static bool
knows_journal(const struct jaildef *j, bool to_start)
{
	if (value_get(j->options, "journalmatch") != NULL)
		return true;
	if (!to_start || !journal_has_logs(j))
		return false;
	for (size_t i = 0; i < j->before->n; i++) {
		const struct value *c = j->before->items[i];

		if (c->n > 3 && value_is(c->items[2], VALUE_TEXT) &&
		    strcmp(value_str(c->items[2]), "addjournalmatch") == 0)
			return true;
	}
	return false;
}

/* No log at all: what becomes of the jail. */
static int
without_logs(struct jaildef *j, const struct config_opts *opts, struct err *err)
{
	const char *backend = jaildef_text(j, "backend");
	char *text;
	int rc = 0;

	if (strncmp(backend, "auto", 4) == 0 &&
	    jaildef_truth(j, "systemd_if_nologs", true) &&
	    knows_journal(j, opts->wait_for_logs)) {
		log_msg(LOG_WARN, READER,
		    "Have not found any log file for '%s' jail. Jail will "
		    "monitor systemd journal.",
		    j->name);
		value_set(j->options, "backend", value_text("systemd"));
		return 0;
	}
	if (jaildef_truth(j, "skip_if_nologs", false)) {
		log_msg(LOG_WARN, READER,
		    "Have not found any log file for '%s' jail.", j->name);
		log_msg(LOG_WARN, READER,
		    "Jail '%s' skipped, because of missing log files.",
		    j->name);
		j->skipped = xasprintf(
		    "Jail '%s' skipped, because of missing log files.",
		    j->name);
		return 0;
	}
	text = xasprintf(opts->of_1_1_1
	                     ? "Have not found any log file for '%s' jail."
	                     : "Have not found any log file for %s jail",
	    j->name);
	if (!opts->dump && !opts->wait_for_logs)
		rc = err_set(err, "%s", text);
	else
		log_msg(LOG_WARN, READER, "%s", text);
	free(text);
	return rc;
}

int
jaildef_logs(struct jaildef *j, const struct config_opts *opts, struct err *err)
{
	struct found f;
	int rc = 0;

	if (value_get(j->options, "logpath") == NULL ||
	    strncmp(jaildef_text(j, "backend"), "systemd", 7) == 0)
		return 0;
	f = (struct found){value_list(), value_list()};
	find_all_logs(&f, j);
	if (f.paths->n == 0)
		rc = without_logs(j, opts, err);
	stream_move(j->before, f.paths);
	if (opts->wait_for_logs && j->skipped == NULL &&
	    strncmp(jaildef_text(j, "backend"), "systemd", 7) != 0)
		stream_move(j->before, f.waits);
	value_free(f.paths);
	value_free(f.waits);
	return rc;
}
