/*
 * The lines that the worker may write to the log. A worker that was taken
 * could otherwise write "NOTICE [sshd] Ban ..." and have recidive ban whom
 * it likes. What fits nothing here is shown as what it is, at DEBUG.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/log.h"
#include "server/monitor_impl.h"

static const char *const modules[] = {
    "filter", "filtersystemd", "datedetector", "regex", "failregex", "ipdns"};

/* Shell patterns; the first characters are never up to the worker. */
static const char *const texts[] = {
    "[[]*] Detected a log entry *",
    "[[]*] Please check a jail for a timing issue.*",
    "[[]*] Ignoring all log entries older than *",
    "[[]*] Found a match but no valid date/time *",
    "[[]*] Match without a timestamp: *",
    "[[]*] Please try setting a custom date pattern *",
    "[[]*] Jail is in operation now *",
    "[[]*] Jail started without 'journalmatch' set.*",
    "[[]*] Invalidate signaled, *",
    "[[]*] Line at offset *",
    "[[]*] The rules cannot be used: *",
    "[[]*] A regular expression *",
    "[[]*] Limit *",
    "Failed to process line: *",
    "Too many errors at once (*), going idle",
    "Error decoding line from *",
    "Consider setting logencoding *",
    "Cannot read *",
    "Unable to *",
    "Error *",
    "Using *",
    "  date pattern *",
};

static bool
is_permitted(int level, const char *name, const char *text)
{
	bool known = level < LOG_NOTICE_; /* what nobody acts upon */

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		known = known || strcmp(modules[i], name) == 0;
	for (size_t i = 0; known && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (fnmatch(texts[i], text, 0) == 0)
			return true;
	return false;
}

void
monitor_log_text(int level, const char *name, const char *text)
{
	if (is_permitted(level, name, text))
		log_msg(level, name, "%s", text);
	else
		log_msg(LOG_DEBUG_, "filter", "Worker says at level %d: %s",
		    level, text);
}
