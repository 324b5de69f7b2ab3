#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/integer.h"

#define BLANKS " \t\n\v\f\r"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
integer_parse(long long *ret, const char *text)
{
	long long v = 0;
	bool minus;

	text += strspn(text, BLANKS);
	minus = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (!is_digit(*text))
		return -1;
	for (; is_digit(*text); text++) {
		if (__builtin_mul_overflow(v, 10LL, &v) ||
		    __builtin_sub_overflow(v, (long long)(*text - '0'), &v))
			v = LLONG_MIN;
		if (text[1] == '_' && is_digit(text[2]))
			text++;
	}
	text += strspn(text, BLANKS);
	if (*text != '\0')
		return -1;
	/* counted downwards: there is one more below zero */
	*ret = minus ? v : v == LLONG_MIN ? LLONG_MAX : -v;
	return 0;
}
