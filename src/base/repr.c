/*
 * Python's repr() of values. The rules for text are those of its str type:
 * printable characters stand for themselves, the others are escaped.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"
#include "base/value.h"

static void
repr_char(struct buf *out, char32_t c, char quote)
{
	if (c == '\\' || c == (char32_t)quote) {
		buf_addc(out, '\\');
		buf_addc(out, (char)c);
	} else if (c == '\n')
		buf_adds(out, "\\n");
	else if (c == '\r')
		buf_adds(out, "\\r");
	else if (c == '\t')
		buf_adds(out, "\\t");
	else if (c < 0x20 || c == 0x7f)
		buf_addf(out, "\\x%02x", (unsigned)c);
	else if (utf8_is_printable(c))
		utf8_add(out, c);
	else if (c < 0x100)
		buf_addf(out, "\\x%02x", (unsigned)c);
	else if (c < 0x10000)
		buf_addf(out, "\\u%04x", (unsigned)c);
	else
		buf_addf(out, "\\U%08x", (unsigned)c);
}

/* Bytes that are printed in one go. */
#define CHUNK 256

/* What is printed for a byte: 0 itself, 1 not simple, else behind a "\". */
static const char escapes[256] = {
    [0 ... 8] = 1,
    [11 ... 12] = 1,
    [14 ... 31] = 1,
    ['\n'] = 'n',
    ['\r'] = 'r',
    ['\t'] = 't',
    ['\''] = '\'',
    ['"'] = '"',
    ['\\'] = '\\',
    [127 ... 255] = 1,
};

/* Prints leading bytes that are simple. Returns their number. */
static size_t
repr_plain(struct buf *out, const char *p, size_t n, char quote)
{
	char *start = buf_grow(out, 2 * CHUNK), *to = start;
	size_t end = n < CHUNK ? n : CHUNK, i = 0;

	for (; i < end; i++) {
		char c = p[i], escape = escapes[(unsigned char)c];

		if (escape == 1)
			break;
		if (escape != 0 && (c == quote || (c != '\'' && c != '"'))) {
			*to++ = '\\';
			c = escape;
		}
		*to++ = c;
	}
	buf_commit(out, (size_t)(to - start));
	return i;
}

void
value_repr_text(struct buf *out, const char *p, size_t n)
{
	char quote = '\'';

	if (memchr(p, '\'', n) != NULL && memchr(p, '"', n) == NULL)
		quote = '"';
	buf_addc(out, quote);
	for (size_t i = 0; i < n;) {
		char32_t c;
		size_t used = repr_plain(out, p + i, n - i, quote);

		if (used > 0) {
			i += used;
			continue;
		}
		used = utf8_decode(p + i, n - i, &c);

		if (used == 0) {
			/* as Python shows an undecodable byte it took in */
			buf_addf(out, "\\udc%02x", (unsigned char)p[i]);
			used = 1;
		} else
			repr_char(out, c, quote);
		i += used;
	}
	buf_addc(out, quote);
}

void
value_repr_float(struct buf *out, double f)
{
	char text[40];
	int digits = 1;

	if (isnan(f) || isinf(f)) {
		buf_adds(out, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	/* the fewest digits that read back as the same number */
	for (; digits < 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits - 1, f);
		if (strtod(text, NULL) == f)
			break;
	}
	(void)snprintf(text, sizeof(text), "%.*e", digits - 1, f);
	{
		int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);

		if (exponent >= -4 && exponent < 16) {
			int places = digits - 1 - exponent;

			(void)snprintf(text, sizeof(text), "%.*f",
			    places < 1 ? 1 : places, f);
		}
	}
	buf_adds(out, text);
}

static void
repr_items(struct buf *out, const struct value *v, char open, char close)
{
	buf_addc(out, open);
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		value_repr(out, v->items[i]);
	}
	if (v->type == VALUE_TUPLE && v->n == 1)
		buf_addc(out, ',');
	buf_addc(out, close);
}

static void
repr_dict(struct buf *out, const struct value *v)
{
	buf_addc(out, '{');
	for (size_t i = 0; i + 1 < v->n; i += 2) {
		if (i > 0)
			buf_adds(out, ", ");
		value_repr(out, v->items[i]);
		buf_adds(out, ": ");
		value_repr(out, v->items[i + 1]);
	}
	buf_addc(out, '}');
}

/* fail2ban: the path of an OSError is an attribute, no argument. */
static void
repr_exception(struct buf *out, const struct value *v)
{
	const char *dot = strrchr(v->text, '.');
	struct value args = *v;

	if (v->n == 3 && value_is(v->items[0], VALUE_INT))
		args.n = 2;
	buf_adds(out, dot == NULL ? v->text : dot + 1);
	repr_items(out, &args, '(', ')');
}

void
value_repr(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		buf_adds(out, "None");
		break;
	case VALUE_BOOL:
		buf_adds(out, v->b ? "True" : "False");
		break;
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)v->i);
		break;
	case VALUE_FLOAT:
		value_repr_float(out, v->f);
		break;
	case VALUE_TEXT:
		value_repr_text(out, v->text, v->text_n);
		break;
	case VALUE_LIST:
		repr_items(out, v, '[', ']');
		break;
	case VALUE_TUPLE:
		repr_items(out, v, '(', ')');
		break;
	case VALUE_DICT:
		repr_dict(out, v);
		break;
	case VALUE_OBJECT:
		repr_exception(out, v);
		break;
	}
}

void
value_print(struct buf *out, const struct value *v)
{
	if (v->type == VALUE_TEXT)
		buf_add(out, v->text, v->text_n);
	else
		value_repr(out, v);
}
