/*
 * actionmold - what an action becomes, with room for its bracket options
 *
 * Jails use the same few actions, each with its own name and port. What the
 * tags make of such a file is found once, with marks for the values of the
 * options, and used by every jail that gives the same options.
 */
#ifndef CONF_ACTIONMOLD_H
#define CONF_ACTIONMOLD_H

#include "base/value.h"
#include "conf/actiondef.h"

/* One run's; made by jails one after the other. */
struct actionmolds;
struct actionmolds *actionmolds_new(void);
void actionmolds_free(struct actionmolds *m);

struct actionmold_use {
	const struct actiondef_use *use;
	const struct value *given; /* after actiondef_names(), before Init */
	const struct value *jail_options;
};

/*
 * The properties that the action has in the stream, owned by the caller.
 * NULL: it is not known what it becomes, ask the file.
 */
struct value *actionmolds_use(
    struct actionmolds *m, const struct actionmold_use *u);

/*
 * Says what became of the action. The second time a mold is made of it, if
 * the mold gives the same.
 */
void actionmolds_learn(struct actionmolds *m, const struct actionmold_use *u,
    const struct value *properties);

#endif
