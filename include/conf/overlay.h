/*
 * overlay - the files that make up one configuration, merged (spec 01
 * sections 3 to 5)
 *
 * "jail" under /etc/fail2ban is jail.conf, the *.conf of jail.d, jail.local and
 * its *.local, each with what it includes. Later files win; what they
 * replace in a section is remembered as "known".
 */
#ifndef CONF_OVERLAY_H
#define CONF_OVERLAY_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/ini.h"

struct overlay {
	struct ini *all;   /* merged, owned */
	struct ini *known; /* section -> options as they were, owned */
	char **files;      /* read, in the order merged, owned */
	size_t nfiles;
	size_t cap;
};

void overlay_free(struct overlay *o);

/*
 * Raw value of an option: of the section, else of DEFAULT. NULL: none.
 * s may be NULL (DEFAULT alone).
 */
const char *overlay_get(
    const struct overlay *o, const struct ini_section *s, const char *option);
const char *overlay_get_key(
    const struct overlay *o, const struct ini_section *s, struct ini_key key);
/* Raw value that a later file replaced, else of DEFAULT. NULL: none. */
const char *overlay_known(
    const struct overlay *o, const char *section, const char *option);
/* Where that value comes from. */
struct pos overlay_pos(
    const struct overlay *o, const struct ini_section *s, const char *option);

/*
 * "Init?family=inet6", "name?family=inet6": bytes before the "?"; 0 when the
 * name has no condition.
 */
size_t overlay_condition(const char *name);

#endif
