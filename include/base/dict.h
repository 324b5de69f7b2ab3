/*
 * dict - hash from byte strings to pointers, in insertion order
 *
 * Keys are copied. They may be hostile: the hash is seeded per process.
 * Replacing the value of a key keeps its position.
 */
#ifndef BASE_DICT_H
#define BASE_DICT_H

#include <stddef.h>

struct dict;

/* free_value is called on values that go (may be NULL: values borrowed). */
struct dict *dict_new(void (*free_value)(void *));
/* Keys are not copied: they belong to their values and go with them. */
struct dict *dict_new_lent(void (*free_value)(void *));
void dict_free(struct dict *d);
/* Removes everything. */
void dict_clear(struct dict *d);

/* NULL when absent. The C string forms take strlen(key) bytes. */
void *dict_get(const struct dict *d, const char *key);
void *dict_getn(const struct dict *d, const char *key, size_t n);

/* Takes over value, which must not be NULL; frees the one it replaces. */
void dict_set(struct dict *d, const char *key, void *value);
void dict_setn(struct dict *d, const char *key, size_t n, void *value);

/* Removes the key and frees its value; no-op when absent. */
void dict_del(struct dict *d, const char *key);
void dict_deln(struct dict *d, const char *key, size_t n);
/* Removes the key and returns its value to the caller; NULL when absent. */
void *dict_taken(struct dict *d, const char *key, size_t n);

size_t dict_count(const struct dict *d);

/*
 * Iteration in insertion order:
 *	for (struct dict_iter it = {0}; dict_next(d, &it);) use(it.key,
 *it.value) The current entry may be deleted meanwhile; other changes are not
 *allowed.
 */
struct dict_iter {
	size_t at;       /* private */
	const char *key; /* valid until the entry is deleted, NUL after it */
	size_t key_n;    /* bytes */
	void *value;
};
int dict_next(const struct dict *d, struct dict_iter *it);

#endif
