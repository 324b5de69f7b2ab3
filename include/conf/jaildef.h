/*
 * jaildef - one jail of the configuration -> its block of the stream
 *
 * Read in two steps as in the reference, which keeps the order of messages:
 * jaildef_read() of every jail, then jaildef_stream().
 */
#ifndef CONF_JAILDEF_H
#define CONF_JAILDEF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"
#include "conf/actionmold.h"
#include "conf/configopts.h"
#include "conf/definition.h"
#include "conf/overlayread.h"

struct jaildef {
	char *name;
	struct value *options;  /* dict */
	struct value *known;    /* dict: options of the filter, NULL: none */
	struct value *before;   /* commands in front of the log paths */
	struct value *after;    /* commands of the actions */
	struct value *notes;    /* warnings that come with the stream */
	char *failure;          /* error of the second step, NULL: none */
	struct pos failure_pos; /* where its cause is */
	char *skipped;          /* why it is left out, NULL: it is not */
	bool is_broken;         /* and that is an error */
	struct definition filter;
	bool has_filter;
	bool has_notes;      /* reading the filter gave warnings */
	bool is_known_final; /* known is what the filter means for the jail */
};

struct jail_context {
	struct overlay *cfg; /* of the jails */
	struct overlay_cache *cache;
	struct actionmolds *molds; /* NULL when filter_only */
	const struct config_opts *opts;
	const struct value *filter_options; /* added to the filter's brackets */
	bool force;                         /* read it as if it were enabled */
	const char *backend; /* instead of the jail's, NULL: not */
	bool filter_only;    /* keep the filter, leave out actions */
};

/* Sets what every jail may use: %(fail2ban_version)s, _confpath, _firewall. */
void jaildef_predefine(struct overlay *jails, const char *dir);
/* Jails that are not enabled have options and nothing else. */
bool jaildef_is_enabled(const struct jaildef *j);
/* -1: the whole configuration fails, reason in err. */
int jaildef_read(struct jaildef *j, const struct jail_context *ctx,
    const char *name, struct err *err);
/* Adds the jail's commands; a 'start' is due when j->skipped is NULL. */
int jaildef_stream(struct value *stream, struct jaildef *j,
    const struct config_opts *opts, struct err *err);
/* Options of the jail; text: "" without it. */
bool jaildef_truth(const struct jaildef *j, const char *name, bool preset);
const char *jaildef_text(const struct jaildef *j, const char *name);
/* Its log paths as commands, to j->before; may make the backend systemd. */
int jaildef_logs(
    struct jaildef *j, const struct config_opts *opts, struct err *err);
/* Leaves the jail out of the stream for this reason, which the log gets. */
void jaildef_break(struct jaildef *j, const struct err *why);
void jaildef_release(struct jaildef *j);

#endif
