/*
 * fail2ban: passes over all entries, each from left to right; where an
 * entry is longer than what it inserts the result depends on this order, so
 * it is kept as it is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "base/tags.h"

/* One text under expansion. */
struct job {
	const struct value *dict; /* borrowed, may be NULL */
	const struct tags_rules *rules;
	const char *self;       /* name of the entry, borrowed */
	struct dict *counts;    /* tag -> replacements so far, as pointer */
	const struct buf *text; /* as it is now, for the error */
	size_t work;            /* bytes copied so far */
	struct err *err;
};

bool
tags_find(const char *p, size_t len, size_t from, size_t *at, size_t *n)
{
	const char *end = p + len, *open = p + from, *q;

	while ((open = memchr(open, '<', (size_t)(end - open))) != NULL) {
		for (q = open + 1; q < end; q++)
			if (*q == '<' || *q == '>' || *q == ' ')
				break;
		if (q == end)
			return false;
		if (*q == '>' && q > open + 1) {
			*at = (size_t)(open - p);
			*n = (size_t)(q - open) - 1;
			return true;
		}
		open = *q == '<' ? q : q + 1;
	}
	return false;
}

/* Like value_get(), without a NUL behind the name. */
static const struct value *
get(const struct value *dict, const char *name, size_t n)
{
	if (dict == NULL)
		return NULL;
	for (size_t i = 0; i + 1 < dict->n; i += 2)
		if (dict->items[i]->text_n == n &&
		    memcmp(dict->items[i]->text, name, n) == 0)
			return dict->items[i + 1];
	return NULL;
}

static const struct value *
entry_of(const struct job *j, const char *name, size_t n)
{
	const struct value *v = NULL;

	if (j->rules->condition != NULL) {
		struct buf key = BUF_INIT;

		buf_add(&key, name, n);
		buf_addc(&key, '?');
		buf_adds(&key, j->rules->condition);
		v = get(j->dict, key.p, key.n);
		buf_release(&key);
	}
	if (v == NULL || value_is(v, VALUE_NONE))
		v = get(j->dict, name, n);
	return value_is(v, VALUE_NONE) ? NULL : v;
}

/* 1: replacement appended to out, 0: there is none, -1: error. */
static int
lookup(const struct job *j, struct buf *out, const char *name, size_t n)
{
	const struct tags_rules *r = j->rules;
	const struct value *v;
	int rc = 0;

	if (r->first != NULL)
		rc = r->first(r->arg, out, name, n, j->err);
	if (rc != 0)
		return rc;
	v = entry_of(j, name, n);
	if (v != NULL) {
		value_print(out, v);
		return 1;
	}
	if (r->fallback != NULL)
		rc = r->fallback(r->arg, out, name, n, j->err);
	return rc;
}

static int
too_often(const struct job *j, const char *name)
{
	struct buf text = BUF_INIT;
	const char *sep = "";

	buf_addf(&text,
	    "properties contain self referencing definitions and cannot be "
	    "resolved, fail tag: %s, found: %s in {",
	    j->self, name);
	for (struct dict_iter it = {0};
	     j->counts != NULL && dict_next(j->counts, &it); sep = ", ") {
		buf_adds(&text, sep);
		value_repr_text(&text, it.key, it.key_n);
		buf_addf(&text, ": %zu", (size_t)(uintptr_t)it.value);
	}
	buf_addf(&text, "}, value: %s", j->text->p);
	(void)err_set(j->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

/* Counts a replacement of name; -1 when there were too many. */
static int
count(struct job *j, const char *name)
{
	uintptr_t n;

	if (j->counts == NULL)
		j->counts = dict_new(NULL);
	n = (uintptr_t)dict_get(j->counts, name);
	if (n > TAGS_MAX_REPLACE)
		return too_often(j, name);
	dict_set(j->counts, name, (void *)(n + 1));
	return 0;
}

/* Replaces each tag like the one at tag (n bytes) of the text by repl. */
static int
replace_all(struct job *j, struct buf *text, const struct buf *tag,
    const struct buf *repl)
{
	struct buf out = BUF_INIT;
	const char *p = text->p, *end = text->p + text->n, *hit;

	(void)buf_grow(&out, text->n + repl->n);
	while ((hit = memmem(p, (size_t)(end - p), tag->p, tag->n)) != NULL) {
		buf_add(&out, p, (size_t)(hit - p));
		buf_add(&out, repl->p, repl->n);
		p = hit + tag->n;
		if (out.n + (size_t)(end - p) <= TAGS_MAX_BYTES &&
		    j->work <= TAGS_MAX_WORK)
			continue;
		buf_release(&out);
		return err_set(j->err,
		    "the value of %s grows too large when %s is replaced "
		    "(limit: %u bytes): shorten it, or break the chain of tags "
		    "that contain each other",
		    j->self, tag->p, TAGS_MAX_BYTES);
	}
	buf_add(&out, p, (size_t)(end - p));
	j->work += out.n;
	buf_release(text);
	*text = out;
	return 0;
}

static bool
is_ignored(const struct job *j, const char *name, size_t n)
{
	return j->rules->is_ignored != NULL &&
	       j->rules->is_ignored(j->rules->arg, name, n);
}

/*
 * The tag at at, its name has n bytes: 1 replaced, 0 it stays, -1 error. tag
 * and repl are memory for the work.
 */
static int
replace_tag(struct job *j, struct buf *text, size_t at, size_t n)
{
	struct buf tag = BUF_INIT, repl = BUF_INIT;
	char *name;
	int rc;

	buf_add(&tag, text->p + at, n + 2);
	name = xmemdup0(text->p + at + 1, n);
	if (strcmp(name, j->self) == 0)
		rc = too_often(j, name);
	else
		rc = lookup(j, &repl, name, n);
	if (rc == 1 &&
	    (count(j, name) != 0 || replace_all(j, text, &tag, &repl) != 0))
		rc = -1;
	free(name);
	buf_release(&tag);
	buf_release(&repl);
	return rc;
}

/* One pass from left to right: 1 changed, 0 not, -1 error. */
static int
expand(struct job *j, struct buf *text)
{
	size_t at = 0, from = 0, n = 0;
	int rc = 0, changed = 0;

	j->text = text;
	while (rc >= 0 && tags_find(text->p, text->n, from, &at, &n)) {
		rc = is_ignored(j, text->p + at + 1, n)
		         ? 0
		         : replace_tag(j, text, at, n);
		from = rc == 1 ? at : at + n + 2;
		changed |= rc == 1;
	}
	if (j->counts != NULL) {
		dict_free(j->counts);
		j->counts = NULL;
	}
	return rc < 0 ? -1 : changed;
}

/* 1: changed, 0: final, -1: error. */
static int
expand_entry(struct job *j, const struct value *key, struct value *v)
{
	/* the text of a value is allocated as a buf's is */
	struct buf text = {.p = v->text, .n = v->text_n, .cap = v->text_n + 1};
	int rc;

	if (v->type != VALUE_TEXT || memchr(v->text, '<', v->text_n) == NULL)
		return 0;
	j->self = value_str(key);
	if (is_ignored(j, j->self, key->text_n))
		return 0;
	rc = expand(j, &text);
	v->text = text.p;
	v->text_n = text.n;
	return rc;
}

int
tags_resolve(
    struct value *dict, const struct tags_rules *rules, struct err *err)
{
	struct job j = {.dict = dict, .rules = rules, .err = err};
	/* an entry that a pass leaves as it is stays so */
	unsigned char *final = xcalloc(dict->n + 1, 1);
	int rc = 0;

	for (bool again = true; again && rc >= 0;) {
		again = false;
		for (size_t i = 0; i + 1 < dict->n && rc >= 0; i += 2) {
			if (final[i])
				continue;
			rc = expand_entry(
			    &j, dict->items[i], dict->items[i + 1]);
			final[i] = rc == 0;
			again |= rc == 1;
		}
	}
	free(final);
	return rc < 0 ? -1 : 0;
}

int
tags_replace(struct buf *text, const char *self, const struct value *dict,
    const struct tags_rules *rules, struct err *err)
{
	struct job j = {.dict = dict, .rules = rules, .self = self, .err = err};
	int rc;

	do
		rc = expand(&j, text);
	while (rc == 1);
	return rc;
}
