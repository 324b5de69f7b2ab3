/*
 * The store is iniparser's dictionary: one of values and one of origins
 * ("line:file") a section. Its lookup is linear, which is why it is one a
 * section and why options a section are limited. iniparser's own parser
 * knows another dialect; ours is in iniread.c.
 *
 * Origins name files by their address in a list that lives as long as the
 * program, so that a struct pos may outlive the configuration.
 */
#if __has_include(<iniparser/dictionary.h>)
#include <iniparser/dictionary.h>
#else
#include <dictionary.h>
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "conf/ini.h"

/* Options of a section from which on it is worth an index. */
#define INDEX_FROM 12

struct ini_section {
	char *name;
	dictionary *values;  /* option -> value */
	dictionary *origins; /* option -> "line:file" */
	struct dict *index;  /* option -> value, NULL: the section is short */
	char **options;      /* in order, owned */
	size_t n;
	size_t cap;
	struct pos pos;                  /* of the header */
	const struct ini_section *under; /* has what this one lacks, or NULL */
	const char **seen; /* options of both in order, built on demand */
	size_t nseen;
};

struct ini {
	struct dict *index;            /* name -> section, borrowed */
	struct ini_section **sections; /* owned, without DEFAULT */
	size_t n;
	size_t cap;
	struct ini_section *defaults; /* owned */
};

/* One copy of each file name, never freed. */
static const char *
file_name(const char *path)
{
	static struct dict *names;
	char *known;

	if (names == NULL)
		names = dict_new(NULL);
	known = dict_get(names, path);
	if (known == NULL) {
		known = xstrdup(path);
		dict_set(names, path, known);
	}
	return known;
}

static struct ini_section *
section_new(const char *name)
{
	struct ini_section *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	return s;
}

static void
section_free(struct ini_section *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->options[i]);
	free(s->options);
	free(s->seen);
	if (s->values != NULL) {
		dictionary_del(s->values);
		dictionary_del(s->origins);
	}
	if (s->index != NULL)
		dict_free(s->index);
	free(s->name);
	free(s);
}

struct ini *
ini_new(void)
{
	struct ini *ini = xcalloc(1, sizeof(*ini));

	ini->index = dict_new(NULL);
	ini->defaults = section_new(INI_DEFAULT);
	dict_set(ini->index, INI_DEFAULT, ini->defaults);
	return ini;
}

void
ini_free(struct ini *ini)
{
	if (ini == NULL)
		return;
	for (size_t i = 0; i < ini->n; i++)
		section_free(ini->sections[i]);
	free(ini->sections);
	section_free(ini->defaults);
	dict_free(ini->index);
	free(ini);
}

size_t
ini_count(const struct ini *ini)
{
	return ini->n;
}

struct ini_section *
ini_at(const struct ini *ini, size_t i)
{
	return ini->sections[i];
}

struct ini_section *
ini_find(const struct ini *ini, const char *name)
{
	return dict_get(ini->index, name);
}

struct ini_section *
ini_section(struct ini *ini, const char *name)
{
	struct ini_section *s = ini_find(ini, name);

	if (s != NULL)
		return s;
	s = section_new(name);
	GROW(ini->sections, ini->n, ini->cap);
	ini->sections[ini->n++] = s;
	dict_set(ini->index, name, s);
	return s;
}

void
ini_lay_over(struct ini *ini, const struct ini *under)
{
	struct ini_section **own = ini->sections;
	size_t n = ini->n;

	ini->defaults->under = under->defaults;
	ini->sections = NULL;
	ini->n = ini->cap = 0;
	for (size_t i = 0; i < under->n; i++) {
		const char *name = under->sections[i]->name;
		struct ini_section *s = dict_get(ini->index, name);

		if (s == NULL)
			s = ini_section(ini, name);
		else {
			GROW(ini->sections, ini->n, ini->cap);
			ini->sections[ini->n++] = s;
		}
		s->under = under->sections[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (own[i]->under != NULL)
			continue;
		GROW(ini->sections, ini->n, ini->cap);
		ini->sections[ini->n++] = own[i];
	}
	free(own);
}

const char *
ini_name(const struct ini_section *s)
{
	return s->name;
}

static const char *
get_own(const struct ini_section *s, const char *option)
{
	if (s->values == NULL)
		return NULL;
	if (s->index != NULL)
		return dict_get(s->index, option);
	return dictionary_get(s->values, option, NULL);
}

const char *
ini_get(const struct ini_section *s, const char *option)
{
	const char *own = get_own(s, option);

	return own != NULL || s->under == NULL ? own
	                                       : ini_get(s->under, option);
}

/* Options of the section below, then those that this one adds. */
static void
list_options(struct ini_section *s)
{
	size_t n = ini_options(s->under);

	s->seen = xreallocarray(NULL, n + s->n + 1, sizeof(*s->seen));
	for (size_t i = 0; i < n; i++)
		s->seen[i] = ini_option(s->under, i);
	for (size_t i = 0; i < s->n; i++)
		if (ini_get(s->under, s->options[i]) == NULL)
			s->seen[n++] = s->options[i];
	s->nseen = n;
}

size_t
ini_options(const struct ini_section *s)
{
	if (s->under == NULL)
		return s->n;
	if (s->seen == NULL)
		list_options((struct ini_section *)(uintptr_t)s);
	return s->nseen;
}

const char *
ini_option(const struct ini_section *s, size_t i)
{
	return s->under == NULL || i >= ini_options(s) ? s->options[i]
	                                               : s->seen[i];
}

/* The store of a long section gets an index, its own lookup is linear. */
static void
index_option(struct ini_section *s, const char *option)
{
	if (s->index == NULL && s->n <= INDEX_FROM)
		return;
	if (s->index == NULL) {
		s->index = dict_new(NULL);
		for (size_t i = 0; i < s->n; i++)
			index_option(s, s->options[i]);
		return;
	}
	dict_set(s->index, option,
	    (void *)(uintptr_t)dictionary_get(s->values, option, NULL));
}

struct pos
ini_pos(const struct ini_section *s, const char *option)
{
	struct pos pos = {NULL, 0};
	const char *origin = NULL, *file;

	if (s->origins != NULL)
		origin = dictionary_get(s->origins, option, NULL);
	if (origin == NULL)
		return s->under == NULL ? pos : ini_pos(s->under, option);
	pos.line = (int)strtol(origin, NULL, 10);
	file = strchr(origin, ':');
	if (file != NULL && file[1] != '\0')
		pos.file = file_name(file + 1);
	return pos;
}

struct pos
ini_section_pos(const struct ini_section *s)
{
	return s->pos.file == NULL && s->under != NULL
	           ? ini_section_pos(s->under)
	           : s->pos;
}

/* "line:file", which is what the dictionary of origins holds. */
static void
print_origin(struct buf *out, struct pos pos)
{
	char digits[16];
	size_t at = sizeof(digits);
	unsigned line = pos.line < 0 ? 0 : (unsigned)pos.line;

	digits[--at] = ':';
	do
		digits[--at] = (char)('0' + line % 10);
	while ((line /= 10) > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
	if (pos.file != NULL)
		buf_adds(out, pos.file);
}

void
ini_set(struct ini_section *s, const char *option, const char *value,
    struct pos pos)
{
	struct buf origin = BUF_INIT;

	if (s->values == NULL) {
		/* many sections stay empty: not before there is something */
		s->values = dictionary_new(0);
		s->origins = dictionary_new(0);
	}
	free(s->seen);
	s->seen = NULL;
	if (get_own(s, option) == NULL) {
		GROW(s->options, s->n, s->cap);
		s->options[s->n++] = xstrdup(option);
	}
	print_origin(&origin, pos);
	if (dictionary_set(s->values, option, value) != 0 ||
	    dictionary_set(s->origins, option, origin.p) != 0)
		abort(); /* out of memory */
	index_option(s, option);
	buf_release(&origin);
}

void
ini_section_start(struct ini_section *s, struct pos pos)
{
	if (s->pos.file == NULL && pos.file != NULL)
		s->pos = (struct pos){file_name(pos.file), pos.line};
}
