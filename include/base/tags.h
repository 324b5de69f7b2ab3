/*
 * tags - recursive replacement of "<tag>" (spec 01 section 7, spec 12
 * section 2 stage 1)
 *
 * A tag is "<", one or more bytes except space "<" ">", and ">". The
 * innermost one is replaced first, so names may be composed: "<b-<c>>".
 * Names are case-sensitive, unknown tags stay as they are. Conf resolves the
 * options of filters and actions with it, engine the properties of an action
 * for one family.
 */
#ifndef BASE_TAGS_H
#define BASE_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"

/* One tag is replaced at most so often within one entry and pass. */
#define TAGS_MAX_REPLACE 25
/* No value grows beyond this; real ones have some kilobytes. */
#define TAGS_MAX_BYTES (16u << 20)
/* Bytes that may be copied for all entries together. */
#define TAGS_MAX_WORK ((size_t)1 << 30)

/*
 * Appends the replacement of the tag (name, n bytes, a NUL behind them) to
 * out. Returns 1; 0 when it knows none; -1 with the reason in err.
 */
typedef int (*tags_lookup_fn)(
    void *arg, struct buf *out, const char *name, size_t n, struct err *err);

/* All members may be NULL. */
struct tags_rules {
	/* Such entries are not expanded, such tags not replaced. */
	bool (*is_ignored)(void *arg, const char *name, size_t n);
	/* Asked before the entries of the dict. */
	tags_lookup_fn first;
	/* Asked when no entry has the name. */
	tags_lookup_fn fallback;
	/* Told which entry cannot be resolved, before the error returns. */
	void (*failed)(void *arg, const char *name);
	void *arg; /* of the functions */
	/* "family=inet6": the entry "tag?family=inet6" wins over "tag". */
	const char *condition;
};

/*
 * Expands every text of the dict in place, in order and repeatedly, until
 * nothing changes; what an entry inserts into another may so be expanded or
 * not yet. Entries that are no text are replaced as they print; None is as
 * if it were not there.
 *
 * -1 with the text of the reference in err when an entry contains itself or
 * needs one tag more than TAGS_MAX_REPLACE times ("properties contain self
 * referencing definitions and cannot be resolved, fail tag: T, found: R in
 * {...}, value: V"), and with one of our own when a value would grow beyond
 * TAGS_MAX_BYTES. The dict may then be partly expanded.
 */
int tags_resolve(
    struct value *dict, const struct tags_rules *rules, struct err *err);

/*
 * The same for one text that is no entry of the dict (dict may be NULL);
 * self is its name for the check of self references and in errors.
 */
int tags_replace(struct buf *text, const char *self, const struct value *dict,
    const struct tags_rules *rules, struct err *err);

/*
 * Next tag at or after offset from: its "<" is at *at, its name starts
 * behind and has *n bytes. False when there is none.
 */
bool tags_find(const char *p, size_t len, size_t from, size_t *at, size_t *n);

#endif
