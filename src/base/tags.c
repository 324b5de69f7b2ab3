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
	size_t start = SIZE_MAX;

	for (size_t i = from; i < len; i++) {
		if (p[i] == '<')
			start = i;
		else if (p[i] == ' ')
			start = SIZE_MAX;
		else if (p[i] == '>' && start != SIZE_MAX && i > start + 1) {
			*at = start;
			*n = i - start - 1;
			return true;
		} else if (p[i] == '>')
			start = SIZE_MAX;
	}
	return false;
}

static const struct value *
entry_of(const struct job *j, const char *name)
{
	const struct value *v = NULL;

	if (j->rules->condition != NULL) {
		struct buf key = BUF_INIT;

		buf_addf(&key, "%s?%s", name, j->rules->condition);
		v = value_get(j->dict, key.p);
		buf_release(&key);
	}
	if (v == NULL || value_is(v, VALUE_NONE))
		v = value_get(j->dict, name);
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
	v = entry_of(j, name);
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
	for (struct dict_iter it = {0}; dict_next(j->counts, &it); sep = ", ") {
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
	uintptr_t n = (uintptr_t)dict_get(j->counts, name);

	if (strcmp(name, j->self) == 0 || n > TAGS_MAX_REPLACE)
		return too_often(j, name);
	dict_set(j->counts, name, (void *)(n + 1));
	return 0;
}

/* Replaces each "<name>" of the text by repl. */
static int
replace_all(
    struct job *j, struct buf *text, const char *name, const struct buf *repl)
{
	struct buf tag = BUF_INIT, out = BUF_INIT;
	const char *p = text->p, *end = text->p + text->n, *hit;
	int rc = 0;

	buf_addf(&tag, "<%s>", name);
	while ((hit = memmem(p, (size_t)(end - p), tag.p, tag.n)) != NULL) {
		buf_add(&out, p, (size_t)(hit - p));
		buf_add(&out, repl->p, repl->n);
		p = hit + tag.n;
		if (out.n + (size_t)(end - p) > TAGS_MAX_BYTES ||
		    j->work > TAGS_MAX_WORK) {
			rc = err_set(j->err,
			    "the value of %s grows too large when <%s> is "
			    "replaced (limit: %u bytes): shorten it, or break "
			    "the chain of tags that contain each other",
			    j->self, name, TAGS_MAX_BYTES);
			break;
		}
	}
	if (rc == 0) {
		buf_add(&out, p, (size_t)(end - p));
		j->work += out.n;
		buf_release(text);
		*text = out;
	} else
		buf_release(&out);
	buf_release(&tag);
	return rc;
}

/* One pass from left to right over one text. */
static int
pass(struct job *j, struct buf *text)
{
	size_t at = 0, from = 0, n = 0;
	int rc = 0;

	while (rc == 0 && tags_find(text->p, text->n, from, &at, &n)) {
		char *name = xmemdup0(text->p + at + 1, n);
		struct buf repl = BUF_INIT;
		int found = 0;

		if (j->rules->is_ignored != NULL &&
		    j->rules->is_ignored(j->rules->arg, name, n))
			from = at + n + 2;
		else if (strcmp(name, j->self) == 0)
			rc = too_often(j, name);
		else {
			found = lookup(j, &repl, name, n);
			from = found == 1 ? at : at + n + 2;
		}
		if (found == 1)
			rc = count(j, name);
		if (rc == 0 && found == 1)
			rc = replace_all(j, text, name, &repl);
		if (found < 0)
			rc = -1;
		buf_release(&repl);
		free(name);
	}
	return rc;
}

/* 1: changed, 0: not, -1: error. */
static int
expand(struct job *j, struct buf *text)
{
	char *before = xmemdup0(text->p, text->n);
	size_t n = text->n;
	int rc;

	j->counts = dict_new(NULL);
	j->text = text;
	rc = pass(j, text);
	if (rc == 0)
		rc = text->n != n || memcmp(text->p, before, n) != 0;
	dict_free(j->counts);
	free(before);
	return rc;
}

static int
expand_entry(struct job *j, const struct value *key, struct value *v)
{
	struct buf text = BUF_INIT;
	int rc;

	if (v->type != VALUE_TEXT || memchr(v->text, '<', v->text_n) == NULL)
		return 0;
	j->self = value_str(key);
	if (j->rules->is_ignored != NULL &&
	    j->rules->is_ignored(j->rules->arg, j->self, key->text_n))
		return 0;
	buf_add(&text, v->text, v->text_n);
	rc = expand(j, &text);
	if (rc == 1) {
		free(v->text);
		v->text_n = text.n;
		v->text = buf_detach(&text);
	}
	buf_release(&text);
	return rc;
}

int
tags_resolve(
    struct value *dict, const struct tags_rules *rules, struct err *err)
{
	struct job j = {.dict = dict, .rules = rules, .err = err};
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i + 1 < dict->n; i += 2) {
			int rc = expand_entry(
			    &j, dict->items[i], dict->items[i + 1]);

			if (rc < 0)
				return -1;
			changed |= rc == 1;
		}
	}
	return 0;
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
