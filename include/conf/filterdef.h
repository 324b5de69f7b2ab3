/*
 * filterdef - the use of a filter by a jail
 */
#ifndef CONF_FILTERDEF_H
#define CONF_FILTERDEF_H

#include "conf/definition.h"
#include "conf/overlayread.h"

/* "file", or "journal" when backend starts with systemd, unless set. */
void filterdef_set_logtype(struct definition *d, const char *backend);

/*
 * Where the filter comes from. Result as overlay_read(); d is initialised
 * unless OVERLAY_ERROR or OVERLAY_NOTHING came back. given is taken over in
 * any case.
 */
struct filterdef_use {
	const char *dir;
	const char *name;
	const char *jail;
	bool exact; /* name is the path of a file */
	struct overlay_cache *cache;
};
enum overlay_result filterdef_read(struct definition *d,
    const struct filterdef_use *use, struct value *given, struct err *err);

#endif
