/*
 * Escapes and character classes of the dialect: everything that stands for
 * one character or one place.
 */
#include <string.h>

#include "base/utf8.h"
#include "sensor/dialect_scan.h"

static bool
is_in(char32_t c, const char *set)
{
	return c != 0 && c < 0x80 && strchr(set, (int)c) != NULL;
}

static bool
is_octal(char32_t c)
{
	return c >= '0' && c <= '7';
}

static bool
is_digit(char32_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct node *
char_node(struct scan *s, char32_t c)
{
	struct node *node = scan_node(s, NODE_CHAR);

	node->c = c;
	if (c > 0x7f)
		s->d->non_ascii = true;
	return node;
}

/* The escape is what stands between start and here. */
static struct node *
bad_escape(struct scan *s, size_t start, const char *what)
{
	scan_error(
	    s, start, "%s %.*s", what, (int)(s->at - start), s->p + start);
	return NULL;
}

static char32_t
digit_value(char32_t c)
{
	if (is_digit(c))
		return c - '0';
	return (c | 0x20) - 'a' + 10;
}

/* Exactly this many hexadecimal digits. */
static struct node *
hex_escape(struct scan *s, size_t start, int digits)
{
	char32_t c = 0;

	for (int i = 0; i < digits; i++) {
		if (!is_in(scan_peek(s), "0123456789abcdefABCDEF"))
			return bad_escape(s, start, "incomplete escape");
		c = c << 4 | digit_value(scan_get(s));
	}
	if (c > 0x10ffff)
		return bad_escape(s, start, "bad escape");
	return char_node(s, c);
}

/* Up to two more octal digits after the first one, of value c. */
static struct node *
octal_escape(struct scan *s, size_t start, char32_t c)
{
	for (int i = 0; i < 2 && is_octal(scan_peek(s)); i++)
		c = c * 8 + scan_get(s) - '0';
	if (c > 0377) {
		scan_error(s, start,
		    "octal escape value %.*s outside of range 0-0o377",
		    (int)(s->at - start), s->p + start);
		return NULL;
	}
	return char_node(s, c);
}

bool
scan_may_refer(struct scan *s, int group)
{
	if (s->behind < 0)
		return true;
	if (group > s->d->groups || s->open[group])
		scan_error(s, s->at, "cannot refer to an open group");
	else if (group > s->behind)
		scan_error(s, s->at,
		    "cannot refer to group defined in the same lookbehind "
		    "subpattern");
	else
		return true;
	return false;
}

static struct node *
ref_node(struct scan *s, size_t start, int group)
{
	struct node *node;

	if (group > s->d->groups) {
		scan_error(s, start + 1, "invalid group reference %d", group);
		return NULL;
	}
	if (s->open[group]) {
		scan_error(s, start, "cannot refer to an open group");
		return NULL;
	}
	if (!scan_may_refer(s, group))
		return NULL;
	node = scan_node(s, NODE_REF);
	node->group = group;
	return node;
}

/* \1 ... \99, or three octal digits. */
static struct node *
digit_escape(struct scan *s, size_t start, char32_t first)
{
	char32_t second = scan_peek(s);

	if (!is_digit(second))
		return ref_node(s, start, (int)(first - '0'));
	(void)scan_get(s);
	if (is_octal(first) && is_octal(second) && is_octal(scan_peek(s))) {
		s->at = start + 2;
		return octal_escape(s, start, first - '0');
	}
	return ref_node(s, start, (int)((first - '0') * 10 + second - '0'));
}

static struct node *
typed_node(struct scan *s, enum node_type type, char32_t c)
{
	struct node *node = scan_node(s, type);

	node->c = c;
	return node;
}

/* \N{NAME} */
static struct node *
named_escape(struct scan *s, size_t start)
{
	const char *name = s->p + s->at + 1, *end;
	char32_t c;

	if (scan_peek(s) != '{')
		return scan_fail(s, s->at, "missing {");
	end = memchr(name, '}', s->n - s->at - 1);
	if (end == NULL)
		return scan_fail(s, s->at, "missing }, unterminated name");
	s->at = (size_t)(end - s->p) + 1;
	c = dialect_named(name, (size_t)(end - name));
	if (c != 0)
		return char_node(s, c);
	scan_error(s, start,
	    "undefined character name '%.*s' (only those of ASCII are known "
	    "here: write the character itself)",
	    (int)(end - name), name);
	return NULL;
}

static struct node *
letter_escape(struct scan *s, size_t start, char32_t c)
{
	static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";

	if (is_in(c, "dDsSwW"))
		return typed_node(s, NODE_CATEGORY, c);
	if (is_in(c, from))
		return char_node(s, (char32_t)to[strchr(from, (int)c) - from]);
	if (c == 'x')
		return hex_escape(s, start, 2);
	if (c == 'u')
		return hex_escape(s, start, 4);
	if (c == 'U')
		return hex_escape(s, start, 8);
	if (c == 'N')
		return named_escape(s, start);
	return bad_escape(s, start, "bad escape");
}

struct node *
scan_escape(struct scan *s, size_t start, bool in_class)
{
	char32_t c = scan_get(s);

	if (c == SCAN_END) {
		scan_error(s, start, "bad escape (end of pattern)");
		return NULL;
	}
	if (in_class && c == 'b')
		return char_node(s, '\b');
	if (!in_class && is_in(c, "AbBZ"))
		return typed_node(s, NODE_AT, c);
	if (is_letter(c))
		return letter_escape(s, start, c);
	if (c == '0' || (in_class && is_octal(c)))
		return octal_escape(s, start, c - '0');
	if (is_digit(c) && in_class)
		return bad_escape(s, start, "bad escape");
	if (is_digit(c))
		return digit_escape(s, start, c);
	return char_node(s, c);
}

static struct node *
unterminated(struct scan *s, size_t class_start)
{
	scan_error(s, class_start, "unterminated character set");
	return NULL;
}

/* One member of a class: a character or an escape; NULL: error told. */
static struct node *
class_item(struct scan *s, size_t class_start)
{
	size_t start = s->at;
	char32_t c = scan_get(s);

	if (c == SCAN_END)
		return unterminated(s, class_start);
	if (c == '\\')
		return scan_escape(s, start, true);
	return char_node(s, c);
}

int
scan_token(const struct scan *s, size_t at)
{
	char32_t c;
	size_t n = s->p[at] == '\\' ? 1 : 0;

	if (at + n < s->n)
		n += utf8_decode(s->p + at + n, s->n - at - n, &c);
	return (int)n;
}

/* The item from, which began at start, or the range that it begins. */
static struct node *
class_range(struct scan *s, size_t class_start, struct node *from, size_t start)
{
	size_t minus = s->at, second;
	struct node *to, *range;

	if (!scan_skip(s, '-'))
		return from;
	if (scan_peek(s) == SCAN_END)
		return unterminated(s, class_start);
	if (scan_peek(s) == ']') {
		s->at = minus; /* it stands for itself, as the next item */
		return from;
	}
	second = s->at;
	if ((to = class_item(s, class_start)) == NULL)
		return NULL;
	if (from->type != NODE_CHAR || to->type != NODE_CHAR ||
	    to->c < from->c) {
		scan_error(s, start, "bad character range %.*s-%.*s",
		    scan_token(s, start), s->p + start, scan_token(s, second),
		    s->p + second);
		return NULL;
	}
	range = scan_node(s, NODE_RANGE);
	range->c = from->c;
	range->hi = to->c;
	return range;
}

struct node *
scan_class(struct scan *s, size_t class_start)
{
	struct node *set = scan_node(s, NODE_CLASS);
	struct node **end = &set->kids;

	set->negated = scan_skip(s, '^');
	while (set->kids == NULL || !scan_skip(s, ']')) {
		size_t start = s->at;
		struct node *item = class_item(s, class_start);

		if (item != NULL)
			item = class_range(s, class_start, item, start);
		if (item == NULL)
			return NULL;
		*end = item;
		end = &item->next;
	}
	return set;
}
