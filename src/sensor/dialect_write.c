/*
 * The tree as a pattern for PCRE2. Everything is written in the form that
 * means the same in all its versions: characters that could be special by
 * number, blanks as ranges, groups without names.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "sensor/dialect.h"

/*
 * PCRE2's word characters. From 10.43 on they are more than Python's, so the
 * properties are named; before, the own class is faster.
 */
#define WORD_GREW (PCRE2_MAJOR > 10 || PCRE2_MINOR >= 43)

struct range {
	char32_t lo;
	char32_t hi;
};

/* Python's str.isspace(), in order. */
static const struct range spaces[] = {{0x09, 0x0d}, {0x1c, 0x20}, {0x85, 0x85},
    {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
/* Blanks of the flag "a". */
static const struct range ascii_spaces[] = {{0x09, 0x0d}, {0x20, 0x20}};

struct writer {
	struct buf *out;
	bool ascii;    /* for ASCII subjects, compiled without UTF */
	char32_t last; /* largest character there can be */
};

static void write_node(struct writer *w, const struct node *node);

static bool
is_plain(char32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == ' ';
}

static void
write_char(struct writer *w, char32_t c)
{
	if (is_plain(c))
		buf_addc(w->out, (char)c);
	else if (c > 0x20 && c < 0x7f)
		buf_addf(w->out, "\\%c", (char)c);
	else
		buf_addf(w->out, "\\x{%x}", (unsigned)c);
}

/* As much of [lo, hi] as a subject can hold. Returns whether it is any. */
static bool
write_range(struct writer *w, char32_t lo, char32_t hi)
{
	if (lo >= 0xd800 && lo <= 0xdfff)
		lo = 0xe000;
	if (hi >= 0xd800 && hi <= 0xdfff)
		hi = 0xd7ff;
	if (hi > w->last)
		hi = w->last;
	if (lo > hi)
		return false;
	write_char(w, lo);
	if (lo < hi) {
		buf_addc(w->out, '-');
		write_char(w, hi);
	}
	return true;
}

/* The ranges, or what lies between them; inside of a class. */
static bool
write_ranges(struct writer *w, const struct range *r, size_t n, bool complement)
{
	char32_t from = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!complement)
			any |= write_range(w, r[i].lo, r[i].hi);
		else if (r[i].lo > from)
			any |= write_range(w, from, r[i].lo - 1);
		from = r[i].hi + 1;
	}
	if (complement && from <= w->last)
		any |= write_range(w, from, w->last);
	return any;
}

/* A category inside of a class. */
static bool
write_category(struct writer *w, const struct node *node)
{
	static const struct range digits[] = {{'0', '9'}};
	static const struct range words[] = {
	    {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
	bool complement = node->c >= 'A' && node->c <= 'Z';
	bool ascii = (node->flags & NODE_A) != 0 || w->ascii;

	switch (node->c | 0x20) {
	case 's':
		if ((node->flags & NODE_A) != 0)
			return write_ranges(w, ascii_spaces,
			    sizeof(ascii_spaces) / sizeof(ascii_spaces[0]),
			    complement);
		return write_ranges(
		    w, spaces, sizeof(spaces) / sizeof(spaces[0]), complement);
	case 'd':
		if (ascii)
			return write_ranges(w, digits, 1, complement);
		buf_adds(w->out, complement ? "\\P{Nd}" : "\\p{Nd}");
		return true;
	default:
		if (ascii)
			return write_ranges(w, words, 4, complement);
		if (WORD_GREW && !complement)
			buf_adds(w->out, "\\p{L}\\p{N}_");
		else
			buf_adds(w->out, complement ? "\\P{Xwd}" : "\\p{Xwd}");
		return true;
	}
}

static bool
write_class_item(struct writer *w, const struct node *item)
{
	if (item->type == NODE_CATEGORY)
		return write_category(w, item);
	if (item->type == NODE_RANGE)
		return write_range(w, item->c, item->hi);
	return write_range(w, item->c, item->c);
}

/* Items are in a chain, or one category alone. */
static void
write_class(struct writer *w, const struct node *items, bool negated, bool one)
{
	size_t start = w->out->n;
	bool any = false;

	buf_adds(w->out, negated ? "[^" : "[");
	for (const struct node *k = items; k != NULL; k = one ? NULL : k->next)
		any |= write_class_item(w, k);
	buf_addc(w->out, ']');
	if (any)
		return;
	/* no character that a subject can hold is in it */
	buf_truncate(w->out, start);
	buf_adds(w->out, negated ? "(?s:.)" : "(?:(?!))");
}

static void
write_literal(struct writer *w, char32_t c)
{
	if (c > w->last || (c >= 0xd800 && c <= 0xdfff))
		buf_adds(w->out, "(?:(?!))");
	else
		write_char(w, c);
}

static void
write_boundary(struct writer *w, const char *word, bool negated)
{
	buf_addf(w->out, "(?:(?<=%s)(?%c%s)|(?<!%s)(?%c%s))", word,
	    negated ? '=' : '!', word, word, negated ? '!' : '=', word);
}

static void
write_at(struct writer *w, const struct node *node)
{
	bool ascii = (node->flags & NODE_A) != 0 && !w->ascii;
	bool boundary = node->c == 'b' || node->c == 'B';

	if (boundary && ascii)
		write_boundary(w, "[0-9A-Za-z_]", node->c == 'B');
	else if (boundary && WORD_GREW && !w->ascii)
		write_boundary(w, "[\\p{L}\\p{N}_]", node->c == 'B');
	else if (node->c == '^' || node->c == '$')
		buf_addc(w->out, (char)node->c);
	else
		buf_addf(w->out, "\\%c", node->c == 'Z' ? 'z' : (char)node->c);
}

static void
write_kids(struct writer *w, const struct node *node, const char *between)
{
	for (const struct node *k = node->kids; k != NULL; k = k->next) {
		if (k != node->kids)
			buf_adds(w->out, between);
		write_node(w, k);
	}
}

static void
write_flags(struct writer *w, unsigned flags)
{
	if ((flags & NODE_I) != 0)
		buf_addc(w->out, 'i');
	if ((flags & NODE_M) != 0)
		buf_addc(w->out, 'm');
	if ((flags & NODE_S) != 0)
		buf_addc(w->out, 's');
}

static void
write_group(struct writer *w, const struct node *node)
{
	if (node->group > 0)
		buf_addc(w->out, '(');
	else {
		buf_adds(w->out, "(?");
		write_flags(w, node->on);
		if (node->off != 0)
			buf_addc(w->out, '-');
		write_flags(w, node->off);
		buf_addc(w->out, ':');
	}
	write_kids(w, node, "");
	buf_addc(w->out, ')');
}

static void
write_look(struct writer *w, const struct node *node)
{
	buf_adds(w->out, node->behind ? "(?<" : "(?");
	buf_addc(w->out, node->negated ? '!' : '=');
	write_kids(w, node, "");
	buf_addc(w->out, ')');
}

static void
write_repeat(struct writer *w, const struct node *node)
{
	write_node(w, node->kids);
	if (node->min == 0 && node->max == 1)
		buf_addc(w->out, '?');
	else if (node->min == 0 && node->max == REPEAT_FOREVER)
		buf_addc(w->out, '*');
	else if (node->min == 1 && node->max == REPEAT_FOREVER)
		buf_addc(w->out, '+');
	else if (node->max == REPEAT_FOREVER)
		buf_addf(w->out, "{%u,}", node->min);
	else
		buf_addf(w->out, "{%u,%u}", node->min, node->max);
	if (node->mode != REPEAT_GREEDY)
		buf_addc(w->out, node->mode == REPEAT_LAZY ? '?' : '+');
}

static void
write_node(struct writer *w, const struct node *node)
{
	switch (node->type) {
	case NODE_CHAR:
	case NODE_RANGE: /* only in a class */
		write_literal(w, node->c);
		break;
	case NODE_ANY:
		buf_addc(w->out, '.');
		break;
	case NODE_CATEGORY:
		write_class(w, node, false, true);
		break;
	case NODE_CLASS:
		write_class(w, node->kids, node->negated, false);
		break;
	case NODE_AT:
		write_at(w, node);
		break;
	case NODE_REF:
		buf_addf(w->out, "\\g{%d}", node->group);
		break;
	case NODE_SEQ:
		write_kids(w, node, "");
		break;
	case NODE_ALT:
		write_kids(w, node, "|");
		break;
	case NODE_GROUP:
		write_group(w, node);
		break;
	case NODE_ATOMIC:
		buf_adds(w->out, "(?>");
		write_kids(w, node, "");
		buf_addc(w->out, ')');
		break;
	case NODE_LOOK:
		write_look(w, node);
		break;
	case NODE_COND:
		buf_addf(w->out, "(?(%d)", node->group);
		write_kids(w, node, "|");
		buf_addc(w->out, ')');
		break;
	case NODE_REPEAT:
		write_repeat(w, node);
		break;
	}
}

void
dialect_write(const struct dialect *d, bool for_ascii, struct buf *out)
{
	struct writer w = {.out = out,
	    .ascii = for_ascii,
	    .last = for_ascii ? 0x7f : 0x10ffff};

	write_node(&w, d->root);
}

bool
dialect_has_ascii_form(const struct dialect *d)
{
	/* the letter k also stands for the Kelvin sign, and so on */
	return !d->non_ascii || !d->caseless;
}
