/*
 * Status trees and the table of "stats".
 */
#include <string.h>

#include "base/utf8.h"
#include "tools/render.h"

/* ---- trees */

static bool
is_pair(const struct value *v)
{
	return v->type == VALUE_TUPLE && v->n == 2 &&
	       v->items[0]->type == VALUE_TEXT;
}

bool
render_is_pairs(const struct value *v)
{
	if (v->type != VALUE_LIST || v->n == 0 || !is_pair(v->items[0]))
		return false;
	/* fail2ban: "status --all" has a dict behind the pairs */
	for (size_t i = 1; i < v->n; i++)
		if (!is_pair(v->items[i]) && v->items[i]->type != VALUE_DICT)
			return false;
	return true;
}

static void tree(
    struct buf *out, const struct value *pairs, struct buf *indent);

static void
add_branch(struct buf *out, const struct buf *indent, bool last)
{
	buf_addc(out, '\n');
	buf_add(out, indent->p, indent->n);
	buf_adds(out, last ? "`- " : "|- ");
}

/* What stands below a branch. */
static void
below(struct buf *out, const struct value *v, struct buf *indent, bool last)
{
	size_t n = indent->n;

	buf_adds(indent, last ? "   " : "|  ");
	tree(out, v, indent);
	buf_truncate(indent, n);
}

static void
add_leaf(struct buf *out, const struct value *v)
{
	buf_adds(out, ":\t");
	if (v->type != VALUE_LIST) {
		value_print(out, v);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		value_print(out, v->items[i]);
	}
}

/* jail -> status, as "status --all" gives them */
static void
add_jails(struct buf *out, const struct value *jails, struct buf *indent)
{
	for (size_t i = 0; i + 1 < jails->n; i += 2) {
		bool last = i + 2 == jails->n;

		add_branch(out, indent, last);
		buf_adds(out, "Jail: ");
		value_print(out, jails->items[i]);
		if (render_is_pairs(jails->items[i + 1]))
			below(out, jails->items[i + 1], indent, last);
		else
			add_leaf(out, jails->items[i + 1]);
	}
}

static void
tree(struct buf *out, const struct value *pairs, struct buf *indent)
{
	if (pairs->type == VALUE_DICT) {
		add_jails(out, pairs, indent);
		return;
	}
	for (size_t i = 0; i < pairs->n; i++) {
		const struct value *item = pairs->items[i], *v = item;
		bool last = i + 1 == pairs->n;

		add_branch(out, indent, last);
		if (item->type == VALUE_DICT)
			buf_adds(out, "Status for the jails:");
		else {
			value_print(out, item->items[0]);
			v = item->items[1];
		}
		if (v->type == VALUE_DICT || render_is_pairs(v))
			below(out, v, indent, last);
		else
			add_leaf(out, v);
	}
}

void
render_tree(struct buf *out, const struct value *pairs)
{
	struct buf indent = BUF_INIT;

	tree(out, pairs, &indent);
	buf_release(&indent);
}

/* ---- the table */

enum { JAIL, BACKEND, NUMBERS, COLUMNS = NUMBERS + 4 };

/* Double bar, single bar, double line, single line, their crossings. */
static const struct frame {
	const char *bar, *thin, *line, *dash;
	const char *cross, *split, *thin_cross, *foot;
} frames[] = {
    {"|", "|", "-", "-", "x", "|", "x", "-"},
    {"\xe2\x95\x91", "\xe2\x94\x82", "\xe2\x95\x90", "\xe2\x94\x80",
        "\xe2\x95\xac", "\xe2\x95\x9f", "\xe2\x95\xab", "\xe2\x95\xa9"},
};

static bool
is_counts(const struct value *v)
{
	return v != NULL && v->n == 2 && v->items[0]->type == VALUE_INT &&
	       v->items[1]->type == VALUE_INT;
}

bool
render_is_stats(const struct value *v)
{
	if (v->type != VALUE_DICT)
		return false;
	for (size_t i = 0; i + 1 < v->n; i += 2) {
		const struct value *row = v->items[i + 1];

		if (row->type != VALUE_LIST || row->n != 3 ||
		    !is_counts(row->items[1]) || !is_counts(row->items[2]))
			return false;
	}
	return true;
}

/* Text of a cell of the row of the i-th jail. */
static void
cell(struct buf *out, const struct value *stats, size_t i, int column)
{
	const struct value *row = stats->items[i + 1];
	int number = column - NUMBERS;

	buf_reset(out);
	if (column == JAIL)
		value_print(out, stats->items[i]);
	else if (column == BACKEND)
		value_print(out, row->items[0]);
	else
		value_print(out, row->items[1 + number / 2]->items[number % 2]);
}

static void
repeat(struct buf *out, const char *s, size_t n)
{
	while (n-- > 0)
		buf_adds(out, s);
}

/* Text in a field of n characters, numbers at its right end. */
static void
pad(struct buf *out, const char *text, size_t n, bool right)
{
	size_t len = utf8_length(text, strlen(text));

	if (right && len < n)
		repeat(out, " ", n - len);
	buf_adds(out, text);
	if (!right && len < n)
		repeat(out, " ", n - len);
}

static void
measure(size_t widths[COLUMNS], const struct value *stats)
{
	struct buf b = BUF_INIT;

	for (int c = 0; c < COLUMNS; c++) {
		widths[c] = c < NUMBERS ? 8 : 3;
		for (size_t i = 0; i + 1 < stats->n; i += 2) {
			size_t n;

			cell(&b, stats, i, c);
			n = utf8_length(b.p, b.n);
			if (n > widths[c])
				widths[c] = n;
		}
	}
	buf_release(&b);
}

/* A row of six texts. */
static void
add_row(struct buf *out, const struct frame *f, const size_t *widths,
    const char *const texts[COLUMNS])
{
	for (int c = 0; c < COLUMNS; c++) {
		if (c > 0)
			buf_addf(out, " %s",
			    c == NUMBERS + 1 || c == NUMBERS + 3 ? f->thin
			                                         : f->bar);
		buf_addc(out, ' ');
		pad(out, texts[c], widths[c], c >= NUMBERS);
	}
	buf_addc(out, '\n');
}

/* A line of the table; the number columns are two wide ones here. */
static void
add_line(struct buf *out, const struct frame *f, const size_t *widths,
    const char *crossing)
{
	size_t wide[4] = {widths[0] + 2, widths[1] + 2,
	    widths[2] + widths[3] + 5, widths[4] + widths[5] + 5};

	for (int c = 0; c < 4; c++) {
		if (c > 0)
			buf_adds(out, crossing);
		repeat(out, f->line, wide[c]);
	}
}

static void
add_heads(struct buf *out, const struct frame *f, const size_t *widths)
{
	static const char *const last[COLUMNS] = {
	    "", "", "cur", "tot", "cur", "tot"};
	size_t filter = widths[2] + widths[3] + 3;
	size_t actions = widths[4] + widths[5] + 3;

	repeat(out, " ", widths[0] + 2);
	buf_adds(out, f->bar);
	repeat(out, " ", widths[1] + 2);
	buf_addf(out, "%s ", f->bar);
	pad(out, "Filter", filter, false);
	buf_addf(out, " %s ", f->bar);
	pad(out, "Actions", actions, false);
	buf_adds(out, "\n ");
	pad(out, "Jail", widths[0], false);
	buf_addf(out, " %s ", f->bar);
	pad(out, "Backend", widths[1], false);
	buf_addf(out, " %s", f->split);
	repeat(out, f->dash, filter + 2);
	buf_adds(out, f->thin_cross);
	repeat(out, f->dash, actions + 2);
	buf_addc(out, '\n');
	add_row(out, f, widths, last);
}

void
render_stats(struct buf *out, const struct value *stats, bool utf8)
{
	const struct frame *f = &frames[utf8 ? 1 : 0];
	size_t widths[COLUMNS];
	struct buf cells[COLUMNS];
	const char *texts[COLUMNS];

	if (stats->n == 0) {
		buf_adds(out, "No jails found.");
		return;
	}
	measure(widths, stats);
	add_heads(out, f, widths);
	add_line(out, f, widths, f->cross);
	buf_addc(out, '\n');
	for (int c = 0; c < COLUMNS; c++)
		buf_init(&cells[c]);
	for (size_t i = 0; i + 1 < stats->n; i += 2) {
		for (int c = 0; c < COLUMNS; c++) {
			cell(&cells[c], stats, i, c);
			texts[c] = cells[c].p;
		}
		add_row(out, f, widths, texts);
	}
	add_line(out, f, widths, f->foot);
	for (int c = 0; c < COLUMNS; c++)
		buf_release(&cells[c]);
}
