#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/linelist.h"

void
linelist_reset(struct linelist *l)
{
	l->n = 0;
	buf_reset(&l->text);
}

void
linelist_release(struct linelist *l)
{
	free(l->items);
	buf_release(&l->text);
	memset(l, 0, sizeof(*l));
	buf_init(&l->text);
}

/* Drops the older half: seldom, so that it costs little a line. */
static void
drop_oldest(struct linelist *l)
{
	size_t drop = l->n / 2;
	uint32_t bytes = l->items[drop].at;

	l->n -= drop;
	memmove(l->items, l->items + drop, l->n * sizeof(*l->items));
	for (size_t i = 0; i < l->n; i++)
		l->items[i].at -= bytes;
	buf_splice(&l->text, 0, bytes, "", 0);
}

void
linelist_add(struct linelist *l, const struct triple *t)
{
	struct linelist_item *i;

	if (l->n >= LINELIST_MAX)
		drop_oldest(l);
	if (l->cap == 0) { /* most have a line or two */
		l->cap = 2;
		l->items = xreallocarray(NULL, l->cap, sizeof(*l->items));
	} else
		GROW(l->items, l->n, l->cap);
	i = &l->items[l->n++];
	i->at = (uint32_t)l->text.n;
	i->before_n = (uint32_t)t->before_n;
	i->date_n = (uint32_t)t->date_n;
	i->after_n = (uint32_t)t->after_n;
	buf_add(&l->text, t->before, t->before_n);
	buf_add(&l->text, t->date, t->date_n);
	buf_add(&l->text, t->after, t->after_n);
}

struct triple
linelist_at(const struct linelist *l, size_t i)
{
	const struct linelist_item *item = &l->items[i];
	const char *p = l->text.p + item->at;
	struct triple t = {
	    .before = p,
	    .before_n = item->before_n,
	    .date = p + item->before_n,
	    .date_n = item->date_n,
	    .after = p + item->before_n + item->date_n,
	    .after_n = item->after_n,
	};

	return t;
}

void
linelist_append(struct linelist *l, const struct linelist *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct triple t = linelist_at(from, i);

		linelist_add(l, &t);
	}
}

void
triple_pack(struct buf *b, const struct triple *t)
{
	pack_sequence(b, VALUE_LIST, 3);
	pack_text(b, t->before, t->before_n);
	pack_text(b, t->date, t->date_n);
	pack_text(b, t->after, t->after_n);
}
