/*
 * The store is iniparser's dictionary with keys "section:option". Its lookup
 * is linear, so one holds few values and a file has several of them, and
 * options are found by an index of ours. iniparser's own parser knows another
 * dialect; ours is in iniread.c.
 *
 * Files are named by their address in a list that lives as long as the
 * program, so that a struct pos may outlive the configuration.
 */
#if __has_include(<iniparser/dictionary.h>)
#include <iniparser/dictionary.h>
#else
#include <dictionary.h>
#endif
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "conf/ini.h"

/* Values in one dictionary: each new one is compared with all of them. */
#define STORE_MAX 16
/* As many are looked through faster than an index is made. */
#define INDEX_FROM 8

/* Hash -> number of what has it; open addressing. */
struct index {
	struct slot *slots; /* NULL: not made yet */
	size_t mask;        /* slots - 1, a power of two */
};

struct slot {
	uint32_t hash;
	uint32_t at; /* number + 1, 0: free */
};

struct option {
	const char *name;  /* the store's */
	const char *value; /* the store's */
	dictionary *store; /* has both */
	struct pos pos;
	uint32_t hash;
	unsigned round; /* of reading a file, in which it was set */
};

struct ini_section {
	char *name;
	struct ini *ini;
	struct option *options; /* in order */
	size_t n;
	size_t cap;
	struct index index;
	uint32_t hash; /* of the name */
	unsigned round;
	struct pos pos;                  /* of the header */
	const struct ini_section *under; /* has what this one lacks, or NULL */
	const char **seen; /* options of both in order, built on demand */
	size_t nseen;
};

struct ini {
	struct ini_section **sections; /* owned, without DEFAULT */
	size_t n;
	size_t cap;
	struct index index;
	struct ini_section *defaults; /* owned */
	dictionary **stores;          /* owned; the last takes what is new */
	size_t nstores;
	size_t stores_cap;
	unsigned round; /* files read so far */
};

const char *
ini_file_name(const char *path)
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

/* ---- index */

static uint32_t
hash_name(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h ^ h >> 15;
}

static void
index_put(struct index *x, uint32_t hash, size_t at)
{
	size_t s = hash & x->mask;

	while (x->slots[s].at != 0)
		s = (s + 1) & x->mask;
	x->slots[s] = (struct slot){hash, (uint32_t)at + 1};
}

/* For the number n, which is the next one. */
static void
index_add(struct index *x, uint32_t hash, size_t n)
{
	struct index old = *x;

	if ((n + 1) * 2 > x->mask + 1) {
		x->mask = (old.mask + 1) * 4 - 1;
		x->slots = xcalloc(x->mask + 1, sizeof(*x->slots));
		for (size_t i = 0; old.slots != NULL && i <= old.mask; i++)
			if (old.slots[i].at != 0)
				index_put(
				    x, old.slots[i].hash, old.slots[i].at - 1);
		free(old.slots);
	}
	index_put(x, hash, n);
}

/* Next number with this hash, *s is the slot to look at; SIZE_MAX: none. */
static size_t
index_next(const struct index *x, uint32_t hash, size_t *s)
{
	for (;; (*s)++) {
		const struct slot *slot = &x->slots[*s & x->mask];

		if (slot->at == 0)
			return SIZE_MAX;
		if (slot->hash == hash) {
			(*s)++;
			return slot->at - 1;
		}
	}
}

/* ---- sections */

static struct ini_section *
section_new(struct ini *ini, const char *name)
{
	struct ini_section *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->hash = hash_name(name);
	s->ini = ini;
	return s;
}

static void
section_free(struct ini_section *s)
{
	free(s->options);
	free(s->index.slots);
	free(s->seen);
	free(s->name);
	free(s);
}

struct ini *
ini_new(void)
{
	struct ini *ini = xcalloc(1, sizeof(*ini));

	ini->defaults = section_new(ini, INI_DEFAULT);
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
	for (size_t i = 0; i < ini->nstores; i++)
		dictionary_del(ini->stores[i]);
	free(ini->stores);
	free(ini->index.slots);
	free(ini);
}

void
ini_start_round(struct ini *ini)
{
	ini->round++;
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

static bool
is_section(const struct ini_section *s, const char *name, uint32_t hash)
{
	return s->hash == hash && strcmp(s->name, name) == 0;
}

struct ini_section *
ini_find(const struct ini *ini, const char *name)
{
	uint32_t hash = hash_name(name);
	size_t slot = hash, at;

	if (is_section(ini->defaults, name, hash))
		return ini->defaults;
	if (ini->index.slots == NULL) {
		for (size_t i = 0; i < ini->n; i++)
			if (is_section(ini->sections[i], name, hash))
				return ini->sections[i];
		return NULL;
	}
	while ((at = index_next(&ini->index, hash, &slot)) != SIZE_MAX)
		if (is_section(ini->sections[at], name, hash))
			return ini->sections[at];
	return NULL;
}

struct ini_section *
ini_defaults(const struct ini *ini)
{
	return ini->defaults;
}

static void
add_section(struct ini *ini, struct ini_section *s)
{
	GROW(ini->sections, ini->n, ini->cap);
	ini->sections[ini->n++] = s;
	if (ini->index.slots != NULL)
		index_add(&ini->index, s->hash, ini->n - 1);
	else if (ini->n > INDEX_FROM)
		for (size_t i = 0; i < ini->n; i++)
			index_add(&ini->index, ini->sections[i]->hash, i);
}

struct ini_section *
ini_section(struct ini *ini, const char *name)
{
	struct ini_section *s = ini_find(ini, name);

	if (s == NULL) {
		s = section_new(ini, name);
		add_section(ini, s);
	}
	return s;
}

void
ini_lay_over(struct ini *ini, const struct ini *under)
{
	struct ini_section **own = ini->sections;
	size_t n = ini->n;
	struct ini found = *ini; /* to look up what is its own */

	ini->defaults->under = under->defaults;
	ini->sections = NULL;
	ini->index = (struct index){0};
	ini->n = ini->cap = 0;
	for (size_t i = 0; i < under->n; i++) {
		const char *name = under->sections[i]->name;
		struct ini_section *s = ini_find(&found, name);

		if (s == NULL)
			s = section_new(ini, name);
		add_section(ini, s);
		s->under = under->sections[i];
	}
	for (size_t i = 0; i < n; i++)
		if (own[i]->under == NULL)
			add_section(ini, own[i]);
	free(found.index.slots);
	free(own);
}

const char *
ini_name(const struct ini_section *s)
{
	return s->name;
}

bool
ini_is_fresh(const struct ini_section *s)
{
	return s->round != s->ini->round;
}

/* ---- options */

static struct option *
find_own(const struct ini_section *s, struct ini_key key)
{
	size_t slot = key.hash, at;

	if (s->index.slots == NULL) {
		for (size_t i = 0; i < s->n; i++)
			if (s->options[i].hash == key.hash &&
			    strcmp(s->options[i].name, key.name) == 0)
				return &s->options[i];
		return NULL;
	}
	while ((at = index_next(&s->index, key.hash, &slot)) != SIZE_MAX)
		if (strcmp(s->options[at].name, key.name) == 0)
			return &s->options[at];
	return NULL;
}

static const struct option *
find_option(const struct ini_section *s, struct ini_key key)
{
	const struct option *o = NULL;

	for (; o == NULL && s != NULL; s = s->under)
		o = find_own(s, key);
	return o;
}

struct ini_key
ini_key(const char *option)
{
	return (struct ini_key){option, hash_name(option)};
}

const char *
ini_get_key(const struct ini_section *s, struct ini_key key)
{
	const struct option *o = find_option(s, key);

	return o == NULL ? NULL : o->value;
}

const char *
ini_get(const struct ini_section *s, const char *option)
{
	return ini_get_key(s, ini_key(option));
}

bool
ini_was_set(const struct ini_section *s, const char *option)
{
	const struct option *o = find_own(s, ini_key(option));

	return o != NULL && o->round == s->ini->round;
}

/* Options of the section below, then those that this one adds. */
static void
list_options(struct ini_section *s)
{
	size_t n = ini_options(s->under);

	s->seen = xreallocarray(NULL, n + s->n + 1, sizeof(*s->seen));
	for (size_t i = 0; i < n; i++)
		s->seen[i] = ini_option(s->under, i);
	for (size_t i = 0; i < s->n; i++) {
		const struct option *o = &s->options[i];

		if (ini_get_key(s->under, (struct ini_key){o->name, o->hash}) ==
		    NULL)
			s->seen[n++] = o->name;
	}
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
	return s->under == NULL || i >= ini_options(s) ? s->options[i].name
	                                               : s->seen[i];
}

struct pos
ini_pos(const struct ini_section *s, const char *option)
{
	const struct option *o = find_option(s, ini_key(option));

	return o == NULL ? (struct pos){NULL, 0} : o->pos;
}

struct pos
ini_section_pos(const struct ini_section *s)
{
	return s->pos.file == NULL && s->under != NULL
	           ? ini_section_pos(s->under)
	           : s->pos;
}

/* The dictionary that has room for one more. */
static dictionary *
store_for_new(struct ini *ini)
{
	if (ini->nstores == 0 ||
	    ini->stores[ini->nstores - 1]->n >= STORE_MAX) {
		GROW(ini->stores, ini->nstores, ini->stores_cap);
		ini->stores[ini->nstores++] = dictionary_new(0);
	}
	return ini->stores[ini->nstores - 1];
}

/*
 * Nothing is ever taken out of a dictionary, so what is new is behind what
 * was there; the name is the end of its key.
 */
static void
add_option(struct ini_section *s, struct option o, const char *value)
{
	size_t n = strlen(s->name) + 1;
	struct buf key = BUF_INIT;
	int last;

	o.store = store_for_new(s->ini);
	last = o.store->n;
	buf_add(&key, s->name, n - 1);
	buf_addc(&key, ':');
	buf_adds(&key, o.name);
	if (dictionary_set(o.store, key.p, value) != 0)
		abort(); /* out of memory */
	assert(strcmp(o.store->key[last], key.p) == 0);
	buf_release(&key);
	o.name = o.store->key[last] + n;
	o.value = o.store->val[last];
	GROW(s->options, s->n, s->cap);
	s->options[s->n++] = o;
	if (s->index.slots != NULL)
		index_add(&s->index, o.hash, s->n - 1);
	else if (s->n > INDEX_FROM)
		for (size_t i = 0; i < s->n; i++)
			index_add(&s->index, s->options[i].hash, i);
}

static void
replace_value(struct ini_section *s, struct option *o, const char *value)
{
	const char *key = o->name - strlen(s->name) - 1;

	if (dictionary_set(o->store, key, value) != 0)
		abort(); /* out of memory */
	o->value = dictionary_get(o->store, key, NULL);
}

void
ini_set(struct ini_section *s, const char *option, const char *value,
    struct pos pos)
{
	struct ini_key key = ini_key(option);
	struct option *o = find_own(s, key);

	free(s->seen);
	s->seen = NULL;
	if (o == NULL) {
		add_option(s,
		    (struct option){.name = option,
		        .pos = pos,
		        .hash = key.hash,
		        .round = s->ini->round},
		    value);
		return;
	}
	replace_value(s, o, value);
	o->pos = pos;
	o->round = s->ini->round;
}

void
ini_section_start(struct ini_section *s, struct pos pos)
{
	s->round = s->ini->round;
	if (s->pos.file == NULL)
		s->pos = pos;
}
