/*
 * actiondef - the use of an action by a jail
 */
#ifndef CONF_ACTIONDEF_H
#define CONF_ACTIONDEF_H

#include "conf/definition.h"
#include "conf/overlayread.h"

struct actiondef_use {
	const char *dir;
	const char *name;
	const char *jail;
	struct overlay_cache *cache;
};

/* Adds the options name and actname when they are not given. */
void actiondef_names(struct value *given, const struct actiondef_use *use);

/*
 * Result as overlay_read(); d is initialised when OVERLAY_OK. given, with
 * its names, is taken over in any case.
 */
enum overlay_result actiondef_read(struct definition *d,
    const struct actiondef_use *use, struct value *given, struct err *err);

/* The name of the action within its jail. */
const char *actiondef_name(const struct definition *d);

/* The command of a Python action: ['set', JAIL, 'addaction', ...], owned. */
struct value *actiondef_python(
    const struct actiondef_use *use, struct value *given);

#endif
