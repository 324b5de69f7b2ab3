#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "literal.h"

static struct value *read_value(const char **p);

static void
skip(const char **p)
{
	*p += strspn(*p, " ,:");
}

static struct value *
read_items(const char **p, struct value *v, char end)
{
	(*p)++;
	for (skip(p); **p != end; skip(p))
		value_add(v, read_value(p));
	(*p)++;
	return v;
}

static struct value *
read_text(const char **p)
{
	const char *end = strchr(*p + 1, '\'');
	struct value *v;

	if (end == NULL)
		abort();
	v = value_textn(*p + 1, (size_t)(end - *p - 1));
	*p = end + 1;
	return v;
}

static struct value *
read_number(const char **p)
{
	size_t n = strspn(*p, "-0123456789.");
	struct value *v = memchr(*p, '.', n) != NULL
	                      ? value_float(strtod(*p, NULL))
	                      : value_int(strtoll(*p, NULL, 10));

	*p += n;
	return v;
}

static struct value *
read_name(const char **p)
{
	char name[64] = "";
	size_t n = strcspn(*p, "(,)]}: ");

	if (n == 0 || n >= sizeof(name))
		abort();
	memcpy(name, *p, n);
	*p += n;
	if (**p == '(')
		return read_items(p, value_object(name), ')');
	if (strcmp(name, "None") == 0)
		return value_none();
	return value_bool(strcmp(name, "True") == 0);
}

static struct value *
read_value(const char **p)
{
	skip(p);
	switch (**p) {
	case '[':
		return read_items(p, value_list(), ']');
	case '(':
		return read_items(p, value_tuple(), ')');
	case '{':
		return read_items(p, value_dict(), '}');
	case '\'':
		return read_text(p);
	default:
		return isdigit((unsigned char)**p) || **p == '-'
		           ? read_number(p)
		           : read_name(p);
	}
}

struct value *
literal(const char *s)
{
	struct value *v = read_value(&s);

	if (*s != '\0')
		abort();
	return v;
}
