/*
 * Rules, one a line ("P " prefregex, "F " failregex, "I " ignoreregex, "M"
 * several lines a match), then log lines through a filter of them. Besides,
 * what the first failregex finds must not depend on which of its codes runs,
 * nor on whether its steps are counted, and the prefilter must let through
 * what it matches.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/quiet.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/filter.h"
#include "sensor/prefilter.h"
#include "sensor/regex.h"

#define NOW 1749988800.0
#define MAX_LINE 400
#define MAX_LINES 40

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
drop(void *arg, const struct failure *f)
{
	(void)arg;
	if (packed_type(f->id) == VALUE_NONE ||
	    packed_type(f->data) != VALUE_DICT || f->count < 1)
		abort();
}

static bool
add_rule(struct filterspec *spec, const char *line)
{
	switch (line[0]) {
	case 'P':
		(void)filterspec_set_prefregex(spec, line + 2, NULL);
		return true;
	case 'F':
		(void)filterspec_add_failregex(spec, line + 2, NULL);
		return true;
	case 'I':
		(void)filterspec_add_ignoreregex(spec, line + 2, NULL);
		return true;
	case 'M':
		(void)filterspec_set_maxlines(spec, 3, NULL);
		return true;
	default:
		return false;
	}
}

static void
feed(struct filter *f, const char *line)
{
	struct filter_line l = {
	    .text = line,
	    .n = strlen(line),
	    .date = "D",
	    .date_n = 1,
	    .time = NOW,
	    .now = NOW,
	    .check_findtime = true,
	};

	if (filter_line(f, &l, drop, NULL, NULL, NULL) < 0)
		abort();
}

static void
ck_prefilter(const struct regex *re, const char *line)
{
	struct prefilter *p = prefilter_new();
	const struct literals none = {.n = 0};
	size_t first = 0, found = 0;

	for (int i = 0; i < 3; i++)
		prefilter_add(p, regex_literals(re), &none);
	prefilter_add(p, regex_literals(re), regex_prefix(re));
	prefilter_build(p);
	prefilter_scan(p, line, strlen(line));
	for (; prefilter_next(p, &first); first++)
		found++;
	if (found != 4)
		abort();
	prefilter_free(p);
}

/* The last search found the same as the first, which ended in span. */
static void
ck_same(const struct regex *re, const struct regex_span *span)
{
	for (int i = 0; i <= regex_groups(re); i++) {
		struct regex_span s = regex_group(re, i);

		if (s.start != span[i].start || s.end != span[i].end ||
		    s.set != span[i].set)
			abort();
	}
}

static void
ck_codes(const char *expanded, const char *line)
{
	struct regex *re = regex_new(expanded, strlen(expanded), 0, NULL);
	size_t n = strlen(line);
	struct regex_subject s = {
	    .text = line, .n = n, .is_ascii = utf8_ascii(line, n) == n};
	enum regex_result first = REGEX_LIMIT;
	struct regex_span *span;

	if (re == NULL)
		abort();
	span = xcalloc((size_t)regex_groups(re) + 1, sizeof(*span));
	for (int i = 0; i < 36; i++) {
		struct regex_budget budget = regex_budget(n);
		enum regex_result last =
		    i % 6 != 5 ? regex_search(re, &s, &budget)
		               : regex_search_again(re, &s, &budget);

		if (last == REGEX_LIMIT)
			break;
		if (i == 0)
			memcpy(span, regex_spans(re),
			    ((size_t)regex_groups(re) + 1) * sizeof(*span));
		if (i == 0)
			first = last;
		if (last != first)
			abort();
		if (first == REGEX_MATCH)
			ck_same(re, span);
	}
	if (first == REGEX_MATCH)
		ck_prefilter(re, line);
	free(span);
	regex_free(re);
}

static void
run(const struct filterspec *spec, char *rest)
{
	struct filter *f = filter_new("J", spec, NULL);
	char *line;

	if (f == NULL)
		abort();
	for (int i = 0; i < MAX_LINES && (line = strsep(&rest, "\n")) != NULL;
	     i++) {
		if (strlen(line) > MAX_LINE)
			continue;
		feed(f, line);
		if (i < 1 && spec->nfail > 0)
			ck_codes(spec->failregex[0].expanded, line);
	}
	filter_free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct filterspec spec;
	struct buf text = BUF_INIT;
	char *rest, *line;

	if (n > 4096)
		return 0;
	quiet_log();
	utf8_repair(&text, (const char *)p, n);
	filterspec_init(&spec);
	rest = text.p;
	while (rest != NULL && spec.nfail < 8 &&
	       strchr("PFIM", *rest) != NULL && *rest != '\0' &&
	       (line = strsep(&rest, "\n")) != NULL)
		(void)(strlen(line) > 2 && add_rule(&spec, line));
	if (rest != NULL)
		run(&spec, rest);
	filterspec_release(&spec);
	buf_release(&text);
	return 0;
}
