/*
 * fail2ban: passes over all entries, each from left to right; where an
 * entry is longer than what it inserts the result depends on this order, so
 * it is kept as it is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tags.h"

/* How often a tag was replaced in the pass. */
struct count {
	size_t at; /* of its name in names */
	size_t n;
	unsigned times;
};

/* One text under expansion; the memory serves for all. */
struct job {
	const struct value *dict; /* borrowed, may be NULL */
	const struct tags_rules *rules;
	const char *self; /* name of the entry, borrowed */
	size_t self_n;
	struct count *counts;
	size_t ncounts;
	size_t cap;
	struct buf names;       /* of the counts, one behind the other */
	const struct buf *text; /* as it is now, for the error */
	struct buf name;        /* of the tag at hand */
	struct buf repl;        /* its replacement, unless an entry has it */
	struct buf out;         /* the text with it */
	size_t work;            /* bytes copied so far */
	struct err *err;
};

#define JOB_MEMORY                                                             \
	.names = BUF_INIT, .name = BUF_INIT, .repl = BUF_INIT, .out = BUF_INIT

/* A replacement; lives until the next one. */
struct piece {
	const char *p;
	size_t n;
};

static void
job_release(struct job *j)
{
	free(j->counts);
	buf_release(&j->names);
	buf_release(&j->name);
	buf_release(&j->repl);
	buf_release(&j->out);
}

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

/* 1: replacement of j->name in *ret, 0: there is none, -1: error. */
static int
lookup(struct job *j, struct piece *ret)
{
	const struct tags_rules *r = j->rules;
	const char *name = j->name.p;
	const struct value *v;
	int rc = 0;

	buf_reset(&j->repl);
	if (r->first != NULL)
		rc = r->first(r->arg, &j->repl, name, j->name.n, j->err);
	if (rc == 0) {
		v = entry_of(j, name, j->name.n);
		if (v != NULL && v->type == VALUE_TEXT) {
			*ret = (struct piece){v->text, v->text_n};
			return 1;
		}
		if (v != NULL) {
			value_print(&j->repl, v);
			rc = 1;
		} else if (r->fallback != NULL)
			rc = r->fallback(
			    r->arg, &j->repl, name, j->name.n, j->err);
	}
	*ret = (struct piece){j->repl.p, j->repl.n};
	return rc;
}

static int
too_often(const struct job *j)
{
	struct buf text = BUF_INIT;

	buf_addf(&text,
	    "properties contain self referencing definitions and cannot be "
	    "resolved, fail tag: %s, found: %s in {",
	    j->self, j->name.p);
	for (size_t i = 0; i < j->ncounts; i++) {
		buf_adds(&text, i > 0 ? ", " : "");
		value_repr_text(
		    &text, j->names.p + j->counts[i].at, j->counts[i].n);
		buf_addf(&text, ": %u", j->counts[i].times);
	}
	buf_addf(&text, "}, value: %s", j->text->p);
	(void)err_set(j->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

/* Counts a replacement of j->name; -1 when there were too many. */
static int
count(struct job *j)
{
	struct count *c;

	for (size_t i = 0; i < j->ncounts; i++) {
		c = &j->counts[i];
		if (c->n != j->name.n ||
		    memcmp(j->names.p + c->at, j->name.p, c->n) != 0)
			continue;
		if (c->times > TAGS_MAX_REPLACE)
			return too_often(j);
		c->times++;
		return 0;
	}
	GROW(j->counts, j->ncounts, j->cap);
	j->counts[j->ncounts++] = (struct count){j->names.n, j->name.n, 1};
	buf_add(&j->names, j->name.p, j->name.n);
	return 0;
}

/* Next "<name>" of j->name from p on; NULL: none. */
static const char *
next_same(const struct job *j, const char *p, const char *end)
{
	size_t n = j->name.n;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		if ((size_t)(end - p) >= n + 2 && p[n + 1] == '>' &&
		    memcmp(p + 1, j->name.p, n) == 0)
			return p;
		p++;
	}
	return NULL;
}

/* Replaces each tag j->name of the text. */
static int
replace_all(struct job *j, struct buf *text, struct piece repl)
{
	const char *p = text->p, *end = text->p + text->n, *hit;
	struct buf swap;

	buf_reset(&j->out);
	(void)buf_grow(&j->out, text->n); /* allocated, even if it is empty */
	while ((hit = next_same(j, p, end)) != NULL) {
		buf_add(&j->out, p, (size_t)(hit - p));
		buf_add(&j->out, repl.p, repl.n);
		p = hit + j->name.n + 2;
		if (j->out.n + (size_t)(end - p) > TAGS_MAX_BYTES ||
		    j->work > TAGS_MAX_WORK)
			return err_set(j->err,
			    "the value of %s grows too large when <%s> is "
			    "replaced (limit: %u bytes): shorten it, or break "
			    "the chain of tags that contain each other",
			    j->self, j->name.p, TAGS_MAX_BYTES);
	}
	buf_add(&j->out, p, (size_t)(end - p));
	j->work += j->out.n;
	swap = *text;
	*text = j->out;
	j->out = swap;
	return 0;
}

static bool
is_ignored(const struct job *j, const char *name, size_t n)
{
	return j->rules->is_ignored != NULL &&
	       j->rules->is_ignored(j->rules->arg, name, n);
}

/* The tag at at, its name has n bytes: 1 replaced, 0 it stays, -1 error. */
static int
replace_tag(struct job *j, struct buf *text, size_t at, size_t n)
{
	struct piece repl;
	int rc;

	if (is_ignored(j, text->p + at + 1, n))
		return 0;
	buf_reset(&j->name);
	buf_add(&j->name, text->p + at + 1, n);
	if (n == j->self_n && memcmp(j->name.p, j->self, n) == 0)
		return too_often(j);
	rc = lookup(j, &repl);
	if (rc == 1 && (count(j) != 0 || replace_all(j, text, repl) != 0))
		rc = -1;
	return rc;
}

/* One pass from left to right: 1 changed, 0 not, -1 error. */
static int
expand(struct job *j, struct buf *text)
{
	size_t at = 0, from = 0, n = 0;
	int rc = 0, changed = 0;

	j->text = text;
	j->self_n = strlen(j->self);
	j->ncounts = 0;
	buf_reset(&j->names);
	while (rc >= 0 && tags_find(text->p, text->n, from, &at, &n)) {
		rc = replace_tag(j, text, at, n);
		from = rc == 1 ? at : at + n + 2;
		changed |= rc == 1;
	}
	return rc < 0 ? -1 : changed;
}

/* 1: changed, 0: final, -1: error. */
static int
expand_entry(struct job *j, const struct value *key, struct value *v)
{
	struct buf text = BUF_INIT;
	int rc;

	if (v->type != VALUE_TEXT || memchr(v->text, '<', v->text_n) == NULL)
		return 0;
	j->self = value_str(key);
	if (is_ignored(j, j->self, key->text_n))
		return 0;
	buf_add(&text, v->text, v->text_n);
	rc = expand(j, &text);
	if (rc == 1)
		value_take(v, &text);
	buf_release(&text);
	return rc;
}

int
tags_resolve(
    struct value *dict, const struct tags_rules *rules, struct err *err)
{
	struct job j = {.dict = dict, .rules = rules, .err = err, JOB_MEMORY};
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
			if (rc < 0 && rules->failed != NULL)
				rules->failed(rules->arg, j.self);
			final[i] = rc == 0;
			again |= rc == 1;
		}
	}
	free(final);
	job_release(&j);
	return rc < 0 ? -1 : 0;
}

int
tags_replace(struct buf *text, const char *self, const struct value *dict,
    const struct tags_rules *rules, struct err *err)
{
	struct job j = {
	    .dict = dict, .rules = rules, .self = self, .err = err, JOB_MEMORY};
	int rc;

	do
		rc = expand(&j, text);
	while (rc == 1);
	job_release(&j);
	return rc;
}
