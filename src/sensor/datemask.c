/*
 * Most lines have one clock time, and the few characters before its hour
 * tell which of the templates can be meant. One pass over the line thus
 * spares up to thirty searches. The rules are necessary conditions only;
 * whether a template matches, its regex decides.
 */
#include "sensor/datehand.h"

#define BIT(n) (1U << (n))
/* No begin of a date is longer up to the colon after the hour. */
#define REACH 40
/* Two characters may stand before a date at the begin of a line. */
#define LEAD 2

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
run_begin(const char *line, size_t end)
{
	while (end > 0 && is_digit(line[end - 1]))
		end--;
	return end;
}

/* After digits of length len that stand before blank and hour. */
static uint32_t
before_blank(char sep, size_t len)
{
	uint32_t m = 0;

	if (len >= 6)
		m |= BIT(11);
	if (sep == ' ') {
		if (len <= 2)
			m |= BIT(1) | BIT(2) | BIT(15) | BIT(16);
		if (len == 4)
			m |= BIT(3) | BIT(12);
	}
	if (sep == '.' && len <= 2)
		m |= BIT(1);
	if (sep == '-' || sep == '/') {
		if (len <= 2)
			m |= BIT(1) | BIT(4) | BIT(13);
		if (len == 4)
			m |= BIT(4) | BIT(5) | BIT(7);
	}
	return m;
}

/* Templates with H:M:S whose hour is line[hour, colon). */
static uint32_t
of_clock(const char *line, size_t hour, size_t colon)
{
	uint32_t m = colon - hour >= 5 ? BIT(5) : 0;
	size_t at;
	size_t from;

	if (hour == 0)
		return m;
	if (line[hour - 1] == 'T')
		return m | BIT(1);
	if (line[hour - 1] == ':')
		return m | BIT(5) | BIT(6);
	if (line[hour - 1] == '@')
		return m | BIT(10);
	if (line[hour - 1] != ' ')
		return m;
	at = hour - 1;
	if (at > 0 && line[at - 1] == ' ')
		at--;
	from = run_begin(line, at);
	if (from == at)
		return m;
	return m | before_blank(from > 0 ? line[from - 1] : '\0', at - from);
}

/* Whether "H:M:S" can be at this colon, the first of the two. */
static bool
is_clock(const char *line, size_t n, size_t colon)
{
	size_t i = colon + 1;

	if (colon == 0 || !is_digit(line[colon - 1]))
		return false;
	while (i < n && i <= colon + 2 && is_digit(line[i]))
		i++;
	return i > colon + 1 && i + 1 < n && line[i] == ':' &&
	       is_digit(line[i + 1]);
}

static void
add_clock(struct datemask *ret, const char *line, size_t colon)
{
	size_t hour = run_begin(line, colon);
	uint32_t m = of_clock(line, hour, colon);

	ret->any |= m;
	if (colon <= REACH)
		ret->begin |= m;
	if (hour <= LEAD)
		ret->begin |= BIT(9);
}

/* A run of digits that is long enough to be all of a date. */
static void
add_run(
    struct datemask *ret, const char *line, size_t from, size_t to, char next)
{
	uint32_t m = 0;

	if (next == '-' || next == 'T' || next == ' ')
		m |= BIT(14);
	if (to - from >= 10 && (from <= LEAD || line[from - 1] == '('))
		m |= BIT(8);
	ret->any |= m;
	if (from <= LEAD)
		ret->begin |= m;
}

void
datemask_make(struct datemask *ret, const char *line, size_t n)
{
	*ret = (struct datemask){0, 0};
	for (size_t i = 0; i < n; i++) {
		size_t from = i;

		if (line[i] == ':' && is_clock(line, n, i))
			add_clock(ret, line, i);
		else if (line[i] == '@' && n - i >= 25) {
			ret->any |= BIT(17);
			if (i <= LEAD)
				ret->begin |= BIT(17);
		}
		while (i < n && is_digit(line[i]))
			i++;
		if (i - from >= 8)
			add_run(ret, line, from, i, i < n ? line[i] : '\0');
		if (i > from)
			i--;
	}
}
