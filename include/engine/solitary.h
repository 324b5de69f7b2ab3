/*
 * solitary - commands that do not bear another one of their kind beside them
 *
 * Of two at the same time one undoes what the other did, so those of all
 * jails go one after the other.
 */
#ifndef ENGINE_SOLITARY_H
#define ENGINE_SOLITARY_H

#include <stdbool.h>

#include "engine/runner.h"

bool solitary_is(const struct command *c);

/* A command of the shell that waits for its turn, with all it needs. */
struct kept {
	struct command command; /* points to the others */
	char *text;
	char **args;
	char **direct;
};

struct kept *kept_new(const struct command *c);
void kept_free(struct kept *k);

#endif
