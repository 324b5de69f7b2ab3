/*
 * An index of slots (open addressing) over an array of entries that keeps
 * the order. Deleting leaves a hole in both; a rebuild squeezes them out
 * when half of the entries are holes, so long-lived dicts stay small.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/dict.h"
#include "base/mem.h"

struct entry {
	const char *key; /* owned or lent, NULL: a hole */
	void *value;
	uint32_t n; /* bytes of key */
	uint32_t hash;
};

struct dict {
	struct entry *entries;
	size_t n;        /* entries used, holes included */
	size_t cap;      /* entries allocated */
	size_t live;     /* entries that are no holes */
	uint32_t *slots; /* entry number + 1, 0: free */
	size_t mask;     /* number of slots - 1, slots a power of two */
	void (*free_value)(void *);
	bool lent; /* keys belong to the values */
};

/*
 * A product of halves that secrets were added to: what a change of v does to
 * it cannot be foreseen, so that the next bytes cannot undo it.
 */
static inline uint64_t
mix(uint64_t h, uint64_t v, const uint64_t *secret)
{
	uint64_t low = (uint32_t)(v + secret[0] + h);
	uint64_t high = (v >> 32) + (secret[1] >> 32) + (h >> 32);

	h ^= v;
	return (h << 23 | h >> 41) + low * (high & UINT32_MAX);
}

static uint64_t
load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The last n bytes, at most eight. */
static uint64_t
load_rest(const char *p, size_t n)
{
	if (n == 8)
		return load8(p);
	if (n >= 4)
		return load4(p) | load4(p + n - 4) << 32;
	if (n == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] |
	       (uint64_t)(unsigned char)p[n / 2] << 8 |
	       (uint64_t)(unsigned char)p[n - 1] << 16;
}

/*
 * Eight bytes at a time, with secrets of the process: no stranger can aim at
 * it.
 */
static uint32_t
hash_bytes(const char *key, size_t n)
{
	static uint64_t secret[2];
	uint64_t h;

	if (secret[0] == 0 && getrandom(secret, sizeof(secret),
	                          GRND_NONBLOCK) != (ssize_t)sizeof(secret))
		secret[1] = (uint64_t)(uintptr_t)&secret * 0x9e3779b97f4a7c15u;
	secret[0] |= 1;
	secret[1] |= 1;
	h = secret[1] ^ n;
	for (; n > 8; n -= 8, key += 8)
		h = mix(h, load8(key), secret);
	h = mix(h, load_rest(key, n), secret);
	h = mix(h, secret[0], secret);
	return (uint32_t)(h ^ h >> 32);
}

struct dict *
dict_new(void (*free_value)(void *))
{
	struct dict *d = xcalloc(1, sizeof(*d));

	d->free_value = free_value;
	return d;
}

struct dict *
dict_new_lent(void (*free_value)(void *))
{
	struct dict *d = dict_new(free_value);

	d->lent = true;
	return d;
}

static void
free_key(struct dict *d, struct entry *e)
{
	union {
		const char *lent;
		char *own;
	} key = {.lent = e->key};

	if (!d->lent)
		free(key.own);
	e->key = NULL;
}

static void
entry_release(struct dict *d, struct entry *e)
{
	if (d->free_value != NULL && e->value != NULL)
		d->free_value(e->value);
	free_key(d, e);
	e->value = NULL;
}

void
dict_clear(struct dict *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->entries[i].key != NULL)
			entry_release(d, &d->entries[i]);
	free(d->entries);
	free(d->slots);
	d->entries = NULL;
	d->slots = NULL;
	d->n = d->cap = d->live = d->mask = 0;
}

void
dict_free(struct dict *d)
{
	if (d == NULL)
		return;
	dict_clear(d);
	free(d);
}

static struct entry *
find(const struct dict *d, const char *key, size_t n, uint32_t hash)
{
	if (d->slots == NULL)
		return NULL;
	for (size_t s = hash & d->mask; d->slots[s] != 0;
	     s = (s + 1) & d->mask) {
		struct entry *e = &d->entries[d->slots[s] - 1];

		if (e->key != NULL && e->hash == hash && e->n == n &&
		    memcmp(e->key, key, n) == 0)
			return e;
	}
	return NULL;
}

/* Squeezes the holes out and indexes what is left for twice as many. */
static void
rebuild(struct dict *d)
{
	size_t slots = 16, to = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->entries[i].key != NULL)
			d->entries[to++] = d->entries[i];
	d->n = to;
	while (slots < d->live * 4)
		slots *= 2;
	free(d->slots);
	d->slots = xcalloc(slots, sizeof(*d->slots));
	d->mask = slots - 1;
	for (size_t i = 0; i < d->n; i++) {
		size_t s = d->entries[i].hash & d->mask;

		while (d->slots[s] != 0)
			s = (s + 1) & d->mask;
		d->slots[s] = (uint32_t)i + 1;
	}
}

void *
dict_getn(const struct dict *d, const char *key, size_t n)
{
	struct entry *e = find(d, key, n, hash_bytes(key, n));

	return e == NULL ? NULL : e->value;
}

void *
dict_get(const struct dict *d, const char *key)
{
	return dict_getn(d, key, strlen(key));
}

void
dict_setn(struct dict *d, const char *key, size_t n, void *value)
{
	uint32_t hash = hash_bytes(key, n);
	struct entry *e = find(d, key, n, hash);
	size_t s;

	if (e != NULL) {
		if (d->free_value != NULL && e->value != value)
			d->free_value(e->value);
		e->value = value;
		return;
	}
	if (n > UINT32_MAX || d->n >= UINT32_MAX / 4)
		abort();
	if (d->slots == NULL || (d->n + 1) * 2 > d->mask + 1)
		rebuild(d);
	GROW(d->entries, d->n, d->cap);
	e = &d->entries[d->n++];
	e->key = d->lent ? key : xmemdup0(key, n);
	e->n = (uint32_t)n;
	e->hash = hash;
	e->value = value;
	d->live++;
	for (s = hash & d->mask; d->slots[s] != 0; s = (s + 1) & d->mask)
		;
	d->slots[s] = (uint32_t)d->n;
}

void
dict_set(struct dict *d, const char *key, void *value)
{
	dict_setn(d, key, strlen(key), value);
}

void *
dict_taken(struct dict *d, const char *key, size_t n)
{
	struct entry *e = find(d, key, n, hash_bytes(key, n));
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	free_key(d, e);
	e->value = NULL;
	if (--d->live == 0) {
		/* the entries stay for an iteration that may be going on */
		memset(d->slots, 0, (d->mask + 1) * sizeof(*d->slots));
		d->n = 0;
	}
	return value;
}

void
dict_deln(struct dict *d, const char *key, size_t n)
{
	void *value = dict_taken(d, key, n);

	if (value != NULL && d->free_value != NULL)
		d->free_value(value);
}

void
dict_del(struct dict *d, const char *key)
{
	dict_deln(d, key, strlen(key));
}

size_t
dict_count(const struct dict *d)
{
	return d->live;
}

int
dict_next(const struct dict *d, struct dict_iter *it)
{
	while (it->at < d->n) {
		struct entry *e = &d->entries[it->at++];

		if (e->key == NULL)
			continue;
		it->key = e->key;
		it->key_n = e->n;
		it->value = e->value;
		return 1;
	}
	return 0;
}
