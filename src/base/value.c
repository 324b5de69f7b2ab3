#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/value.h"

static struct value *new (enum value_type type)
{
	struct value *v = xmalloc(sizeof(*v));

	*v = (struct value){.type = type};
	return v;
}

/* Room for a text of n bytes, in the same piece of memory. */
static struct value *
new_text(enum value_type type, size_t n)
{
	struct value *v;

	if (n > SIZE_MAX - sizeof(*v) - 1)
		abort();
	v = xmalloc(sizeof(*v) + n + 1);
	*v = (struct value){.type = type, .text = (char *)(v + 1), .text_n = n};
	v->text[n] = '\0';
	return v;
}

static void
free_text(struct value *v)
{
	if (v->text != (char *)(v + 1))
		free(v->text);
}

struct value *
value_none(void)
{
	return new (VALUE_NONE);
}

struct value *
value_bool(bool b)
{
	struct value *v = new (VALUE_BOOL);

	v->b = b;
	return v;
}

struct value *
value_int(int64_t i)
{
	struct value *v = new (VALUE_INT);

	v->i = i;
	return v;
}

struct value *
value_float(double f)
{
	struct value *v = new (VALUE_FLOAT);

	v->f = f;
	return v;
}

struct value *
value_textn(const char *p, size_t n)
{
	struct value *v = new_text(VALUE_TEXT, n);

	if (n > 0)
		memcpy(v->text, p, n);
	return v;
}

struct value *
value_text(const char *s)
{
	return value_textn(s, strlen(s));
}

struct value *
value_textf(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	struct value *v = new (VALUE_TEXT);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	value_take(v, &b);
	return v;
}

struct value *
value_list(void)
{
	return new (VALUE_LIST);
}

struct value *
value_tuple(void)
{
	return new (VALUE_TUPLE);
}

struct value *
value_dict(void)
{
	return new (VALUE_DICT);
}

struct value *
value_object(const char *cls)
{
	size_t n = strlen(cls);
	struct value *v = new_text(VALUE_OBJECT, n);

	memcpy(v->text, cls, n);
	return v;
}

struct value *
value_pair(struct value *a, struct value *b)
{
	struct value *v = value_tuple();

	value_add(v, a);
	value_add(v, b);
	return v;
}

void
value_free(struct value *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n; i++)
		value_free(v->items[i]);
	free(v->items);
	free_text(v);
	free(v);
}

size_t
value_bytes(const struct value *v)
{
	size_t bytes = 0;

	if (v == NULL)
		return 0;
	for (size_t i = 0; i < v->n; i++)
		bytes += sizeof(v) + value_bytes(v->items[i]);
	return bytes + sizeof(*v) + v->text_n;
}

struct value *
value_copy(const struct value *v)
{
	struct value *copy;

	if (v->text != NULL) {
		copy = new_text(v->type, v->text_n);
		memcpy(copy->text, v->text, v->text_n);
	} else {
		copy = new (v->type);
		copy->i = v->i; /* or whatever the union holds */
	}
	for (size_t i = 0; i < v->n; i++)
		value_add(copy, value_copy(v->items[i]));
	return copy;
}

void
value_take(struct value *v, struct buf *text)
{
	free_text(v);
	v->text_n = text->n;
	v->text = buf_detach(text);
}

struct value *
value_add(struct value *v, struct value *item)
{
	if (v->cap == 0) { /* most lists are short */
		v->cap = 4;
		v->items = xreallocarray(NULL, v->cap, sizeof(*v->items));
	} else
		GROW(v->items, v->n, v->cap);
	v->items[v->n++] = item;
	return item;
}

void
value_adds(struct value *v, const char *s)
{
	value_add(v, value_text(s));
}

void
value_insert(struct value *v, size_t at, struct value *item)
{
	GROW(v->items, v->n, v->cap);
	memmove(
	    v->items + at + 1, v->items + at, (v->n - at) * sizeof(*v->items));
	v->items[at] = item;
	v->n++;
}

void
value_remove(struct value *v, size_t at)
{
	value_free(v->items[at]);
	v->n--;
	memmove(
	    v->items + at, v->items + at + 1, (v->n - at) * sizeof(*v->items));
}

/* Index of the key's item, v->n when absent. */
static size_t
find(const struct value *v, const char *key, size_t n)
{
	size_t i;

	for (i = 0; i < v->n; i += 2)
		if (v->items[i]->type == VALUE_TEXT &&
		    v->items[i]->text_n == n &&
		    memcmp(v->items[i]->text, key, n) == 0)
			break;
	return i;
}

void
value_setn(struct value *dict, const char *key, size_t n, struct value *v)
{
	size_t i = find(dict, key, n);

	if (i < dict->n) {
		value_free(dict->items[i + 1]);
		dict->items[i + 1] = v;
		return;
	}
	value_add(dict, value_textn(key, n));
	value_add(dict, v);
}

void
value_set(struct value *dict, const char *key, struct value *v)
{
	value_setn(dict, key, strlen(key), v);
}

struct value *
value_get(const struct value *dict, const char *key)
{
	size_t i;

	if (!value_is(dict, VALUE_DICT))
		return NULL;
	i = find(dict, key, strlen(key));
	return i < dict->n ? dict->items[i + 1] : NULL;
}

void
value_del(struct value *dict, const char *key)
{
	size_t i = find(dict, key, strlen(key));

	if (i < dict->n) {
		value_remove(dict, i);
		value_remove(dict, i);
	}
}

struct value *
value_at(const struct value *v, size_t i)
{
	return v != NULL && i < v->n ? v->items[i] : NULL;
}

const char *
value_str(const struct value *v)
{
	return value_is(v, VALUE_TEXT) ? v->text : NULL;
}

bool
value_is(const struct value *v, enum value_type type)
{
	return v != NULL && v->type == type;
}

bool
value_eq(const struct value *a, const struct value *b)
{
	if (a->type != b->type || a->n != b->n || a->text_n != b->text_n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!value_eq(a->items[i], b->items[i]))
			return false;
	switch (a->type) {
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_INT:
		return a->i == b->i;
	case VALUE_FLOAT:
		return a->f == b->f;
	case VALUE_TEXT:
	case VALUE_OBJECT:
		return memcmp(a->text, b->text, a->text_n) == 0;
	case VALUE_NONE:
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
		break;
	}
	return true;
}

bool
value_truth(const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		return v->b;
	case VALUE_INT:
		return v->i != 0;
	case VALUE_FLOAT:
		return v->f != 0;
	case VALUE_TEXT:
		return v->text_n > 0;
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
		return v->n > 0;
	case VALUE_OBJECT:
		break;
	}
	return true;
}
