#include <stdlib.h>
#include <string.h>

#include "base/integer.h"
#include "base/word.h"
#include "conf/check.h"
#include "conf/option.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct option jail_first[] = {
    {"enabled", OPTION_BOOL, STREAM_NONE, "false", check_bool,
        "whether the jail runs"},
    {"backend", OPTION_TEXT, STREAM_NONE, "auto", check_backend,
        "what watches the logs: auto, pyinotify, polling, systemd"},
    {"filter", OPTION_TEXT, STREAM_NONE, "", NULL,
        "name of the filter, with its options in brackets"},
};

#define FILTER_ROWS                                                            \
	{"usedns", OPTION_TEXT, STREAM_FIRST, NULL, check_usedns,              \
	    "whether names are resolved: yes, warn, no, raw"},                 \
	    {"prefregex", OPTION_TEXT, STREAM_EARLY, NULL, NULL,               \
	        "cuts the part of a line that the failregexes see"},           \
	    {"ignoreregex", OPTION_TEXT, STREAM_REGEX, NULL, NULL,             \
	        "lines that are no failures after all"},                       \
	    {"failregex", OPTION_TEXT, STREAM_REGEX, NULL, NULL,               \
	        "lines that are failures, one regex a line"},                  \
	    {"maxlines", OPTION_INT, STREAM_EARLY, NULL, check_maxlines,       \
	        "number of lines that a regex may span"},                      \
	    {"datepattern", OPTION_TEXT, STREAM_SET, NULL, NULL,               \
	        "how the date in a line looks"},                               \
	{                                                                      \
		"journalmatch", OPTION_TEXT, STREAM_MATCH, NULL, NULL,         \
		    "which entries of the journal are read"                    \
	}

static const struct option filter[] = {FILTER_ROWS};

static const struct option jail[] = {
    {"enabled", OPTION_BOOL, STREAM_NONE, "false", check_bool,
        "whether the jail runs"},
    {"backend", OPTION_TEXT, STREAM_NONE, "auto", check_backend,
        "what watches the logs: auto, pyinotify, polling, systemd"},
    {"maxretry", OPTION_INT, STREAM_SET, NULL, check_positive,
        "failures that make a ban"},
    {"maxmatches", OPTION_INT, STREAM_SET, NULL, check_int,
        "log lines kept for one address"},
    {"findtime", OPTION_TEXT, STREAM_SET, NULL, check_span,
        "time within which the failures count"},
    {"bantime", OPTION_TEXT, STREAM_SET, NULL, check_span,
        "how long a ban lasts, -1: for ever"},
    {"bantime.increment", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether repeated bans last longer"},
    {"bantime.factor", OPTION_TEXT, STREAM_SET, NULL, check_formula,
        "factor of the increment"},
    {"bantime.formula", OPTION_TEXT, STREAM_SET, NULL, check_formula,
        "formula of the increment"},
    {"bantime.multipliers", OPTION_TEXT, STREAM_SET, NULL, check_multipliers,
        "multipliers instead of a formula"},
    {"bantime.maxtime", OPTION_TEXT, STREAM_SET, NULL, check_span,
        "longest ban"},
    {"bantime.rndtime", OPTION_TEXT, STREAM_SET, NULL, check_span,
        "random time added to a ban"},
    {"bantime.overalljails", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether bans of all jails count"},
    {"ignorecommand", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command that decides whether an address is ignored"},
    {"ignoreself", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether own addresses are ignored"},
    {"ignoreip", OPTION_TEXT, STREAM_IGNOREIP, NULL, check_ignoreip,
        "addresses, networks and names that are ignored"},
    {"ignorecache", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "cache of what ignorecommand said"},
    {"filter", OPTION_TEXT, STREAM_NONE, "", NULL,
        "name of the filter, with its options in brackets"},
    {"logtimezone", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "time zone of log lines that name none"},
    {"logencoding", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "encoding of the logs"},
    {"logpath", OPTION_TEXT, STREAM_LOGPATH, NULL, NULL,
        "log files, one a line, with * and an optional tail"},
    {"skip_if_nologs", OPTION_BOOL, STREAM_NONE, NULL, check_bool,
        "whether a jail without logs is left out"},
    {"systemd_if_nologs", OPTION_BOOL, STREAM_NONE, NULL, check_bool,
        "whether a jail without logs reads the journal"},
    {"action", OPTION_TEXT, STREAM_NONE, "", NULL,
        "what is done, with options in brackets"},
    FILTER_ROWS,
};

_Static_assert(COUNT(jail) <= 64, "interp_ask() has a bit for each");

static const struct option action[] = {
    {"actionstart", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command before the first ban"},
    {"actionstart_on_demand", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether actionstart waits for the first ban"},
    {"actionstop", OPTION_TEXT, STREAM_SET, NULL, NULL, "command at the end"},
    {"actionflush", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command that removes all bans"},
    {"actionreload", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command after a reload"},
    {"actioncheck", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command that tells whether all is still there"},
    {"actionrepair", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command that mends it"},
    {"actionrepair_on_unban", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether an unban may mend"},
    {"actionban", OPTION_TEXT, STREAM_SET, NULL, NULL, "command of a ban"},
    {"actionprolong", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command when a ban gets longer"},
    {"actionreban", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command of a ban after mending"},
    {"actionunban", OPTION_TEXT, STREAM_SET, NULL, NULL,
        "command that ends a ban"},
    {"norestored", OPTION_BOOL, STREAM_SET, NULL, check_bool,
        "whether bans from before a restart are left out"},
};

static const struct option early[] = {
    {"socket", OPTION_TEXT, STREAM_NONE, "/var/run/fail2ban/fail2ban.sock",
        NULL, "where the server listens"},
    {"pidfile", OPTION_TEXT, STREAM_NONE, "/var/run/fail2ban/fail2ban.pid",
        NULL, "where the server writes its process id"},
    {"loglevel", OPTION_TEXT, STREAM_SET, "INFO", check_loglevel,
        "what is logged"},
    {"logtarget", OPTION_TEXT, STREAM_SET, "/var/log/fail2ban.log", NULL,
        "where it is logged"},
    {"syslogsocket", OPTION_TEXT, STREAM_SET, "auto", NULL, "socket of syslog"},
};

static const struct option server[] = {
    {"loglevel", OPTION_TEXT, STREAM_SET, "INFO", check_loglevel,
        "what is logged"},
    {"logtarget", OPTION_TEXT, STREAM_SET, "STDERR", NULL,
        "where it is logged"},
    {"syslogsocket", OPTION_TEXT, STREAM_SET, "auto", NULL, "socket of syslog"},
    {"allowipv6", OPTION_TEXT, STREAM_SET, "auto", NULL,
        "whether IPv6 is used"},
    {"dbfile", OPTION_TEXT, STREAM_SET, "/var/lib/fail2ban/fail2ban.sqlite3",
        NULL, "database of bans"},
    {"dbmaxmatches", OPTION_INT, STREAM_SET, NULL, check_int,
        "log lines kept for one ban"},
    {"dbpurgeage", OPTION_TEXT, STREAM_SET, "1d", check_span,
        "when bans that ended are forgotten"},
};

static const struct option client[] = {
    {"protectssh", OPTION_BOOL, STREAM_NONE, "true", check_bool,
        "whether the first start bans nobody who is logged in over SSH"},
};

static const struct option thread[] = {
    {"stacksize", OPTION_INT, STREAM_SET, NULL, check_int,
        "stack of a thread in KiB"},
};

const struct option_table option_jail_first = {jail_first, COUNT(jail_first)};
const struct option_table option_jail = {jail, COUNT(jail)};
const struct option_table option_filter = {filter, COUNT(filter)};
const struct option_table option_action = {action, COUNT(action)};
const struct option_table option_server = {server, COUNT(server)};
const struct option_table option_early = {early, COUNT(early)};
const struct option_table option_client = {client, COUNT(client)};
const struct option_table option_thread = {thread, COUNT(thread)};

const struct option *
option_find(const struct option_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].name[0] == name[0] &&
		    strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i];
	return NULL;
}

const struct option *
option_next(const struct option_table *t, const struct value *dict, size_t *i,
    const struct value **v)
{
	for (; *i + 1 < dict->n; *i += 2) {
		const struct option *o =
		    option_find(t, value_str(dict->items[*i]));

		if (o == NULL || value_is(dict->items[*i + 1], VALUE_NONE))
			continue;
		*v = dict->items[*i + 1];
		*i += 2;
		return o;
	}
	return NULL;
}

struct value *
option_convert(enum option_type type, const char *text)
{
	long long i;

	switch (type) {
	case OPTION_TEXT:
		return value_text(text);
	case OPTION_BOOL:
		return value_bool(word_is_true(text));
	case OPTION_INT:
		return integer_parse(&i, text) == 0 ? value_int(i) : NULL;
	}
	return NULL;
}

struct value *
option_preset(const struct option *o)
{
	return o->preset == NULL ? NULL : option_convert(o->type, o->preset);
}
