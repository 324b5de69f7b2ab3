/*
 * lint - what is legal but surely not meant
 *
 * Shared by the parts of conf/lint; others call config_lint().
 */
#ifndef CONF_LINT_H
#define CONF_LINT_H

#include <stdbool.h>

#include "base/dict.h"
#include "base/err.h"
#include "conf/config.h"
#include "conf/definition.h"
#include "conf/option.h"
#include "conf/overlayread.h"

struct lint {
	const struct config_opts *o;
	struct overlay_cache *cache; /* owned */
	struct overlay *jails;       /* owned, NULL: none */
	struct overlay *server;      /* owned, NULL: none */
	struct dict *said;           /* warnings so far, each is said once */
	struct dict *used;           /* what lint_is_used() said */
	struct err *err;
	int n;
};

void lint_warn(struct lint *l, struct pos pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The row whose name is nearest, NULL: none is near. */
const struct option *lint_nearest(
    const struct option_table *t, const char *name);
/* The nearest of the words (NULL at its end), NULL: none is near. */
const char *lint_nearest_word(const char *const *words, const char *name);
/* Whether a value of the overlay refers to %(name)s or <name>. */
bool lint_is_used(struct lint *l, const struct overlay *o, const char *name);

/* A filter as a jail uses it; combined is NULL when it could not be made. */
void lint_filter(
    struct lint *l, const struct definition *d, const struct value *combined);
/*
 * One filter as text: "filter.d/NAME" of the directory, or with exact that
 * file alone.
 */
void lint_filter_file(struct lint *l, const char *name, bool exact);
/* Every filter of the directory, as text. */
void lint_all_filters(struct lint *l);
/* An action as a jail uses it. */
void lint_action(
    struct lint *l, const struct definition *d, const struct value *combined);

#endif
