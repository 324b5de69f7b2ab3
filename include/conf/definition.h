/*
 * definition - one use of a filter or action file by a jail (spec 01
 * section 7)
 *
 * Fetches the options of [Definition] with the jail's and the bracket
 * options as variables, adds [Init], and replaces the <tags>.
 */
#ifndef CONF_DEFINITION_H
#define CONF_DEFINITION_H

#include <stdbool.h>

#include "base/dict.h"
#include "base/err.h"
#include "base/value.h"
#include "conf/interp.h"
#include "conf/option.h"
#include "conf/overlay.h"

struct definition {
	const struct overlay *cfg; /* borrowed or own_cfg */
	struct overlay *own_cfg;   /* NULL: the cache's */
	char *name;                /* of the file */
	char *jail;
	const struct option_table *table; /* the command options */
	const char *const *ignored;       /* tags that stay, NULL at its end */
	struct value *given;              /* bracket options, then Init: B */
	struct value *fetched;            /* command options of the file */
	struct interp_vars vars;          /* V, borrowed from the jail */
	struct dict *cache; /* tag -> struct value, NONE: unknown; owned */
	bool of_1_1_1;      /* what is given holds for each family */
	bool watch;         /* keep asked */
	uint64_t asked;     /* what its values depend on, see interp_ask() */
	bool converts;      /* a text was read as a number or boolean */
};

/* Takes given over; cfg is borrowed unless own. */
void definition_init(struct definition *d, const char *name, const char *jail,
    struct value *given);
void definition_release(struct definition *d);

/*
 * Fetches, with the options of the jail that are known so far (a dict, which
 * must live until definition_combine()); all:
 * every other option of [Definition] too. Messages about wrong values go to
 * the log. -1: reason in err.
 */
int definition_fetch(struct definition *d, const struct value *jail_options,
    bool all, struct err *err);

/*
 * Whether definition_fetch() and definition_combine() with the options that
 * the jail has now would give what they gave with those of before, of which
 * the jail still has all, and watch was set.
 */
bool definition_is_final(const struct definition *d, const struct value *before,
    const struct value *now);

/*
 * Once after each definition_fetch(): the result, tags replaced, numbers and
 * booleans converted: a dict, owned by the caller. Warnings for the log are
 * added to the list notes.
 */
int definition_combine(struct value **ret, struct definition *d,
    struct value *notes, struct err *err);

/*
 * Fetches the options of a table from a section into dict, as the reference
 * does: an absent one gets its preset with a warning, a wrong one with
 * another; skip (a dict, may be NULL) names those that are left out.
 */
struct fetch_from {
	const struct overlay *cfg;
	const char *section;
	const struct interp_vars *vars;
	const struct value *known; /* as of struct interp */
	const struct value *skip;
	bool convert;       /* to the option's type */
	bool quiet;         /* no messages */
	bool quiet_presets; /* none for what is absent */
};
int option_fetch(struct value *dict, const struct option_table *t,
    const struct fetch_from *from, struct err *err);

#endif
