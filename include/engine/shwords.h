/*
 * shwords - a strict reader of a small part of sh
 *
 * Commands that consist of words of harmless bytes with blanks between them,
 * which mean the same to every shell and without one.
 */
#ifndef ENGINE_SHWORDS_H
#define ENGINE_SHWORDS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SHWORDS_MAX = 32,
};

/* Borrowed from the text; "\{" and "\}" still have the backslash. */
struct shword {
	const char *p;
	size_t n;
};

struct shwords {
	struct shword w[SHWORDS_MAX];
	size_t n;
};

/* False: the text is something else, or empty. */
bool shwords_read(struct shwords *w, const char *text);

/*
 * The argv of a command that does without a shell what it does in one: a
 * packet filter's program, or a file named by a path. NULL: it needs the
 * shell. One allocation, freed by the caller.
 */
char **shwords_argv(const char *text);

#endif
