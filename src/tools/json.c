/*
 * fail2ban has no such output; the shapes here are made for jq: what has a
 * label is found by it, in the order in which the text shows it.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tools/json.h"
#include "tools/render.h"

static json_t *convert(const struct value *v);

/* JSON is UTF-8; texts from logs need not be. */
static json_t *
text(const char *p, size_t n)
{
	struct buf b = BUF_INIT;
	json_t *j;

	utf8_repair(&b, p, n);
	j = json_stringn(b.p, b.n);
	buf_release(&b);
	return j;
}

static void
set(json_t *object, const struct value *key, json_t *j)
{
	struct buf raw = BUF_INIT, good = BUF_INIT;

	value_print(&raw, key);
	utf8_repair(&good, raw.p, raw.n);
	(void)json_object_set_new(object, good.p, j);
	buf_release(&raw);
	buf_release(&good);
}

/* "a, b" -> ["a", "b"] */
static json_t *
split(const char *names)
{
	json_t *array = json_array();

	while (*names != '\0') {
		const char *end = strstr(names, ", ");
		size_t n = end != NULL ? (size_t)(end - names) : strlen(names);

		(void)json_array_append_new(array, text(names, n));
		names += n + (end != NULL ? 2 : 0);
	}
	return array;
}

static json_t *
pairs(const struct value *v)
{
	json_t *object = json_object();

	for (size_t i = 0; i < v->n; i++) {
		const struct value *item = v->items[i];
		const char *label = value_str(value_at(item, 0));

		if (item->type == VALUE_DICT)
			(void)json_object_set_new(
			    object, "Status for the jails", convert(item));
		else if (strcmp(label, "Jail list") == 0 &&
		         value_is(item->items[1], VALUE_TEXT))
			set(object, item->items[0],
			    split(item->items[1]->text));
		else
			set(object, item->items[0], convert(item->items[1]));
	}
	return object;
}

static json_t *
counts(const struct value *v)
{
	return json_pack("{s:I,s:I}", "current", (json_int_t)v->items[0]->i,
	    "total", (json_int_t)v->items[1]->i);
}

static json_t *
stats(const struct value *v)
{
	json_t *object = json_object();

	for (size_t i = 0; i + 1 < v->n; i += 2) {
		const struct value *row = v->items[i + 1];
		json_t *j = json_object();

		(void)json_object_set_new(j, "backend", convert(row->items[0]));
		(void)json_object_set_new(j, "failed", counts(row->items[1]));
		(void)json_object_set_new(j, "banned", counts(row->items[2]));
		set(object, v->items[i], j);
	}
	return object;
}

static json_t *
dict(const struct value *v)
{
	json_t *object = json_object();

	for (size_t i = 0; i + 1 < v->n; i += 2)
		set(object, v->items[i], convert(v->items[i + 1]));
	return object;
}

static json_t *
array(const struct value *v)
{
	json_t *j = json_array();

	for (size_t i = 0; i < v->n; i++)
		(void)json_array_append_new(j, convert(v->items[i]));
	return j;
}

static json_t *
convert(const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(v->b);
	case VALUE_INT:
		return json_integer(v->i);
	case VALUE_FLOAT:
		return isfinite(v->f) ? json_real(v->f) : json_null();
	case VALUE_TEXT:
		return text(v->text, v->text_n);
	case VALUE_LIST:
		return render_is_pairs(v) ? pairs(v) : array(v);
	case VALUE_TUPLE:
	case VALUE_OBJECT:
		return array(v);
	case VALUE_DICT:
		return v->n > 0 && render_is_stats(v) ? stats(v) : dict(v);
	}
	return json_null();
}

static void
dump(struct buf *out, json_t *j)
{
	char *s = json_dumps(j, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

	buf_adds(out, s != NULL ? s : "null");
	free(s);
	json_decref(j);
}

static json_t *
plain(const struct value *v)
{
	json_t *j;

	if (v->type != VALUE_LIST && v->type != VALUE_TUPLE)
		return convert(v);
	j = json_array();
	for (size_t i = 0; i < v->n; i++)
		(void)json_array_append_new(j, plain(v->items[i]));
	return j;
}

void
json_plain(struct buf *out, const struct value *v)
{
	dump(out, plain(v));
}

void
json_answer(struct buf *out, const struct value *v)
{
	dump(out, convert(v));
}

/* One member a line of text. */
static json_t *
lines(const char *p)
{
	json_t *array = json_array();

	while (*p != '\0') {
		size_t n = strcspn(p, "\n");

		if (n > 0)
			(void)json_array_append_new(array, text(p, n));
		p += n + (p[n] != '\0');
	}
	return array;
}

void
json_test(struct buf *out, const char *error, const char *warnings)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "valid", json_boolean(error == NULL));
	if (error != NULL)
		(void)json_object_set_new(
		    object, "error", text(error, strlen(error)));
	(void)json_object_set_new(object, "warnings", lines(warnings));
	dump(out, object);
}

void
json_error(struct buf *out, const char *message)
{
	json_t *object = json_object();

	(void)json_object_set_new(
	    object, "error", text(message, strlen(message)));
	dump(out, object);
}
