/*
 * "64500 | 192.0.2.0/24 | DE | ripencc | 2001-02-03" is one record. Records
 * come from the network: only plain characters get through.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/mem.h"
#include "server/cymru.h"

enum {
	AT_ONCE = 2,    /* of the resolver's helpers: names go first */
	ERRORS_MAX = 3, /* in a row: the name servers are out of reach */
	FIELD_MAX = 100,
	FIELDS_MAX = 16, /* of one address and column */
};

struct slot {
	struct cymru *owner;
	size_t index;
	bool flying;
};

struct cymru {
	struct resolver *resolver;
	struct cymru *next;
	struct cymru **prev;
	struct value *ids;                    /* owned */
	struct slot *slots;                   /* one an id, owned */
	struct value *columns[CYMRU_COLUMNS]; /* one text an id, owned */
	size_t begun; /* ids before this one were looked at */
	size_t flying;
	int errors; /* in a row */
	bool in_pump;
	cymru_fn fn;
	void *arg;
};

/* ---- names and records */

static void
add_nibbles(struct buf *out, const struct addr *a)
{
	for (int i = 15; i >= 0; i--)
		buf_addf(out, "%x.%x.", a->bytes[i] & 15, a->bytes[i] >> 4);
}

/* fail2ban: asks for "0/24.2.0.192" where we ask for the network's address */
bool
cymru_name(struct buf *out, const char *id)
{
	struct addr a;

	if (!addr_parse(&a, id, strlen(id)))
		return false;
	if (a.family == AF_INET6)
		add_nibbles(out, &a);
	else
		buf_addf(out, "%d.%d.%d.%d.", a.bytes[3], a.bytes[2],
		    a.bytes[1], a.bytes[0]);
	buf_adds(out, a.family == AF_INET6 ? "origin6" : "origin");
	buf_adds(out, ".asn.cymru.com");
	return true;
}

struct field {
	const char *p;
	size_t n;
};

/* Field number i between bars, without blanks around it. */
static bool
find_field(struct field *f, const char *record, int i)
{
	const char *p = record, *end;

	for (; i > 0; i--) {
		p = strchr(p, '|');
		if (p == NULL)
			return false;
		p++;
	}
	p += strspn(p, " ");
	end = p + strcspn(p, "|");
	while (end > p && end[-1] == ' ')
		end--;
	*f = (struct field){p, (size_t)(end - p)};
	if (f->n == 0)
		*f = (struct field){"unknown", strlen("unknown")};
	return true;
}

static bool
is_plain(const struct field *f)
{
	static const char plain[] = "0123456789 -_.,ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "abcdefghijklmnopqrstuvwxyz";

	return f->n <= FIELD_MAX && strspn(f->p, plain) >= f->n;
}

static int
compare_fields(const void *a, const void *b)
{
	const struct field *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

/* fail2ban: sorted, each once */
bool
cymru_column(
    struct buf *out, const struct value *records, enum cymru_column column)
{
	static const int places[CYMRU_COLUMNS] = {0, 2, 3};
	struct field fields[FIELDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < records->n && n < FIELDS_MAX; i++, n++)
		if (!find_field(&fields[n], value_str(records->items[i]),
		        places[column]) ||
		    !is_plain(&fields[n]))
			return false;
	qsort(fields, n, sizeof(fields[0]), compare_fields);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && compare_fields(&fields[i - 1], &fields[i]) == 0)
			continue;
		buf_addf(out, "%s%.*s", i > 0 ? ", " : "", (int)fields[i].n,
		    fields[i].p);
	}
	return n > 0;
}

/* ---- look-ups */

static void
set_text(struct cymru *c, size_t index, int column, const char *text)
{
	struct value **place = &c->columns[column]->items[index];

	value_free(*place);
	*place = value_text(text);
}

static void
set_records(struct cymru *c, size_t index, const struct value *records)
{
	struct buf texts[CYMRU_COLUMNS] = {BUF_INIT, BUF_INIT, BUF_INIT};
	bool good = true;

	for (int i = 0; i < CYMRU_COLUMNS; i++)
		good = good &&
		       cymru_column(&texts[i], records, (enum cymru_column)i);
	for (int i = 0; i < CYMRU_COLUMNS; i++) {
		if (good)
			set_text(c, index, i, texts[i].p);
		buf_release(&texts[i]);
	}
}

static void
finish(struct cymru *c)
{
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->fn(c->arg, (const struct value *const *)c->columns);
	for (int i = 0; i < CYMRU_COLUMNS; i++)
		value_free(c->columns[i]);
	value_free(c->ids);
	free(c->slots);
	free(c);
}

static void pump(struct cymru *c);

static void
on_text(void *arg, const struct value *records, const char *error)
{
	struct slot *slot = arg;
	struct cymru *c = slot->owner;

	slot->flying = false;
	c->flying--;
	if (error != NULL && strcmp(error, RESOLVER_NXDOMAIN) == 0)
		for (int i = 0; i < CYMRU_COLUMNS; i++)
			set_text(c, slot->index, i, "nxdomain");
	else if (error == NULL)
		set_records(c, slot->index, records);
	c->errors = error == NULL || strcmp(error, RESOLVER_NXDOMAIN) == 0
	                ? 0
	                : c->errors + 1;
	pump(c);
}

static void
begin_one(struct cymru *c)
{
	struct slot *slot = &c->slots[c->begun];
	struct buf name = BUF_INIT;

	*slot = (struct slot){c, c->begun++, true};
	if (cymru_name(&name, value_str(c->ids->items[slot->index]))) {
		c->flying++;
		resolver_text(c->resolver, name.p, on_text, slot);
	}
	buf_release(&name);
}

/* Answers from the cache come while this runs. */
static void
pump(struct cymru *c)
{
	if (c->in_pump)
		return;
	c->in_pump = true;
	while (c->begun < c->ids->n && c->flying < AT_ONCE &&
	       c->errors < ERRORS_MAX)
		begin_one(c);
	c->in_pump = false;
	if (c->flying == 0)
		finish(c);
}

void
cymru_ask(struct resolver *r, struct cymru **all, const struct value *ids,
    cymru_fn fn, void *arg)
{
	struct cymru *c = xcalloc(1, sizeof(*c));

	c->resolver = r;
	c->ids = value_copy(ids);
	c->slots = xcalloc(ids->n + 1, sizeof(*c->slots));
	for (int i = 0; i < CYMRU_COLUMNS; i++) {
		c->columns[i] = value_list();
		for (size_t k = 0; k < ids->n; k++)
			value_adds(c->columns[i], "error");
	}
	c->fn = fn;
	c->arg = arg;
	c->next = *all;
	c->prev = all;
	if (c->next != NULL)
		c->next->prev = &c->next;
	*all = c;
	pump(c);
}

void
cymru_give_up(struct cymru **all)
{
	while (*all != NULL) {
		struct cymru *c = *all;

		for (size_t i = 0; i < c->begun; i++)
			if (c->slots[i].flying)
				resolver_cancel(c->resolver, &c->slots[i]);
		finish(c);
	}
}
