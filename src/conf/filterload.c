/*
 * One filter for fail2ban-regex: as for a jail, but only what its regexes
 * need, and nothing of the jails when a filter is named.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/config.h"
#include "conf/filterdef.h"
#include "conf/jaildef.h"
#include "conf/stream.h"

/* As the reference calls the jail that a filter alone is tried in. */
#define NO_JAIL "fail2ban-regex-jail"

static void
add_lines(struct value *ret, const char *name, const char *text)
{
	struct value *list = value_get(ret, name);
	char *copy = xstrdup(text), *rest = copy, *line;

	if (list == NULL) {
		list = value_list();
		value_set(ret, name, list);
	}
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			value_add(list, stream_text(line, strlen(line)));
	free(copy);
}

/* Words of all lines, which are alternatives: "+" between them. */
static int
add_matches(struct value *ret, const char *text, struct err *err)
{
	struct value *list = value_list();
	char *copy = xstrdup(text), *rest = copy, *line;
	int rc = 0;

	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		if (list->n > 0)
			value_adds(list, "+");
		rc = stream_split_words(list, line, err);
	}
	value_set(ret, "journalmatch", list);
	free(copy);
	return rc;
}

/* Adds the command options of a filter or a jail. */
static int
add_options(struct value *ret, const struct value *dict, struct err *err)
{
	const struct option *o;
	const struct value *v;
	size_t i = 0;
	int rc = 0;

	while (rc == 0 &&
	       (o = option_next(&option_filter, dict, &i, &v)) != NULL) {
		if (o->stream == STREAM_REGEX)
			add_lines(ret, o->name, value_str(v));
		else if (o->stream == STREAM_MATCH)
			rc = add_matches(ret, value_str(v), err);
		else if (value_is(v, VALUE_TEXT))
			value_set(
			    ret, o->name, stream_text(v->text, v->text_n));
		else
			value_set(ret, o->name, value_copy(v));
	}
	return rc;
}

/* What is in force, in the order of the report. */
struct effective {
	const struct value *combined;
	const struct value *known; /* what else the filter says; or NULL */
	const struct value *given; /* bracket options */
	const char *backend;       /* NULL: not told */
};

static void
add_effective(struct value *ret, const struct effective *e)
{
	static const char *const first[] = {"logtype", "datepattern"};
	struct value *effective = value_dict();

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		const struct value *v = value_get(e->combined, first[i]);

		if (v == NULL)
			v = value_get(e->known, first[i]);
		if (v != NULL)
			value_set(effective, first[i], value_copy(v));
	}
	for (size_t i = 0; e->given != NULL && i + 1 < e->given->n; i += 2) {
		const char *name = value_str(e->given->items[i]);
		const struct value *v = value_get(e->combined, name);

		value_set(effective, name,
		    value_copy(v != NULL ? v : e->given->items[i + 1]));
	}
	if (e->backend != NULL)
		value_set(effective, "backend", value_text(e->backend));
	value_set(ret, "options", effective);
}

/* Dict with the logtype that the file itself says, if it does. */
static struct value *
own_logtype(const struct overlay *cfg)
{
	const char *text =
	    overlay_get(cfg, ini_find(cfg->all, "Definition"), "logtype");
	struct value *own = value_dict();

	if (text != NULL)
		value_set(own, "logtype", value_text(text));
	return own;
}

static int
load_filter(struct value **ret, const struct config_filter *use,
    struct overlay_cache *cache, struct err *err)
{
	struct filterdef_use from = {.dir = use->dir,
	    .name = use->name,
	    .jail = NO_JAIL,
	    .exact = use->kind == CONFIG_FILTER_FILE,
	    .cache = cache};
	struct value *given =
	    use->opts != NULL ? value_copy(use->opts) : value_dict();
	struct value *none = value_dict(), *notes = value_list();
	struct value *combined = NULL, *result = value_dict();
	struct definition d = {0};
	enum overlay_result read;
	int rc = -1;

	read = filterdef_read(&d, &from, given, err);
	if (read == OVERLAY_NOTHING)
		(void)err_set(err, "Unable to read the filter '%s'", use->name);
	if (read == OVERLAY_OK) {
		filterdef_set_logtype(&d, use->backend);
		if (definition_fetch(&d, none, false, err) == 0 &&
		    definition_combine(&combined, &d, notes, err) == 0)
			rc = add_options(result, combined, err);
	}
	if (rc == 0) {
		struct value *own = own_logtype(d.cfg);

		add_effective(
		    result, &(struct effective){combined, own, d.given, NULL});
		value_free(own);
		*ret = result;
		result = NULL;
	}
	definition_release(&d);
	value_free(combined);
	value_free(result);
	value_free(none);
	value_free(notes);
	return rc;
}

/* The jail was read; its filter's options and its own. */
static int
take_jail(struct value **ret, struct jaildef *j,
    const struct config_filter *use, struct err *err)
{
	struct value *result = value_dict(), *combined = NULL;
	struct value *notes = value_list();
	int rc = 0;

	if (j->has_filter) {
		rc = definition_combine(&combined, &j->filter, notes, err);
		if (rc == 0)
			rc = add_options(result, combined, err);
	}
	if (rc == 0)
		rc = add_options(result, j->options, err);
	if (rc == 0) {
		add_effective(result, &(struct effective){combined, j->known,
		                          use->opts, use->backend});
		*ret = result;
		result = NULL;
	}
	value_free(result);
	value_free(combined);
	value_free(notes);
	return rc;
}

static int
load_jail(struct value **ret, const struct config_filter *use,
    struct overlay_cache *cache, struct err *err)
{
	struct overlay_from from = {
	    .dir = use->dir, .name = "jail", .cache = cache};
	struct config_opts opts = {.dir = use->dir, .dump = true};
	struct jail_context ctx = {.cache = cache,
	    .opts = &opts,
	    .filter_options = use->opts,
	    .force = true,
	    .backend = use->backend,
	    .filter_only = true};
	struct jaildef j;
	int rc;

	switch (overlay_read(&ctx.cfg, &from, err)) {
	case OVERLAY_NOTHING:
		(void)err_set(err, "No jails in %s", use->dir);
		return 1;
	case OVERLAY_ERROR:
		return -1;
	case OVERLAY_OK:
		break;
	}
	if (ini_find(ctx.cfg->all, use->name) == NULL) {
		overlay_free(ctx.cfg);
		(void)err_set(err, "No section: '%s'", use->name);
		return 1;
	}
	jaildef_predefine(ctx.cfg, use->dir);
	rc = jaildef_read(&j, &ctx, use->name, err);
	if (rc == 0 && j.skipped != NULL)
		rc = err_set(err, "%s", j.skipped);
	if (rc == 0)
		rc = take_jail(ret, &j, use, err);
	jaildef_release(&j);
	overlay_free(ctx.cfg);
	return rc;
}

int
config_filter_read(
    struct value **ret, const struct config_filter *use, struct err *err)
{
	struct overlay_cache *cache = overlay_cache_new();
	int rc = use->kind == CONFIG_JAIL ? load_jail(ret, use, cache, err)
	                                  : load_filter(ret, use, cache, err);

	overlay_cache_free(cache);
	return rc;
}

int
config_filter_load(struct value **ret, enum config_filter_kind kind,
    const char *dir, const char *name, const struct value *opts,
    struct err *err)
{
	struct config_filter use = {kind, dir, name, opts, "auto"};

	return config_filter_read(ret, &use, err);
}
