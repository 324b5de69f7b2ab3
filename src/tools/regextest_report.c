#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "tools/regextest.h"

#define LISTED 20

static void
print_hit(const struct regextest_hit *h)
{
	time_t t = (time_t)h->time;
	struct tm tm;
	char when[40] = "";

	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%a %b %d %H:%M:%S %Y", &tm);
	(void)printf("|      %s  %s%s\n", h->id, when,
	    h->multiple ? " (multiple regex matched)" : "");
}

/* Our own, with -v: what the regex cost, when it was worth measuring. */
static void
print_cost(const struct regextest *r, enum filter_kind kind, size_t i)
{
	struct filter_stat stat;

	filter_stat(r->filter, kind, i, &stat);
	if (stat.limit_hits > 0)
		(void)printf("|      # gave up on %lu lines: a limit was hit\n",
		    stat.limit_hits);
	if (r->o->verbose > 1)
		(void)printf("|      # %lu searches in %.6f sec\n", stat.tried,
		    stat.seconds);
}

static void
print_regexes(const struct regextest *r, enum filter_kind kind)
{
	bool fail = kind == FILTER_FAILREGEX;
	const struct regextest_regex *all = fail ? r->fail : r->ignore;
	const struct filter_row *rows =
	    fail ? r->spec.failregex : r->spec.ignoreregex;
	size_t n = fail ? r->spec.nfail : r->spec.nignore;
	unsigned long total = 0;
	bool header = false;

	for (size_t i = 0; i < n; i++)
		total += all[i].count;
	(void)printf(
	    "\n%s: %lu total\n", fail ? "Failregex" : "Ignoreregex", total);
	for (size_t i = 0; i < n; i++) {
		if (all[i].count == 0 && r->o->verbose == 0)
			continue;
		if (!header)
			(void)printf("|-  #) [# of hits] regular expression\n");
		header = true;
		(void)printf(
		    "|  %2zu) [%lu] %s\n", i + 1, all[i].count, rows[i].text);
		for (size_t k = 0; k < all[i].n; k++)
			print_hit(&all[i].hits[k]);
		if (r->o->verbose > 0)
			print_cost(r, kind, i);
	}
	if (header)
		(void)printf("`-\n");
}

/* fail2ban: texts that 1.1.1 shows in another way than those before. */
static const struct {
	const char *before;
	const char *since;
} renamed[] = {
    {"ExYearExMonthExDay(?:T|  ?)Ex24hourExMinuteExSecond",
        "ExYearExMonthExDay(?:-|T|  ?)Ex24hour:?ExMinute:?ExSecond"},
    {"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}",
        "(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|:){1,7}"},
};

/* As the fail2ban shows it whose configuration is in use. */
static void
print_shown(const struct regextest *r, const char *text)
{
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		const char *at = strstr(text, renamed[i].before);

		while (r->o->of_1_1_1 && at != NULL) {
			(void)printf(
			    "%.*s%s", (int)(at - text), text, renamed[i].since);
			text = at + strlen(renamed[i].before);
			at = strstr(text, renamed[i].before);
		}
	}
	(void)puts(text);
}

static void
print_prefregex(const struct regextest *r)
{
	if (r->spec.prefregex.text == NULL)
		return;
	(void)printf("\nPrefregex: %lu total\n|  ", r->pre_hits);
	print_shown(r, r->spec.prefregex.expanded);
	for (size_t i = 0; i < r->pre_groups->n && i < LISTED; i++) {
		struct buf b = BUF_INIT;

		value_repr(&b, r->pre_groups->items[i]);
		(void)printf("|      %s\n", b.p);
		buf_release(&b);
	}
	if (r->pre_groups->n > LISTED)
		(void)printf("|      ...\n");
	if (r->o->verbose > 0)
		print_cost(r, FILTER_PREFREGEX, 0);
	(void)printf("`-\n");
}

static void
print_dates(const struct regextest *r)
{
	const struct datedetect *d = filter_dates(r->filter);
	struct datetemplate_info info;
	bool header = false;

	(void)printf("\nDate template hits:\n");
	for (size_t i = 0; i < datedetect_count(d); i++) {
		datedetect_info(d, i, &info);
		if (info.hits == 0 && r->o->verbose == 0)
			continue;
		if (!header)
			(void)printf("|- [# of hits] date format\n");
		header = true;
		(void)printf("|  [%lu] ", info.hits);
		print_shown(r, info.name);
		if (!r->o->verbose_date)
			continue;
		(void)printf("|      # weight: %.3f (%.3f), pattern: %s",
		    info.weight, info.weight_hits,
		    info.pattern != NULL ? info.pattern : "");
		(void)printf("\n|      # regex:   %s\n", info.regex);
	}
	if (header)
		(void)printf("`-\n");
}

/* ---- lists of lines ---- */

/* As in the query of a URL. */
static void
print_quoted(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == ' ')
			(void)putchar('+');
		else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		         (c >= 'A' && c <= 'Z') || strchr("_.-~", c) != NULL)
			(void)putchar(c);
		else
			(void)printf("%%%02X", c);
	}
}

static void
print_debuggex(const char *line, const struct filter_row *row)
{
	(void)printf(
	    "|  %s | %s |  https://www.debuggex.com/?re=", line, row->text);
	print_quoted(row->expanded);
	(void)printf("&str=");
	print_quoted(line);
	(void)printf("&flavor=python%s\n", row->multiline ? "&flags=m" : "");
}

struct list_kind {
	const char *title; /* "Missed" */
	const char *word;  /* "missed" */
	bool all;
	bool never;
	bool ignore; /* -D: the ignoreregexes */
};

/* Without the white space at its end. */
static size_t
shown_length(const char *text)
{
	const char *p = text;
	size_t n = strlen(text);

	utf8_trim(&p, &n);
	return n == 0 ? 0 : (size_t)(p - text) + n;
}

static void
print_text(
    const struct regextest *r, const struct list_kind *k, const char *text)
{
	const struct filter_row *rows =
	    k->ignore ? r->spec.ignoreregex : r->spec.failregex;
	size_t n = k->ignore ? r->spec.nignore : r->spec.nfail;

	if (!r->o->debuggex) {
		(void)printf("|  %.*s\n", (int)shown_length(text), text);
		return;
	}
	for (size_t i = 0; i < n; i++)
		print_debuggex(text, &rows[i]);
}

static void
print_lines(const struct regextest *r, const struct regextest_lines *l,
    const struct list_kind *k)
{
	unsigned long few =
	    r->o->maxlines > 0 ? (unsigned long)r->o->maxlines : LISTED;

	if (l->count == 0 || k->never)
		return;
	if (l->count >= few && !k->all) {
		(void)printf(
		    "%s line(s): too many to print.  Use --print-all-%s to "
		    "print all %lu lines\n",
		    k->title, k->word, l->count);
		return;
	}
	(void)printf("|- %s line(s):\n", k->title);
	for (size_t i = 0; i < l->n; i++)
		if (l->text[i] != NULL)
			print_text(r, k, l->text[i]);
	(void)printf("`-\n");
}

void
regextest_report(const struct regextest *r)
{
	const struct regextest_opts *o = r->o;
	struct list_kind matched = {.title = "Matched",
	    .word = "matched",
	    .all = o->print_all_matched,
	    .never = !o->print_all_matched};
	struct list_kind ignored = {.title = "Ignored",
	    .word = "ignored",
	    .all = o->print_all_ignored,
	    .never = o->print_no_ignored,
	    .ignore = true};
	struct list_kind missed = {.title = "Missed",
	    .word = "missed",
	    .all = o->print_all_missed,
	    .never = o->print_no_missed};

	(void)printf("\nResults\n=======\n");
	print_prefregex(r);
	print_regexes(r, FILTER_FAILREGEX);
	print_regexes(r, FILTER_IGNOREREGEX);
	if (r->has_dates)
		print_dates(r);
	(void)printf(
	    "\nLines: %lu lines, %lu ignored, %lu matched, %lu missed\n",
	    r->tested, r->ignored.count, r->matched.count, r->missed.count);
	(void)printf("[processed in %.2f sec]\n\n", r->seconds);
	print_lines(r, &r->matched, &matched);
	print_lines(r, &r->ignored, &ignored);
	print_lines(r, &r->missed, &missed);
}
