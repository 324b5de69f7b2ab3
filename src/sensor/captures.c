/*
 * A replaced text stays in the buffer until the buffer is squeezed, which
 * happens when most of it is such waste.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/captures.h"

/* Waste below this many bytes is not worth a squeeze. */
#define WASTE_MIN 4096

struct names {
	char **names; /* owned */
	size_t n;
	size_t cap;
};

static const char *const known[NAME_KNOWN] = {
    [NAME_FID] = "fid",
    [NAME_IP4] = "ip4",
    [NAME_IP6] = "ip6",
    [NAME_DNS] = "dns",
    [NAME_CIDR] = "cidr",
    [NAME_IP] = "ip",
    [NAME_USER] = "user",
    [NAME_USERS] = "users",
    [NAME_MLFID] = "mlfid",
    [NAME_NOFAIL] = "nofail",
    [NAME_MLFFORGET] = "mlfforget",
    [NAME_MLFGAINED] = "mlfgained",
    [NAME_CONTENT] = "content",
};

struct names *
names_new(void)
{
	struct names *t = xcalloc(1, sizeof(*t));

	for (size_t i = 0; i < NAME_KNOWN; i++)
		(void)names_id(t, known[i]);
	return t;
}

void
names_free(struct names *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->names[i]);
	free(t->names);
	free(t);
}

int
names_id(struct names *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->names[i], name) == 0)
			return (int)i;
	GROW(t->names, t->n, t->cap);
	t->names[t->n] = xstrdup(name);
	return (int)t->n++;
}

const char *
names_text(const struct names *t, int id)
{
	return t->names[id];
}

void
captures_reset(struct captures *c)
{
	for (size_t i = 0; i < c->n; i++)
		value_free(c->items[i].tuple);
	c->n = 0;
	buf_reset(&c->text);
}

void
captures_release(struct captures *c)
{
	captures_reset(c);
	free(c->items);
	c->items = NULL;
	c->cap = 0;
	buf_release(&c->text);
}

static struct capture *
find(const struct captures *c, int name)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].name == name)
			return &c->items[i];
	return NULL;
}

const struct capture *
captures_get(const struct captures *c, int name)
{
	return find(c, name);
}

const char *
captures_text(const struct captures *c, const struct capture *i)
{
	return c->text.p + i->at;
}

bool
captures_has(const struct captures *c, int name)
{
	const struct capture *i = find(c, name);

	return i != NULL && (i->tuple != NULL || (i->set && i->n > 0));
}

static struct capture *
need(struct captures *c, int name)
{
	struct capture *i = find(c, name);

	if (i != NULL) {
		value_free(i->tuple);
		i->tuple = NULL;
		return i;
	}
	GROW(c->items, c->n, c->cap);
	i = &c->items[c->n++];
	memset(i, 0, sizeof(*i));
	i->name = name;
	return i;
}

/* Throws the replaced texts out when they are most of the buffer. */
static void
squeeze(struct captures *c)
{
	struct buf text = BUF_INIT;
	size_t live = 0;

	for (size_t i = 0; i < c->n; i++)
		live += c->items[i].n;
	if (c->text.n < WASTE_MIN || c->text.n < 2 * live)
		return;
	for (size_t i = 0; i < c->n; i++) {
		struct capture *k = &c->items[i];
		size_t at = text.n;

		buf_add(&text, c->text.p + k->at, k->n);
		k->at = at;
	}
	buf_release(&c->text);
	c->text = text;
}

void
captures_set(struct captures *c, int name, const char *p, size_t n)
{
	struct capture *i = need(c, name);

	i->set = p != NULL;
	if (p == NULL || n > i->n) {
		i->at = c->text.n;
		if (p != NULL)
			buf_add(&c->text, p, n);
	} else if (n > 0)
		memcpy(c->text.p + i->at, p, n);
	i->n = p == NULL ? 0 : n;
	squeeze(c);
}

void
captures_alias(struct captures *c, int name, int from)
{
	const struct capture *i = find(c, from);
	size_t at = c->text.n, n = i == NULL ? 0 : i->n;
	struct capture *to;

	if (n > 0) {
		(void)buf_grow(&c->text, n);
		buf_add(&c->text, c->text.p + i->at, n);
	}
	to = need(c, name);
	to->set = true;
	to->at = at;
	to->n = n;
}

void
captures_set_tuple(struct captures *c, int name, struct value *tuple)
{
	struct capture *i = need(c, name);

	i->tuple = tuple;
	i->set = true;
	i->n = 0;
}

void
captures_remove(struct captures *c, int name)
{
	struct capture *i = find(c, name);

	if (i == NULL)
		return;
	value_free(i->tuple);
	c->n--;
	memmove(i, i + 1, (size_t)(c->items + c->n - i) * sizeof(*i));
}

static void
overlay_one(
    struct captures *c, const struct captures *over, const struct capture *i)
{
	if (i->tuple != NULL)
		captures_set_tuple(c, i->name, value_copy(i->tuple));
	else if (i->set)
		captures_set(c, i->name, over->text.p + i->at, i->n);
	else if (find(c, i->name) == NULL)
		captures_set(c, i->name, NULL, 0);
}

void
captures_overlay(struct captures *c, const struct captures *over)
{
	for (size_t i = 0; i < over->n; i++)
		overlay_one(c, over, &over->items[i]);
}

void
captures_copy(struct captures *c, const struct captures *from)
{
	captures_reset(c);
	captures_overlay(c, from);
}

struct value *
capture_value(const struct captures *c, const struct capture *i)
{
	if (i->tuple != NULL)
		return value_copy(i->tuple);
	if (!i->set)
		return value_none();
	return value_textn(c->text.p + i->at, i->n);
}

struct value *
captures_value(const struct captures *c, const struct names *t)
{
	struct value *dict = value_dict();

	for (size_t i = 0; i < c->n; i++) {
		value_adds(dict, names_text(t, c->items[i].name));
		value_add(dict, capture_value(c, &c->items[i]));
	}
	return dict;
}
