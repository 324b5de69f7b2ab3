/*
 * How the subjects of an anchored pattern begin. The set of strings grows
 * item by item as long as all that can stand there is known.
 */
#include <string.h>

#include "base/utf8.h"
#include "sensor/literals.h"

/* A class of more characters than these is "anything". */
#define CLASS_MAX 4

struct set {
	struct literals l;
	bool open; /* anything may follow the strings */
};

static void begin(const struct node *node, struct set *ret);

/* Only the empty string. */
static void
set_empty(struct set *s, bool open)
{
	s->l.n = 1;
	s->l.item[0].n = 0;
	s->l.item[0].caseless = false;
	s->open = open;
}

/* a followed by b; when that is too much: a, and anything after it. */
static void
set_follow(struct set *a, const struct set *b)
{
	struct literals out = {.n = 0};

	if (a->l.n * b->l.n > LITERALS_MAX) {
		a->open = true;
		return;
	}
	for (size_t i = 0; i < a->l.n; i++)
		for (size_t k = 0; k < b->l.n; k++) {
			struct literal *to = &out.item[out.n++];
			size_t n = b->l.item[k].n;

			*to = a->l.item[i];
			if (to->n + n > LITERAL_BYTES) {
				a->open = true; /* a is as good as it gets */
				return;
			}
			memcpy(to->text + to->n, b->l.item[k].text, n);
			to->n += n;
		}
	a->l = out;
	a->open = b->open;
}

/* a or b. */
static void
set_unite(struct set *a, const struct set *b)
{
	if (a->l.n + b->l.n > LITERALS_MAX) {
		set_empty(a, true);
		return;
	}
	memcpy(a->l.item + a->l.n, b->l.item, b->l.n * sizeof(b->l.item[0]));
	a->l.n += b->l.n;
	a->open |= b->open;
}

static void
add_char(struct set *s, char32_t c)
{
	struct buf text = BUF_INIT;
	struct literal *to = &s->l.item[s->l.n++];

	utf8_add(&text, c);
	memcpy(to->text, text.p, text.n);
	to->n = text.n;
	to->caseless = false;
	buf_release(&text);
}

static bool
is_letter(char32_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void
begin_char(const struct node *node, struct set *ret)
{
	bool caseless = (node->flags & NODE_I) != 0;

	if ((caseless && (is_letter(node->c) || node->c > 0x7f)) ||
	    (node->c >= 0xd800 && node->c <= 0xdfff)) {
		set_empty(ret, true);
		return;
	}
	ret->l.n = 0;
	ret->open = false;
	add_char(ret, node->c);
}

static void
begin_class(const struct node *node, struct set *ret)
{
	bool simple = !node->negated && (node->flags & NODE_I) == 0;
	size_t n = 0;

	for (const struct node *k = node->kids; k != NULL && simple;
	     k = k->next)
		simple = k->type == NODE_CHAR && ++n <= CLASS_MAX &&
		         !(k->c >= 0xd800 && k->c <= 0xdfff);
	if (!simple || n == 0) {
		set_empty(ret, true);
		return;
	}
	ret->l.n = 0;
	ret->open = false;
	for (const struct node *k = node->kids; k != NULL; k = k->next)
		add_char(ret, k->c);
}

static void
begin_seq(const struct node *kids, struct set *ret)
{
	set_empty(ret, false);
	for (const struct node *k = kids; k != NULL && !ret->open;
	     k = k->next) {
		struct set one;

		begin(k, &one);
		set_follow(ret, &one);
	}
}

static void
begin_alt(const struct node *kids, struct set *ret)
{
	begin(kids, ret);
	for (const struct node *k = kids->next; k != NULL; k = k->next) {
		struct set one;

		begin(k, &one);
		set_unite(ret, &one);
	}
}

static void
begin_repeat(const struct node *node, struct set *ret)
{
	struct set none;

	begin(node->kids, ret);
	if (node->min == 0) {
		set_empty(&none, false);
		set_unite(ret, &none);
	}
	if (node->max == 0)
		set_empty(ret, false);
	else if (node->max > 1)
		ret->open = true;
}

static void
begin(const struct node *node, struct set *ret)
{
	switch (node->type) {
	case NODE_CHAR:
		begin_char(node, ret);
		return;
	case NODE_CLASS:
		begin_class(node, ret);
		return;
	case NODE_SEQ:
	case NODE_GROUP:
	case NODE_ATOMIC:
		begin_seq(node->kids, ret);
		return;
	case NODE_ALT:
		begin_alt(node->kids, ret);
		return;
	case NODE_REPEAT:
		begin_repeat(node, ret);
		return;
	case NODE_AT:
	case NODE_LOOK:
		set_empty(ret, false);
		return;
	case NODE_ANY:
	case NODE_CATEGORY:
	case NODE_RANGE:
	case NODE_REF:
	case NODE_COND:
		break;
	}
	set_empty(ret, true);
}

/* Whether a match can only be where the subject begins. */
static bool
is_anchored(const struct node *node)
{
	if (node == NULL)
		return false;
	switch (node->type) {
	case NODE_AT:
		return node->c == 'A' ||
		       (node->c == '^' && (node->flags & NODE_M) == 0);
	case NODE_SEQ:
	case NODE_GROUP:
	case NODE_ATOMIC:
		return is_anchored(node->kids);
	case NODE_ALT:
		for (const struct node *k = node->kids; k != NULL; k = k->next)
			if (!is_anchored(k))
				return false;
		return true;
	case NODE_CHAR:
	case NODE_ANY:
	case NODE_CATEGORY:
	case NODE_RANGE:
	case NODE_CLASS:
	case NODE_REF:
	case NODE_LOOK:
	case NODE_COND:
	case NODE_REPEAT:
		break;
	}
	return false;
}

void
literals_prefix(const struct dialect *d, struct literals *ret)
{
	struct set s;

	ret->n = 0;
	if (!is_anchored(d->root))
		return;
	begin(d->root, &s);
	for (size_t i = 0; i < s.l.n; i++)
		if (s.l.item[i].n == 0)
			return;
	*ret = s.l;
}
