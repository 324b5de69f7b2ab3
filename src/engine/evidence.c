/*
 * Lines are packed values as they came, one behind the other, the oldest
 * first; they are made what they have to be when somebody wants them. A record
 * of the spool is the place of the one before (0: none), then the same bytes;
 * the first record begins with the data.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/evidence.h"

/* Of lines; what a message may hold is far less. */
#define COUNT_MAX 0x7fffffffu

/* The items of a list without its head. */
static struct packed
inside(struct packed list)
{
	struct packed_iter it = packed_items(list);

	return (struct packed){it.left > 0 ? it.u.p : "", it.u.n};
}

static unsigned
count(struct packed list)
{
	return (unsigned)packed_items(list).left & COUNT_MAX;
}

void
evidence_init(struct evidence *e, struct packed matches, struct packed data)
{
	struct packed lines = inside(matches);

	*e = (struct evidence){
	    .lines = count(matches),
	    .firsts = count(matches),
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

static void
keep_last(struct evidence *e, uint32_t max)
{
	struct unpack u;
	size_t left;

	if (e->lines <= max)
		return;
	unpack_init(&u, e->p + e->data_n, e->n - e->data_n);
	for (; e->lines > max; e->lines--) {
		(void)packed_take(&u);
		e->firsts -= e->firsts > 0;
	}
	left = u.n;
	memmove(e->p + e->data_n, u.p, left);
	e->n = e->data_n + (uint32_t)left;
}

/* Place of the record, 0: it could not be written. */
static uint64_t
add_record(struct spool *s, uint64_t before, struct packed bytes)
{
	return spool_add(s, &(struct spool_record){(const char *)&before,
	                        sizeof(before), bytes.p, bytes.n});
}

bool
evidence_add(
    struct evidence *e, struct packed matches, int max, struct spool *s)
{
	struct packed lines = inside(matches);
	uint64_t place;

	e->merged = true;
	if (lines.n == 0)
		return true;
	if (e->spooled) {
		place = add_record(s, e->last, lines);
		if (place != 0)
			e->last = place;
		return place != 0;
	}
	e->p = xreallocarray(e->p, e->n + lines.n, 1);
	memcpy(e->p + e->n, lines.p, lines.n);
	e->n += (uint32_t)lines.n;
	e->lines = (e->lines + count(matches)) & COUNT_MAX;
	keep_last(e, max < 0 ? 0 : (uint32_t)max);
	return true;
}

size_t
evidence_bytes(const struct evidence *e)
{
	return e->spooled ? 0 : e->n;
}

bool
evidence_spool(struct evidence *e, struct spool *s)
{
	uint64_t place = add_record(s, 0, (struct packed){e->p, e->n});

	if (place == 0)
		return false;
	free(e->p);
	e->first = e->last = place;
	e->spooled = true;
	return true;
}

/* ---- back to values */

/* A line as one text. */
static struct value *
joined(struct packed line)
{
	struct packed_iter it = packed_items(line);
	struct buf text = BUF_INIT;
	struct packed part;
	struct value *v;

	if (packed_type(line) != VALUE_LIST && packed_type(line) != VALUE_TUPLE)
		packed_print(&text, line);
	while (packed_next(&it, &part))
		packed_print(&text, part);
	v = value_textn(text.p, text.n);
	buf_release(&text);
	return v;
}

/*
 * Appends the lines of u, the newest first, up to max in list; those behind
 * the first ones are joined.
 */
static void
collect(struct value *list, struct unpack *u, size_t firsts, size_t max)
{
	struct value *lines = value_list();

	while (!u->bad && u->n > 0) {
		struct packed line = packed_take(u);

		value_add(lines,
		    lines->n < firsts ? packed_value(line) : joined(line));
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

/* Of the record before; it is in the byte order of this process. */
static uint64_t
take_place(struct unpack *u)
{
	uint64_t place = 0;

	if (u->n < sizeof(place)) {
		u->bad = true;
		return 0;
	}
	memcpy(&place, u->p, sizeof(place));
	u->p += sizeof(place);
	u->n -= sizeof(place);
	return place;
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
		place = take_place(&u);
		if (is_first)
			(void)packed_take(&u);
		collect(t->matches, &u, is_first ? SIZE_MAX : 0, max);
	}
	buf_reset(&b);
	if (spool_read(s, e->first, &b)) {
		unpack_init(&u, b.p, b.n);
		(void)take_place(&u);
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
		collect(t->matches, &u, e->firsts, most);
	}
	reverse(t->matches);
}
