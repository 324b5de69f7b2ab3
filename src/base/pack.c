#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/mem.h"
#include "base/pack.h"

enum {
	DEPTH_MAX = 16,
	ROOM_MAX = 256,       /* items for which room is made at once */
	VALUES_MAX = 1000000, /* of one call */
};

/* The lowest byte first. */
static void
add_number(struct buf *b, uint64_t n, size_t bytes)
{
	uint64_t little = htole64(n);

	memcpy(buf_grow(b, bytes), &little, bytes);
	buf_commit(b, bytes);
}

void
pack_u8(struct buf *b, unsigned n)
{
	add_number(b, n, 1);
}

void
pack_u32(struct buf *b, uint32_t n)
{
	add_number(b, n, 4);
}

void
pack_u64(struct buf *b, uint64_t n)
{
	add_number(b, n, 8);
}

void
pack_double(struct buf *b, double d)
{
	uint64_t n;

	memcpy(&n, &d, sizeof(n));
	pack_u64(b, n);
}

/* Length, bytes, and a NUL, so that the reader can lend C strings. */
static inline char *
put_bytes(char *to, const char *p, size_t n)
{
	uint32_t little = htole32((uint32_t)n);

	memcpy(to, &little, sizeof(little));
	to += sizeof(little);
	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	return to + n + 1;
}

void
pack_bytes(struct buf *b, const char *p, size_t n)
{
	char *to;

	assert(n < UINT32_MAX);
	to = buf_grow(b, n + sizeof(uint32_t) + 1);
	buf_commit(b, (size_t)(put_bytes(to, p, n) - to));
}

void
pack_str(struct buf *b, const char *s)
{
	pack_bytes(b, s == NULL ? "" : s, s == NULL ? 0 : strlen(s));
}

void
pack_text(struct buf *b, const char *p, size_t n)
{
	char *to;

	assert(n < UINT32_MAX);
	if (p == NULL) {
		pack_u8(b, VALUE_NONE);
		return;
	}
	to = buf_grow(b, n + sizeof(uint32_t) + 2);
	*to = VALUE_TEXT;
	buf_commit(b, (size_t)(put_bytes(to + 1, p, n) - to));
}

void
pack_sequence(struct buf *b, enum value_type type, size_t n)
{
	assert(n < UINT32_MAX);
	pack_u8(b, type);
	pack_u32(b, (uint32_t)n);
}

static void
pack_items(struct buf *b, const struct value *v)
{
	pack_u32(b, (uint32_t)v->n);
	for (size_t i = 0; i < v->n; i++)
		pack_value(b, v->items[i]);
}

void
pack_value(struct buf *b, const struct value *v)
{
	if (v == NULL) {
		pack_u8(b, VALUE_NONE);
		return;
	}
	assert(v->type != VALUE_OBJECT);
	pack_u8(b, v->type);
	switch (v->type) {
	case VALUE_BOOL:
		pack_u8(b, v->b);
		break;
	case VALUE_INT:
		pack_u64(b, (uint64_t)v->i);
		break;
	case VALUE_FLOAT:
		pack_double(b, v->f);
		break;
	case VALUE_TEXT:
		pack_bytes(b, v->text, v->text_n);
		break;
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
		pack_items(b, v);
		break;
	case VALUE_NONE:
	case VALUE_OBJECT:
		break;
	}
}

void
unpack_init(struct unpack *u, const char *p, size_t n)
{
	u->p = p;
	u->n = n;
	u->values = 0;
	u->bad = false;
}

static const char *
take(struct unpack *u, size_t n)
{
	const char *p = u->p;

	if (u->bad || n > u->n) {
		u->bad = true;
		return NULL;
	}
	u->p += n;
	u->n -= n;
	return p;
}

/* Inlined, so that the number of bytes is known. */
static inline uint64_t
take_number(struct unpack *u, size_t bytes)
{
	const char *p = take(u, bytes);
	uint64_t n = 0;

	if (p != NULL)
		memcpy(&n, p, bytes);
	return le64toh(n);
}

unsigned
unpack_u8(struct unpack *u)
{
	return (unsigned)take_number(u, 1);
}

uint32_t
unpack_u32(struct unpack *u)
{
	return (uint32_t)take_number(u, 4);
}

uint64_t
unpack_u64(struct unpack *u)
{
	return take_number(u, 8);
}

double
unpack_double(struct unpack *u)
{
	uint64_t n = unpack_u64(u);
	double d;

	memcpy(&d, &n, sizeof(d));
	return d;
}

const char *
unpack_bytes(struct unpack *u, size_t *n)
{
	size_t want = unpack_u32(u);
	const char *p = take(u, want);
	const char *end = take(u, 1);

	if (p == NULL || end == NULL || *end != '\0') {
		u->bad = true;
		*n = 0;
		return "";
	}
	*n = want;
	return p;
}

const char *
unpack_str(struct unpack *u, size_t max)
{
	size_t n;
	const char *p = unpack_bytes(u, &n);

	if (n > max || memchr(p, '\0', n) != NULL) {
		u->bad = true;
		return "";
	}
	return p;
}

static struct value *unpack_nested(struct unpack *u, int depth);

/* Every item takes a byte at least, which bounds their number. */
static struct value *
unpack_items(struct unpack *u, struct value *v, int depth)
{
	uint32_t n = unpack_u32(u);
	bool is_dict = v->type == VALUE_DICT;

	if (n > u->n || (is_dict && n % 2 != 0))
		u->bad = true;
	/* value_add() is for sequences; a dict is one of pairs inside. */
	v->type = VALUE_LIST;
	if (!u->bad && n > 0 && n <= ROOM_MAX) {
		v->items = xreallocarray(NULL, n, sizeof(*v->items));
		v->cap = n;
	}
	for (uint32_t i = 0; i < n && !u->bad; i++) {
		struct value *item = unpack_nested(u, depth + 1);

		if (item != NULL)
			(void)value_add(v, item);
	}
	if (u->bad) {
		value_free(v);
		return NULL;
	}
	return v;
}

static struct value *
unpack_sequence(struct unpack *u, unsigned type, int depth)
{
	struct value *v = value_list();

	v->type = type == VALUE_DICT ? VALUE_DICT : VALUE_LIST;
	v = unpack_items(u, v, depth);
	if (v != NULL)
		v->type = (enum value_type)type;
	return v;
}

static struct value *
unpack_text(struct unpack *u)
{
	size_t n;
	const char *p = unpack_bytes(u, &n);

	return u->bad ? NULL : value_textn(p, n);
}

static struct value *
unpack_nested(struct unpack *u, int depth)
{
	unsigned type = unpack_u8(u);
	struct value *v = NULL;

	if (depth > DEPTH_MAX || ++u->values > VALUES_MAX)
		u->bad = true;
	if (u->bad)
		return NULL;
	if (type == VALUE_LIST || type == VALUE_TUPLE || type == VALUE_DICT)
		return unpack_sequence(u, type, depth);
	if (type == VALUE_TEXT)
		return unpack_text(u);
	if (type == VALUE_NONE)
		v = value_none();
	else if (type == VALUE_BOOL)
		v = value_bool(unpack_u8(u) != 0);
	else if (type == VALUE_INT)
		v = value_int((int64_t)unpack_u64(u));
	else if (type == VALUE_FLOAT)
		v = value_float(unpack_double(u));
	if (v == NULL)
		u->bad = true;
	if (u->bad) {
		value_free(v);
		return NULL;
	}
	return v;
}

struct value *
unpack_value(struct unpack *u)
{
	u->values = 0;
	return unpack_nested(u, 0);
}

bool
unpack_done(const struct unpack *u)
{
	return !u->bad && u->n == 0;
}
