#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "base/version.h"
#include "conf/actiondef.h"
#include "conf/filterdef.h"
#include "conf/firewall.h"
#include "conf/interp.h"
#include "conf/jaildef.h"
#include "conf/stream.h"

#define READER "jailreader"

/* What a step of reading a jail says. */
enum step {
	STEP_OK,
	STEP_BROKEN, /* this jail is left out, said in the log */
	STEP_FATAL,  /* nothing works, reason in err */
};

bool
jaildef_is_enabled(const struct jaildef *j)
{
	const struct value *v = value_get(j->options, "enabled");

	return v != NULL && value_truth(v);
}

bool
jaildef_truth(const struct jaildef *j, const char *name, bool preset)
{
	const struct value *v = value_get(j->options, name);

	return v == NULL ? preset : value_truth(v);
}

const char *
jaildef_text(const struct jaildef *j, const char *name)
{
	const char *s = value_str(value_get(j->options, name));

	return s == NULL ? "" : s;
}

static enum step
broken(struct jaildef *j, const char *what, const char *value, const char *why)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", what);
	value_repr_text(&text, value, strlen(value));
	if (why != NULL)
		buf_addf(&text, ": %s", why);
	log_lines(LOG_ERROR, READER, "%s", text.p);
	free(j->skipped);
	j->skipped = buf_detach(&text);
	j->is_broken = true;
	return STEP_BROKEN;
}

void
jaildef_break(struct jaildef *j, const struct err *why)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, err_text(why));
	err_add_place(&text, why);
	log_lines(LOG_ERROR, READER, "Jail '%s': %s", j->name, text.p);
	free(j->skipped);
	j->skipped = buf_detach(&text);
	j->is_broken = true;
}

void
jaildef_predefine(struct overlay *jails, const char *dir)
{
	struct ini_section *s = ini_find(jails->all, INI_DEFAULT);
	struct pos none = {NULL, 0};

	ini_set(s, "fail2ban_version", COMPAT_VERSION, none);
	ini_set(s, "fail2ban_confpath", dir, none);
	firewall_predefine(s);
}

/* The filter's options, which are "known/..." for the jail. */
static int
offer_known(struct jaildef *j, struct err *err)
{
	struct value *notes = value_list();
	int rc = definition_combine(&j->known, &j->filter, notes, err);

	for (size_t i = 0; i < notes->n; i++)
		log_msg(
		    LOG_WARN, "configreader", "%s", value_str(notes->items[i]));
	j->has_notes = notes->n > 0;
	value_free(notes);
	return rc;
}

static void
add_given(struct value *given, const struct value *more)
{
	for (size_t i = 0; more != NULL && i + 1 < more->n; i += 2)
		value_set(given, value_str(more->items[i]),
		    value_copy(more->items[i + 1]));
}

static enum step
read_filter(struct jaildef *j, const struct jail_context *ctx, struct err *err)
{
	const char *text = jaildef_text(j, "filter");
	struct filterdef_use use = {
	    .dir = ctx->opts->dir, .jail = j->name, .cache = ctx->cache};
	struct value *given = NULL;
	struct err why = ERR_INIT;
	enum overlay_result result;
	enum step step = STEP_OK;
	char *name = NULL;

	if (optlist_parse(&name, &given, text, &why) != 0) {
		step = broken(
		    j, "Invalid filter definition", text, err_text(&why));
		err_release(&why);
		return step;
	}
	add_given(given, ctx->filter_options);
	use.name = name;
	result = filterdef_read(&j->filter, &use, given, err);
	if (result == OVERLAY_NOTHING)
		step = broken(j, "Unable to read the filter", name, NULL);
	else if (result == OVERLAY_ERROR)
		step = STEP_FATAL;
	else {
		j->has_filter = true;
		j->filter.watch = true;
		filterdef_set_logtype(&j->filter, jaildef_text(j, "backend"));
		if (definition_fetch(&j->filter, j->options, true, err) != 0 ||
		    offer_known(j, err) != 0)
			step = STEP_FATAL;
	}
	free(name);
	return step;
}

static void
keep_failure(struct jaildef *j, struct err *err)
{
	if (j->failure == NULL) {
		j->failure = xstrdup(err_text(err));
		j->failure_pos = err->pos;
	}
	err_release(err);
}

/* The filter's and the jail's commands; errors are for the second step. */
static void
convert_options(struct jaildef *j)
{
	struct value *combined = NULL;
	struct err err = ERR_INIT;
	int rc = 0;

	j->before = value_list();
	if (j->is_known_final)
		rc = stream_filter(j->before, j->name, j->known, &err);
	else if (j->has_filter) {
		rc = definition_combine(&combined, &j->filter, j->notes, &err);
		if (rc == 0)
			rc = stream_filter(j->before, j->name, combined, &err);
		value_free(combined);
	}
	if (rc == 0)
		rc = stream_filter(j->before, j->name, j->options, &err);
	if (rc != 0)
		keep_failure(j, &err);
	else
		stream_jail(j->before, j->name, j->options);
}

/* "Error in action definition 'x': ..." in front of what err says. */
static enum step
fail_action(struct err *err, const char *item, struct err *why)
{
	struct buf text = BUF_INIT;

	value_repr_text(&text, item, strlen(item));
	(void)err_set(
	    err, "Error in action definition %s: %s", text.p, err_text(why));
	buf_release(&text);
	err_locate(err, why->pos);
	err_release(why);
	return STEP_FATAL;
}

/* The properties of the action; NULL: an error that is kept. */
static struct value *
convert_action(struct jaildef *j, struct definition *d)
{
	struct value *combined = NULL, *properties;
	struct err err = ERR_INIT;

	if (definition_combine(&combined, d, j->notes, &err) != 0) {
		keep_failure(j, &err);
		return NULL;
	}
	properties = stream_properties(combined, d->given);
	value_free(combined);
	return properties;
}

static bool
is_python(const char *name)
{
	size_t n = strlen(name);

	return n >= 3 && strcmp(name + n - 3, ".py") == 0;
}

/* Asks the file; given is taken over. */
static enum step
read_action(struct value **properties, struct jaildef *j,
    const struct actiondef_use *use, struct value *given, struct err *err)
{
	struct definition d;
	enum overlay_result result = actiondef_read(&d, use, given, err);
	enum step step = STEP_OK;

	if (result == OVERLAY_NOTHING)
		return broken(j, "Unable to read action", use->name, NULL);
	if (result == OVERLAY_ERROR)
		return STEP_FATAL;
	if (definition_fetch(&d, j->options, false, err) != 0)
		step = STEP_FATAL;
	else
		*properties = convert_action(j, &d);
	definition_release(&d);
	return step;
}

/* One item of the list; name and given as parsed, given is taken over. */
static enum step
use_action(struct jaildef *j, const struct jail_context *ctx, const char *name,
    struct value *given, struct err *err)
{
	struct actiondef_use use = {ctx->opts->dir, name, j->name, ctx->cache};
	struct actionmold_use mold = {&use, given, j->options};
	struct value *properties = NULL;
	enum step step = STEP_OK;

	if (is_python(name)) {
		value_add(j->after, actiondef_python(&use, given));
		return STEP_OK;
	}
	actiondef_names(given, &use);
	properties = actionmolds_use(ctx->molds, &mold);
	if (properties == NULL) {
		step =
		    read_action(&properties, j, &use, value_copy(given), err);
		if (properties != NULL)
			actionmolds_learn(ctx->molds, &mold, properties);
	}
	if (properties != NULL)
		stream_action(j->after, j->name,
		    value_str(value_get(given, "actname")), properties);
	value_free(given);
	return step;
}

static enum step
read_actions(struct jaildef *j, const struct jail_context *ctx, struct err *err)
{
	struct value *items = optlist_split(jaildef_text(j, "action"));
	enum step step = STEP_OK;

	for (size_t i = 0; i < items->n && step == STEP_OK; i++) {
		const char *item = value_str(items->items[i]);
		struct value *given = NULL;
		struct err why = ERR_INIT;
		char *name = NULL;

		if (optlist_parse(&name, &given, item, &why) != 0)
			step = broken(j, "Invalid action definition", item,
			    err_text(&why));
		else
			step = use_action(j, ctx, name, given, &why);
		if (step == STEP_FATAL)
			step = fail_action(err, item, &why);
		err_release(&why);
		free(name);
	}
	if (step == STEP_OK && items->n == 0)
		log_msg(LOG_WARN, READER, "No actions were defined for %s",
		    j->name);
	value_free(items);
	return step;
}

/*
 * fail2ban: the filter is read twice, the second time with all options of
 * the jail. For most filters that makes no difference.
 */
static enum step
fetch_again(
    struct jaildef *j, const struct value *first, bool keep, struct err *err)
{
	if (!keep && !j->has_notes &&
	    definition_is_final(&j->filter, first, j->options)) {
		j->is_known_final = true;
		return STEP_OK;
	}
	return definition_fetch(&j->filter, j->options, false, err) == 0
	           ? STEP_OK
	           : STEP_FATAL;
}

static enum step
read_all(struct jaildef *j, const struct jail_context *ctx, struct err *err)
{
	struct fetch_from from = {
	    .cfg = ctx->cfg, .section = j->name, .convert = true};
	enum step step = STEP_OK;
	struct value *first;

	if (*jaildef_text(j, "filter") != '\0')
		step = read_filter(j, ctx, err);
	else
		log_msg(LOG_WARN, READER, "No filter set for jail %s", j->name);
	if (step != STEP_OK)
		return step;
	first = j->options;
	j->options = value_dict();
	from.known = j->known;
	if (option_fetch(j->options, &option_jail, &from, err) != 0)
		step = STEP_FATAL;
	else if (j->has_filter)
		step = fetch_again(j, first, ctx->filter_only, err);
	value_free(first);
	if (step != STEP_OK)
		return step;
	if (ctx->filter_only)
		return STEP_OK;
	convert_options(j);
	return read_actions(j, ctx, err);
}

int
jaildef_read(struct jaildef *j, const struct jail_context *ctx,
    const char *name, struct err *err)
{
	struct fetch_from from = {
	    .cfg = ctx->cfg, .section = name, .convert = true};
	enum step step;

	*j = (struct jaildef){.name = xstrdup(name),
	    .options = value_dict(),
	    .after = value_list(),
	    .notes = value_list()};
	if (option_fetch(j->options, &option_jail_first, &from, err) != 0)
		return -1;
	if (ctx->force)
		value_set(j->options, "enabled", value_bool(true));
	if (ctx->backend != NULL)
		value_set(j->options, "backend", value_text(ctx->backend));
	if (!jaildef_is_enabled(j))
		return 0;
	step = read_all(j, ctx, err);
	if (!ctx->filter_only) {
		definition_release(&j->filter);
		value_free(j->known);
		j->known = NULL;
		j->has_filter = j->is_known_final = false;
	}
	return step == STEP_FATAL ? -1 : 0;
}

static void
add_skipped(struct value *stream, const struct jaildef *j)
{
	struct value *cmd = stream_command("config-error", NULL);

	value_add(cmd, j->is_broken
	                   ? value_textf("Jail '%s' skipped, because of wrong "
	                                 "configuration: %s",
	                         j->name, j->skipped)
	                   : value_text(j->skipped));
	value_add(stream, cmd);
}

int
jaildef_stream(struct value *stream, struct jaildef *j,
    const struct config_opts *opts, struct err *err)
{
	if (j->skipped == NULL) {
		for (size_t i = 0; i < j->notes->n; i++)
			log_msg(LOG_WARN, "configreader", "%s",
			    value_str(j->notes->items[i]));
		if (j->failure != NULL) {
			err_locate(err, j->failure_pos);
			return err_set(err, "%s", j->failure);
		}
		if (jaildef_logs(j, opts, err) != 0)
			return -1;
	}
	if (j->skipped != NULL) {
		add_skipped(stream, j);
		return 0;
	}
	value_add(stream,
	    stream_command("add", j->name, jaildef_text(j, "backend"), NULL));
	stream_move(stream, j->before);
	stream_move(stream, j->after);
	return 0;
}

void
jaildef_release(struct jaildef *j)
{
	free(j->name);
	free(j->failure);
	free(j->skipped);
	value_free(j->options);
	value_free(j->before);
	value_free(j->after);
	value_free(j->notes);
	value_free(j->known);
	definition_release(&j->filter);
}
