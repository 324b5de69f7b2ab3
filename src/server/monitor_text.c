/*
 * The lines that the worker may write to the log. A worker that was taken
 * could otherwise write "NOTICE [sshd] Ban ..." and have recidive ban whom
 * it likes. What fits nothing here is shown as what it is, at DEBUG.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/log.h"
#include "server/monitor_impl.h"

static const char *const modules[] = {"filter", "filtersystemd"};

/*
 * Shell patterns, "[] " is the name of a jail; a test compares them with the
 * sources of the worker.
 */
static const char *const texts[] = {
    "[] Detected a log entry * the current time in operation mode. *",
    "[] Please check a jail for a timing issue. Line with odd timestamp: *",
    "[] Ignoring all log entries older than *s; these are probably *",
    "[] Found a match but no valid date/time found for '*'.",
    "[] Match without a timestamp: *",
    "[] Please try setting a custom date pattern (see man page *",
    "[] Jail is in operation now (process new journal entries)",
    "[] Line at offset * of '*' is skipped: it ended *",
    "[] The rules cannot be used: *",
    "[] * takes too long on some lines (its limit of steps is hit): *",
    "findFailure failed to parse timeText: *",
    "Failed to process line: '*', caught exception: *",
    "Too many errors at once (*), going idle",
    "Error decoding line from '*' with '*'.",
    "Consider setting logencoding to appropriate encoding for this jail. *",
    "Cannot read '*': *",
    "Unable to read: *",
};

/* Length of "[NAME] " in front; 0: there is none. */
static size_t
name_length(const char *text)
{
	const char *end = text[0] == '[' ? strstr(text, "] ") : NULL;

	return end == NULL ? 0 : (size_t)(end - text) + 2;
}

static bool
is_text(const char *pattern, const char *text)
{
	bool named = strncmp(pattern, "[] ", 3) == 0;
	size_t n = named ? name_length(text) : 0;

	if (named && n == 0)
		return false;
	return fnmatch(pattern + (named ? 3 : 0), text + n, 0) == 0;
}

bool
monitor_knows_text(const char *name, const char *text)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		known = known || strcmp(modules[i], name) == 0;
	for (size_t i = 0; known && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (is_text(texts[i], text))
			return true;
	return false;
}

bool
monitor_names_jail(const struct monitor *m, const char *text)
{
	size_t n = name_length(text);

	return n == 0 || dict_getn(m->jails, text + 1, n - 3) != NULL;
}

void
monitor_log_text(
    const struct monitor *m, int level, const char *name, const char *text)
{
	if (monitor_knows_text(name, text) && monitor_names_jail(m, text))
		log_msg(level, name, "%s", text);
	else
		log_msg(LOG_DEBUG_, "filter", "Worker says at level %d: %s",
		    level, text);
}
