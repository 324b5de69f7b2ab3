/*
 * The mold is the action read for options whose values are marks. That is
 * right as long as only the texts of the values matter: no mark has become
 * part of a <tag>, nothing was converted to another type, no option of the
 * jail was looked at. And the mold must give what the file gave.
 *
 * A mark is the bytes 01, 80 + number of the option, 01: no character.
 */
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "base/tags.h"
#include "conf/actionmold.h"
#include "conf/stream.h"

#define MARK '\1'
#define MARK_BYTES 3
#define FIRST_NUMBER 0x80
#define MAX_OPTIONS 60
/* A longer value is no name and no list of ports. */
#define MAX_VALUE 1024

/* What is known of an action with these names of options. */
struct mold {
	bool is_tried;
	struct value *properties; /* list of [name, text]; NULL: none */
};

struct actionmolds {
	struct dict *by_use; /* name, names of options -> struct mold, owned */
	struct buf key;      /* of the one at hand */
	struct buf text;     /* likewise */
};

static void
mold_free(void *p)
{
	struct mold *m = p;

	value_free(m->properties);
	free(m);
}

struct actionmolds *
actionmolds_new(void)
{
	struct actionmolds *m = xcalloc(1, sizeof(*m));

	m->by_use = dict_new(mold_free);
	buf_init(&m->key);
	buf_init(&m->text);
	return m;
}

void
actionmolds_free(struct actionmolds *m)
{
	if (m == NULL)
		return;
	dict_free(m->by_use);
	buf_release(&m->key);
	buf_release(&m->text);
	free(m);
}

/* Whether nothing but the text of a value can matter. */
static bool
is_plain(const struct value *v)
{
	static const char special[] = "<>%\1\xc0";

	if (!value_is(v, VALUE_TEXT) || v->text_n > MAX_VALUE)
		return false;
	for (size_t i = 0; i < v->text_n; i++)
		if (memchr(special, v->text[i], sizeof(special)) != NULL)
			return false;
	return true;
}

/*
 * By the names of the options; one whose value has more to say than its text
 * goes into the mold as it is. Leaves the key, empty: no mold can serve.
 */
static struct mold *
find(struct actionmolds *m, const char *name, const struct value *given)
{
	buf_reset(&m->key);
	if (given->n / 2 > MAX_OPTIONS)
		return NULL;
	buf_adds(&m->key, name);
	for (size_t i = 0; i + 1 < given->n; i += 2) {
		const struct value *key = given->items[i];
		const struct value *v = given->items[i + 1];

		buf_addc(&m->key, '\0');
		buf_add(&m->key, key->text, key->text_n);
		if (is_plain(v))
			continue;
		buf_addc(&m->key, '\0');
		buf_addc(&m->key, '\0');
		value_print(&m->key, v);
	}
	return dict_getn(m->by_use, m->key.p, m->key.n);
}

/* ---- use */

static size_t
number_of(const char *mark)
{
	return (size_t)((unsigned char)mark[1] - FIRST_NUMBER);
}

/* The text with the values in place of the marks. */
static struct value *
fill(struct buf *out, const struct value *text, const struct value *given)
{
	const char *p = text->text, *end = p + text->text_n, *mark;

	if (text->type != VALUE_TEXT)
		return value_copy(text);
	mark = memchr(p, MARK, text->text_n);
	if (mark == NULL)
		return value_textn(text->text, text->text_n);
	buf_reset(out);
	for (; mark != NULL; mark = memchr(p, MARK, (size_t)(end - p))) {
		size_t at = number_of(mark) * 2 + 1;

		buf_add(out, p, (size_t)(mark - p));
		buf_add(out, given->items[at]->text, given->items[at]->text_n);
		p = mark + MARK_BYTES;
	}
	buf_add(out, p, (size_t)(end - p));
	return value_textn(out->p, out->n);
}

static struct value *
fill_all(struct actionmolds *m, const struct value *properties,
    const struct value *given)
{
	struct value *list = value_list();

	for (size_t i = 0; i < properties->n; i++) {
		const struct value *pair = properties->items[i];
		struct value *copy = value_list();

		value_add(copy, value_copy(pair->items[0]));
		value_add(copy, fill(&m->text, pair->items[1], given));
		value_add(list, copy);
	}
	return list;
}

struct value *
actionmolds_use(struct actionmolds *m, const struct actionmold_use *u)
{
	const struct mold *mold = find(m, u->use->name, u->given);

	return mold == NULL || mold->properties == NULL
	           ? NULL
	           : fill_all(m, mold->properties, u->given);
}

/* ---- making */

static struct value *
marked(const struct value *given)
{
	struct value *marks = value_dict();

	for (size_t i = 0; i + 1 < given->n; i += 2) {
		const struct value *name = given->items[i];
		const struct value *v = given->items[i + 1];
		char mark[MARK_BYTES] = {
		    MARK, (char)(i / 2 + FIRST_NUMBER), MARK};

		value_setn(marks, name->text, name->text_n,
		    is_plain(v) ? value_textn(mark, sizeof(mark))
		                : value_copy(v));
	}
	return marks;
}

/* Whether a mark is part of a tag, or is not whole. */
static bool
is_spoilt(const struct value *v, size_t n)
{
	size_t from = 0, at, len;
	const char *p, *end;

	if (v->type != VALUE_TEXT)
		return false;
	while (tags_find(v->text, v->text_n, from, &at, &len)) {
		if (memchr(v->text + at, MARK, len + 1) != NULL)
			return true;
		from = at + len + 2;
	}
	end = v->text + v->text_n;
	for (p = v->text; (p = memchr(p, MARK, (size_t)(end - p))) != NULL;
	     p += MARK_BYTES)
		if (end - p < MARK_BYTES || p[2] != MARK || number_of(p) >= n)
			return true;
	return false;
}

/* Reads the action for marks; NULL: what it becomes depends on more. */
static struct value *
read_marked(struct definition *d, const struct value *jail_options)
{
	struct value *notes = value_list(), *combined = NULL, *made = NULL;

	d->watch = true;
	if (ini_find(d->cfg->all, "Definition") != NULL &&
	    definition_fetch(d, jail_options, false, NULL) == 0 &&
	    definition_combine(&combined, d, notes, NULL) == 0 &&
	    d->asked == 0 && !d->converts && notes->n == 0)
		made = stream_properties(combined, d->given);
	value_free(combined);
	value_free(notes);
	return made;
}

static struct value *
make(const struct actiondef_use *use, const struct value *given,
    const struct value *jail_options)
{
	struct value *made;
	struct definition d;

	if (actiondef_read(&d, use, marked(given), NULL) != OVERLAY_OK)
		return NULL;
	made = read_marked(&d, jail_options);
	definition_release(&d);
	for (size_t i = 0; made != NULL && i < made->n; i++)
		if (is_spoilt(made->items[i]->items[1], given->n / 2)) {
			value_free(made);
			made = NULL;
		}
	return made;
}

void
actionmolds_learn(struct actionmolds *m, const struct actionmold_use *u,
    const struct value *properties)
{
	struct mold *mold = find(m, u->use->name, u->given);
	struct value *same;

	if (m->key.n == 0 || (mold != NULL && mold->is_tried))
		return;
	if (mold == NULL) {
		mold = xcalloc(1, sizeof(*mold));
		dict_setn(m->by_use, m->key.p, m->key.n, mold);
		return;
	}
	mold->is_tried = true;
	mold->properties = make(u->use, u->given, u->jail_options);
	if (mold->properties == NULL)
		return;
	same = fill_all(m, mold->properties, u->given);
	if (!value_eq(same, properties)) {
		value_free(mold->properties);
		mold->properties = NULL;
	}
	value_free(same);
}
