/*
 * interp - "%(name)s" (spec 01 sections 2 and 5)
 *
 * Names are looked up in the variables, the section, DEFAULT; then
 * "known/name", "default/name" and "section/name".
 */
#ifndef CONF_INTERP_H
#define CONF_INTERP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"
#include "conf/overlay.h"

/* Values that still hold "%" nest so deep; the option itself is the first. */
#define INTERP_MAX_DEPTH 10
/* No value grows beyond this. */
#define INTERP_MAX_BYTES (16u << 20)

/*
 * Variables: names of any case and their values, the later list wins over
 * the earlier one. Both may be NULL; borrowed.
 */
struct interp_vars {
	const struct value *jail;  /* dict: options of the jail */
	const struct value *given; /* dict: bracket options */
	size_t ngiven;             /* items of given that count */
	uint64_t *asked;           /* interp_ask() notes it here; or NULL */
};

/* Where an option is looked at from; all borrowed. */
struct interp {
	const struct overlay *cfg;
	const char *section;
	const struct interp_vars *vars; /* win over everything; NULL: none */
	const struct value *known;      /* dict: option -> value, found as
	                                 * "known/option" in the section; or NULL */
};

/*
 * Notes that a value depends on the option of the jail that has this name,
 * if there is one, even if this jail lacks it: bit i for row i of
 * option_jail. Done for each "%(name)s" and each interp_get_tag().
 */
void interp_ask(const struct interp_vars *vars, const char *name);

/* Value of a variable, lower-case name; NULL: there is none. */
const struct value *interp_var(
    const struct interp_vars *vars, const char *name);

/*
 * Appends the option's value to out. Returns 1; 0 when there is no such
 * option; -1 with the reference's text in err.
 */
int interp_get(struct buf *out, const struct interp *in, const char *option,
    struct err *err);

/*
 * The value of an option that needs no expansion, s is the section of in,
 * which has no variables: true with *ret, borrowed, NULL when there is no
 * such option; false: ask interp_get().
 */
bool interp_plain(const char **ret, const struct interp *in,
    const struct ini_section *s, struct ini_key key);

/*
 * The same for what a <tag> names: "section/option" of another section,
 * expanded there, else as interp_get().
 */
int interp_get_tag(struct buf *out, const struct interp *in, const char *name,
    struct err *err);

#endif
