/*
 * actiontags - the dynamic tags of an action's command (spec 12 section 2,
 * stage 2)
 *
 * Values that a stranger may have chosen never become part of the shell's
 * text: when they hold a byte that means something to sh they are passed as
 * arguments and the text names a variable.
 */
#ifndef ENGINE_ACTIONTAGS_H
#define ENGINE_ACTIONTAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/value.h"
#include "engine/action.h"
#include "engine/ticket.h"

struct tagctx {
	const struct action_env *env;
	const struct ticket *ticket; /* one with an empty id for start ... */
	const char *family;          /* NULL: that of the ticket */
	/*
	 * dict of text: values that are asked for once a ban and then shared
	 * by all actions. "ip-host" must be here before it is rendered.
	 */
	struct value *known;
	const struct value *given; /* dict: wins over everything; or NULL */
};

struct rendered {
	struct buf text;
	char **args; /* $0, $1 ...; owned, nargs of them */
	size_t nargs;
};

/* Replaces what *r holds. text has its static tags replaced already. */
void actiontags_render(
    struct rendered *r, const char *text, const struct tagctx *ctx);
void rendered_init(struct rendered *r);
void rendered_release(struct rendered *r);

/*
 * Appends the value of one tag or capture ("F-USER"); false when there is no
 * such tag.
 */
bool actiontags_value(
    struct buf *out, const char *name, size_t n, const struct tagctx *ctx);

/* Whether sh would take a byte of it for more than itself. */
bool actiontags_is_unsafe(const char *p, size_t n);
/* Appends p with such bytes escaped by backslashes. */
void actiontags_escape(struct buf *out, const char *p, size_t n);

/* "inet4", "inet6", "None": <family> of a ticket. */
const char *actiontags_family(const struct ticket *t);
/* Appends "1.2.0.192." or the nibbles of an IPv6 address. */
void actiontags_reverse(struct buf *out, const struct addr *a);

#endif
