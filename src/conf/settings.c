#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/definition.h"
#include "conf/settings.h"
#include "conf/stream.h"

/* The order of the commands; options of other names get none. */
static const char *const order[] = {"thread", "syslogsocket", "loglevel",
    "logtarget", "allowipv6", "dbfile", "dbmaxmatches", "dbpurgeage"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int
settings_read(
    struct overlay **ret, const struct overlay_from *where, struct err *err)
{
	struct overlay_from from = *where;

	from.name = "fail2ban";

	*ret = NULL;
	return overlay_read(ret, &from, err) == OVERLAY_ERROR ? -1 : 0;
}

static void
override(struct value *dict, const char *name, const char *text)
{
	if (text != NULL)
		value_set(dict, name, value_text(text));
}

static int
check_level(const struct value *dict, struct err *err)
{
	const struct value *v = value_get(dict, "loglevel");
	struct buf text = BUF_INIT;

	if (v == NULL || log_level_parse(value_str(v)) >= 0)
		return 0;
	value_repr(&text, v);
	(void)err_set(err, "Invalid log level %s", text.p);
	buf_release(&text);
	return -1;
}

/* quiet: absent options are not said, because they were already. */
static int
fetch_early(struct value *dict, const struct overlay *cfg,
    const struct config_opts *opts, bool quiet, struct err *err)
{
	struct fetch_from from = {.cfg = cfg,
	    .section = "Definition",
	    .convert = true,
	    .quiet = quiet,
	    .quiet_presets = opts->of_1_1_1};

	/* fail2ban: the files do not matter when the command line has all */
	if (opts->socket == NULL || opts->pidfile == NULL ||
	    opts->loglevel == NULL || opts->logtarget == NULL ||
	    opts->syslogsocket == NULL) {
		if (option_fetch(dict, &option_early, &from, err) != 0)
			return -1;
	}
	override(dict, "socket", opts->socket);
	override(dict, "pidfile", opts->pidfile);
	override(dict, "loglevel", opts->loglevel);
	override(dict, "logtarget", opts->logtarget);
	override(dict, "syslogsocket", opts->syslogsocket);
	return check_level(dict, err);
}

int
settings_early(struct value *dict, const struct overlay *cfg,
    const struct config_opts *opts, struct err *err)
{
	return fetch_early(dict, cfg, opts, false, err);
}

static int
fetch_thread(struct value *dict, const struct overlay *cfg,
    const struct config_opts *opts, struct err *err)
{
	struct fetch_from from = {.cfg = cfg,
	    .section = "Thread",
	    .convert = true,
	    .quiet_presets = opts->of_1_1_1};
	struct value *thread;

	if (ini_find(cfg->all, "Thread") == NULL)
		return 0;
	thread = value_dict();
	if (option_fetch(thread, &option_thread, &from, err) != 0) {
		value_free(thread);
		return -1;
	}
	if (thread->n > 0)
		value_set(dict, "thread", thread);
	else
		value_free(thread);
	return 0;
}

int
settings_stream(struct value *stream, const struct overlay *cfg,
    const struct config_opts *opts, struct err *err)
{
	struct fetch_from from = {.cfg = cfg,
	    .section = "Definition",
	    .convert = true,
	    .quiet_presets = opts->of_1_1_1};
	struct value *dict = value_dict(), *early = value_dict();
	int rc;

	rc = option_fetch(dict, &option_server, &from, err);
	if (rc == 0)
		rc = fetch_early(early, cfg, opts, true, err);
	override(dict, "loglevel", value_str(value_get(early, "loglevel")));
	override(dict, "logtarget", value_str(value_get(early, "logtarget")));
	override(
	    dict, "syslogsocket", value_str(value_get(early, "syslogsocket")));
	if (rc == 0)
		rc = fetch_thread(dict, cfg, opts, err);
	for (size_t i = 0; rc == 0 && i < COUNT(order); i++) {
		const struct value *v = value_get(dict, order[i]);
		struct value *cmd;

		if (v == NULL)
			continue;
		cmd = stream_command("set", order[i], NULL);
		value_add(cmd, value_is(v, VALUE_TEXT)
		                   ? stream_text(v->text, v->text_n)
		                   : value_copy(v));
		value_add(stream, cmd);
	}
	value_free(dict);
	value_free(early);
	return rc;
}
