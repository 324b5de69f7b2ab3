/*
 * A list within a list is walked through by counting how many values are
 * still to come on each level.
 */
#include "base/packed.h"

enum {
	DEPTH_MAX = 16,       /* as in pack.c */
	VALUES_MAX = 1000000, /* of one call */
};

static const char none[1] = {VALUE_NONE};

static bool
is_sequence(unsigned type)
{
	return type == VALUE_LIST || type == VALUE_TUPLE || type == VALUE_DICT;
}

/* Number of items that follow the type of a sequence. */
static uint32_t
take_count(struct unpack *u, unsigned type)
{
	uint32_t n = unpack_u32(u);

	/* every item takes a byte at least */
	if (n > u->n || (type == VALUE_DICT && n % 2 != 0))
		u->bad = true;
	return u->bad ? 0 : n;
}

static void
skip_scalar(struct unpack *u, unsigned type)
{
	size_t n;

	switch ((enum value_type)type) {
	case VALUE_NONE:
		return;
	case VALUE_BOOL:
		(void)unpack_u8(u);
		return;
	case VALUE_INT:
	case VALUE_FLOAT:
		(void)unpack_u64(u);
		return;
	case VALUE_TEXT:
		(void)unpack_bytes(u, &n);
		return;
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
	case VALUE_OBJECT:
		break;
	}
	u->bad = true;
}

static void
skip(struct unpack *u)
{
	uint32_t left[DEPTH_MAX + 1];
	size_t values = 0;
	int depth = 0;

	left[0] = 1;
	while (depth >= 0 && !u->bad) {
		unsigned type;

		if (left[depth] == 0) {
			depth--;
			continue;
		}
		left[depth]--;
		type = unpack_u8(u);
		if (++values > VALUES_MAX)
			u->bad = true;
		else if (!is_sequence(type))
			skip_scalar(u, type);
		else if (depth == DEPTH_MAX)
			u->bad = true;
		else
			left[++depth] = take_count(u, type);
	}
}

struct packed
packed_take(struct unpack *u)
{
	struct packed v = {.p = u->p};

	skip(u);
	if (u->bad)
		return (struct packed){none, sizeof(none)};
	v.n = (size_t)(u->p - v.p);
	return v;
}

enum value_type
packed_type(struct packed v)
{
	return (enum value_type)(unsigned char)v.p[0];
}

const char *
packed_text(struct packed v, size_t *n)
{
	struct unpack u;

	if (packed_type(v) != VALUE_TEXT)
		return NULL;
	unpack_init(&u, v.p + 1, v.n - 1);
	return unpack_bytes(&u, n);
}

struct value *
packed_value(struct packed v)
{
	struct unpack u;
	struct value *value;

	unpack_init(&u, v.p, v.n);
	value = unpack_value(&u);
	return value != NULL ? value : value_none();
}

void
packed_print(struct buf *out, struct packed v)
{
	size_t n;
	const char *text = packed_text(v, &n);
	struct value *value;

	if (text != NULL) {
		buf_add(out, text, n);
		return;
	}
	value = packed_value(v);
	value_print(out, value);
	value_free(value);
}

struct packed_iter
packed_items(struct packed v)
{
	struct packed_iter it = {.left = 0};

	if (!is_sequence((unsigned)packed_type(v)))
		return it;
	unpack_init(&it.u, v.p + 1, v.n - 1);
	it.left = take_count(&it.u, (unsigned)packed_type(v));
	return it;
}

bool
packed_next(struct packed_iter *it, struct packed *item)
{
	if (it->left == 0)
		return false;
	it->left--;
	*item = packed_take(&it->u);
	return true;
}
