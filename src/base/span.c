/*
 * A span is arithmetic with units: "1d 12h" is rewritten to "1*86400 +
 * 12*3600" and that is left to expr.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/expr.h"
#include "base/span.h"
#include "base/value.h"

enum {
	TEXT_MAX = 1024,
};

static const struct unit {
	const char *names; /* with a blank around each */
	const char *factor;
} units[] = {
    {" s ss se sec second seconds ", "1"},
    {" m mm mi min minute minutes ", "60"},
    {" h hh ho hou hour hours ", "3600"},
    {" d dd da day days ", "86400"},
    {" w ww we wee week weeks ", "604800"},
    {" mo mon month months ", "2629800.0"},
    {" y yy ye yea year years ", "31557600.0"},
};

static const char *
unit_factor(const char *p, size_t n)
{
	char name[12];

	if (n == 0 || n + 3 > sizeof(name))
		return NULL;
	name[0] = ' ';
	for (size_t i = 0; i < n; i++)
		name[i + 1] = (char)tolower((unsigned char)p[i]);
	name[n + 1] = ' ';
	name[n + 2] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strstr(units[i].names, name) != NULL)
			return units[i].factor;
	return NULL;
}

static bool
is_letter(char c)
{
	return isalpha((unsigned char)c) || (c & 0x80) != 0;
}

static bool
is_digit(char c)
{
	return isdigit((unsigned char)c);
}

static char
last(const struct buf *b)
{
	return b->n == 0 ? '\0' : b->p[b->n - 1];
}

/* A run of letters: a unit when it follows a number, else left alone. */
static size_t
add_word(struct buf *out, const char *p)
{
	size_t n = 0;
	const char *factor = NULL;

	while (is_letter(p[n]))
		n++;
	if ((is_digit(last(out)) || isspace((unsigned char)last(out))) &&
	    p[n] != '_')
		factor = unit_factor(p, n);
	if (factor != NULL) {
		buf_addc(out, '*');
		buf_adds(out, factor);
	} else
		buf_add(out, p, n);
	if (is_digit(p[n]))
		buf_addc(out, ' ');
	return n;
}

static void
replace_units(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0';) {
		if (is_letter(*p))
			p += add_word(out, p);
		else
			buf_addc(out, *p++);
	}
}

/* A blank between two digits becomes a plus. */
static void
add_plus(struct buf *out, const char *p)
{
	while (*p != '\0') {
		size_t n = 0;

		while (isspace((unsigned char)p[n]))
			n++;
		if (n > 0 && is_digit(last(out)) && is_digit(p[n])) {
			buf_addc(out, '+');
			p += n;
		} else
			buf_addc(out, *p++);
	}
}

static int
parse_sum(struct span *ret, const char *sum, struct err *err)
{
	struct expr *e = expr_new(sum, NULL, err);
	struct number v;
	int rc;

	if (e == NULL)
		return -1;
	rc = expr_eval(e, NULL, &v, err);
	expr_free(e);
	if (rc == -1)
		return -1;
	if (!isfinite(v.f))
		return err_set(err, "the result is not a finite number");
	ret->seconds = v.f;
	ret->is_float = !v.is_int;
	ret->is_none = false;
	return 0;
}

static bool
is_none(const char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strcspn(text, " \t\r\n");
	return n == 4 && strncmp(text, "None", 4) == 0 &&
	       text[n + strspn(text + n, " \t\r\n")] == '\0';
}

int
span_parse(struct span *ret, const char *text, struct err *err)
{
	struct buf products = BUF_INIT, sum = BUF_INIT;
	struct span sum_ret;
	int rc;

	if (strlen(text) > TEXT_MAX)
		return err_set(
		    err, "a time span is longer than %d characters", TEXT_MAX);
	if (is_none(text)) {
		*ret = (struct span){.is_none = true};
		return 0;
	}
	replace_units(&products, text);
	add_plus(&sum, products.p);
	rc = parse_sum(&sum_ret, sum.p, err);
	buf_release(&products);
	buf_release(&sum);
	if (rc == 0 && isnan(sum_ret.seconds))
		rc = err_set(err, "'%s' is no time", text);
	if (rc == 0) {
		*ret = sum_ret;
		ret->seconds = fmax(-SPAN_MAX, fmin(ret->seconds, SPAN_MAX));
	}
	return rc;
}

void
span_print(struct buf *out, const struct span *s)
{
	const struct number n = {s->seconds, !s->is_float};

	if (s->is_none)
		buf_adds(out, "None");
	else
		number_print(out, &n);
}

static void
add_part(struct buf *out, bool *any, double n, char unit)
{
	if (n == 0)
		return;
	if (*any)
		buf_addc(out, ' ');
	*any = true;
	buf_addf(out, "%.0f%c", n, unit);
}

/* Below an hour nothing is rounded. fail2ban: with a fraction all parts are
 * shown as floats. */
static void
pretty_short(struct buf *out, double seconds)
{
	double minutes = seconds < 60 ? 0 : floor(seconds / 60);
	double rest = seconds - minutes * 60;

	if (seconds == floor(seconds)) {
		bool any = false;

		add_part(out, &any, minutes, 'm');
		add_part(out, &any, rest, 's');
		return;
	}
	if (minutes > 0) {
		value_repr_float(out, minutes);
		buf_adds(out, "m ");
	}
	value_repr_float(out, rest);
	buf_addc(out, 's');
}

/* From this many seconds on: round to a unit, then print these parts. */
static const struct scale {
	double from;
	double round;
	struct {
		double size;
		char unit;
	} parts[3];
} scales[] = {
    {365 * 86400.0, 86400, {{365 * 86400.0, 'y'}, {604800, 'w'}, {86400, 'd'}}},
    {604800, 3600, {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}}},
    {86400, 60, {{86400, 'd'}, {3600, 'h'}, {60, 'm'}}},
    {3595, 10, {{3600, 'h'}, {60, 'm'}, {0, 0}}},
};

void
span_pretty(struct buf *out, double seconds)
{
	const struct scale *s = scales;
	bool any = false;

	if (seconds == 0 || !isfinite(seconds)) {
		buf_adds(out, seconds == 0 ? "0" : "inf");
		return;
	}
	for (; s < scales + sizeof(scales) / sizeof(scales[0]); s++)
		if (seconds >= s->from)
			break;
	if (s == scales + sizeof(scales) / sizeof(scales[0])) {
		pretty_short(out, seconds);
		return;
	}
	seconds = nearbyint(seconds / s->round) * s->round;
	for (int i = 0; i < 3 && s->parts[i].size > 0; i++) {
		double n = floor(seconds / s->parts[i].size);

		add_part(out, &any, n, s->parts[i].unit);
		seconds -= n * s->parts[i].size;
	}
}
