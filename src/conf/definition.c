#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/tags.h"
#include "conf/definition.h"
#include "conf/interp.h"

#define READER "configreader"

static void
free_value(void *p)
{
	value_free(p);
}

/* The option is absent. */
static void
use_preset(
    struct value *dict, const struct option *o, const struct fetch_from *from)
{
	struct value *preset = option_preset(o);
	struct buf text = BUF_INIT;

	if (preset == NULL)
		return;
	value_repr(&text, preset);
	if (!from->quiet && !from->quiet_presets)
		log_msg(LOG_WARN, READER,
		    "'%s' not defined in '%s'. Using default one: %s", o->name,
		    from->section, text.p);
	value_set(dict, o->name, preset);
	buf_release(&text);
}

static void
store(struct value *dict, const struct option *o, const char *text,
    const struct fetch_from *from)
{
	struct value *v =
	    option_convert(from->convert ? o->type : OPTION_TEXT, text);

	if (v == NULL) {
		log_msg(LOG_WARN, READER,
		    "Wrong value for '%s' in '%s'. Using default one: '%s'",
		    o->name, from->section,
		    o->preset == NULL ? "None" : o->preset);
		v = option_preset(o);
	}
	value_set(dict, o->name, v == NULL ? value_none() : v);
}

/* The section is not there at all. */
static void
use_nothing(
    struct value *dict, const struct option *o, const struct fetch_from *from)
{
	struct value *preset = option_preset(o);

	if (!from->quiet)
		log_msg(LOG_ERROR, READER, "No section: '%s'", from->section);
	value_set(dict, o->name, preset == NULL ? value_none() : preset);
}

/* One option; text is memory to work with. -1: error. */
static int
fetch_one(struct value *dict, const struct option *o,
    const struct fetch_from *from, const struct ini_section *s,
    struct buf *text, struct err *err)
{
	struct interp in = {from->cfg, from->section, from->vars, from->known};
	const char *plain;
	int rc;

	if (interp_plain(&plain, &in, s, ini_key(o->name)))
		rc = plain != NULL;
	else {
		buf_reset(text);
		rc = interp_get(text, &in, o->name, err);
		plain = text->p;
	}
	if (rc == 1)
		store(dict, o, plain, from);
	else if (rc == 0)
		use_preset(dict, o, from);
	return rc < 0 ? -1 : 0;
}

int
option_fetch(struct value *dict, const struct option_table *t,
    const struct fetch_from *from, struct err *err)
{
	const struct ini_section *s = ini_find(from->cfg->all, from->section);
	struct buf text = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < t->n && rc == 0; i++) {
		const struct option *o = &t->rows[i];

		if (from->skip != NULL && value_get(from->skip, o->name))
			continue;
		if (s == NULL)
			use_nothing(dict, o, from);
		else
			rc = fetch_one(dict, o, from, s, &text, err);
	}
	buf_release(&text);
	return rc;
}

void
definition_init(struct definition *d, const char *name, const char *jail,
    struct value *given)
{
	*d = (struct definition){.name = xstrdup(name),
	    .jail = xstrdup(jail),
	    .given = given,
	    .fetched = value_dict(),
	    .cache = dict_new(free_value)};
}

void
definition_release(struct definition *d)
{
	overlay_free(d->own_cfg);
	free(d->name);
	free(d->jail);
	value_free(d->given);
	value_free(d->fetched);
	if (d->cache != NULL)
		dict_free(d->cache);
	*d = (struct definition){0};
}

/*
 * Of an option of [Init] that is not given. fail2ban: until 1.1.0 the value for
 * one family is always the file's, afterwards what is given for all wins.
 */
static struct value *
init_value(const struct definition *d, const char *option, const char *text)
{
	size_t n = d->of_1_1_1 ? overlay_condition(option) : 0;
	char *base = n > 0 ? xmemdup0(option, n) : NULL;
	const struct value *v = NULL;
	struct buf b = BUF_INIT;
	struct value *ret;

	if (base != NULL) {
		interp_ask(&d->vars, base);
		v = interp_var(&d->vars, base);
	}
	free(base);
	if (v == NULL || value_is(v, VALUE_NONE))
		return value_text(text);
	value_print(&b, v);
	ret = value_textn(b.p, b.n);
	buf_release(&b);
	return ret;
}

static int
fetch_init(struct definition *d, struct err *err)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Init");
	struct interp in = {.cfg = d->cfg, .section = "Init"};
	struct buf text = BUF_INIT, key = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; s != NULL && i < ini_options(s); i++) {
		const char *option = ini_option(s, i);

		buf_reset(&text);
		buf_reset(&key);
		rc = interp_get(&text, &in, option, err);
		if (rc < 0)
			break;
		if (strncmp(option, "known/", 6) != 0) {
			buf_addf(&key, "known/%s", option);
			value_set(d->given, key.p, value_text(text.p));
		}
		if (value_get(d->given, option) == NULL)
			value_set(
			    d->given, option, init_value(d, option, text.p));
	}
	buf_release(&text);
	buf_release(&key);
	return rc < 0 ? -1 : 0;
}

/* What else [Definition] has, except what the table fetched. */
static int
fetch_rest(struct definition *d, struct err *err)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");
	struct interp in = {.cfg = d->cfg, .section = "Definition"};
	struct buf text = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; s != NULL && i < ini_options(s) && rc >= 0; i++) {
		const char *option = ini_option(s, i);

		if (value_get(d->fetched, option) != NULL)
			continue;
		buf_reset(&text);
		interp_ask(&d->vars, option);
		rc = interp_get(&text, &in, option, err);
		if (rc == 1)
			value_set(d->fetched, option, value_text(text.p));
	}
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}

/* Options that the jail or the brackets hide. */
static struct value *
hidden(const struct definition *d, const struct value *jail_options)
{
	struct value *both = value_dict();

	for (size_t i = 0; i < d->table->n; i++) {
		const char *name = d->table->rows[i].name;

		if (value_get(jail_options, name) != NULL ||
		    value_get(d->given, name) != NULL)
			value_set(both, name, value_none());
	}
	return both;
}

int
definition_fetch(struct definition *d, const struct value *jail_options,
    bool all, struct err *err)
{
	struct value *skip = hidden(d, jail_options);
	struct fetch_from from = {
	    .cfg = d->cfg, .section = "Definition", .skip = skip};
	int rc;

	d->vars = (struct interp_vars){
	    jail_options, d->given, d->given->n, d->watch ? &d->asked : NULL};
	from.vars = &d->vars;
	value_free(d->fetched);
	d->fetched = value_dict();
	rc = option_fetch(d->fetched, d->table, &from, err);
	if (rc == 0)
		rc = fetch_init(d, err);
	if (rc == 0 && all)
		rc = fetch_rest(d, err);
	value_free(skip);
	return rc;
}

static bool
has_options(const struct definition *d, const char *section)
{
	const struct ini_section *s = ini_find(d->cfg->all, section);

	return s != NULL && ini_options(s) > 0;
}

static bool
is_same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_eq(a, b));
}

/* [Init] counts as given only after it was fetched once. */
bool
definition_is_final(const struct definition *d, const struct value *before,
    const struct value *now)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");

	if (!d->watch || s == NULL || has_options(d, "Init"))
		return false;
	for (size_t i = 0; i < option_jail.n; i++) {
		const char *name = option_jail.rows[i].name;
		bool matters = (d->asked >> i & 1) != 0 ||
		               (option_find(d->table, name) != NULL &&
		                   overlay_get(d->cfg, s, name) != NULL);

		if (matters &&
		    !is_same(value_get(before, name), value_get(now, name)))
			return false;
	}
	return true;
}

/* Name in front of a condition; the key's own text. */
struct base {
	const char *p;
	size_t n;
};

/* What the tags functions need. */
struct tag_source {
	struct definition *d;
	struct err *err;    /* may be NULL */
	struct base *bases; /* of entries for one family, owned */
	size_t n;
	size_t cap;
};

/* Tags that the server replaces: its own, and those of one family. */
static bool
is_ignored(void *arg, const char *name, size_t n)
{
	const struct tag_source *t = arg;
	const char *const *p = t->d->ignored;

	for (; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '\0')
			return true;
	for (size_t i = 0; i < t->n; i++)
		if (t->bases[i].n == n && memcmp(t->bases[i].p, name, n) == 0)
			return true;
	return false;
}

/* The error is about an option of the file; one of the jail has no line. */
static void
locate(void *arg, const char *name)
{
	const struct tag_source *t = arg;
	const struct ini *all = t->d->cfg->all;
	const char *const sections[] = {"Definition", "Init"};

	for (size_t i = 0; i < 2; i++) {
		const struct ini_section *s = ini_find(all, sections[i]);

		if (s != NULL && ini_get(s, name) != NULL)
			err_locate(t->err, ini_pos(s, name));
	}
}

static void
find_bases(struct tag_source *t, const struct value *all)
{
	for (size_t i = 0; i + 1 < all->n; i += 2) {
		const char *key = value_str(all->items[i]);
		size_t n = overlay_condition(key);

		if (n == 0)
			continue;
		GROW(t->bases, t->n, t->cap);
		t->bases[t->n++] = (struct base){key, n};
	}
}

static int
look_up(void *arg, struct buf *out, const char *name, size_t n, struct err *err)
{
	struct definition *d = ((struct tag_source *)arg)->d;
	struct value *known = dict_getn(d->cache, name, n);
	struct interp in = {
	    .cfg = d->cfg, .section = "Definition", .vars = &d->vars};
	struct buf text = BUF_INIT;
	int rc = 0;

	if (known == NULL) {
		rc = interp_get_tag(&text, &in, name, err);
		if (rc < 0)
			return -1;
		known = rc == 1 ? value_text(text.p) : value_none();
		dict_setn(d->cache, name, n, known);
		buf_release(&text);
	}
	if (value_is(known, VALUE_NONE))
		return 0;
	value_print(out, known);
	return 1;
}

/* The given options over the fetched ones. */
static void
add_given(struct value *all, const struct value *given)
{
	size_t n = all->n;

	for (size_t i = 0; i + 1 < given->n; i += 2) {
		const struct value *key = given->items[i];
		size_t at = 0;

		while (at < n && !value_eq(all->items[at], key))
			at += 2;
		if (at < n) {
			value_free(all->items[at + 1]);
			all->items[at + 1] = value_copy(given->items[i + 1]);
		} else {
			value_add(all, value_copy(key));
			value_add(all, value_copy(given->items[i + 1]));
		}
	}
}

/* Numbers and booleans, once all is replaced; a wrong number is dropped. */
static void
convert(struct value *dict, struct definition *d, struct value *notes)
{
	const struct option_table *t = d->table;

	for (size_t i = 0; i < t->n; i++) {
		const struct option *o = &t->rows[i];
		const char *text = value_str(value_get(dict, o->name));
		struct value *v;
		struct buf shown = BUF_INIT;

		if (o->type == OPTION_TEXT || text == NULL)
			continue;
		d->converts = true;
		v = option_convert(o->type, text);
		if (v == NULL) {
			value_repr_text(&shown, text, strlen(text));
			value_add(notes,
			    value_textf("Wrong int value %s for '%s'. Using "
			                "default one: None",
			        shown.p, o->name));
			v = value_none();
		}
		value_set(dict, o->name, v);
		buf_release(&shown);
	}
}

int
definition_combine(struct value **ret, struct definition *d,
    struct value *notes, struct err *err)
{
	struct value *all = d->fetched;
	struct tag_source source = {.d = d, .err = err};
	struct tags_rules rules = {.is_ignored = is_ignored,
	    .fallback = look_up,
	    .failed = locate,
	    .arg = &source};
	int rc;

	d->fetched = value_dict();
	add_given(all, d->given);
	find_bases(&source, all);
	rc = tags_resolve(all, &rules, err);
	free(source.bases);
	if (rc != 0) {
		value_free(all);
		return -1;
	}
	convert(all, d, notes);
	*ret = all;
	return 0;
}
