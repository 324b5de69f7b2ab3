#include <string.h>
#include <time.h>

#include "sensor/datepat.h"

#define MONTHS3 "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
#define MONTHS                                                                 \
	"january|february|march|april|may|june|july|august|september|october|" \
	"november|december"
#define DAYS3 "mon|tue|wed|thu|fri|sat|sun"
#define DAYS "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
#define OFFSET "[+-][01]\\d(?::?\\d{2})?"
#define ABBREV "[A-Z](?:[A-Z]{2,4})?"

#define DAY2 "(?P<d>[1-2]\\d|[0 ]?[1-9]|3[0-1])"
#define MONTH2 "(?P<m>0?[1-9]|1[0-2])"
#define HOUR24 "(?P<H>[0-1]?\\d|2[0-3])"
#define MINUTE "(?P<M>[0-5]?\\d)"
#define SECOND "(?P<S>[0-5]?\\d|6[01])"
#define YEAR2 "(?P<y>\\d{2})"
#define EXHOUR "(?P<H>[0-1]\\d|2[0-3])"

/* Longer keys first. */
static const struct datedirective directives[] = {
    {"ExY", "ExYear", NULL, false},
    {"Exy", "ExYear2", YEAR2, false},
    {"Exm", "ExMonth", "(?P<m>0[1-9]|1[0-2])", false},
    {"Exd", "ExDay", "(?P<d>0[1-9]|[1-2]\\d|3[0-1])", false},
    {"ExH", "Ex24hour", EXHOUR, false},
    {"Exk", NULL, " ?" EXHOUR, false},
    {"Exl", NULL, " ?(?P<I>1[0-2]|\\d)", false},
    {"ExM", "ExMinute", "(?P<M>[0-5]\\d)", false},
    {"ExS", "ExSecond", "(?P<S>[0-5]\\d|6[01])", false},
    {"Exz", "ExZone offset", "(?P<z>(?:" ABBREV ")?" OFFSET "|" ABBREV ")",
        false},
    {"ExZ", "ExZone name", "(?P<Z>" ABBREV ")", false},
    {"Y", "Year", "(?P<Y>\\d{4})", false},
    {"y", "Year2", YEAR2, false},
    {"m", "Month", MONTH2, false},
    {"d", "Day", DAY2, false},
    {"b", "MON", "(?P<b>" MONTHS3 ")", true},
    {"B", "MONTH", "(?P<B>" MONTHS ")", true},
    {"a", "DAY", "(?P<a>" DAYS3 ")", true},
    {"A", "DAYNAME", "(?P<A>" DAYS ")", true},
    {"H", "24hour", HOUR24, false},
    {"k", NULL, " ?(?P<H>[0-2]?\\d)", false},
    {"I", "12hour", "(?P<I>1[0-2]|0?[1-9])", false},
    {"l", NULL, " ?(?P<I>1?\\d)", false},
    {"M", "Minute", MINUTE, false},
    {"S", "Second", SECOND, false},
    {"f", "Microseconds", "(?P<f>[0-9]{1,6})", false},
    {"p", "AMPM", "(?P<p>am|pm)", true},
    {"z", "Zone offset", "(?P<z>Z|UTC|GMT|" OFFSET ")", false},
    {"Z", "Zone name", "(?P<Z>[A-Z]{3,5}|Z)", false},
    {"j", "Yearday", "(?P<j>36[0-6]|3[0-5]\\d|[12]\\d\\d|0?[1-9]\\d|0?0?[1-9])",
        false},
    {"U", "Yearweek", "(?P<U>5[0-3]|[0-4]?\\d)", false},
    {"W", "Yearweek", "(?P<W>5[0-3]|[0-4]?\\d)", false},
    {"w", "Weekday", "(?P<w>[0-6])", false},
    {"u", NULL, "(?P<u>[1-7])", false},
    {"G", NULL, "(?P<G>\\d{4})", false},
    {"V", NULL, "(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)", false},
    {"c", NULL,
        "(?P<a>" DAYS3 ")\\s+(?P<b>" MONTHS3 ")\\s+" DAY2 "\\s+" HOUR24
        ":" MINUTE ":" SECOND "\\s+(?P<Y>\\d{4})",
        true},
    {"x", NULL, MONTH2 "/" DAY2 "/" YEAR2, false},
    {"X", NULL, HOUR24 ":" MINUTE ":" SECOND, false},
};

const struct datedirective *
datedirective_find(const char *p)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]);
	     i++) {
		const struct datedirective *d = &directives[i];

		if (strncmp(p, d->key, strlen(d->key)) == 0)
			return d;
	}
	return NULL;
}

int
datedirective_ex_decade(double now)
{
	time_t t = (time_t)now;
	struct tm tm;
	int year = 2000;

	if (localtime_r(&t, &tm) != NULL && tm.tm_year + 1900 > year)
		year = tm.tm_year + 1900;
	return year > 9996 ? 999 : (year + 3) / 10;
}

/* Every decade from 2000 on. */
static void
add_ex_year(struct buf *out, int last)
{
	buf_adds(out, "(?P<Y>");
	for (int century = 20; century <= last / 10; century++)
		buf_addf(out, "%s%d[0-%d]\\d", century > 20 ? "|" : "", century,
		    century < last / 10 ? 9 : last % 10);
	buf_addc(out, ')');
}

void
datedirective_regex(
    struct buf *out, const struct datedirective *d, int ex_decade)
{
	if (d->regex == NULL)
		add_ex_year(out, ex_decade);
	else
		buf_adds(out, d->regex);
}

int
datedirective_field(const char *group)
{
	static const struct {
		const char *group;
		enum datefield field;
	} rows[] = {
	    {"Y", DATE_YEAR},
	    {"y", DATE_YEAR2},
	    {"m", DATE_MONTH},
	    {"d", DATE_DAY},
	    {"b", DATE_MON},
	    {"B", DATE_MON},
	    {"a", DATE_WDAY},
	    {"A", DATE_WDAY},
	    {"H", DATE_HOUR},
	    {"I", DATE_HOUR12},
	    {"M", DATE_MINUTE},
	    {"S", DATE_SECOND},
	    {"p", DATE_AMPM},
	    {"z", DATE_OFFSET},
	    {"Z", DATE_ZONE},
	    {"j", DATE_YDAY},
	    {"U", DATE_WEEK_U},
	    {"W", DATE_WEEK_W},
	    {"w", DATE_WNUM},
	    {"_epoch", DATE_EPOCH},
	    {"_tai", DATE_TAI64N},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].group, group) == 0)
			return (int)rows[i].field;
	return -1;
}

/* Three letters of any case as a number. */
#define KEY(a, b, c) (((a) | 32) << 16 | ((b) | 32) << 8 | ((c) | 32))

static int
key_index(const int *keys, int n, const char *p)
{
	int key =
	    KEY((unsigned char)p[0], (unsigned char)p[1], (unsigned char)p[2]);

	for (int i = 0; i < n; i++)
		if (keys[i] == key)
			return i;
	return -1;
}

int
datedirective_month(const char *p, size_t n)
{
	static const int keys[] = {KEY('j', 'a', 'n'), KEY('f', 'e', 'b'),
	    KEY('m', 'a', 'r'), KEY('a', 'p', 'r'), KEY('m', 'a', 'y'),
	    KEY('j', 'u', 'n'), KEY('j', 'u', 'l'), KEY('a', 'u', 'g'),
	    KEY('s', 'e', 'p'), KEY('o', 'c', 't'), KEY('n', 'o', 'v'),
	    KEY('d', 'e', 'c')};

	return n < 3 ? 0 : key_index(keys, 12, p) + 1;
}

int
datedirective_weekday(const char *p, size_t n)
{
	static const int keys[] = {KEY('m', 'o', 'n'), KEY('t', 'u', 'e'),
	    KEY('w', 'e', 'd'), KEY('t', 'h', 'u'), KEY('f', 'r', 'i'),
	    KEY('s', 'a', 't'), KEY('s', 'u', 'n')};

	return n < 3 ? -1 : key_index(keys, 7, p);
}
