/*
 * Lines through two detectors, one that reads by hand what it can and one
 * that only uses the regexes: they must agree. When the text begins with "%"
 * or "^" or "{", its first line is a datepattern.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sensor/datedetect.h"

#define NOW 1749988800.0
#define MAX_LINE 400

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
compare(struct datedetect *hand, struct datedetect *plain, const char *line,
    size_t n)
{
	struct datematch a, b;
	struct err ea = ERR_INIT, eb = ERR_INIT;
	int ra = datedetect_find(hand, line, n, NOW, &a, &ea);
	int rb = datedetect_find(plain, line, n, NOW, &b, &eb);

	if (ra != rb || strcmp(err_text(&ea), err_text(&eb)) != 0)
		abort();
	if (a.start != b.start || a.end != b.end || a.template != b.template ||
	    a.none != b.none || a.has_time != b.has_time ||
	    a.is_int != b.is_int || (a.has_time && a.time < b.time) ||
	    (a.has_time && a.time > b.time))
		abort();
	if (a.start > a.end || a.end > n)
		abort();
	err_release(&ea);
	err_release(&eb);
}

static size_t
line_length(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	return end != NULL ? (size_t)(end - p) : n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct datedetect *hand = datedetect_new();
	struct datedetect *plain = datedetect_new();
	struct buf b = BUF_INIT;
	const char *p;
	const char *end;

	datedetect_set_plain(plain, true);
	utf8_repair(&b, (const char *)data, n);
	p = b.p;
	end = b.p + b.n;
	if (n > 0 && strchr("%^{", *p) != NULL && *p != '\0') {
		size_t len = line_length(p, b.n);

		if (len < b.n)
			b.p[len] = '\0';
		(void)datedetect_add(hand, p, NULL);
		(void)datedetect_add(plain, p, NULL);
		p += len < b.n ? len + 1 : len;
	}
	while (p < end) {
		size_t len = line_length(p, (size_t)(end - p));

		if (len <= MAX_LINE)
			compare(hand, plain, p, len);
		p += len < (size_t)(end - p) ? len + 1 : len;
	}
	datedetect_free(hand);
	datedetect_free(plain);
	buf_release(&b);
	return 0;
}
