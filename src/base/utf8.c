#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/*
 * Length a first byte announces, and the range its second byte must lie in:
 * the table of well-formed sequences of the Unicode standard.
 */
static size_t
lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*low = 0xa0;
		else if (c == 0xed)
			*high = 0x9f;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*low = 0x90;
		else if (c == 0xf4)
			*high = 0x8f;
		return 4;
	}
	return 0;
}

/*
 * Bytes of the sequence at p that are well-formed so far (at least 1);
 * *len is the length it would have when complete, 0 for an invalid lead.
 */
static size_t
prefix(const char *p, size_t n, size_t *len)
{
	unsigned char low, high;
	size_t i;

	*len = lead((unsigned char)p[0], &low, &high);
	for (i = 1; i < *len && i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < low || c > high)
			break;
		low = 0x80;
		high = 0xbf;
	}
	return i;
}

size_t
utf8_decode(const char *p, size_t n, char32_t *ret)
{
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t len;
	char32_t c;

	if (n == 0)
		return 0;
	if ((unsigned char)p[0] < 0x80) {
		*ret = (unsigned char)p[0];
		return 1;
	}
	if (prefix(p, n, &len) != len || len == 0)
		return 0;
	c = (unsigned char)p[0] & mask[len];
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	*ret = c;
	return len;
}

void
utf8_add(struct buf *out, char32_t c)
{
	if (c < 0x80)
		buf_addc(out, (char)c);
	else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | c >> 18));
		buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

size_t
utf8_ascii(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t word, four[4];

	for (; i + sizeof(four) <= n; i += sizeof(four)) {
		memcpy(four, p + i, sizeof(four));
		if (((four[0] | four[1] | four[2] | four[3]) &
		        0x8080808080808080u) != 0)
			break;
	}
	for (; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if ((word & 0x8080808080808080u) != 0)
			break;
	}
	while (i < n && (unsigned char)p[i] < 0x80)
		i++;
	return i;
}

size_t
utf8_valid(const char *p, size_t n)
{
	size_t i = 0;

	for (;;) {
		size_t len;
		char32_t c;

		i += utf8_ascii(p + i, n - i);
		if (i == n)
			return n;
		if ((len = utf8_decode(p + i, n - i, &c)) == 0)
			return i;
		i += len;
	}
}

void
utf8_repair(struct buf *out, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t good = utf8_valid(p + i, n - i), len;

		buf_add(out, p + i, good);
		i += good;
		if (i < n) {
			i += prefix(p + i, n - i, &len);
			buf_adds(out, "\xef\xbf\xbd");
		}
	}
}

size_t
utf8_length(const char *p, size_t n)
{
	size_t chars = 0;

	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)p[i] & 0xc0) != 0x80;
	return chars;
}

bool
utf8_is_space(char32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) ||
	       c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

size_t
utf8_space(const char *p, size_t n)
{
	unsigned char c;
	char32_t wide;
	size_t len;

	if (n == 0)
		return 0;
	c = (unsigned char)*p;
	if (c < 0x80)
		return c <= 0x20 && utf8_is_space(c) ? 1 : 0;
	len = utf8_decode(p, n, &wide);
	return len > 0 && utf8_is_space(wide) ? len : 0;
}

/* Bytes of the white space that ends at p + n, 0: none there. */
static size_t
space_before(const char *p, size_t n)
{
	size_t len = 1;

	while (len < n && len < 4 && ((unsigned char)p[n - len] & 0xc0) == 0x80)
		len++;
	return utf8_space(p + n - len, len) == len ? len : 0;
}

void
utf8_trim(const char **p, size_t *n)
{
	size_t len;

	while ((len = utf8_space(*p, *n)) > 0) {
		*p += len;
		*n -= len;
	}
	while (*n > 0 && (len = space_before(*p, *n)) > 0)
		*n -= len;
}
