/*
 * Nearly every log is valid UTF-8 and passes through untouched, after one
 * check. The rest is decoded into a scratch buffer.
 */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/codec.h"

enum kind {
	KIND_UTF8,
	KIND_ASCII,
	KIND_LATIN1,
	KIND_ICONV,
};

struct codec {
	char *name;
	enum kind kind;
	iconv_t cd; /* KIND_ICONV only */
	size_t unit;
	bool big_endian;
};

#define REPLACEMENT "\xef\xbf\xbd"

enum {
	NAME_SIZE = 64,
};

/* "UTF_8" and "utf-8" are the same, as for Python. */
static bool
normalise(char out[NAME_SIZE], const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= NAME_SIZE)
		return false;
	for (size_t i = 0; i <= n; i++) {
		unsigned char c = (unsigned char)name[i];

		/* iconv gives '/' and ',' a meaning of their own. */
		if (c != '\0' && !isalnum(c) && strchr("-_. ", c) == NULL)
			return false;
		out[i] = c == '_' || c == ' ' ? '-' : (char)tolower(c);
	}
	return true;
}

static const struct alias {
	const char *name; /* normalised */
	enum kind kind;
	const char *iconv; /* KIND_ICONV: what iconv calls it */
} aliases[] = {
    {"utf-8", KIND_UTF8, NULL},
    {"utf8", KIND_UTF8, NULL},
    {"u8", KIND_UTF8, NULL},
    {"utf", KIND_UTF8, NULL},
    {"utf-8-sig", KIND_UTF8, NULL},
    {"ascii", KIND_ASCII, NULL},
    {"us-ascii", KIND_ASCII, NULL},
    {"646", KIND_ASCII, NULL},
    {"ansi-x3.4-1968", KIND_ASCII, NULL},
    {"latin-1", KIND_LATIN1, NULL},
    {"latin1", KIND_LATIN1, NULL},
    {"latin", KIND_LATIN1, NULL},
    {"l1", KIND_LATIN1, NULL},
    {"iso-8859-1", KIND_LATIN1, NULL},
    {"iso8859-1", KIND_LATIN1, NULL},
    {"8859", KIND_LATIN1, NULL},
    {"cp819", KIND_LATIN1, NULL},
    {"utf-16-le", KIND_ICONV, "utf-16le"},
    {"utf-16-be", KIND_ICONV, "utf-16be"},
    {"utf-32-le", KIND_ICONV, "utf-32le"},
    {"utf-32-be", KIND_ICONV, "utf-32be"},
    {"u16", KIND_ICONV, "utf-16"},
    {"u32", KIND_ICONV, "utf-32"},
};

/* What name means; *to is its name for iconv, in norm or static. */
static enum kind
look_up(const char *norm, const char **to)
{
	*to = norm;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(aliases[i].name, norm) != 0)
			continue;
		if (aliases[i].iconv != NULL)
			*to = aliases[i].iconv;
		return aliases[i].kind;
	}
	return KIND_ICONV;
}

bool
codec_is_builtin(const char *name)
{
	char norm[NAME_SIZE];
	const char *to;

	return normalise(norm, name) && look_up(norm, &to) != KIND_ICONV;
}

bool
codec_known(const char *name)
{
	struct codec *c = codec_new(name);

	codec_free(c);
	return c != NULL;
}

const char *
codec_default(void)
{
	const char *name = nl_langinfo(CODESET);

	if (name[0] == '\0' || strcmp(name, "ANSI_X3.4-1968") == 0)
		return "UTF-8";
	return name;
}

static const struct wide {
	const char *prefix;
	size_t unit;
} wides[] = {
    {"utf-16", 2},
    {"utf16", 2},
    {"ucs-2", 2},
    {"ucs2", 2},
    {"utf-32", 4},
    {"utf32", 4},
    {"ucs-4", 4},
    {"ucs4", 4},
};

static size_t
unit_of(const char *norm)
{
	for (size_t i = 0; i < sizeof(wides) / sizeof(wides[0]); i++)
		if (strncmp(norm, wides[i].prefix, strlen(wides[i].prefix)) ==
		    0)
			return wides[i].unit;
	return 1;
}

struct codec *
codec_new(const char *name)
{
	char norm[NAME_SIZE];
	struct codec *c;
	const char *to;
	enum kind kind;
	iconv_t cd = NULL;

	if (!normalise(norm, name))
		return NULL;
	kind = look_up(norm, &to);
	if (kind == KIND_ICONV) {
		cd = iconv_open("UTF-8", to);
		if (cd == (iconv_t)-1)
			return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	c->kind = kind;
	c->cd = cd;
	c->unit = unit_of(to);
	c->big_endian = c->unit > 1 && strcmp(to + strlen(to) - 2, "be") == 0;
	return c;
}

void
codec_free(struct codec *c)
{
	if (c == NULL)
		return;
	if (c->kind == KIND_ICONV)
		(void)iconv_close(c->cd);
	free(c->name);
	free(c);
}

const char *
codec_name(const struct codec *c)
{
	return c->name;
}

size_t
codec_unit(const struct codec *c)
{
	return c->unit;
}

bool
codec_is_big_endian(const struct codec *c)
{
	return c->big_endian;
}

static bool
decode_ascii(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x80)
			buf_addc(out, p[i]);
		else
			buf_adds(out, REPLACEMENT);
	return false;
}

static bool
decode_latin1(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		utf8_add(out, (unsigned char)p[i]);
	return true;
}

/* One U+FFFD for each unit that cannot be decoded. */
static bool
decode_iconv(struct codec *c, struct buf *out, const char *p, size_t n)
{
	/* iconv() takes the input as not const but does not write to it. */
	union {
		const char *from;
		char *to;
	} in = {p};
	bool good = true;

	(void)iconv(c->cd, NULL, NULL, NULL, NULL);
	while (n > 0) {
		size_t room = n * 4 + 16;
		char *to = buf_grow(out, room);
		size_t left = room;
		size_t rc = iconv(c->cd, &in.to, &n, &to, &left);
		int why = errno;
		size_t skip;

		buf_commit(out, room - left);
		if (rc != (size_t)-1 || why == E2BIG)
			continue;
		good = false;
		buf_adds(out, REPLACEMENT);
		skip = why == EINVAL || n < c->unit ? n : c->unit;
		in.from += skip;
		n -= skip;
	}
	return good;
}

static bool
decode(struct codec *c, struct buf *out, const char *p, size_t n)
{
	switch (c->kind) {
	case KIND_UTF8:
		utf8_repair(out, p, n);
		return false;
	case KIND_ASCII:
		return decode_ascii(out, p, n);
	case KIND_LATIN1:
		return decode_latin1(out, p, n);
	case KIND_ICONV:
		return decode_iconv(c, out, p, n);
	}
	return false;
}

bool
codec_is_plain(const struct codec *c, const char *p, size_t n)
{
	return c->kind != KIND_ICONV && utf8_ascii(p, n) == n;
}

bool
codec_decode(struct codec *c, const char *p, size_t n, struct buf *scratch,
    const char **text, size_t *text_n)
{
	bool plain = c->kind == KIND_UTF8 ? utf8_valid(p, n) == n
	                                  : codec_is_plain(c, p, n);
	bool good;

	*text = p;
	*text_n = n;
	if (plain)
		return true;
	buf_reset(scratch);
	good = decode(c, scratch, p, n);
	*text = scratch->p;
	*text_n = scratch->n;
	return good;
}
