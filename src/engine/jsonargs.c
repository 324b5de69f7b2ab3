#include <jansson.h>
#include <string.h>

#include "engine/jsonargs.h"

enum {
	DEPTH_MAX = 32,
};

static struct value *convert(const json_t *json, int depth);

static struct value *
convert_array(const json_t *json, int depth)
{
	struct value *list = value_list();

	for (size_t i = 0; i < json_array_size(json); i++)
		value_add(list, convert(json_array_get(json, i), depth + 1));
	return list;
}

static struct value *
convert_object(const json_t *json, int depth)
{
	struct value *dict = value_dict();
	json_t *copy = json_deep_copy(json); /* its iterators are not const */
	const char *key;
	json_t *item;

	json_object_foreach(copy, key, item)
	    value_set(dict, key, convert(item, depth + 1));
	json_decref(copy);
	return dict;
}

/* What is too deep becomes None. */
static struct value *
convert(const json_t *json, int depth)
{
	if (depth > DEPTH_MAX)
		return value_none();
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return convert_object(json, depth);
	case JSON_ARRAY:
		return convert_array(json, depth);
	case JSON_STRING:
		return value_textn(
		    json_string_value(json), json_string_length(json));
	case JSON_INTEGER:
		return value_int(json_integer_value(json));
	case JSON_REAL:
		return value_float(json_real_value(json));
	case JSON_TRUE:
		return value_bool(true);
	case JSON_FALSE:
		return value_bool(false);
	case JSON_NULL:
		break;
	}
	return value_none();
}

struct value *
jsonargs_read(const char *text, struct err *err)
{
	json_error_t error;
	struct value *dict = NULL;
	json_t *json;

	if (text == NULL || text[0] == '\0')
		return value_dict();
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		(void)err_set(err, "arguments are no JSON: %s", error.text);
	else if (!json_is_object(json))
		(void)err_set(err,
		    "arguments are no JSON object ({\"name\": value, ...}): %s",
		    text);
	else
		dict = convert(json, 0);
	json_decref(json);
	return dict;
}
