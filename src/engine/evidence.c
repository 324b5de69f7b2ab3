/*
 * Lines are packed values one behind the other, the oldest first. A record of
 * the spool is the place of the one before (0: none), then the same bytes; the
 * first record begins with the data.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/evidence.h"

enum { PLACE = sizeof(uint64_t) };

/* The items of a list without its head. */
static struct packed
inside(struct packed list)
{
	struct packed_iter it = packed_items(list);

	return (struct packed){it.left > 0 ? it.u.p : "", it.u.n};
}

void
evidence_init(struct evidence *e, struct packed matches, struct packed data)
{
	struct packed lines = inside(matches);

	*e = (struct evidence){
	    .lines = (uint32_t)packed_items(matches).left,
	    .data_n = (uint32_t)data.n,
	    .n = (uint32_t)(data.n + lines.n),
	};
	e->p = xmalloc(e->n);
	memcpy(e->p, data.p, data.n);
	memcpy(e->p + data.n, lines.p, lines.n);
}

void
evidence_release(struct evidence *e)
{
	if (!e->spooled)
		free(e->p);
	*e = (struct evidence){.p = NULL};
}

/* A line as one text. */
static void
pack_joined(struct buf *out, struct packed line)
{
	struct packed_iter it = packed_items(line);
	struct buf text = BUF_INIT;
	struct packed part;

	if (packed_type(line) == VALUE_TEXT) {
		buf_add(out, line.p, line.n);
		return;
	}
	while (packed_next(&it, &part))
		packed_print(&text, part);
	pack_text(out, text.p, text.n);
	buf_release(&text);
}

/* Returns their number. */
static uint32_t
pack_lines(struct buf *out, struct packed matches)
{
	struct packed_iter it = packed_items(matches);
	struct packed line;
	uint32_t n = 0;

	for (; packed_next(&it, &line); n++)
		pack_joined(out, line);
	return n;
}

static void
keep_last(struct evidence *e, uint32_t max)
{
	struct unpack u;
	size_t left;

	if (e->lines <= max)
		return;
	unpack_init(&u, e->p + e->data_n, e->n - e->data_n);
	for (; e->lines > max; e->lines--)
		(void)packed_take(&u);
	left = u.n;
	memmove(e->p + e->data_n, u.p, left);
	e->n = e->data_n + (uint32_t)left;
}

static void
append(struct evidence *e, const struct buf *lines, uint32_t n)
{
	e->p = xreallocarray(e->p, e->n + lines->n, 1);
	memcpy(e->p + e->n, lines->p, lines->n);
	e->n += (uint32_t)lines->n;
	e->lines += n;
}

bool
evidence_add(
    struct evidence *e, struct packed matches, int max, struct spool *s)
{
	struct buf b = BUF_INIT;
	uint64_t place = 0;
	uint32_t n;

	e->merged = true;
	if (e->spooled)
		pack_u64(&b, e->last);
	n = pack_lines(&b, matches);
	if (e->spooled && n > 0) {
		place = spool_add(s, b.p, b.n);
		if (place != 0)
			e->last = place;
	} else if (!e->spooled) {
		append(e, &b, n);
		keep_last(e, max < 0 ? 0 : (uint32_t)max);
	}
	buf_release(&b);
	return !e->spooled || n == 0 || place != 0;
}

size_t
evidence_bytes(const struct evidence *e)
{
	return e->spooled ? 0 : e->n;
}

bool
evidence_spool(struct evidence *e, struct spool *s)
{
	struct buf b = BUF_INIT;
	uint64_t place;

	pack_u64(&b, 0);
	buf_add(&b, e->p, e->n);
	place = spool_add(s, b.p, b.n);
	buf_release(&b);
	if (place == 0)
		return false;
	free(e->p);
	e->first = e->last = place;
	e->spooled = true;
	return true;
}

/* ---- back to values */

/* Appends the lines of u, the newest first, up to max in list. */
static void
collect(struct value *list, struct unpack *u, size_t max)
{
	struct value *lines = value_list();

	while (!u->bad && u->n > 0) {
		struct value *line = unpack_value(u);

		if (line != NULL)
			value_add(lines, line);
	}
	while (lines->n > 0 && list->n < max)
		value_add(list, lines->items[--lines->n]);
	value_free(lines);
}

static void
reverse(struct value *list)
{
	for (size_t i = 0; i < list->n / 2; i++) {
		struct value *item = list->items[i];

		list->items[i] = list->items[list->n - 1 - i];
		list->items[list->n - 1 - i] = item;
	}
}

/* The data of a first piece; u goes on behind it. */
static struct value *
take_data(struct unpack *u)
{
	struct value *data = unpack_value(u);

	if (value_is(data, VALUE_DICT))
		return data;
	value_free(data);
	return value_dict();
}

static void
get_spooled(
    const struct evidence *e, struct spool *s, size_t max, struct ticket *t)
{
	struct buf b = BUF_INIT;
	uint64_t place = e->last;
	struct unpack u;

	while (place != 0 && t->matches->n < max) {
		bool is_first = place == e->first;

		buf_reset(&b);
		if (!spool_read(s, place, &b))
			break;
		unpack_init(&u, b.p, b.n);
		place = unpack_u64(&u);
		if (is_first)
			(void)packed_take(&u);
		collect(t->matches, &u, max);
	}
	buf_reset(&b);
	if (spool_read(s, e->first, &b)) {
		unpack_init(&u, b.p + PLACE, b.n - PLACE);
		value_free(t->data);
		t->data = take_data(&u);
	}
	buf_release(&b);
}

void
evidence_get(
    const struct evidence *e, struct spool *s, int max, struct ticket *t)
{
	size_t most = !e->merged ? SIZE_MAX : max < 0 ? 0 : (size_t)max;
	struct unpack u;

	value_free(t->matches);
	t->matches = value_list();
	if (e->spooled)
		get_spooled(e, s, most, t);
	else {
		unpack_init(&u, e->p, e->n);
		value_free(t->data);
		t->data = take_data(&u);
		collect(t->matches, &u, most);
	}
	reverse(t->matches);
}
