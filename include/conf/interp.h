/*
 * interp - "%(name)s" (spec 01 sections 2 and 5)
 *
 * Names are looked up in the variables, the section, DEFAULT; then
 * "known/name", "default/name" and "section/name".
 */
#ifndef CONF_INTERP_H
#define CONF_INTERP_H

#include "base/buf.h"
#include "base/dict.h"
#include "base/err.h"
#include "base/value.h"
#include "conf/overlay.h"

/* Values that still hold "%" nest so deep; the option itself is the first. */
#define INTERP_MAX_DEPTH 10
/* No value grows beyond this. */
#define INTERP_MAX_BYTES (16u << 20)

/* Where an option is looked at from; all borrowed. */
struct interp {
	const struct overlay *cfg;
	const char *section;
	/* name (lower-case) -> struct value, wins over everything; or NULL */
	const struct dict *vars;
};

/*
 * Appends the option's value to out. Returns 1; 0 when there is no such
 * option; -1 with the reference's text in err.
 */
int interp_get(struct buf *out, const struct interp *in, const char *option,
    struct err *err);

/*
 * The same for what a <tag> names: "section/option" of another section,
 * expanded there, else as interp_get().
 */
int interp_get_tag(struct buf *out, const struct interp *in, const char *name,
    struct err *err);

#endif
