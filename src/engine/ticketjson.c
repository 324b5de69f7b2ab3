#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "engine/ticketjson.h"

enum {
	DEPTH_MAX = 16, /* real data has 3 */
};

/* ---- writing */

static void
write_text(struct buf *out, const char *p, size_t n)
{
	static const char special[] = "\"\\\n\r\t\f\b";
	static const char letters[] = "\"\\nrtfb";
	struct buf clean = BUF_INIT;

	utf8_repair(&clean, p, n);
	buf_addc(out, '"');
	for (size_t i = 0; i < clean.n; i++) {
		char c = clean.p[i];
		const char *found = c == '\0' ? NULL : strchr(special, c);

		if (found != NULL) {
			buf_addc(out, '\\');
			buf_addc(out, letters[found - special]);
		} else if ((unsigned char)c < 0x20)
			buf_addf(out, "\\u%04x", (unsigned)c);
		else
			buf_addc(out, c);
	}
	buf_addc(out, '"');
	buf_release(&clean);
}

static void
write_float(struct buf *out, double f)
{
	if (isnan(f))
		buf_adds(out, "NaN");
	else if (isinf(f))
		buf_adds(out, f > 0 ? "Infinity" : "-Infinity");
	else
		value_repr_float(out, f);
}

static void write_value(struct buf *out, const struct value *v);

static void
write_list(struct buf *out, const struct value *v, size_t from)
{
	buf_addc(out, '[');
	for (size_t i = from; i < v->n; i++) {
		if (i > from)
			buf_adds(out, ", ");
		write_value(out, v->items[i]);
	}
	buf_addc(out, ']');
}

static void
write_key(struct buf *out, const struct value *key)
{
	struct buf text = BUF_INIT;

	value_print(&text, key);
	write_text(out, text.p, text.n);
	buf_adds(out, ": ");
	buf_release(&text);
}

static void
write_dict(struct buf *out, const struct value *v)
{
	buf_addc(out, '{');
	for (size_t i = 0; i + 1 < v->n; i += 2) {
		if (i > 0)
			buf_adds(out, ", ");
		write_key(out, v->items[i]);
		write_value(out, v->items[i + 1]);
	}
	buf_addc(out, '}');
}

static void
write_value(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		buf_adds(out, "null");
		break;
	case VALUE_BOOL:
		buf_adds(out, v->b ? "true" : "false");
		break;
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)v->i);
		break;
	case VALUE_FLOAT:
		write_float(out, v->f);
		break;
	case VALUE_TEXT:
	case VALUE_OBJECT:
		write_text(out, v->text, v->text_n);
		break;
	case VALUE_LIST:
	case VALUE_TUPLE:
		write_list(out, v, 0);
		break;
	case VALUE_DICT:
		write_dict(out, v);
		break;
	}
}

static bool
is_own_key(const struct value *key)
{
	const char *s = value_str(key);

	return s != NULL &&
	       (strcmp(s, "matches") == 0 || strcmp(s, "failures") == 0);
}

void
ticketjson_write(struct buf *out, const struct ticket *t, int maxmatches)
{
	size_t n = t->matches->n,
	       keep = maxmatches > 0 ? (size_t)maxmatches : 0;

	buf_addc(out, '{');
	if (keep > 0) {
		buf_adds(out, "\"matches\": ");
		write_list(out, t->matches, n > keep ? n - keep : 0);
		buf_adds(out, ", ");
	}
	buf_addf(out, "\"failures\": %d", t->failures);
	for (size_t i = 0; i + 1 < t->data->n; i += 2) {
		if (is_own_key(t->data->items[i]))
			continue;
		buf_adds(out, ", ");
		write_key(out, t->data->items[i]);
		write_value(out, t->data->items[i + 1]);
	}
	buf_addc(out, '}');
}

/* ---- reading */

static struct value *
from_json(const json_t *j, int depth)
{
	struct value *v;
	const char *key;
	json_t *item;
	size_t i;

	if (depth > DEPTH_MAX)
		return value_none();
	switch (json_typeof(j)) {
	case JSON_STRING:
		return value_textn(json_string_value(j), json_string_length(j));
	case JSON_INTEGER:
		return value_int(json_integer_value(j));
	case JSON_REAL:
		return value_float(json_real_value(j));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(j));
	case JSON_NULL:
		break;
	case JSON_ARRAY:
		v = value_list();
		json_array_foreach(j, i, item)(void)
		    value_add(v, from_json(item, depth + 1));
		return v;
	case JSON_OBJECT:
		v = value_dict();
		json_object_foreach((json_t *)(uintptr_t)j, key, item)
		    value_set(v, key, from_json(item, depth + 1));
		return v;
	}
	return value_none();
}

static int
failures_of(const struct value *v)
{
	double f = 0;

	if (value_is(v, VALUE_INT))
		f = (double)v->i;
	else if (value_is(v, VALUE_FLOAT))
		f = v->f;
	return f > 0 && f < 1e9 ? (int)f : 0;
}

void
ticketjson_read(struct ticket *t, const char *p, size_t n)
{
	json_error_t why;
	json_t *j = json_loadb(p, n, JSON_ALLOW_NUL, &why);
	struct value *matches;

	if (!json_is_object(j)) {
		log_msg(LOG_ERROR, "database", "json loads failed: %s",
		    j == NULL ? why.text : "not an object");
		json_decref(j);
		return;
	}
	value_free(t->data);
	t->data = from_json(j, 0);
	json_decref(j);
	t->failures = failures_of(value_get(t->data, "failures"));
	matches = value_get(t->data, "matches");
	if (value_is(matches, VALUE_LIST)) {
		value_free(t->matches);
		t->matches = value_copy(matches);
	}
	value_del(t->data, "matches");
	value_del(t->data, "failures");
}
