/*
 * Python's repr() of values. The rules for text are those of its str type:
 * printable characters stand for themselves, the others are escaped.
 */
#include <endian.h>
#include <math.h>
#include <stdint.h>
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

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The top bit of the first byte that is zero, and perhaps of later ones. */
static uint64_t
zero_byte(uint64_t x)
{
	return (x - EACH(1)) & ~x & EACH(0x80);
}

/* How many of 8 bytes come before the first with an entry in escapes. */
static unsigned
count_plain(const char *p)
{
	uint64_t x, hits;

	memcpy(&x, p, sizeof(x));
	x = le64toh(x);
	hits = ((x - EACH(0x20)) & ~x & EACH(0x80)) | (x & EACH(0x80)) |
	       zero_byte(x ^ EACH(0x7f)) | zero_byte(x ^ EACH('\'')) |
	       zero_byte(x ^ EACH('"')) | zero_byte(x ^ EACH('\\'));
	return hits == 0 ? 8 : (unsigned)__builtin_ctzll(hits) / 8;
}

/*
 * Prints leading bytes that are simple; there is room for twice as many, and
 * 8 more. Returns their number.
 */
static size_t
repr_plain(char **out, const char *p, size_t n, char quote)
{
	const char *start = p, *end = p + n;
	char *to = *out;

	while (p < end) {
		char escape;

		if (end - p >= 8) {
			unsigned plain = count_plain(p);

			memcpy(to, p, 8);
			to += plain;
			p += plain;
			if (plain == 8)
				continue;
		}
		escape = escapes[(unsigned char)*p];
		if (escape == 1)
			break;
		if (escape != 0 && (*p == quote || (*p != '\'' && *p != '"'))) {
			*to++ = '\\';
			*to++ = escape;
		} else
			*to++ = *p;
		p++;
	}
	*out = to;
	return (size_t)(p - start);
}

/* One character that is not simple. Returns its bytes. */
static size_t
repr_special(struct buf *out, const char *p, size_t n, char quote)
{
	char32_t c;
	size_t used = utf8_decode(p, n, &c);

	if (used > 0) {
		repr_char(out, c, quote);
		return used;
	}
	/* as Python shows an undecodable byte it took in */
	buf_addf(out, "\\udc%02x", (unsigned char)*p);
	return 1;
}

/* Bytes that are printed in one go. */
#define CHUNK 4096

void
value_repr_text(struct buf *out, const char *p, size_t n)
{
	const char *end = p + n;
	char quote = '\'', *start, *to;

	if (memchr(p, '\'', n) != NULL && memchr(p, '"', n) == NULL)
		quote = '"';
	buf_addc(out, quote);
	while (p < end) {
		n = end - p < CHUNK ? (size_t)(end - p) : CHUNK;
		start = to = buf_grow(out, 2 * n + 8);
		n = repr_plain(&to, p, n, quote);
		buf_commit(out, (size_t)(to - start));
		if (n == 0)
			n = repr_special(out, p, (size_t)(end - p), quote);
		p += n;
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
