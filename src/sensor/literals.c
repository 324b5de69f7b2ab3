/*
 * Walks the tree of a pattern and keeps, of all the strings that it cannot
 * match without, the set whose shortest one is longest. Whatever is not
 * certain gives no string: a set too many loses matches, one too few only
 * time.
 */
#include <string.h>

#include "base/utf8.h"
#include "sensor/literals.h"

struct walk {
	struct literals *best;
	struct literal run; /* characters that must follow each other */
};

static void find(const struct node *node, struct literals *ret);
static void walk_node(struct walk *w, const struct node *node);

/* Length of the shortest string: what makes a set good. */
static size_t
score(const struct literals *l)
{
	size_t shortest = l->n == 0 ? 0 : LITERAL_BYTES;

	for (size_t i = 0; i < l->n; i++)
		if (l->item[i].n < shortest)
			shortest = l->item[i].n;
	return shortest;
}

static void
offer(struct walk *w, const struct literals *l)
{
	size_t a = score(l), b = score(w->best);

	if (a > b || (a == b && a > 0 && l->n < w->best->n))
		*w->best = *l;
}

/* The characters so far end here. */
static void
flush(struct walk *w)
{
	struct literals l = {.n = 1};

	if (w->run.n > 0) {
		l.item[0] = w->run;
		offer(w, &l);
	}
	w->run.n = 0;
	w->run.caseless = false;
}

/* Letters without case can stand for letters that are not ASCII. */
static bool
is_odd_without_case(char32_t c)
{
	return c > 0x7f || (c | 0x20) == 'k' || (c | 0x20) == 's';
}

static void
walk_char(struct walk *w, const struct node *node)
{
	struct buf text = BUF_INIT;
	char32_t c = node->c;

	if ((node->flags & NODE_I) != 0 && is_odd_without_case(c)) {
		flush(w);
		return;
	}
	if (c >= 0xd800 && c <= 0xdfff) {
		flush(w);
		return;
	}
	utf8_add(&text, c);
	if (w->run.n + text.n > LITERAL_BYTES)
		flush(w);
	memcpy(w->run.text + w->run.n, text.p, text.n);
	w->run.n += text.n;
	w->run.caseless |= (node->flags & NODE_I) != 0;
	buf_release(&text);
}

/* One of the kids: a string of each, or none at all. */
static void
find_alternatives(const struct node *kids, struct literals *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (const struct node *k = kids; k != NULL; k = k->next) {
		struct literals one;

		find(k, &one);
		if (one.n == 0 || ret->n + one.n > LITERALS_MAX) {
			ret->n = 0;
			return;
		}
		memcpy(
		    ret->item + ret->n, one.item, one.n * sizeof(one.item[0]));
		ret->n += one.n;
	}
}

static void
walk_alternatives(struct walk *w, const struct node *kids)
{
	struct literals l;

	if (kids != NULL && kids->next == NULL) {
		walk_node(w, kids); /* only one: the run goes on */
		return;
	}
	flush(w);
	find_alternatives(kids, &l);
	offer(w, &l);
}

static void
walk_inner(struct walk *w, const struct node *node)
{
	struct literals l;

	flush(w);
	find(node, &l);
	offer(w, &l);
}

static void
walk_node(struct walk *w, const struct node *node)
{
	switch (node->type) {
	case NODE_CHAR:
		walk_char(w, node);
		break;
	case NODE_AT:
	case NODE_LOOK: /* nothing of the subject: the run goes on */
		break;
	case NODE_SEQ:
	case NODE_GROUP:
	case NODE_ATOMIC:
		for (const struct node *k = node->kids; k != NULL; k = k->next)
			walk_node(w, k);
		break;
	case NODE_ALT:
		walk_alternatives(w, node->kids);
		break;
	case NODE_REPEAT:
		if (node->min == 1 && node->max == 1)
			walk_node(w, node->kids);
		else if (node->min > 0)
			walk_inner(w, node->kids);
		else
			flush(w);
		break;
	case NODE_COND:
		if (node->kids != NULL && node->kids->next != NULL)
			walk_alternatives(w, node->kids);
		else
			flush(w);
		break;
	case NODE_ANY:
	case NODE_CATEGORY:
	case NODE_RANGE:
	case NODE_CLASS:
	case NODE_REF:
		flush(w);
		break;
	}
}

static void
find(const struct node *node, struct literals *ret)
{
	struct walk w = {.best = ret};

	memset(ret, 0, sizeof(*ret));
	walk_node(&w, node);
	flush(&w);
}

void
literals_find(const struct dialect *d, struct literals *ret)
{
	find(d->root, ret);
}
