/*
 * fail2ban: the line is put together from the fields as if syslog had written
 * it, so that the same filters serve files and the journal.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/journal.h"

enum {
	FIELDS_MAX = 512,
	NAME_MAX_BYTES = 64, /* libsystemd's rule */
};

void
journal_entry_init(struct journal_entry *e)
{
	memset(e, 0, sizeof(*e));
	buf_init(&e->text);
}

void
journal_entry_release(struct journal_entry *e)
{
	buf_release(&e->text);
	free(e->fields);
	e->fields = NULL;
	e->n = e->cap = 0;
}

void
journal_entry_reset(struct journal_entry *e)
{
	buf_reset(&e->text);
	e->n = 0;
	e->realtime = e->monotonic = 0;
}

void
journal_entry_add(struct journal_entry *e, const char *data, size_t n)
{
	const char *equals = memchr(data, '=', n);
	struct journal_field *f;

	if (equals == NULL || e->n >= FIELDS_MAX)
		return;
	GROW(e->fields, e->n, e->cap);
	f = &e->fields[e->n++];
	f->name = e->text.n;
	buf_add(&e->text, data, (size_t)(equals - data));
	buf_addc(&e->text, '\0');
	f->value = e->text.n;
	f->n = n - (size_t)(equals - data) - 1;
	buf_add(&e->text, equals + 1, f->n);
	buf_addc(&e->text, '\0');
}

/* The first value of a field; NULL: it has none. */
static const char *
field(const struct journal_entry *e, const char *name, size_t *n)
{
	for (size_t i = 0; i < e->n; i++) {
		if (strcmp(e->text.p + e->fields[i].name, name) != 0)
			continue;
		*n = e->fields[i].n;
		return e->text.p + e->fields[i].value;
	}
	*n = 0;
	return NULL;
}

/* Either of two fields, the first is preferred. */
static const char *
either(const struct journal_entry *e, const char *name, const char *other,
    size_t *n)
{
	const char *p = field(e, name, n);

	return p != NULL ? p : field(e, other, n);
}

/* Microseconds; 0 when it is no number. */
static uint64_t
usec(const char *p)
{
	unsigned long long value = 0;
	char *end;

	if (p == NULL || !isdigit((unsigned char)p[0]))
		return 0;
	value = strtoull(p, &end, 10);
	return *end == '\0' && value < 1ULL << 62 ? value : 0;
}

/*
 * fail2ban: read as Python reads an integer with a prefix: "0x1f" is 31, but
 * "012" is none and stays as it is.
 */
static void
add_pid(struct buf *out, const char *p, size_t n)
{
	bool hex = n > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	bool decimal = n > 0 && (p[0] != '0' || n == 1);
	size_t digits = hex ? 2 : 0;

	while (digits < n && (hex ? isxdigit((unsigned char)p[digits])
	                          : isdigit((unsigned char)p[digits])))
		digits++;
	if (digits == n && n < 16 && (hex || decimal))
		buf_addf(out, "%llu", strtoull(p, NULL, hex ? 16 : 10));
	else
		utf8_repair(out, p, n);
}

static void
add_ident(struct buf *out, const struct journal_entry *e)
{
	size_t n, pid_n;
	const char *ident = either(e, "SYSLOG_IDENTIFIER", "_COMM", &n);
	const char *pid = either(e, "SYSLOG_PID", "_PID", &pid_n);
	size_t start = out->n;

	if (ident == NULL || n == 0)
		return;
	if (out->n > 0)
		buf_addc(out, ' ');
	start = out->n;
	utf8_repair(out, ident, n);
	if (pid != NULL && pid_n > 0) {
		buf_addc(out, '[');
		add_pid(out, pid, pid_n);
		buf_addc(out, ']');
	}
	buf_addc(out, ':');
	if (strcmp(out->p + start, "kernel:") == 0) {
		uint64_t at = usec(field(e, "_SOURCE_MONOTONIC_TIMESTAMP", &n));

		at = at != 0 ? at : e->monotonic;
		buf_addf(out, " [%12.6f]", (double)at / 1e6);
	}
}

/* All values of MESSAGE. */
static void
add_message(struct buf *out, const struct journal_entry *e)
{
	bool first = true;

	for (size_t i = 0; i < e->n; i++) {
		if (strcmp(e->text.p + e->fields[i].name, "MESSAGE") != 0)
			continue;
		if (!first)
			buf_addc(out, ' ');
		first = false;
		utf8_repair(
		    out, e->text.p + e->fields[i].value, e->fields[i].n);
	}
}

/* A line must be one: what would end it is shown as two characters. */
static void
escape_newlines(struct buf *line)
{
	for (size_t i = 0; i < line->n; i++)
		if (line->p[i] == '\n')
			buf_splice(line, i++, 1, "\\n", 2);
}

void
journal_iso(struct buf *out, double time)
{
	long long at = (long long)(time * 1e6 + 0.5);
	time_t seconds = (time_t)(at / 1000000);
	char text[40];
	struct tm tm;
	long offset;

	if (localtime_r(&seconds, &tm) == NULL)
		return;
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_adds(out, text);
	if (at % 1000000 != 0)
		buf_addf(out, ".%06lld", at % 1000000);
	offset = tm.tm_gmtoff / 60;
	buf_addf(out, "%c%02ld:%02ld", offset < 0 ? '-' : '+',
	    labs(offset) / 60, labs(offset) % 60);
}

void
journal_line(const struct journal_entry *e, struct buf *date, struct buf *line,
    double *time)
{
	size_t n;
	const char *host = field(e, "_HOSTNAME", &n);
	uint64_t at;

	buf_reset(date);
	buf_reset(line);
	if (host != NULL && n > 0)
		utf8_repair(line, host, n);
	add_ident(line, e);
	if (line->n > 0)
		buf_addc(line, ' ');
	add_message(line, e);
	escape_newlines(line);
	at = usec(field(e, "_SOURCE_REALTIME_TIMESTAMP", &n));
	*time = (double)(at != 0 ? at : e->realtime) / 1e6;
	journal_iso(date, *time);
	buf_addc(date, ' ');
}

static bool
is_field_match(const struct value *v)
{
	const char *p = value_str(v);
	size_t n = p == NULL ? 0
	                     : strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	                                 "0123456789");

	return n > 0 && n <= NAME_MAX_BYTES && p[n] == '=' &&
	       !isdigit((unsigned char)p[0]);
}

static void
join_words(struct buf *out, const struct value *words)
{
	for (size_t i = 0; i < words->n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		value_print(out, words->items[i]);
	}
}

int
journal_match_check(const struct value *matches, struct err *err)
{
	for (size_t i = 0; matches != NULL && i < matches->n; i++) {
		const struct value *words = matches->items[i];
		struct buf text = BUF_INIT;
		bool good = true;

		for (size_t k = 0; k < words->n; k++) {
			const char *word = value_str(words->items[k]);

			good = good && word != NULL &&
			       (strcmp(word, "+") == 0 ||
			           is_field_match(words->items[k]));
		}
		if (good)
			continue;
		join_words(&text, words);
		(void)err_set(
		    err, "Error adding journal match for: '%s'", text.p);
		buf_release(&text);
		return -1;
	}
	return 0;
}

static bool
has_word(const struct journal_entry *e, const char *word)
{
	size_t name = strcspn(word, "=");
	const char *value = word + name + 1;
	size_t n = strlen(value);

	for (size_t i = 0; i < e->n; i++) {
		const char *p = e->text.p + e->fields[i].name;

		if (strncmp(p, word, name) == 0 && p[name] == '\0' &&
		    e->fields[i].n == n &&
		    memcmp(e->text.p + e->fields[i].value, value, n) == 0)
			return true;
	}
	return false;
}

static bool
same_field(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n + 1) == 0;
}

/* Whether one of the words for the same field as words[at] holds. */
static bool
field_holds(const struct journal_entry *e, const struct value *words,
    size_t from, size_t to, size_t at)
{
	const char *word = value_str(words->items[at]);

	for (size_t i = from; i < to; i++) {
		const char *other = value_str(words->items[i]);

		if (same_field(word, other) && has_word(e, other))
			return true;
	}
	return false;
}

/* Words without "+": different fields AND, the same field OR. */
static bool
group_holds(const struct journal_entry *e, const struct value *words,
    size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (!field_holds(e, words, from, to, i))
			return false;
	return to > from;
}

static bool
words_hold(const struct journal_entry *e, const struct value *words)
{
	size_t from = 0;

	for (size_t i = 0; i <= words->n; i++) {
		if (i < words->n &&
		    strcmp(value_str(words->items[i]), "+") != 0)
			continue;
		if (group_holds(e, words, from, i))
			return true;
		from = i + 1;
	}
	return false;
}

bool
journal_match(const struct value *matches, const struct journal_entry *e)
{
	if (matches == NULL || matches->n == 0)
		return true;
	for (size_t i = 0; i < matches->n; i++)
		if (words_hold(e, matches->items[i]))
			return true;
	return false;
}
