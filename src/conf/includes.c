/*
 * Which files are read for a configuration, in the order they are merged:
 * the set of a name, and what [INCLUDES] adds before and after each.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/value.h"
#include "conf/includes.h"
#include "conf/interp.h"
#include "conf/overlay.h"

/* A list of paths, owned. */
struct paths {
	char **p;
	size_t n;
	size_t cap;
};

struct reading {
	struct paths ancestors; /* of the file being read */
	struct includes *found; /* the load list */
	const struct includes_cache *cache;
	bool quiet;
	struct err *err;
};

/* fail2ban: once a run, however often it is tried. Takes text over. */
static void
say_once(const struct reading *r, const char *name, char *text)
{
	struct dict *said = r->cache->said;

	if (!r->quiet && dict_get(said, text) == NULL) {
		dict_set(said, text, said);
		log_msg(LOG_ERROR, name, "%s", text);
	}
	free(text);
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
say_undecodable(
    const struct reading *r, const char *path, const struct buf *text)
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
	say_once(r, "configparserinc",
	    xasprintf("Error decoding config file '%s': 'utf-8' codec can't "
	              "decode byte 0x%02x in position %zu: %s",
	        path, c, at, why));
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
		say_undecodable(r, path, &text);
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
	if (*ret != NULL || folders_ask(r->cache->folders, path) == FOLDERS_NO)
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
	struct includes *l = r->found;

	GROW(l->files, l->n, l->cap);
	l->files[l->n++] = file;
}

void
includes_release(struct includes *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->files[i].path);
		if (l->files[i].owned)
			ini_free(l->files[i].ini);
	}
	free(l->files);
}

static bool
found_has(const struct reading *r, const char *path)
{
	for (size_t i = 0; i < r->found->n; i++)
		if (strcmp(r->found->files[i].path, path) == 0)
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
local_of(const struct reading *r, const char *path)
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
	if (strcmp(local, path) != 0 &&
	    folders_ask(r->cache->folders, local) != FOLDERS_NO &&
	    is_file(local))
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
	local = local_of(r, path);
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
	if (r->found->n >= OVERLAY_MAX_FILES)
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
add_folder(struct paths *l, const char *folder, const char *ending)
{
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
}

static void
add_existing(struct paths *l, struct folders *folders, char *path)
{
	enum folders_answer answer = folders_ask(folders, path);

	if (answer == FOLDERS_FILE ||
	    (answer == FOLDERS_MAYBE && access(path, F_OK) == 0))
		paths_add(l, path);
	else
		free(path);
}

static void
list_set(struct paths *l, struct folders *folders, const char *base)
{
	char *folder = xasprintf("%s.d", base);
	bool has_folder = folders_ask(folders, folder) != FOLDERS_NO;

	add_existing(l, folders, xasprintf("%s.conf", base));
	if (has_folder)
		add_folder(l, folder, ".conf");
	add_existing(l, folders, xasprintf("%s.local", base));
	if (has_folder)
		add_folder(l, folder, ".local");
	free(folder);
}
/* Files of the set that could not be read are said, the others count. */
static bool
say_missed(const struct paths *set, const struct reading *r)
{
	struct buf text = BUF_INIT;
	bool any;

	for (size_t i = 0; i < set->n; i++)
		if (!found_has(r, set->p[i]))
			buf_addf(
			    &text, "%s%s", text.n > 0 ? ", " : "", set->p[i]);
	if (text.n > 0)
		say_once(r, "configreader",
		    xasprintf("Could not read config files: %s", text.p));
	any = text.n > 0;
	buf_release(&text);
	return any;
}

static void
say_nothing(const struct reading *r, const struct overlay_from *from)
{
	struct buf name = BUF_INIT;

	value_repr_text(&name, from->name, strlen(from->name));
	say_once(r, "configreader",
	    xasprintf("Found no accessible config files for %s under %s",
	        name.p, from->dir));
	buf_release(&name);
}
/* What "-v" is for: which files were read, in the order they are merged. */
static void
say_loaded(const struct includes *l)
{
	struct value *paths;
	struct buf text = BUF_INIT;

	if (!log_enabled(LOG_INFO_))
		return;
	paths = value_list();
	for (size_t i = 0; i < l->n; i++)
		value_adds(paths, l->files[i].path);
	value_repr(&text, paths);
	log_msg(LOG_INFO_, "configparserinc", "  Loading files: %s", text.p);
	buf_release(&text);
	value_free(paths);
}

static int
visit_set(struct reading *r, const struct paths *set, bool exact)
{
	int rc = 0;

	for (size_t i = 0; i < set->n && rc == 0; i++) {
		char *local = exact ? local_of(r, set->p[i]) : NULL;

		rc = visit(r, set->p[i]);
		if (rc == 0 && local != NULL)
			rc = visit(r, local);
		free(local);
	}
	return rc;
}

enum overlay_result
includes_read(struct includes *ret, const struct overlay_from *from,
    const struct includes_cache *cache, struct err *err)
{
	struct reading r = {
	    .found = ret, .cache = cache, .quiet = from->quiet, .err = err};
	enum overlay_result result = OVERLAY_OK;
	struct paths set = {0};
	const char *name = from->name;
	char *base;

	*ret = (struct includes){0};
	if (!from->exact)
		log_msg(LOG_INFO_, "configreader",
		    "Loading configs for %s under %s ", name, from->dir);
	if (from->exact || name[0] == '/' || strncmp(name, "./", 2) == 0)
		base = xstrdup(name);
	else
		base = xasprintf("%s/%s", from->dir, name);
	if (from->exact)
		add_existing(&set, cache->folders, xstrdup(base));
	else
		list_set(&set, cache->folders, base);
	if (visit_set(&r, &set, from->exact) != 0)
		result = OVERLAY_ERROR;
	else {
		if (say_missed(&set, &r) && cache->strict)
			result = OVERLAY_NOTHING;
		else if (ret->n == 0) {
			say_nothing(&r, from);
			result = OVERLAY_NOTHING;
		} else
			say_loaded(ret);
	}
	paths_release(&set);
	paths_release(&r.ancestors);
	free(base);
	return result;
}
