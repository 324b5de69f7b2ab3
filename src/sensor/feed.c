/*
 * fail2ban: a line that cannot be processed is a "common error"; a hundred of
 * them within a short time put the jail to sleep.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sensor/feed.h"

struct feed *
feed_new(uint32_t id, const char *name, const struct filterspec *spec,
    struct err *err)
{
	struct filter *filter = filter_new(name, spec, err);
	struct feed *f;

	if (filter == NULL)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->id = id;
	f->name = xstrdup(name);
	f->filter = filter;
	return f;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	filter_free(f->filter);
	codec_free(f->codec);
	free(f->name);
	free(f->dates);
	free(f);
}

/* Lines of jails with the same key have the same dates. */
static void
set_dates(struct feed *f, const struct filterspec *spec)
{
	free(f->dates);
	f->dates = xasprintf("%s\n%s",
	    spec->logtimezone == NULL ? "" : spec->logtimezone,
	    spec->datepattern == NULL ? "" : spec->datepattern);
}

int
feed_update(struct feed *f, const struct filterspec *spec, const char *encoding,
    struct err *err)
{
	bool same =
	    f->codec != NULL && strcmp(codec_name(f->codec), encoding) == 0;
	struct codec *codec = same ? f->codec : codec_new(encoding);

	if (codec == NULL)
		return err_set(err, "unknown encoding: %s", encoding);
	if (filter_update(f->filter, spec, err) != 0) {
		if (!same)
			codec_free(codec);
		return -1;
	}
	if (!same)
		codec_free(f->codec);
	f->codec = codec;
	f->findtime = spec->findtime;
	set_dates(f, spec);
	return 0;
}

static void
count_error(
    struct feed *f, const struct filter_line *line, const struct err *err)
{
	f->errors++;
	log_msg(LOG_ERROR, "filter",
	    "Failed to process line: '%.*s', caught exception: %s",
	    (int)line->n, line->text, err_text(err));
	if (++f->recent_errors < FEED_ERRORS_MAX)
		return;
	log_msg(LOG_ERROR, "filter", "Too many errors at once (%d), going idle",
	    f->recent_errors);
	f->recent_errors /= 2;
	f->running = false;
	f->asleep = true;
}

void
feed_line(
    struct feed *f, const struct filter_line *line, failure_fn emit, void *arg)
{
	struct err err = ERR_INIT;

	f->lines++;
	f->changed = true;
	if (filter_line(f->filter, line, emit, arg, NULL, &err) != 0)
		count_error(f, line, &err);
	else
		f->recent_errors /= 2;
	err_release(&err);
}
