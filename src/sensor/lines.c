#include <string.h>

#include "sensor/lines.h"

/* Whether the unit that holds the 0x0a at p[i] is a line feed. */
static bool
is_line_feed(const struct codec *c, const char *p, size_t i)
{
	size_t unit = codec_unit(c);
	size_t start = i - i % unit;
	size_t at = codec_is_big_endian(c) ? unit - 1 : 0;

	for (size_t k = 0; k < unit; k++)
		if (p[start + k] != (k == at ? '\n' : '\0'))
			return false;
	return true;
}

size_t
lines_next(const struct codec *c, const char *p, size_t n, bool at_end)
{
	size_t unit = codec_unit(c);
	size_t whole = n - n % unit;
	size_t from = 0;

	while (from < whole) {
		const char *lf = memchr(p + from, '\n', whole - from);
		size_t i;

		if (lf == NULL)
			break;
		i = (size_t)(lf - p);
		if (unit == 1)
			return i + 1;
		if (is_line_feed(c, p, i))
			return i - i % unit + unit;
		from = i + 1;
	}
	if (at_end && unit == 1 && n > 0 && p[n - 1] == '\r')
		return n;
	return 0;
}

size_t
lines_strip(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	return n;
}
