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
#include "conf/overlay.h"

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
