/*
 * failregex - filter tags, and what a match captured (spec 04 section 1)
 */
#ifndef SENSOR_FAILREGEX_H
#define SENSOR_FAILREGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sensor/captures.h"
#include "sensor/regex.h"

/* Appends text with its tags expanded. no_dns: <HOST> is addresses only. */
void failregex_expand(struct buf *out, const char *text, bool no_dns);

struct failregex;

/*
 * Compiles an expanded text. NULL with fail2ban's "Unable to compile regular
 * expression ..." in err. multiline: ^ and $ at every line. names gets the
 * names of the groups and must live as long.
 */
struct failregex *failregex_new(
    const char *expanded, bool multiline, struct names *names, struct err *err);
void failregex_free(struct failregex *f);
/*
 * A prefregex that ends with "(?P<content>.+)$" on the level of the whole
 * pattern, with a look at one more character instead: it matches the same
 * lines, and the content is what follows the match. NULL: it ends otherwise,
 * or nobody can tell.
 */
struct failregex *failregex_head(const char *expanded, struct names *names);

/* The pattern, to search with; borrowed. */
struct regex *failregex_regex(const struct failregex *f);
/* Whether some group tells who fails: fid, ip4, ip6, dns or mlfid. */
bool failregex_has_id(const struct failregex *f);
/* Group number of "content" (of a prefregex), 0: none. */
int failregex_content(const struct failregex *f);
/* Group numbers of <SKIPLINES>: i-th, 0 when there are not so many. */
int failregex_skiplines(const struct failregex *f, size_t i);

/*
 * The captures of the last match in subject: texts, None for groups that took
 * no part; then what alternates (<F-ALT_...>) and tuples give. "content" is
 * left out. Texts are borrowed from subject. brief: only what decides whether
 * the line is a failure.
 */
void failregex_captures(const struct failregex *f, const char *subject,
    bool brief, struct captures *out);
/* The same behind what out has already, which are none of these names. */
void failregex_more_captures(const struct failregex *f, const char *subject,
    bool brief, struct captures *out);
/* Whether no name of a is one of b. */
bool failregex_apart(const struct failregex *a, const struct failregex *b);

#endif
