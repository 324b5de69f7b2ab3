/*
 * A replaced text stays in the buffer until the buffer is full; then what is
 * still used moves to a new one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/captures.h"

#define TEXT_MIN 32

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
    [NAME_MLFONCE] = "mlfonce",
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
	c->has = 0;
	memset(c->at, 0, sizeof(c->at));
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
	if (name < NAME_KNOWN)
		return c->at[name] == 0 ? NULL : &c->items[c->at[name] - 1];
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

bool
captures_has(const struct captures *c, int name)
{
	const struct capture *i;

	if (name < NAME_KNOWN)
		return (c->has >> name & 1) != 0;
	i = find(c, name);
	return i != NULL && (i->tuple != NULL || (i->set && i->n > 0));
}

static void
set_has(struct captures *c, int name, bool has)
{
	unsigned bit = name < NAME_KNOWN ? 1u << name : 0;

	c->has = has ? c->has | bit : c->has & ~bit;
}

void
captures_enlarge(struct captures *c)
{
	c->cap += 4; /* there are many of them, and few have many */
	c->items = xreallocarray(c->items, c->cap, sizeof(*c->items));
}

/* The item of this name, without tuple. */
static struct capture *
need(struct captures *c, int name)
{
	struct capture *i = find(c, name);

	if (i == NULL) {
		captures_add(c, name, NULL, 0);
		return &c->items[c->n - 1];
	}
	value_free(i->tuple);
	i->tuple = NULL;
	return i;
}

static void
point(struct captures *c, struct capture *i, const char *p, size_t n)
{
	i->set = p != NULL;
	i->p = p;
	i->n = p == NULL ? 0 : (uint32_t)n;
	set_has(c, i->name, i->n > 0);
}

/*
 * Room for n more bytes of text. What owned texts are left moves together
 * into new memory when there is none: replaced ones go.
 */
static void
reserve(struct captures *c, size_t n)
{
	struct buf text = BUF_INIT;
	size_t live = n;

	if (c->text.cap > c->text.n + n)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].owned)
			live += c->items[i].n;
	(void)buf_grow(&text, live + live / 4 + TEXT_MIN);
	for (size_t i = 0; i < c->n; i++) {
		struct capture *k = &c->items[i];

		if (!k->owned || !k->set)
			continue;
		memcpy(text.p + text.n, k->p, k->n);
		k->p = text.p + text.n;
		buf_commit(&text, k->n);
	}
	buf_release(&c->text);
	c->text = text;
}

/* Copies a text, which may be one of c, into the item i. */
static void
own(struct captures *c, struct capture *i, const char *p, size_t n)
{
	char *to = c->text.p + c->text.n;

	if (n > 0)
		memcpy(to, p, n);
	buf_commit(&c->text, n);
	point(c, i, to, n);
	i->owned = true;
}

void
captures_set(struct captures *c, int name, const char *p, size_t n)
{
	struct capture *i = need(c, name);

	if (p == NULL) {
		point(c, i, NULL, 0);
		return;
	}
	reserve(c, n);
	own(c, i, p, n);
}

void
captures_alias(struct captures *c, int name, int from)
{
	struct capture *to = need(c, name);
	const struct capture *i = find(c, from);

	if (i == NULL || !i->set)
		return;
	if (i->owned) {
		reserve(c, i->n);
		own(c, to, i->p, i->n);
	} else {
		point(c, to, i->p, i->n);
		to->owned = false;
	}
}

void
captures_set_tuple(struct captures *c, int name, struct value *tuple)
{
	struct capture *i = need(c, name);

	point(c, i, "", 0);
	i->owned = false;
	i->tuple = tuple;
	set_has(c, name, true);
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
	if (name < NAME_KNOWN)
		c->at[name] = 0;
	for (; i < c->items + c->n; i++)
		if (i->name < NAME_KNOWN)
			c->at[i->name]--;
	set_has(c, name, false);
}

/* What the lines of a connection say is mostly the same. */
static bool
is_same_text(const struct captures *c, const struct capture *i)
{
	const struct capture *to = find(c, i->name);

	return to != NULL && to->owned && to->set && to->tuple == NULL &&
	       to->n == i->n && memcmp(to->p, i->p, i->n) == 0;
}

static void
overlay(struct captures *c, const struct capture *i, bool borrow)
{
	if (i->tuple != NULL)
		captures_set_tuple(c, i->name, value_copy(i->tuple));
	else if (i->set && !borrow) {
		if (!is_same_text(c, i))
			captures_set(c, i->name, i->p, i->n);
	} else if (i->set) {
		struct capture *to = need(c, i->name);

		point(c, to, i->p, i->n);
		to->owned = false;
	} else if (find(c, i->name) == NULL)
		captures_add(c, i->name, NULL, 0);
}

static bool
is_set(const struct capture *i)
{
	return i->set || i->tuple != NULL;
}

void
captures_overlay(struct captures *c, const struct captures *over)
{
	for (size_t i = 0; i < over->n; i++)
		overlay(c, &over->items[i], false);
}

void
captures_merge(struct captures *c, const struct captures *over)
{
	for (size_t i = 0; i < over->n; i++)
		if (is_set(&over->items[i]))
			overlay(c, &over->items[i], false);
}

void
captures_overlay_borrowed(
    struct captures *c, const struct captures *over, bool only_set)
{
	for (size_t i = 0; i < over->n; i++)
		if (!only_set || is_set(&over->items[i]))
			overlay(c, &over->items[i], true);
}

struct value *
capture_value(const struct capture *i)
{
	if (i->tuple != NULL)
		return value_copy(i->tuple);
	if (!i->set)
		return value_none();
	return value_textn(i->p, i->n);
}

void
capture_pack(struct buf *b, const struct capture *i)
{
	if (i->tuple != NULL)
		pack_value(b, i->tuple);
	else
		pack_text(b, i->set ? i->p : NULL, i->n);
}

struct value *
captures_value(const struct captures *c, const struct names *t)
{
	struct value *dict = value_dict();

	for (size_t i = 0; i < c->n; i++) {
		value_adds(dict, names_text(t, c->items[i].name));
		value_add(dict, capture_value(&c->items[i]));
	}
	return dict;
}
