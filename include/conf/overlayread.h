/*
 * overlayread - files, with what they include, as one overlay
 */
#ifndef CONF_OVERLAYREAD_H
#define CONF_OVERLAYREAD_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/includes.h"
#include "conf/overlay.h"

/* Parsed files by path, shared by the overlays of one run. */
struct overlay_cache;
struct overlay_cache *overlay_cache_new(void);
void overlay_cache_free(struct overlay_cache *c);
/* vintage_is_1_1_1() of the run's folder, found once. */
bool overlay_cache_is_1_1_1(struct overlay_cache *c, const char *dir);

/*
 * Reads name ("jail", "filter.d/sshd") under dir; a name that starts with
 * "./" is relative to the working directory, an absolute one is taken as it
 * is. *ret is owned by the caller.
 */
enum overlay_result overlay_read(
    struct overlay **ret, const struct overlay_from *from, struct err *err);
/* The same, kept in the cache, which owns it: for what many jails use. */
enum overlay_result overlay_read_shared(const struct overlay **ret,
    const struct overlay_from *from, struct err *err);

#endif
