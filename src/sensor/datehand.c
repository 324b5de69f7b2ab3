/*
 * Each reader walks the text once. That is enough because in these two
 * templates what follows a field says where it ends, so the regex has no
 * second way to match; the tails, where it has, are spelled out.
 */
#include <string.h>
#include <strings.h>

#include "sensor/datehand.h"

struct reader {
	const char *p;
	const char *end;
	size_t looked; /* bytes of the line, the end counts as one */
	const char *line;
	bool unsure; /* saw a byte that is not ASCII */
	int ex_decade;
};

/* Byte at offset i, '\0' at and behind the end. */
static unsigned char
peek(struct reader *r, size_t i)
{
	size_t looked = (size_t)(r->p - r->line) + i + 1;
	unsigned char c;

	if (looked > r->looked)
		r->looked = looked;
	if ((size_t)(r->end - r->p) <= i)
		return '\0';
	c = (unsigned char)r->p[i];
	if (c >= 0x80)
		r->unsure = true;
	return c;
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

/* Python's \s in ASCII. */
static bool
is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* The boundary after a word character. */
static bool
at_bound(struct reader *r)
{
	return !is_word(peek(r, 0));
}

/* Up to two characters that are no word. */
static void
skip_lead(struct reader *r)
{
	for (int i = 0; i < 2 && r->p < r->end && !is_word(peek(r, 0)); i++)
		r->p++;
}

static bool
take(struct reader *r, unsigned char c)
{
	if (r->p == r->end || peek(r, 0) != c)
		return false;
	r->p++;
	return true;
}

/* A number of one or two digits, not followed by another one. */
static bool
take_12(struct reader *r, int max, int *ret)
{
	int v;

	if (!is_digit(peek(r, 0)))
		return false;
	v = peek(r, 0) - '0';
	r->p++;
	if (is_digit(peek(r, 0))) {
		v = v * 10 + (peek(r, 0) - '0');
		r->p++;
	}
	if (is_digit(peek(r, 0)) || v > max)
		return false;
	*ret = v;
	return true;
}

/* %d: a blank may stand for the first digit of one. */
static bool
take_day(struct reader *r, int *ret)
{
	bool padded = take(r, ' ');
	const char *from = r->p;

	if (!take_12(r, 31, ret) || *ret == 0)
		return false;
	return !padded || r->p - from == 1;
}

/* ExY: only years near now. */
static bool
take_ex_year(struct reader *r, int *ret)
{
	int v = 0;

	for (size_t i = 0; i < 4; i++) {
		if (!is_digit(peek(r, i)))
			return false;
		v = v * 10 + (peek(r, i) - '0');
	}
	if (v < 2000 || v / 10 > r->ex_decade)
		return false;
	r->p += 4;
	*ret = v;
	return true;
}

static bool
take_clock(struct reader *r, struct datefields *f)
{
	return take(r, ':') && take_12(r, 59, &f->minute) && take(r, ':') &&
	       take_12(r, 61, &f->second);
}

/* Length of a fraction that the regex would take: mark and digits. */
static size_t
fraction(struct reader *r, bool comma)
{
	size_t n = 1;

	if (peek(r, 0) != '.' && !(comma && peek(r, 0) == ','))
		return 0;
	while (is_digit(peek(r, n)) && n <= 7)
		n++;
	return n > 1 && n <= 7 ? n : 0;
}

/* ---- #2: (?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)? ---- */

static bool
take_month(struct reader *r, struct datefields *f)
{
	if (r->end - r->p < 4 || r->p[3] != ' ')
		return false;
	f->month = datedirective_month(r->p, 3);
	if (f->month == 0)
		return false;
	r->p += 4;
	return true;
}

static void
skip_weekday(struct reader *r, struct datefields *f)
{
	int day;

	if (r->end - r->p < 4 || r->p[3] != ' ')
		return;
	day = datedirective_weekday(r->p, 3);
	if (day < 0)
		return;
	f->weekday = day;
	r->p += 4;
}

/* The optional year and the boundary. */
static bool
take_year_tail(struct reader *r, struct datefields *f)
{
	const char *back = r->p;

	if (take(r, ' ') && take_ex_year(r, &f->year) && at_bound(r))
		return true;
	f->year = -1;
	r->p = back;
	return at_bound(r);
}

static bool
read_rfc3164(struct reader *r, struct datefields *f)
{
	size_t n;

	for (size_t i = 0; i < 8; i++)
		(void)peek(r, i);
	skip_weekday(r, f);
	if (!take_month(r, f) || !take_day(r, &f->day) || !take(r, ' '))
		return false;
	(void)take(r, ' ');
	if (!take_12(r, 29, &f->hour) || !take_clock(r, f))
		return false;
	n = fraction(r, false);
	r->p += n;
	if (take_year_tail(r, f))
		return true;
	r->p -= n;
	return n > 0 && take_year_tail(r, f);
}

/* ---- #1: ExY-m-dTH:M:S(?:[.,]f)?(?:\s*z)? ---- */

static bool
zone_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < n; i++)
		if (peek(r, i) != (unsigned char)word[i])
			return false;
	if (is_word(peek(r, n)))
		return false;
	r->p += n;
	return true;
}

/* [+-][01]\d(?::?\d{2})? and the boundary. */
static bool
zone_number(struct reader *r, int *offset)
{
	int sign = peek(r, 0) == '-' ? -1 : 1;
	int hours;
	size_t m = 3;

	if ((peek(r, 0) != '+' && peek(r, 0) != '-') ||
	    (peek(r, 1) != '0' && peek(r, 1) != '1') || !is_digit(peek(r, 2)))
		return false;
	hours = (peek(r, 1) - '0') * 10 + (peek(r, 2) - '0');
	if (peek(r, m) == ':')
		m++;
	if (is_digit(peek(r, m)) && is_digit(peek(r, m + 1)) &&
	    !is_word(peek(r, m + 2))) {
		*offset = sign * 60 *
		          (hours * 60 + (peek(r, m) - '0') * 10 +
		              (peek(r, m + 1) - '0'));
		r->p += m + 2;
		return true;
	}
	if (is_word(peek(r, 3)))
		return false;
	*offset = sign * 3600 * hours;
	r->p += 3;
	return true;
}

static bool
take_zone_tail(struct reader *r, struct datefields *f)
{
	const char *back = r->p;

	while (r->p < r->end && is_blank(peek(r, 0)))
		r->p++;
	f->offset = 0;
	f->has_offset = zone_word(r, "Z") || zone_word(r, "UTC") ||
	                zone_word(r, "GMT") || zone_number(r, &f->offset);
	if (f->has_offset)
		return true;
	r->p = back;
	return at_bound(r);
}

static bool
read_iso(struct reader *r, struct datefields *f)
{
	unsigned char sep;
	size_t n;

	if (!take_ex_year(r, &f->year))
		return false;
	sep = peek(r, 0);
	if ((sep != '-' && sep != '/' && sep != '.') || !take(r, sep) ||
	    !take_12(r, 12, &f->month) || f->month == 0 || !take(r, sep) ||
	    !take_day(r, &f->day))
		return false;
	if (!take(r, 'T')) {
		if (!take(r, ' '))
			return false;
		(void)take(r, ' ');
	}
	if (!take_12(r, 23, &f->hour) || !take_clock(r, f))
		return false;
	n = fraction(r, true);
	r->p += n;
	if (take_zone_tail(r, f))
		return true;
	r->p -= n;
	return n > 0 && take_zone_tail(r, f);
}

enum datehand_result
datehand_read(struct datehand_match *ret, enum datehand hand, const char *line,
    size_t n, int ex_decade)
{
	struct reader r = {
	    .p = line, .end = line + n, .line = line, .ex_decade = ex_decade};
	bool ok;

	skip_lead(&r);
	ret->cut = (size_t)(r.p - line);
	datefields_init(&ret->fields);
	ok = hand == DATEHAND_ISO ? read_iso(&r, &ret->fields)
	                          : read_rfc3164(&r, &ret->fields);
	ret->end = (size_t)(r.p - line);
	ret->looked = r.looked;
	if (r.unsure)
		return DATEHAND_UNSURE;
	if (ok && ret->fields.has_offset)
		ret->fields.is_int = true;
	return ok ? DATEHAND_MATCH : DATEHAND_NO;
}
