#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/integer.h"
#include "base/utf8.h"

/* Where ten decimal digits begin in Unicode 14, as Python 3.11 knows them. */
static const char32_t zeros[] = {'0', 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66,
    0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50,
    0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
    0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

/* Text that is still to be read. */
struct rest {
	const char *p;
	size_t n;
};

static bool
take(struct rest *r, char c)
{
	if (r->n == 0 || *r->p != c)
		return false;
	r->p++;
	r->n--;
	return true;
}

/* The value of the digit in front, which is taken; -1: it is none. */
static int
take_digit(struct rest *r)
{
	char32_t c;
	size_t len = utf8_decode(r->p, r->n, &c);

	for (size_t i = 0; len > 0 && i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (c >= zeros[i] && c < zeros[i] + 10) {
			r->p += len;
			r->n -= len;
			return (int)(c - zeros[i]);
		}
	return -1;
}

int
integer_parse(long long *ret, const char *text)
{
	struct rest r = {text, strlen(text)};
	long long v = 0;
	bool minus;
	int digit;

	utf8_trim(&r.p, &r.n);
	minus = take(&r, '-');
	if (!minus)
		(void)take(&r, '+');
	do {
		digit = take_digit(&r);
		if (digit < 0)
			return -1;
		if (__builtin_mul_overflow(v, 10LL, &v) ||
		    __builtin_sub_overflow(v, (long long)digit, &v))
			v = LLONG_MIN;
		(void)take(&r, '_');
	} while (r.n > 0);
	if (r.p[-1] == '_')
		return -1;
	/* counted downwards: there is one more below zero */
	*ret = minus ? v : v == LLONG_MIN ? LLONG_MAX : -v;
	return 0;
}
