/*
 * fail2ban: each file is parsed on its own and merged in list order, so an
 * error in one has its own line number and [INCLUDES] sees only its file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dict.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/value.h"
#include "conf/interp.h"
#include "conf/overlay.h"

struct overlay_cache {
	struct dict *files;    /* path -> struct ini, owned: included files */
	struct dict *overlays; /* name -> struct overlay, owned */
};

/* A file of the load list. */
struct loaded {
	char *path;
	struct ini *ini;
	bool owned; /* ini is; else it is the cache's */
};

/* A list of paths, owned. */
struct paths {
	char **p;
	size_t n;
	size_t cap;
};

struct reading {
	struct paths ancestors; /* of the file being read */
	struct loaded *found;   /* the load list */
	size_t n;
	size_t cap;
	struct overlay_cache *cache;
	struct err *err;
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

	c->files = dict_new(free_ini);
	c->overlays = dict_new(free_overlay);
	return c;
}

void
overlay_cache_free(struct overlay_cache *c)
{
	if (c == NULL)
		return;
	dict_free(c->files);
	dict_free(c->overlays);
	free(c);
}

static void
paths_add(struct paths *l, char *path)
{
	GROW(l->p, l->n, l->cap);
	l->p[l->n++] = path;
}

static void
paths_release(struct paths *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
	*l = (struct paths){0};
}

static bool
paths_has(const struct paths *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->p[i], path) == 0)
			return true;
	return false;
}

static void
say_undecodable(const char *path, const struct buf *text)
{
	size_t at = utf8_valid(text->p, text->n);
	unsigned char c = (unsigned char)text->p[at];
	const char *why = "invalid continuation byte";

	if (c < 0xc2 || c > 0xf4)
		why = "invalid start byte";
	else if (text->n - at < 4 && text->n - at < (size_t)(c < 0xe0   ? 2
	                                                     : c < 0xf0 ? 3
	                                                                : 4))
		why = "unexpected end of data";
	log_msg(LOG_ERROR, "configparserinc",
	    "Error decoding config file '%s': 'utf-8' codec can't decode byte "
	    "0x%02x in position %zu: %s",
	    path, c, at, why);
}

/*
 * Reads and parses one file. 0 and *ret NULL when it is missing or no text,
 * which is not an error here.
 */
static int
load(struct ini **ret, struct reading *r, const char *path)
{
	struct buf text = BUF_INIT;
	struct ini_source src;
	struct ini *ini;
	int rc = 0;

	*ret = NULL;
	if (io_read_file(&text, path, INI_MAX_BYTES) != 0) {
		if (errno == EFBIG)
			rc = err_set(r->err,
			    "%s: larger than %u bytes: split the file", path,
			    INI_MAX_BYTES);
	} else if (utf8_valid(text.p, text.n) != text.n)
		say_undecodable(path, &text);
	else {
		src = (struct ini_source){path, text.p, text.n};
		ini = ini_new();
		rc = ini_parse(ini, &src, r->err);
		if (rc == 0)
			*ret = ini;
		else
			ini_free(ini);
	}
	buf_release(&text);
	return rc;
}

/* The same through the cache, which then owns it: for included files. */
static int
load_shared(struct ini **ret, struct reading *r, const char *path)
{
	*ret = dict_get(r->cache->files, path);
	if (*ret != NULL)
		return 0;
	if (load(ret, r, path) != 0)
		return -1;
	if (*ret != NULL)
		dict_set(r->cache->files, path, *ret);
	return 0;
}

static void
found_add(struct reading *r, struct loaded file)
{
	GROW(r->found, r->n, r->cap);
	r->found[r->n++] = file;
}

static void
found_release(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->found[i].path);
		if (r->found[i].owned)
			ini_free(r->found[i].ini);
	}
	free(r->found);
}

static bool
found_has(const struct reading *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->found[i].path, path) == 0)
			return true;
	return false;
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The sibling with the extension ".local", NULL: there is none. */
static char *
local_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(base, '.');
	size_t n = strlen(path);
	char *local;

	while (*base == '.' && base < dot)
		base++;
	if (dot != NULL && dot > base)
		n = (size_t)(dot - path);
	local = xasprintf("%.*s.local", (int)n, path);
	if (strcmp(local, path) != 0 && is_file(local))
		return local;
	free(local);
	return NULL;
}

static char *
join(const char *base_file, const char *name)
{
	const char *slash = strrchr(base_file, '/');

	if (name[0] == '/' || slash == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - base_file), base_file, name);
}

static int visit(struct reading *r, const char *path);

/* Whether path is being read, the file that includes it not counted. */
static bool
is_above(const struct paths *ancestors, const char *path)
{
	struct paths above = *ancestors;

	above.n--;
	return paths_has(&above, path);
}

/* An included name, and its .local. */
static int
visit_include(struct reading *r, const char *path)
{
	char *local;
	int rc;

	/* fail2ban: a file may include itself once, its includer never */
	if (is_above(&r->ancestors, path))
		return 0;
	rc = visit(r, path);
	local = local_of(path);
	if (rc == 0 && local != NULL)
		rc = visit(r, local);
	free(local);
	return rc;
}

/* One list ("before", "after") of a file. */
static int
visit_list(
    struct reading *r, const struct ini *ini, const char *path, const char *opt)
{
	struct overlay alone = {.all = (struct ini *)(uintptr_t)ini};
	struct interp in = {.cfg = &alone, .section = "INCLUDES"};
	struct buf list = BUF_INIT;
	int rc = 0, found;
	char *line, *rest;

	if (ini_find(ini, "INCLUDES") == NULL)
		return 0;
	found = interp_get(&list, &in, opt, r->err);
	rest = list.p;
	paths_add(&r->ancestors, xstrdup(path));
	while (found == 1 && rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		char *full = join(path, line);

		if (*line != '\0')
			rc = visit_include(r, full);
		free(full);
	}
	free(r->ancestors.p[--r->ancestors.n]);
	buf_release(&list);
	return found < 0 ? -1 : rc;
}

/* Appends a file with what it includes to the load list. */
static int
visit(struct reading *r, const char *path)
{
	struct pos pos = {path, 0};
	struct loaded file = {.owned = r->ancestors.n == 0};
	int rc;

	if (r->ancestors.n >= OVERLAY_MAX_DEPTH) {
		pos.file = r->ancestors.p[r->ancestors.n - 1];
		return err_at(r->err, &pos,
		    "includes '%s', the %dth file within files: [INCLUDES] "
		    "may nest %d deep",
		    path, OVERLAY_MAX_DEPTH + 1, OVERLAY_MAX_DEPTH);
	}
	if (r->n >= OVERLAY_MAX_FILES)
		return err_at(r->err, &pos,
		    "more than %d files are included, the same ones again and "
		    "again: look at the [INCLUDES] of this file",
		    OVERLAY_MAX_FILES);
	rc = file.owned ? load(&file.ini, r, path)
	                : load_shared(&file.ini, r, path);
	if (rc != 0 || file.ini == NULL)
		return rc;
	if (visit_list(r, file.ini, path, "before") != 0) {
		if (file.owned)
			ini_free(file.ini);
		return -1;
	}
	file.path = xstrdup(path);
	found_add(r, file);
	return visit_list(r, file.ini, path, "after");
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of base.d with this ending, in order of their bytes. */
static void
add_folder(struct paths *l, const char *base, const char *ending)
{
	char *folder = xasprintf("%s.d", base);
	DIR *dir = opendir(folder);
	size_t first = l->n, end = strlen(ending);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		size_t n = strlen(e->d_name);
		char *path;

		if (e->d_name[0] == '.' || n < end ||
		    strcmp(e->d_name + n - end, ending) != 0)
			continue;
		path = xasprintf("%s/%s", folder, e->d_name);
		if (access(path, F_OK) == 0)
			paths_add(l, path);
		else
			free(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (l->n > first)
		qsort(l->p + first, l->n - first, sizeof(*l->p), compare);
	free(folder);
}

static void
add_existing(struct paths *l, char *path)
{
	if (access(path, F_OK) == 0)
		paths_add(l, path);
	else
		free(path);
}

static void
list_set(struct paths *l, const char *base)
{
	add_existing(l, xasprintf("%s.conf", base));
	add_folder(l, base, ".conf");
	add_existing(l, xasprintf("%s.local", base));
	add_folder(l, base, ".local");
}

/* Merges one section of a file; what it replaces becomes known. */
static void
merge_section(struct overlay *o, const struct ini_section *from)
{
	const char *name = ini_name(from), *condition = "";
	size_t n = overlay_condition(name);
	char *base = n == 0 ? xstrdup(name) : xmemdup0(name, n);
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
		if (old != NULL)
			ini_set(ini_section(o->known, base), key.p, old,
			    ini_pos(to, key.p));
		ini_set(
		    to, key.p, ini_get(from, option), ini_pos(from, option));
	}
	buf_release(&key);
	free(base);
}

static void
merge_defaults(struct overlay *o, const struct ini *from)
{
	struct ini_section *to = ini_find(o->all, INI_DEFAULT);
	const struct ini_section *s = ini_find(from, INI_DEFAULT);

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

/* Files of the set that could not be read are said, the others count. */
static void
say_missed(const struct paths *set, const struct reading *r)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < set->n; i++)
		if (!found_has(r, set->p[i]))
			buf_addf(
			    &text, "%s%s", text.n > 0 ? ", " : "", set->p[i]);
	if (text.n > 0)
		log_msg(LOG_ERROR, "configreader",
		    "Could not read config files: %s", text.p);
	buf_release(&text);
}

static void
say_nothing(const struct overlay_from *from)
{
	struct buf name = BUF_INIT;

	value_repr_text(&name, from->name, strlen(from->name));
	log_msg(LOG_ERROR, "configreader",
	    "Found no accessible config files for %s under %s", name.p,
	    from->dir);
	buf_release(&name);
}

static bool
has_condition(const struct ini *ini)
{
	for (size_t i = 0; i < ini_count(ini); i++)
		if (overlay_condition(ini_name(ini_at(ini, i))) > 0)
			return true;
	return false;
}

static struct overlay *
build(struct reading *r)
{
	struct overlay *o = xcalloc(1, sizeof(*o));
	size_t first = 0;

	o->known = ini_new();
	if (r->found[0].owned && !has_condition(r->found[0].ini)) {
		/* nothing to merge it with yet: taken over as it is */
		o->all = r->found[0].ini;
		r->found[0].owned = false;
		first = 1;
	} else
		o->all = ini_new();
	for (size_t i = 0; i < r->n; i++) {
		if (i >= first)
			merge(o, r->found[i].ini);
		GROW(o->files, o->nfiles, o->cap);
		o->files[o->nfiles++] = r->found[i].path;
		r->found[i].path = NULL;
	}
	return o;
}

static int
visit_set(struct reading *r, const struct paths *set, bool exact)
{
	int rc = 0;

	for (size_t i = 0; i < set->n && rc == 0; i++) {
		char *local = exact ? local_of(set->p[i]) : NULL;

		rc = visit(r, set->p[i]);
		if (rc == 0 && local != NULL)
			rc = visit(r, local);
		free(local);
	}
	return rc;
}

enum overlay_result
overlay_read(
    struct overlay **ret, const struct overlay_from *from, struct err *err)
{
	struct reading r = {.cache = from->cache, .err = err};
	enum overlay_result result = OVERLAY_NOTHING;
	struct paths set = {0};
	const char *name = from->name;
	char *base;
	int rc;

	if (from->exact || name[0] == '/' || strncmp(name, "./", 2) == 0)
		base = xstrdup(name);
	else
		base = xasprintf("%s/%s", from->dir, name);
	if (from->exact)
		add_existing(&set, xstrdup(base));
	else
		list_set(&set, base);
	rc = visit_set(&r, &set, from->exact);
	if (rc == 0)
		say_missed(&set, &r);
	if (rc != 0)
		result = OVERLAY_ERROR;
	else if (r.n == 0)
		say_nothing(from);
	else {
		*ret = build(&r);
		result = OVERLAY_OK;
	}
	paths_release(&set);
	found_release(&r);
	paths_release(&r.ancestors);
	free(base);
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

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	ini_free(o->all);
	ini_free(o->known);
	for (size_t i = 0; i < o->nfiles; i++)
		free(o->files[i]);
	free(o->files);
	free(o);
}

const char *
overlay_get(
    const struct overlay *o, const struct ini_section *s, const char *option)
{
	const char *v = s == NULL ? NULL : ini_get(s, option);

	return v != NULL ? v : ini_get(ini_find(o->all, INI_DEFAULT), option);
}

const char *
overlay_known(const struct overlay *o, const char *section, const char *option)
{
	const struct ini_section *s =
	    o->known == NULL ? NULL : ini_find(o->known, section);

	return overlay_get(o, s, option);
}

struct pos
overlay_pos(
    const struct overlay *o, const struct ini_section *s, const char *option)
{
	if (s != NULL && ini_get(s, option) != NULL)
		return ini_pos(s, option);
	return ini_pos(ini_find(o->all, INI_DEFAULT), option);
}

size_t
overlay_condition(const char *name)
{
	const char *p = name;

	for (; *p != '\0' && *p != '?'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x80 && c != '_' && !(c >= '0' && c <= '9') &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return 0;
	}
	return *p == '?' && p[1] != '\0' ? (size_t)(p - name) : 0;
}
