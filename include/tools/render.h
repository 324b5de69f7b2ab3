/*
 * render - answers of the server as fail2ban-client prints them (spec 15)
 */
#ifndef TOOLS_RENDER_H
#define TOOLS_RENDER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/value.h"

/*
 * Appends the text, without final newline, for the answer v to the command, a
 * list of texts. utf8 says whether the terminal takes box characters. An
 * answer of unexpected shape is printed as Python prints it.
 */
void render_answer(struct buf *out, const struct value *command,
    const struct value *v, bool utf8);

/* The sentence for an exception (or whatever came instead of one). */
void render_error(struct buf *out, const struct value *exception);
/* Its arguments as behind "NOK: ". */
void render_args(struct buf *out, const struct value *exception);
/* The class without module of an exception; "" for anything else. */
const char *render_class(const struct value *exception);

/* ---- parts of render_answer, for answers of known shape */

/* Whether v is a list of (label, value), which prints as a tree. */
bool render_is_pairs(const struct value *v);
/* Lines "|- label:<TAB>value", each with a newline before it. */
void render_tree(struct buf *out, const struct value *pairs);
/* jail -> [backend, (current, total) failed, (current, total) banned] */
bool render_is_stats(const struct value *v);
void render_stats(struct buf *out, const struct value *stats, bool utf8);

#endif
