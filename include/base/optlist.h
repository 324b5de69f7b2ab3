/*
 * optlist - "name[key=value, key2='v']" and lists of them (spec 01 section 6)
 */
#ifndef BASE_OPTLIST_H
#define BASE_OPTLIST_H

#include "base/err.h"
#include "base/value.h"

/*
 * Splits one item. *name is owned by the caller, *opts a dict of text in
 * order of first use. -1 with fail2ban's text in err.
 */
int optlist_parse(
    char **name, struct value **opts, const char *text, struct err *err);
/* Cuts an action list into its items: list of text. */
struct value *optlist_split(const char *text);

#endif
