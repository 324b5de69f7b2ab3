/*
 * fail2ban: each file is parsed on its own and merged in list order, so an
 * error in one has its own line number and [INCLUDES] sees only its file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "conf/includes.h"
#include "conf/overlayread.h"
#include "conf/vintage.h"

struct overlay_cache {
	struct includes_cache included;
	struct dict *overlays; /* name -> struct overlay, owned */
	enum { UNKNOWN, NO, YES } is_1_1_1;
};

static void
free_ini(void *p)
{
	ini_free(p);
}

static void
free_overlay(void *p)
{
	overlay_free(p);
}

struct overlay_cache *
overlay_cache_new(void)
{
	struct overlay_cache *c = xcalloc(1, sizeof(*c));

	c->included.files = dict_new(free_ini);
	c->included.folders = folders_new();
	c->included.said = dict_new(NULL);
	c->overlays = dict_new(free_overlay);
	return c;
}

void
overlay_cache_free(struct overlay_cache *c)
{
	if (c == NULL)
		return;
	dict_free(c->overlays);
	dict_free(c->included.files);
	dict_free(c->included.said);
	folders_free(c->included.folders);
	free(c);
}

bool
overlay_cache_is_1_1_1(struct overlay_cache *c, const char *dir)
{
	if (c->is_1_1_1 == UNKNOWN)
		c->is_1_1_1 = vintage_is_1_1_1(dir) ? YES : NO;
	return c->is_1_1_1 == YES;
}

/* Merges one section of a file; what it replaces becomes known. */
static void
merge_section(struct overlay *o, const struct ini_section *from)
{
	const char *name = ini_name(from), *condition = "";
	size_t n = overlay_condition(name);
	char *base = n == 0 ? xstrdup(name) : xmemdup0(name, n);
	/* fail2ban: a section that was there before is known, even if no
	 * option of it is replaced; DEFAULT is then found through it */
	struct ini_section *known =
	    ini_find(o->all, base) == NULL ? NULL : ini_section(o->known, base);
	struct ini_section *to = ini_section(o->all, base);
	struct buf key = BUF_INIT;

	if (n > 0)
		condition = name + n;
	else
		ini_section_start(to, ini_section_pos(from));
	for (size_t i = 0; i < ini_options(from); i++) {
		const char *option = ini_option(from, i), *old;

		buf_reset(&key);
		buf_adds(&key, option);
		buf_adds(&key, condition);
		old = ini_get(to, key.p);
		if (old != NULL && known != NULL)
			ini_set(known, key.p, old, ini_pos(to, key.p));
		ini_set(
		    to, key.p, ini_get(from, option), ini_pos(from, option));
	}
	buf_release(&key);
	free(base);
}

static void
merge_defaults(struct overlay *o, const struct ini *from)
{
	struct ini_section *to = ini_defaults(o->all);
	const struct ini_section *s = ini_defaults(from);

	for (size_t i = 0; i < ini_options(s); i++) {
		const char *option = ini_option(s, i);

		ini_set(to, option, ini_get(s, option), ini_pos(s, option));
	}
}

static void
merge(struct overlay *o, const struct ini *from)
{
	merge_defaults(o, from);
	for (size_t i = 0; i < ini_count(from); i++)
		merge_section(o, ini_at(from, i));
}

static bool
has_condition(const struct ini *ini)
{
	for (size_t i = 0; i < ini_count(ini); i++)
		if (overlay_condition(ini_name(ini_at(ini, i))) > 0)
			return true;
	return false;
}

/* What the file replaces in the one below it becomes known. */
static void
keep_known(struct overlay *o, const struct ini *ini, const struct ini *under)
{
	for (size_t i = 0; i < ini_count(ini); i++) {
		const struct ini_section *s = ini_at(ini, i);
		const struct ini_section *old = ini_find(under, ini_name(s));
		struct ini_section *known;

		if (old == NULL)
			continue;
		known = ini_section(o->known, ini_name(s));
		for (size_t k = 0; k < ini_options(s); k++) {
			const char *option = ini_option(s, k);
			const char *value = ini_get(old, option);

			if (value != NULL)
				ini_set(
				    known, option, value, ini_pos(old, option));
		}
	}
}

/*
 * The usual cases need no copy: a file alone is taken over, and a file that
 * includes one is laid over the cache's.
 */
static size_t
start_build(struct overlay *o, struct includes *r)
{
	struct loaded *first = &r->files[0], *second = &r->files[1];

	o->known = ini_new();
	if (has_condition(first->ini)) {
		o->all = ini_new();
		return 0;
	}
	if (first->owned) {
		o->all = first->ini;
		first->owned = false;
		return 1;
	}
	if (r->n > 1 && second->owned && !has_condition(second->ini)) {
		keep_known(o, second->ini, first->ini);
		o->all = second->ini;
		second->owned = false;
		ini_lay_over(o->all, first->ini);
		return 2;
	}
	o->all = ini_new();
	ini_lay_over(o->all, first->ini);
	return 1;
}

static struct overlay *
build(struct includes *r)
{
	struct overlay *o = xcalloc(1, sizeof(*o));
	size_t first = start_build(o, r);

	for (size_t i = 0; i < r->n; i++) {
		if (i >= first)
			merge(o, r->files[i].ini);
		GROW(o->files, o->nfiles, o->cap);
		o->files[o->nfiles++] = r->files[i].path;
		r->files[i].path = NULL;
	}
	return o;
}

enum overlay_result
overlay_read(
    struct overlay **ret, const struct overlay_from *from, struct err *err)
{
	struct includes files;
	enum overlay_result result;

	from->cache->included.strict =
	    overlay_cache_is_1_1_1(from->cache, from->dir);
	result = includes_read(&files, from, &from->cache->included, err);

	if (result == OVERLAY_OK)
		*ret = build(&files);
	includes_release(&files);
	return result;
}

enum overlay_result
overlay_read_shared(const struct overlay **ret, const struct overlay_from *from,
    struct err *err)
{
	struct overlay *o = dict_get(from->cache->overlays, from->name);
	enum overlay_result result = OVERLAY_OK;

	if (o == NULL) {
		result = overlay_read(&o, from, err);
		if (result == OVERLAY_OK)
			dict_set(from->cache->overlays, from->name, o);
	}
	*ret = o;
	return result;
}
