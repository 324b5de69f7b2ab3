/*
 * Nothing here decides anything: the reference takes all of it without a
 * word, and so does -t, which only prints what is found.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "base/word.h"
#include "conf/actiondef.h"
#include "conf/firewall.h"
#include "conf/interp.h"
#include "conf/jaildef.h"
#include "conf/lint.h"
#include "conf/settings.h"

/* More than this differ: another word, no slip of the finger. */
#define MAX_DISTANCE 3
#define MAX_WORD 40

void
lint_warn(struct lint *l, struct pos pos, const char *fmt, ...)
{
	struct buf text = BUF_INIT, key = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	buf_addf(&key, "%s:%d:%s", pos.file == NULL ? "" : pos.file, pos.line,
	    text.p);
	if (dict_get(l->said, key.p) == NULL) {
		dict_set(l->said, key.p, l);
		(void)err_at(l->err, &pos, "warning: %s", text.p);
		l->n++;
	}
	buf_release(&text);
	buf_release(&key);
}

/* ---- words that are nearly the same */

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to change, add or drop; without regard to case. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[MAX_WORD + 1], n = strlen(b);

	if (strlen(a) > MAX_WORD || n > MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t before = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t keep = row[j + 1];
			bool same = (a[i] | 0x20) == (b[j] | 0x20);

			row[j + 1] = min3(row[j] + 1, row[j + 1] + 1,
			    before + (same ? 0 : 1));
			before = keep;
		}
	}
	return row[n];
}

/* Short words must be nearer than long ones. */
static bool
is_near(const char *name, size_t d)
{
	size_t n = strlen(name);

	return d > 0 && d <= MAX_DISTANCE &&
	       (d < MAX_DISTANCE ? d * 3 < n + 1 : n >= 10);
}

const struct option *
lint_nearest(const struct option_table *t, const char *name)
{
	const struct option *best = NULL;
	size_t least = MAX_WORD;

	for (size_t i = 0; i < t->n; i++) {
		size_t d = distance(name, t->rows[i].name);

		if (d < least && is_near(name, d)) {
			least = d;
			best = &t->rows[i];
		}
	}
	return best;
}

const char *
lint_nearest_word(const char *const *words, const char *name)
{
	const char *best = NULL;
	size_t least = MAX_WORD;

	for (; *words != NULL; words++) {
		size_t d = distance(name, *words);

		if (d < least && is_near(name, d)) {
			least = d;
			best = *words;
		}
	}
	return best;
}

/* ---- who refers to an option */

static bool
refers(const struct ini_section *s, const char *needle)
{
	for (size_t i = 0; i < ini_options(s); i++)
		if (strcasestr(ini_get(s, ini_option(s, i)), needle) != NULL)
			return true;
	return false;
}

static bool
is_in_any(const struct overlay *o, const char *needle)
{
	if (refers(ini_find(o->all, INI_DEFAULT), needle))
		return true;
	for (size_t i = 0; i < ini_count(o->all); i++)
		if (refers(ini_at(o->all, i), needle))
			return true;
	return false;
}

/* "%(name)s", "%(section/name)s", "<name>" or "<section/name>". */
static bool
is_referred(const struct overlay *o, const char *name)
{
	static const struct form {
		const char *before;
		const char *after;
	} forms[] = {{"%(", ")s"}, {"/", ")s"}, {"<", ">"}, {"/", ">"}};
	bool found = false;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buf needle = BUF_INIT;

		buf_adds(&needle, forms[i].before);
		buf_adds(&needle, name);
		buf_adds(&needle, forms[i].after);
		found = found || is_in_any(o, needle.p);
		buf_release(&needle);
	}
	return found;
}

bool
lint_is_used(struct lint *l, const struct overlay *o, const char *name)
{
	static const char yes = 'y', no = 'n';
	struct buf key = BUF_INIT;
	const char *known;

	buf_addf(&key, "%p:%s", (const void *)o, name);
	known = dict_get(l->used, key.p);
	if (known == NULL) {
		known = is_referred(o, name) ? &yes : &no;
		dict_set(l->used, key.p, (void *)(uintptr_t)known);
	}
	buf_release(&key);
	return known == &yes;
}

/* ---- sections of jails */

/* Whether the section means something elsewhere, or nearly so: said. */
static bool
lint_section_name(struct lint *l, const struct ini_section *s)
{
	static const char *const special[] = {
	    "INCLUDES", INI_DEFAULT, "Definition", "Init"};
	const char *name = ini_name(s);

	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(name, special[i]) != 0)
			continue;
		if (i >= 2)
			lint_warn(l, ini_section_pos(s),
			    "section [%s] is read as a jail of that name; it "
			    "belongs into files of filters and actions",
			    name);
		else
			lint_warn(l, ini_section_pos(s),
			    "section [%s] is read as a jail of that name; "
			    "write [%s]",
			    name, special[i]);
		return true;
	}
	return false;
}

/*
 * An option that is none of the table's and that nothing refers to. In
 * DEFAULT, which offers variables to others, only what is nearly an option.
 */
static void
lint_unknown(struct lint *l, const struct overlay *cfg,
    const struct ini_section *s, const struct option_table *t)
{
	bool is_default = strcmp(ini_name(s), INI_DEFAULT) == 0;

	for (size_t i = 0; i < ini_options(s); i++) {
		const char *name = ini_option(s, i);
		const struct option *near = lint_nearest(t, name);

		if (option_find(t, name) != NULL ||
		    lint_is_used(l, cfg, name) || ini_pos(s, name).file == NULL)
			continue;
		if (near != NULL)
			lint_warn(l, ini_pos(s, name),
			    "option '%s' in [%s] is unknown and has no "
			    "effect; did you mean '%s' (%s)?",
			    name, ini_name(s), near->name, near->help);
		else if (!is_default)
			lint_warn(l, ini_pos(s, name),
			    "option '%s' in [%s] is unknown and nothing "
			    "refers to %%(%s)s: it has no effect",
			    name, ini_name(s), name);
	}
}

static void
lint_values(struct lint *l, const struct overlay *cfg, const char *section,
    const struct option_table *t)
{
	struct interp in = {.cfg = cfg, .section = section};
	const struct ini_section *s = ini_find(cfg->all, section);
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		const struct option *o = &t->rows[i];
		struct err why = ERR_INIT;

		int rc;

		buf_reset(&text);
		rc = interp_get(&text, &in, o->name, &why);
		if (rc == 1 && o->check != NULL &&
		    (text.n > 0 || o->type != OPTION_TEXT))
			rc = o->check(text.p, &why);
		/* %(known/...)s are there only when the filter is read */
		if (rc < 0 && strstr(err_text(&why), "'known/") == NULL)
			lint_warn(l, overlay_pos(cfg, s, o->name),
			    "option '%s': %s", o->name, err_text(&why));
		err_release(&why);
	}
	buf_release(&text);
}

/* ---- where the lines come from */

static char *
fetch(const struct overlay *cfg, const char *section, const char *option)
{
	struct interp in = {.cfg = cfg, .section = section};
	struct buf text = BUF_INIT;

	if (interp_get(&text, &in, option, NULL) == 1)
		return buf_detach(&text);
	buf_release(&text);
	return NULL;
}

static bool
is_shipped(struct pos pos)
{
	const char *base = pos.file == NULL ? "" : strrchr(pos.file, '/');

	return base != NULL && strcmp(base, "/jail.conf") == 0;
}

/* A log path of the user's own that the journal makes useless. */
static void
lint_logpath(struct lint *l, const struct ini_section *s, const char *backend)
{
	struct pos path = overlay_pos(l->jails, s, "logpath");
	struct pos back = overlay_pos(l->jails, s, "backend");

	if (backend == NULL || strncasecmp(backend, "systemd", 7) != 0 ||
	    overlay_get(l->jails, s, "logpath") == NULL)
		return;
	if (is_shipped(path))
		return;
	lint_warn(l, path,
	    "option 'logpath' of jail '%s' has no effect: its backend is %s "
	    "(%s:%d), which reads the journal",
	    ini_name(s), backend, back.file == NULL ? "preset" : back.file,
	    back.line);
}

/* recidive reads what fail2ban itself logs, wherever that goes. */
static void
lint_recidive(struct lint *l, const struct ini_section *s, const char *backend)
{
	char *target = l->server == NULL
	                   ? NULL
	                   : fetch(l->server, "Definition", "logtarget");
	char *path = fetch(l->jails, ini_name(s), "logpath");
	bool journal =
	    backend != NULL && strncasecmp(backend, "systemd", 7) == 0;
	const char *log = target == NULL ? "/var/log/fail2ban.log" : target;
	size_t n = strcspn(log, "[");

	if (log[0] == '/' && journal)
		lint_warn(l, overlay_pos(l->jails, s, "backend"),
		    "jail '%s' reads the journal, but fail2ban logs to %s: it "
		    "will never find anything; set backend = auto in [%s]",
		    ini_name(s), log, ini_name(s));
	else if (!journal && log[0] != '/')
		lint_warn(l, overlay_pos(l->jails, s, "logpath"),
		    "jail '%s' reads %s, but fail2ban logs to %s: it will "
		    "never find anything",
		    ini_name(s), path == NULL ? "no file" : path, log);
	else if (!journal && path != NULL && strncmp(path, log, n) != 0)
		lint_warn(l, overlay_pos(l->jails, s, "logpath"),
		    "jail '%s' reads %s, but fail2ban logs to %s: it will "
		    "never find anything",
		    ini_name(s), path, log);
	free(target);
	free(path);
}

static void
lint_source(struct lint *l, const struct ini_section *s)
{
	char *backend = fetch(l->jails, ini_name(s), "backend");
	char *filter = fetch(l->jails, ini_name(s), "filter");

	lint_logpath(l, s, backend);
	if (filter != NULL && strncmp(filter, "recidive", 8) == 0 &&
	    (filter[8] == '\0' || filter[8] == '['))
		lint_recidive(l, s, backend);
	free(backend);
	free(filter);
}

/* ---- one jail that is enabled */

static bool
read_action(
    struct definition *d, const struct actiondef_use *use, struct value *given)
{
	actiondef_names(given, use);
	return actiondef_read(d, use, given, NULL) == OVERLAY_OK;
}

/* A new machine may have no firewall at all: bans then have no effect. */
static void
lint_firewall(struct lint *l, struct pos jail, const char *action)
{
	const char *program = firewall_lacks(NULL, action);

	if (program != NULL)
		lint_warn(l, jail,
		    "action '%s' needs the program %s, which is not installed: "
		    "nothing will be banned",
		    action, program);
}

static void
lint_use_of_action(
    struct lint *l, const struct jaildef *j, struct pos jail, const char *item)
{
	struct actiondef_use use = {l->o->dir, NULL, j->name, l->cache};
	struct value *given = NULL, *combined = NULL, *notes = value_list();
	struct definition d = {0};
	char *name = NULL;
	size_t n;

	if (optlist_parse(&name, &given, item, NULL) == 0) {
		use.name = name;
		lint_firewall(l, jail, name);
		n = strlen(name);
		if (n > 3 && strcmp(name + n - 3, ".py") == 0)
			value_free(given);
		else if (read_action(&d, &use, given)) {
			if (definition_fetch(&d, j->options, false, NULL) ==
			        0 &&
			    definition_combine(&combined, &d, notes, NULL) == 0)
				lint_action(l, &d, combined);
			definition_release(&d);
		}
	}
	value_free(combined);
	value_free(notes);
	free(name);
}

static void
lint_definitions(struct lint *l, const struct ini_section *s)
{
	struct jail_context ctx = {.cfg = l->jails,
	    .cache = l->cache,
	    .opts = l->o,
	    .filter_only = true};
	struct jaildef j;
	struct value *combined = NULL, *notes = value_list(), *items;
	int rc = jaildef_read(&j, &ctx, ini_name(s), NULL);

	if (j.has_filter && rc == 0)
		rc = definition_combine(&combined, &j.filter, notes, NULL);
	if (j.has_filter)
		lint_filter(l, &j.filter, rc == 0 ? combined : NULL);
	if (rc == 0 && j.skipped == NULL) {
		const char *list = value_str(value_get(j.options, "action"));

		items = optlist_split(list == NULL ? "" : list);
		for (size_t i = 0; i < items->n; i++)
			lint_use_of_action(l, &j, ini_section_pos(s),
			    value_str(items->items[i]));
		value_free(items);
	}
	value_free(combined);
	value_free(notes);
	jaildef_release(&j);
}

static void
lint_jail(struct lint *l, const struct ini_section *s)
{
	const char *name = ini_name(s);
	char *enabled = fetch(l->jails, name, "enabled");

	if (!lint_section_name(l, s))
		lint_unknown(l, l->jails, s, &option_jail);
	lint_values(l, l->jails, name, &option_jail_first);
	if (word_is_true(enabled)) {
		lint_values(l, l->jails, name, &option_jail);
		lint_source(l, s);
		lint_definitions(l, s);
	}
	free(enabled);
}

/* ---- all */

static void
lint_jails(struct lint *l)
{
	jaildef_predefine(l->jails, l->o->dir);
	lint_unknown(
	    l, l->jails, ini_find(l->jails->all, INI_DEFAULT), &option_jail);
	for (size_t i = 0; i < ini_count(l->jails->all); i++) {
		const struct ini_section *s = ini_at(l->jails->all, i);

		if (strcmp(ini_name(s), "INCLUDES") != 0)
			lint_jail(l, s);
	}
}

static bool
is_server_option(const char *name)
{
	return option_find(&option_early, name) != NULL ||
	       option_find(&option_server, name) != NULL ||
	       option_find(&option_client, name) != NULL;
}

static void
lint_server(struct lint *l)
{
	const struct ini *all = l->server->all;

	for (size_t i = 0; i < ini_count(all); i++) {
		const struct ini_section *s = ini_at(all, i);
		const char *name = ini_name(s);

		if (strcmp(name, "Definition") != 0 &&
		    strcmp(name, "Thread") != 0 &&
		    strcmp(name, "INCLUDES") != 0)
			lint_warn(l, ini_section_pos(s),
			    "nothing reads section [%s] of fail2ban.conf; its "
			    "options belong into [Definition]",
			    name);
		if (strcmp(name, "Definition") != 0)
			continue;
		for (size_t k = 0; k < ini_options(s); k++) {
			const char *option = ini_option(s, k);
			const struct option *near;

			if (is_server_option(option) ||
			    lint_is_used(l, l->server, option))
				continue;
			near = lint_nearest(&option_server, option);
			if (near == NULL)
				near = lint_nearest(&option_early, option);
			lint_warn(l, ini_pos(s, option),
			    "option '%s' is unknown and has no effect%s%s%s",
			    option, near == NULL ? "" : "; did you mean '",
			    near == NULL ? "" : near->name,
			    near == NULL ? "" : "'?");
		}
	}
	lint_values(l, l->server, "Definition", &option_early);
	lint_values(l, l->server, "Definition", &option_server);
	lint_values(l, l->server, "Definition", &option_client);
}

int
config_lint(const struct config_opts *o, struct err *err)
{
	struct lint l = {.o = o,
	    .cache = overlay_cache_new(),
	    .said = dict_new(NULL),
	    .used = dict_new(NULL),
	    .err = err};
	struct overlay_from from = {
	    .dir = o->dir, .name = "jail", .cache = l.cache};
	int level = log_level();

	/* what reading says was said before */
	log_set_level(LOG_CRITICAL + 1);
	if (settings_read(&l.server, &from, NULL) == 0 && l.server != NULL)
		lint_server(&l);
	if (overlay_read(&l.jails, &from, NULL) == OVERLAY_OK)
		lint_jails(&l);
	lint_all_filters(&l);
	log_set_level(level);
	overlay_free(l.server);
	overlay_free(l.jails);
	overlay_cache_free(l.cache);
	dict_free(l.said);
	dict_free(l.used);
	return l.n;
}

int
config_lint_filter(
    const char *dir, const char *name, bool exact, struct err *err)
{
	struct config_opts o = {.dir = dir};
	struct lint l = {.o = &o,
	    .cache = overlay_cache_new(),
	    .said = dict_new(NULL),
	    .used = dict_new(NULL),
	    .err = err};

	lint_filter_file(&l, name, exact);
	overlay_cache_free(l.cache);
	dict_free(l.said);
	dict_free(l.used);
	return l.n;
}
