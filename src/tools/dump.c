#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/span.h"
#include "base/utf8.h"
#include "conf/vintage.h"
#include "tools/dump.h"
#include "tools/json.h"
#include "tools/streamcheck.h"

#define FAILED 255
#define TEST_FAILED "test configuration failed"

/* Columns and steps of the pretty printer, as the reference sets them. */
#define WIDTH 1000
#define STEP 2

/* Bytes that are collected before they are written. */
#define PRINT_AT_ONCE 32768

/* ---- Python's pretty printer */

/* Where a value stands: its column, and what must fit behind it. */
struct place {
	size_t column;
	size_t behind;
};

static void format(struct buf *out, const struct value *v, struct place at);

static size_t
repr_length(const char *p, size_t n)
{
	struct buf text = BUF_INIT;
	size_t length;

	value_repr_text(&text, p, n);
	length = utf8_length(text.p, text.n);
	buf_release(&text);
	return length;
}

/* Bytes of the line break at p, 0: none (Python's splitlines()). */
static size_t
break_at(const char *p, size_t n)
{
	char32_t c;
	size_t len = utf8_decode(p, n, &c);

	if (len == 0)
		return 0;
	if (c == '\r' && n > 1 && p[1] == '\n')
		return 2;
	if ((c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 ||
	    c == 0x2028 || c == 0x2029)
		return len;
	return 0;
}

static size_t
line_length(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = break_at(p + i, n - i);

		if (len > 0)
			return i + len;
	}
	return n;
}

/* A word and the white space behind it. */
static size_t
part_length(const char *p, size_t n)
{
	size_t i = 0, len;

	while (i < n && utf8_space(p + i, n - i) == 0)
		i++;
	while (i < n && (len = utf8_space(p + i, n - i)) > 0)
		i += len;
	return i;
}

/* Pieces of a long text, each on a line of its own. */
struct pieces {
	struct buf *out;
	size_t column;
	size_t n; /* written so far */
};

static void
add_piece(struct pieces *s, const char *p, size_t n)
{
	if (s->n++ > 0)
		buf_addf(s->out, "\n%*s", (int)s->column, "");
	value_repr_text(s->out, p, n);
}

/* Breaks a line that is too long between its words. */
static void
add_words(struct pieces *s, const char *p, size_t n, size_t behind)
{
	size_t start = 0, width = WIDTH - s->column;

	for (size_t at = 0, len; at < n; at += len) {
		len = part_length(p + at, n - at);
		if (at + len == n)
			width -= behind;
		if (repr_length(p + start, at + len - start) <= width)
			continue;
		if (at > start)
			add_piece(s, p + start, at - start);
		start = at;
	}
	if (start < n)
		add_piece(s, p + start, n - start);
}

static void
format_text(struct buf *out, const struct value *v, struct place at)
{
	struct pieces s = {out, at.column, 0};
	const char *p = v->text;

	for (size_t n = v->text_n, len; n > 0; p += len, n -= len) {
		size_t behind;

		len = line_length(p, n);
		behind = len == n ? at.behind : 0;
		if (repr_length(p, len) <= WIDTH - at.column - behind)
			add_piece(&s, p, len);
		else
			add_words(&s, p, len, behind);
	}
}

static void
format_list(struct buf *out, const struct value *v, struct place at)
{
	struct place inner = {at.column + STEP, 1};

	buf_addc(out, '[');
	buf_addf(out, "%*s", STEP - 1, "");
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_addf(out, ",\n%*s", (int)inner.column, "");
		inner.behind = i + 1 == v->n ? at.behind + 1 : 1;
		format(out, v->items[i], inner);
	}
	buf_addc(out, ']');
}

static void
format(struct buf *out, const struct value *v, struct place at)
{
	struct buf text = BUF_INIT;

	value_repr(&text, v);
	if (utf8_length(text.p, text.n) + at.column + at.behind <= WIDTH)
		buf_add(out, text.p, text.n);
	else if (value_is(v, VALUE_LIST) && v->n > 0)
		format_list(out, v, at);
	else if (value_is(v, VALUE_TEXT) && at.column > 0)
		format_text(out, v, at);
	else
		buf_add(out, text.p, text.n);
	buf_release(&text);
}

void
dump_pretty(struct buf *out, const struct value *v)
{
	format(out, v, (struct place){0, 0});
}

/* ---- the commands */

static void
fail(const char *text, bool json)
{
	struct buf out = BUF_INIT;

	if (json && text != NULL) {
		json_error(&out, text);
		(void)puts(out.p);
		buf_release(&out);
	} else if (text != NULL)
		printf("ERROR: %s\n", text);
	(void)fflush(stdout);
	log_msg(LOG_ERROR, "", "Init of command line failed");
}

static void
print_stream(const struct value *stream, enum dump_form form)
{
	struct buf text = BUF_INIT;

	if (form == DUMP_JSON)
		json_plain(&text, stream);
	for (size_t i = 0; form != DUMP_JSON && i < stream->n; i++) {
		if (form == DUMP_PRETTY)
			dump_pretty(&text, stream->items[i]);
		else
			value_repr(&text, stream->items[i]);
		buf_addc(&text, '\n');
		if (text.n < PRINT_AT_ONCE)
			continue;
		(void)fwrite(text.p, 1, text.n, stdout);
		buf_reset(&text);
	}
	if (form == DUMP_JSON)
		buf_addc(&text, '\n');
	(void)fwrite(text.p, 1, text.n, stdout);
	buf_release(&text);
	(void)fflush(stdout);
}

int
dump_stream(const struct config_opts *o, enum dump_form form)
{
	struct config_opts full = *o;
	struct value *stream = NULL;
	int rc, bad;

	full.dump = true;
	rc = config_load(&stream, &bad, &full);
	if (stream != NULL)
		print_stream(stream, form);
	if (rc < 0)
		fail(stream != NULL ? NULL
		                    : "The configuration stream failed because "
		                      "of the invalid syntax.",
		    form == DUMP_JSON);
	value_free(stream);
	return rc == 0 ? 0 : FAILED;
}

static void
print_json_test(bool good, const char *warnings)
{
	struct buf text = BUF_INIT;

	json_test(&text, good ? NULL : TEST_FAILED, warnings);
	(void)puts(text.p);
	buf_release(&text);
}

/* fail2ban: since 1.1.1 it is on standard output. */
static void
say_test_failed(const struct config_opts *o, bool json)
{
	if (vintage_is_1_1_1(o->dir) && !json)
		(void)puts("ERROR: " TEST_FAILED);
	else
		log_msg(LOG_ERROR, "", "ERROR: " TEST_FAILED);
}

int
dump_test(const struct config_opts *o, const struct dump_test *how)
{
	struct config_opts full = *o;
	struct value *stream = NULL;
	struct err warnings = ERR_INIT;
	int rc, bad, n, faults;
	bool good;

	full.test = true;
	rc = config_load(&stream, &bad, &full);
	faults = stream == NULL ? 0 : streamcheck(stream);
	value_free(stream);
	n = config_lint(&full, &warnings);
	good = rc >= 0 && (!how->strict || n + faults == 0);
	if (n > 0 && !how->json)
		(void)fprintf(stderr, "%s\n", err_text(&warnings));
	if (how->json && !(good && how->quiet))
		print_json_test(good, n > 0 ? err_text(&warnings) : "");
	err_release(&warnings);
	if (!good)
		say_test_failed(o, how->json);
	else if (!how->quiet && !how->json)
		(void)puts("OK: configuration test is successful");
	(void)fflush(stdout);
	return good ? 0 : FAILED;
}

int
dump_str2sec(const char *text)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	struct span span;

	if (span_parse(&span, text, &err) != 0) {
		printf("ERROR: %s\n", err_text(&err));
		(void)fflush(stdout);
		err_release(&err);
		return FAILED;
	}
	span_print(&out, &span);
	(void)puts(out.p);
	(void)fflush(stdout);
	buf_release(&out);
	return 0;
}
