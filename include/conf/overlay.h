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

/* Includes within includes, and files in one overlay. */
#define OVERLAY_MAX_DEPTH 200
#define OVERLAY_MAX_FILES 5000

struct overlay {
	struct ini *all;   /* merged, owned */
	struct ini *known; /* section -> options as they were, owned */
	char **files;      /* read, in the order merged, owned */
	size_t nfiles;
	size_t cap;
};

/* Parsed files by path, shared by the overlays of one run. */
struct overlay_cache;
struct overlay_cache *overlay_cache_new(void);
void overlay_cache_free(struct overlay_cache *c);
/* vintage_is_1_1_1() of the run's folder, found once. */
bool overlay_cache_is_1_1_1(struct overlay_cache *c, const char *dir);

enum overlay_result {
	OVERLAY_OK,
	OVERLAY_NOTHING, /* no readable file; said in the log */
	OVERLAY_ERROR    /* reason in err: the configuration fails as a whole */
};

/*
 * Reads name ("jail", "filter.d/sshd") under dir; a name that starts with
 * "./" is relative to the working directory, an absolute one is taken as it
 * is. *ret is owned by the caller.
 */
struct overlay_from {
	const char *dir;
	const char *name;
	bool exact; /* name is a path: that file and its includes only */
	bool quiet; /* what cannot be read was said before */
	struct overlay_cache *cache;
};
enum overlay_result overlay_read(
    struct overlay **ret, const struct overlay_from *from, struct err *err);
void overlay_free(struct overlay *o);
/* The same, kept in the cache, which owns it: for what many jails use. */
enum overlay_result overlay_read_shared(const struct overlay **ret,
    const struct overlay_from *from, struct err *err);

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
