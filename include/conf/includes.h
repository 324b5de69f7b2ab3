/*
 * includes - the files of one overlay in the order they are merged
 */
#ifndef CONF_INCLUDES_H
#define CONF_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/dict.h"
#include "base/err.h"
#include "conf/folders.h"
#include "conf/ini.h"

/* Includes within includes, and files in one overlay. */
#define OVERLAY_MAX_DEPTH 200
#define OVERLAY_MAX_FILES 5000

struct overlay_cache; /* conf/overlayread.h */

/* What to read: see overlay_read(). */
struct overlay_from {
	const char *dir;
	const char *name;
	bool exact; /* name is a path: that file and its includes only */
	bool quiet; /* what cannot be read was said before */
	struct overlay_cache *cache;
};

enum overlay_result {
	OVERLAY_OK,
	OVERLAY_NOTHING, /* no readable file; said in the log */
	OVERLAY_ERROR    /* reason in err: the configuration fails as a whole */
};

struct loaded {
	char *path;
	struct ini *ini;
	bool owned; /* ini is; else it is the cache's */
};

struct includes {
	struct loaded *files;
	size_t n;
	size_t cap;
};

/* What the overlays of one run share. */
struct includes_cache {
	struct dict *files; /* path -> struct ini, owned: included files */
	struct folders *folders;
	struct dict *said; /* messages, each is said once; owned */
	bool strict;       /* a file that is no text spoils its set: 1.1.1 */
};

/*
 * Reads all files; included ones through the cache.
 * ret is to be released in any case. Result as overlay_read().
 */
enum overlay_result includes_read(struct includes *ret,
    const struct overlay_from *from, const struct includes_cache *cache,
    struct err *err);
void includes_release(struct includes *l);

#endif
