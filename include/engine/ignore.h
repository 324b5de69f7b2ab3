/*
 * ignore - whether an offender is to be left alone (spec 07 section 6)
 *
 * One verdict from ignorecache, ignoreself, ignoreip (addresses, networks,
 * names, file:) and ignorecommand. Never blocks: what needs a name or a
 * command answers later.
 */
#ifndef ENGINE_IGNORE_H
#define ENGINE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/action.h"
#include "engine/names.h"
#include "engine/runner.h"
#include "engine/ticket.h"

struct ignore;
struct ignore_check;

/* Copied by ignore_new(). */
struct ignore_env {
	void *arg;
	const char *jail; /* for log lines, borrowed */
	struct runner *runner;
	/* As in struct names_env. */
	void (*resolve)(
	    void *arg, const char *name, resolved_fn fn, void *fn_arg);
	void (*resolve_cancel)(void *arg, void *fn_arg);
	const struct action_env *tags; /* of ignorecommand, borrowed */
};

/* ignoreself is on, everything else off. */
struct ignore *ignore_new(const struct ignore_env *env);
void ignore_free(struct ignore *g);

/* ---- settings, with fail2ban's validation and log lines */

void ignore_set_self(struct ignore *g, bool on);
bool ignore_self(const struct ignore *g);
/* Address, network, name, raw id or "file:..."; a second one is dropped. */
void ignore_add(struct ignore *g, const char *text);
/* -1: "list.remove(x): x not in list". */
int ignore_del(struct ignore *g, const char *text, struct err *err);
void ignore_clear(struct ignore *g);
/* New list: nets, names and files first, then single addresses. */
struct value *ignore_list(const struct ignore *g);
void ignore_set_command(struct ignore *g, const char *text);
/* NULL: it was never set. */
const char *ignore_command(const struct ignore *g);
/* key="<ip>", max-count=100, max-time=5m; empty: off. */
int ignore_set_cache(struct ignore *g, const char *text, struct err *err);
/* ['<ip>', 10, 60] or None; new. */
struct value *ignore_cache(const struct ignore *g);
/* Takes the settings of src over (reload). */
void ignore_copy(struct ignore *g, const struct ignore *src);

/* ---- verdicts */

/* Asks for the names that will be needed. */
void ignore_warm(struct ignore *g);

/* Whether matches and data of a ticket are looked at, not only its id. */
bool ignore_reads_captures(const struct ignore *g);

typedef void (*ignore_fn)(void *arg, bool ignored);

/*
 * Decides about t (borrowed until done) and logs "Ignore ID by SOURCE".
 * Returns 1 ignored, 0 not ignored, and then fn is not called; -1: fn is
 * called later from the loop, *check can be cancelled until then.
 */
int ignore_ask(struct ignore *g, const struct ticket *t, ignore_fn fn,
    void *arg, struct ignore_check **check);
/* fn is not called any more; no-op for NULL. */
void ignore_cancel(struct ignore_check *c);

#endif
