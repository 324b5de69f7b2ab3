/*
 * How six protocols of pickle and two of Python wrote the same few things.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pickle.h"
#include "base/picklescalar.h"
#include "base/utf8.h"

static ssize_t
read_fixed(struct pickle_arg *a, int kind, const char *p, size_t n)
{
	size_t size = (size_t)kind >> 4;

	if (n < size)
		return -1;
	a->u = 0;
	for (size_t i = size; i-- > 0;)
		a->u = a->u << 8 | (unsigned char)p[i];
	if ((kind & 0xf) == 0)
		return (ssize_t)size;
	if (a->u > PICKLE_MAX_BYTES)
		return -2;
	if (n - size < a->u)
		return -1;
	a->p = p + size;
	a->n = (size_t)a->u;
	return (ssize_t)(size + a->n);
}

static ssize_t
read_lines(struct pickle_arg *a, int lines, const char *p, size_t n)
{
	const char *nl = p - 1;

	while (lines-- > 0) {
		nl = memchr(nl + 1, '\n', n - (size_t)(nl + 1 - p));
		if (nl == NULL)
			return -1;
	}
	a->p = p;
	a->n = (size_t)(nl - p);
	return nl + 1 - p;
}

ssize_t
pickle_read_arg(struct pickle_arg *a, int kind, const char *p, size_t n)
{
	if (kind == PICKLE_NOTHING)
		return 0;
	if (kind == PICKLE_LINE || kind == PICKLE_LINES2)
		return read_lines(a, kind == PICKLE_LINE ? 1 : 2, p, n);
	return read_fixed(a, kind, p, n);
}

static struct value *
bad(struct err *err, const char *text)
{
	(void)err_set(err, "%s", text);
	return NULL;
}

struct value *
pickle_uint(const struct pickle_arg *a, struct err *err)
{
	(void)err;
	return value_int((int64_t)a->u);
}

struct value *
pickle_int4(const struct pickle_arg *a, struct err *err)
{
	(void)err;
	return value_int((int32_t)(uint32_t)a->u);
}

struct value *
pickle_long(const struct pickle_arg *a, struct err *err)
{
	uint64_t u = 0;

	if (a->n > 8)
		return bad(err, "integer is out of range");
	if (a->n > 0 && (a->p[a->n - 1] & 0x80) != 0)
		u = ~(uint64_t)0;
	for (size_t i = a->n; i-- > 0;)
		u = u << 8 | (unsigned char)a->p[i];
	return value_int((int64_t)u);
}

struct value *
pickle_double(const struct pickle_arg *a, struct err *err)
{
	(void)err;
	uint64_t u = __builtin_bswap64(a->u);
	double f;

	memcpy(&f, &u, sizeof(f));
	return value_float(f);
}

/* The line as C string of a number; -1 when it is too long to be one. */
static int
number_line(char buf[64], const struct pickle_arg *a, struct err *err)
{
	if (a->n == 0 || a->n >= 64 || memchr(a->p, '\0', a->n) != NULL)
		return err_set(err, "no number in a pickle's number line");
	memcpy(buf, a->p, a->n);
	buf[a->n] = '\0';
	return 0;
}

struct value *
pickle_int_line(const struct pickle_arg *a, struct err *err)
{
	char buf[64], *end;
	long long i;

	if (number_line(buf, a, err) == -1)
		return NULL;
	if (strcmp(buf, "00") == 0 || strcmp(buf, "01") == 0)
		return value_bool(buf[1] == '1');
	errno = 0;
	i = strtoll(buf, &end, 10);
	if (*end == 'L')
		end++;
	if (errno != 0 || *end != '\0' || end == buf)
		return bad(err, "could not convert string to int");
	return value_int(i);
}

struct value *
pickle_float_line(const struct pickle_arg *a, struct err *err)
{
	char buf[64], *end;
	double f;

	if (number_line(buf, a, err) == -1)
		return NULL;
	f = strtod(buf, &end);
	if (*end != '\0' || end == buf)
		return bad(err, "could not convert string to float");
	return value_float(f);
}

struct value *
pickle_none(const struct pickle_arg *a, struct err *err)
{
	(void)a;
	(void)err;
	return value_none();
}

struct value *
pickle_true(const struct pickle_arg *a, struct err *err)
{
	(void)a;
	(void)err;
	return value_bool(true);
}

struct value *
pickle_false(const struct pickle_arg *a, struct err *err)
{
	(void)a;
	(void)err;
	return value_bool(false);
}

/* ---- texts */

struct value *
pickle_bytes(const struct pickle_arg *a, struct err *err)
{
	(void)err;
	return value_textn(a->p, a->n);
}

static struct value *
text_of_buf(struct buf *b)
{
	struct value *v = value_textn(b->p, b->n);

	buf_release(b);
	return v;
}

/* UTF-8, in which Python writes bytes that are none as U+DC80 ... U+DCFF. */
struct value *
pickle_utf8(const struct pickle_arg *a, struct err *err)
{
	const unsigned char *p = (const unsigned char *)a->p;
	struct buf b = BUF_INIT;

	if (a->n == 0 || memchr(p, 0xed, a->n) == NULL)
		return pickle_bytes(a, err);
	for (size_t i = 0; i < a->n; i++) {
		bool escaped = p[i] == 0xed && a->n - i > 2 &&
		               (p[i + 1] == 0xb2 || p[i + 1] == 0xb3) &&
		               (p[i + 2] & 0xc0) == 0x80;

		if (escaped) {
			buf_addc(&b,
			    (char)((p[i + 1] & 3) << 6 | (p[i + 2] & 0x3f)));
			i += 2;
		} else
			buf_addc(&b, (char)p[i]);
	}
	return text_of_buf(&b);
}

/* Value of up to n hex digits at p; *used says how many there were. */
static uint32_t
hex(const char *p, size_t n, size_t *used)
{
	uint32_t u = 0;
	size_t i;

	for (i = 0; i < n && isxdigit((unsigned char)p[i]); i++) {
		int c = tolower((unsigned char)p[i]);

		u = u << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*used = i;
	return u;
}

/* Protocol 0: Latin-1 with \uXXXX and \UXXXXXXXX. */
struct value *
pickle_unicode_line(const struct pickle_arg *a, struct err *err)
{
	(void)err;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < a->n; i++) {
		unsigned char c = (unsigned char)a->p[i];
		size_t digits = 0, used = 0;
		uint32_t u = 0;

		if (c == '\\' && i + 1 < a->n)
			digits = a->p[i + 1] == 'u'   ? 4
			         : a->p[i + 1] == 'U' ? 8
			                              : 0;
		if (digits > 0 && a->n - i >= digits + 2)
			u = hex(a->p + i + 2, digits, &used);
		if (digits == 0 || used != digits || u > 0x10ffff) {
			utf8_add(&b, c);
			continue;
		}
		utf8_add(&b, u);
		i += digits + 1;
	}
	return text_of_buf(&b);
}

/* One escape of a Python 2 string behind its backslash; bytes used. */
static size_t
add_escape(struct buf *b, const char *p, size_t n)
{
	static const char from[] = "\\'\"nrtabfv";
	static const char to[] = "\\'\"\n\r\t\a\b\f\v";
	const char *at = memchr(from, p[0], sizeof(from) - 1);
	size_t used;

	if (at != NULL) {
		buf_addc(b, to[at - from]);
		return 1;
	}
	if (p[0] == 'x') {
		uint32_t u = hex(p + 1, n > 2 ? 2 : n - 1, &used);

		if (used == 2) {
			buf_addc(b, (char)u);
			return 3;
		}
	}
	buf_addc(b, '\\');
	return 0;
}

/* Protocol 0: repr() of a Python 2 string. */
struct value *
pickle_string_line(const struct pickle_arg *a, struct err *err)
{
	struct buf b = BUF_INIT;
	const char *p = a->p;
	size_t n = a->n;

	if (n < 2 || (p[0] != '\'' && p[0] != '"') || p[n - 1] != p[0])
		return bad(err, "the STRING opcode argument must be quoted");
	for (size_t i = 1; i < n - 1; i++) {
		if (p[i] == '\\' && i + 1 < n - 1)
			i += add_escape(&b, p + i + 1, n - 2 - i);
		else
			buf_addc(&b, p[i]);
	}
	return text_of_buf(&b);
}
