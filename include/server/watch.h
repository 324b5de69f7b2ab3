/*
 * watch - tells when a path, or something that a glob matches, may be new
 *
 * inotify on directories only, never on what is written into files: nobody
 * is woken by a log that merely grows.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

struct watch;

struct watch_ops {
	/* What pattern names may have come, or be another file now. */
	void (*changed)(void *arg, const char *pattern);
	/*
	 * A file whose name begins with that of the pattern (a plain path)
	 * appeared beside it: renamed: it is what the path named until now;
	 * else it was created, perhaps as a copy.
	 */
	void (*sibling)(
	    void *arg, const char *pattern, const char *path, bool renamed);
};

/* NULL: no inotify (reason in err). */
struct watch *watch_new(
    uv_loop_t *loop, const struct watch_ops *ops, void *arg, struct err *err);
void watch_free(struct watch *w);

/* Counted: as many watch_del() as watch_add() end it. */
void watch_add(struct watch *w, const char *pattern);
void watch_del(struct watch *w, const char *pattern);
/* Calls back for everything that happened so far. Not from a callback. */
void watch_drain(struct watch *w);
/* Whether the text has glob characters. */
bool watch_is_glob(const char *pattern);

#endif
