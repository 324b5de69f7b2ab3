#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pack.h"
#include "engine/ticket.h"

/* fail2ban: later times print as the last one; a database may hold any. */
#define TIME_LAST 253402300799.0  /* 9999-12-31 23:59:59 UTC */
#define TIME_FIRST -62135596800.0 /* 0001-01-01 00:00:00 UTC */

static struct ticket *
new_bare(const char *id, size_t n, double time)
{
	struct ticket *t = xcalloc(1, sizeof(*t));
	struct buf text = BUF_INIT;

	t->is_addr = addr_parse(&t->addr, id, n);
	if (t->is_addr)
		addr_print(&text, &t->addr);
	else
		buf_add(&text, id, n);
	t->id_n = text.n;
	t->id = buf_detach(&text);
	t->time = time;
	return t;
}

int
ticket_bounded(long long n)
{
	if (n < 0)
		return 0;
	return n < TICKET_COUNT_MAX ? (int)n : TICKET_COUNT_MAX;
}

struct ticket *
ticket_new(const char *id, size_t n, double time)
{
	struct ticket *t = new_bare(id, n, time);

	t->matches = value_list();
	t->data = value_dict();
	return t;
}

struct ticket *
ticket_new_packed(const char *id, size_t n, double time,
    const struct packed matches, const struct packed data)
{
	struct ticket *t = new_bare(id, n, time);

	t->packed_n = matches.n + data.n;
	t->packed_matches = matches.n;
	t->packed = xmalloc(t->packed_n);
	memcpy(t->packed, matches.p, matches.n);
	memcpy(t->packed + matches.n, data.p, data.n);
	return t;
}

struct ticket *
ticket_new_like(const char *id, size_t n, const struct ticket *t)
{
	struct ticket *one = new_bare(id, n, t->time);

	if (t->packed != NULL) {
		one->packed = xmemdup0(t->packed, t->packed_n);
		one->packed_n = t->packed_n;
		one->packed_matches = t->packed_matches;
	} else {
		one->matches = value_copy(t->matches);
		one->data = value_copy(t->data);
	}
	return one;
}

void
ticket_free(struct ticket *t)
{
	if (t == NULL)
		return;
	free(t->id);
	free(t->packed);
	value_free(t->matches);
	value_free(t->data);
	free(t);
}

struct ticket *
ticket_copy(const struct ticket *t)
{
	struct ticket *c = xmalloc(sizeof(*c));

	*c = *t;
	c->id = xmemdup0(t->id, t->id_n);
	if (t->packed != NULL) {
		c->packed = xmemdup0(t->packed, t->packed_n);
		return c;
	}
	c->matches = value_copy(t->matches);
	c->data = value_copy(t->data);
	return c;
}

void
ticket_pack(struct ticket *t)
{
	struct buf b = BUF_INIT;

	if (t->packed != NULL)
		return;
	pack_value(&b, t->matches);
	t->packed_matches = b.n;
	pack_value(&b, t->data);
	t->packed = xmemdup0(b.p, b.n);
	t->packed_n = b.n;
	buf_release(&b);
	value_free(t->matches);
	value_free(t->data);
	t->matches = t->data = NULL;
}

void
ticket_unpack(struct ticket *t)
{
	struct unpack u;

	if (t->packed == NULL)
		return;
	unpack_init(&u, t->packed, t->packed_n);
	t->matches = unpack_value(&u);
	t->data = unpack_value(&u);
	free(t->packed);
	t->packed = NULL;
	if (t->matches == NULL) /* nested deeper than anything we read */
		t->matches = value_list();
	if (t->data == NULL)
		t->data = value_dict();
}

const char *
ticket_ip(const struct ticket *t)
{
	const char *ip = value_str(value_get(t->data, "ip"));

	return ip != NULL ? ip : t->id;
}

int
ticket_family(const struct ticket *t)
{
	const struct value *ip = value_get(t->data, "ip");
	struct addr a;

	if (value_is(ip, VALUE_TEXT))
		return addr_parse(&a, ip->text, ip->text_n) ? a.family : 0;
	return t->is_addr ? t->addr.family : 0;
}

double
ticket_end(const struct ticket *t, double bantime)
{
	if (t->has_bantime)
		bantime = t->bantime;
	return bantime == -1 ? INFINITY : t->time + bantime;
}

void
ticket_parts(const struct ticket *t, struct buf *scratch,
    struct packed *matches, struct packed *data)
{
	size_t at = t->packed_matches;

	buf_reset(scratch);
	if (t->packed != NULL) {
		*matches = (struct packed){t->packed, at};
		*data = (struct packed){t->packed + at, t->packed_n - at};
		return;
	}
	pack_value(scratch, t->matches);
	at = scratch->n;
	pack_value(scratch, t->data);
	*matches = (struct packed){scratch->p, at};
	*data = (struct packed){scratch->p + at, scratch->n - at};
}

static void
add_match(struct buf *out, const struct value *m)
{
	if (!value_is(m, VALUE_LIST) && !value_is(m, VALUE_TUPLE)) {
		value_print(out, m);
		return;
	}
	for (size_t i = 0; i < m->n; i++)
		value_print(out, m->items[i]);
}

void
ticket_matches(struct buf *out, const struct ticket *t)
{
	for (size_t i = 0; i < t->matches->n; i++) {
		if (i > 0)
			buf_addc(out, '\n');
		add_match(out, t->matches->items[i]);
	}
}

void
ticket_keep_matches(struct ticket *t, int max)
{
	while (t->matches->n > (size_t)(max < 0 ? 0 : max))
		value_remove(t->matches, 0);
}

void
ticket_shown(struct buf *out, const char *id, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)id[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		buf_add(out, id + from, i - from);
		buf_addf(out, "\\x%02x", c);
		from = i + 1;
	}
	buf_add(out, id + from, n - from);
}

void
ticket_print_time(struct buf *out, double when)
{
	if (when >= TIME_LAST)
		buf_adds(out, "9999-12-31 23:59:59");
	else if (when >= TIME_FIRST)
		clock_print(out, (time_t)floor(when));
	else
		buf_adds(out, "0001-01-01 00:00:00");
}
