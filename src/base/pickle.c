/*
 * Protocol 2 is the oldest that has everything needed (booleans, tuples, long
 * integers) and the newest that every reader in the field knows. Nothing is
 * memoised: readers do not need it, and answers hold few repetitions.
 */
#include <stdint.h>
#include <string.h>

#include "base/pickle.h"
#include "base/utf8.h"

static void encode(struct buf *out, const struct value *v);

static void
add_le(struct buf *out, uint64_t u, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_addc(out, (char)(u >> (8 * i)));
}

static void
encode_int(struct buf *out, int64_t i)
{
	if (i >= 0 && i <= 0xff) {
		buf_addc(out, 'K');
		add_le(out, (uint64_t)i, 1);
	} else if (i >= 0 && i <= 0xffff) {
		buf_addc(out, 'M');
		add_le(out, (uint64_t)i, 2);
	} else if (i >= INT32_MIN && i <= INT32_MAX) {
		buf_addc(out, 'J');
		add_le(out, (uint64_t)i, 4);
	} else {
		int bytes = 8;

		while (
		    bytes > 5 && i >> (8 * (bytes - 1) - 1) == (i < 0 ? -1 : 0))
			bytes--;
		buf_adds(out, "\x8a");
		add_le(out, (uint64_t)bytes, 1);
		add_le(out, (uint64_t)i, bytes);
	}
}

static void
encode_float(struct buf *out, double f)
{
	uint64_t u;

	memcpy(&u, &f, sizeof(u));
	buf_addc(out, 'G');
	for (int i = 7; i >= 0; i--)
		buf_addc(out, (char)(u >> (8 * i)));
}

static void
add_text(struct buf *out, const char *p, size_t n)
{
	buf_addc(out, 'X');
	add_le(out, n, 4);
	buf_add(out, p, n);
}

static void
encode_text(struct buf *out, const char *p, size_t n)
{
	struct buf b = BUF_INIT;
	size_t good = utf8_valid(p, n);

	if (good == n) {
		add_text(out, p, n);
		return;
	}
	while (good < n) {
		unsigned char c = (unsigned char)p[good];

		buf_add(&b, p, good);
		buf_addc(&b, (char)0xed);
		buf_addc(&b, (char)(0xb0 | c >> 6));
		buf_addc(&b, (char)(0x80 | (c & 0x3f)));
		p += good + 1;
		n -= good + 1;
		good = utf8_valid(p, n);
	}
	buf_add(&b, p, n);
	add_text(out, b.p, b.n);
	buf_release(&b);
}

/* Everything of a list or dict is put on at once behind a mark. */
static void
encode_items(struct buf *out, const struct value *v, const char *ops)
{
	buf_addc(out, ops[0]);
	if (v->n == 0)
		return;
	buf_addc(out, '(');
	for (size_t i = 0; i < v->n; i++)
		encode(out, v->items[i]);
	buf_addc(out, ops[1]);
}

static void
encode_tuple(struct buf *out, const struct value *v)
{
	static const char ends[] = {')', '\x85', '\x86', '\x87', 't'};

	if (v->n > 3)
		buf_addc(out, '(');
	for (size_t i = 0; i < v->n; i++)
		encode(out, v->items[i]);
	buf_addc(out, ends[v->n > 3 ? 4 : v->n]);
}

static void
encode_object(struct buf *out, const struct value *v)
{
	const char *dot = memrchr(v->text, '.', v->text_n);
	size_t module = dot != NULL ? (size_t)(dot - v->text) : 0;
	const char *name = dot != NULL ? dot + 1 : v->text;

	buf_addc(out, 'c');
	if (module == 0)
		buf_adds(out, "builtins");
	else
		buf_add(out, v->text, module);
	buf_addc(out, '\n');
	buf_add(out, name, v->text_n - (size_t)(name - v->text));
	buf_addc(out, '\n');
	encode_tuple(out, v);
	buf_addc(out, 'R');
}

static void
encode(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_NONE:
		buf_addc(out, 'N');
		break;
	case VALUE_BOOL:
		buf_addc(out, v->b ? '\x88' : '\x89');
		break;
	case VALUE_INT:
		encode_int(out, v->i);
		break;
	case VALUE_FLOAT:
		encode_float(out, v->f);
		break;
	case VALUE_TEXT:
		encode_text(out, v->text, v->text_n);
		break;
	case VALUE_LIST:
		encode_items(out, v, "]e");
		break;
	case VALUE_TUPLE:
		encode_tuple(out, v);
		break;
	case VALUE_DICT:
		encode_items(out, v, "}u");
		break;
	case VALUE_OBJECT:
		encode_object(out, v);
		break;
	}
}

void
pickle_encode(struct buf *out, const struct value *v)
{
	buf_adds(out, "\x80\x02");
	encode(out, v);
	buf_addc(out, '.');
}
