/*
 * Number literals of expr, as Python writes them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/exprcalc.h"

static size_t
digits(const char *p)
{
	size_t n = 0;

	if (!isdigit((unsigned char)p[0]))
		return 0;
	while (isdigit((unsigned char)p[n]) ||
	       (p[n] == '_' && isdigit((unsigned char)p[n + 1])))
		n++;
	return n;
}

static size_t
exponent(const char *p)
{
	size_t sign, n;

	if (*p != 'e' && *p != 'E')
		return 0;
	sign = p[1] == '+' || p[1] == '-';
	n = digits(p + 1 + sign);
	return n == 0 ? 0 : 1 + sign + n;
}

/* Length of the number at p; *is_int says which kind. */
static size_t
number_length(const char *p, bool *is_int)
{
	size_t n = digits(p), fraction, power;

	*is_int = true;
	if (p[n] == '.') {
		fraction = digits(p + n + 1);
		if (n + fraction == 0)
			return 0;
		n += 1 + fraction;
		*is_int = false;
	}
	power = exponent(p + n);
	if (power > 0)
		*is_int = false;
	return n + power;
}

static int
check_zeros(const char *text, struct err *err)
{
	if (text[0] == '0' && text[strspn(text, "0_")] != '\0')
		return err_set(err,
		    "leading zeros in decimal integer "
		    "literals are not permitted: '%s'",
		    text);
	return 0;
}

static double
prefixed_value(const char *digits_at, size_t n, int base)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		int c = tolower((unsigned char)digits_at[i]);

		sum = sum * base + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return sum;
}

/* 0x1f, 0o17, 0b11; 0 when it is none of them. */
static size_t
prefixed(const char *p, struct number *ret)
{
	static const struct {
		char letter;
		int base;
		const char *set;
	} bases[] = {
	    {'x', 16, "0123456789abcdefABCDEF"},
	    {'o', 8, "01234567"},
	    {'b', 2, "01"},
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		size_t n;

		if (p[0] != '0' ||
		    tolower((unsigned char)p[1]) != bases[i].letter)
			continue;
		n = strspn(p + 2, bases[i].set);
		ret->f = prefixed_value(p + 2, n, bases[i].base);
		ret->is_int = true;
		return n == 0 ? 0 : n + 2;
	}
	return 0;
}

size_t
number_scan(struct number *ret, const char *p, struct err *err)
{
	char text[512];
	size_t n = prefixed(p, ret), used = 0;

	if (n > 0)
		return n;
	n = number_length(p, &ret->is_int);
	if (n == 0 || n >= sizeof(text)) {
		(void)err_set(err,
		    n == 0 ? "invalid syntax near '%.20s'"
		           : "the number '%.20s...' is too long",
		    p);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (p[i] != '_')
			text[used++] = p[i];
	text[used] = '\0';
	if (ret->is_int && check_zeros(text, err) == -1)
		return 0;
	ret->f = strtod(text, NULL);
	return n;
}
