#include "base/picklecopy.h"
#include "base/mem.h"
#include "base/pickle.h"

/* What is left of the limits. */
struct budget {
	size_t items;
	size_t bytes;
};

static struct value *
copy(struct budget *left, const struct value *v, int depth)
{
	struct value *c;

	if (depth > PICKLE_MAX_DEPTH || left->items == 0 ||
	    v->text_n > left->bytes)
		return NULL;
	left->items--;
	left->bytes -= v->text_n;
	c = xmalloc(sizeof(*c));
	*c = *v;
	if (v->text != NULL)
		c->text = xmemdup0(v->text, v->text_n);
	c->n = 0;
	c->cap = v->n;
	c->items =
	    v->n > 0 ? xreallocarray(NULL, v->n, sizeof(*c->items)) : NULL;
	while (c->n < v->n) {
		struct value *item = copy(left, v->items[c->n], depth + 1);

		if (item == NULL) {
			value_free(c);
			return NULL;
		}
		c->items[c->n++] = item;
	}
	return c;
}

/*
 * What the memo repeats may be larger than the pickle, but in proportion:
 * else a few hundred bytes keep the server busy for seconds.
 */
static size_t
in_proportion(size_t n, size_t factor, size_t least, size_t max)
{
	return n < (max - least) / factor ? least + n * factor : max;
}

struct value *
picklecopy(const struct value *v, size_t n)
{
	struct budget left = {
	    .items = in_proportion(n, 4, 1000, PICKLE_MAX_ITEMS),
	    .bytes = in_proportion(n, 64, 1 << 20, PICKLE_MAX_BYTES),
	};

	return copy(&left, v, 0);
}
