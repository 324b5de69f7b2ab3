/*
 * settings - fail2ban.conf
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "base/err.h"
#include "base/value.h"
#include "conf/configopts.h"
#include "conf/overlayread.h"

/*
 * The overlay of fail2ban.conf in where's dir; *ret NULL when there is none,
 * which the log says. -1: the configuration fails as a whole.
 */
int settings_read(
    struct overlay **ret, const struct overlay_from *where, struct err *err);

/* Adds the general commands, sorted as the server wants them. */
int settings_stream(struct value *stream, const struct overlay *cfg,
    const struct config_opts *opts, struct err *err);

/* socket, loglevel ... as a dict, after the overrides of opts. */
int settings_early(struct value *dict, const struct overlay *cfg,
    const struct config_opts *opts, struct err *err);

#endif
