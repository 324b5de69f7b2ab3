/*
 * What -o prints for a failure.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/mem.h"
#include "tools/regextest.h"

static void
add_time(struct buf *out, double t, bool is_int)
{
	if (is_int)
		buf_addf(out, "%.0f", t);
	else
		value_repr_float(out, t);
}

void
regextest_match_text(struct buf *out, const struct value *match)
{
	for (size_t i = 0; i < match->n; i++)
		value_print(out, match->items[i]);
}

static void
add_matches(struct buf *out, const struct regextest_row *row)
{
	for (size_t i = 0; i < row->matches->n; i++) {
		if (i > 0)
			buf_addc(out, '\n');
		regextest_match_text(out, row->matches->items[i]);
	}
}

static void
add_ip(struct buf *out, const struct regextest_row *row)
{
	const struct value *ip = value_get(row->data, "ip");

	if (ip != NULL && !value_is(ip, VALUE_NONE))
		value_print(out, ip);
	else if (row->id != NULL)
		value_print(out, row->id);
	else
		buf_adds(out, "None");
}

static void
add_id(struct buf *out, const struct regextest_row *row)
{
	if (row->id != NULL)
		value_print(out, row->id);
	else
		buf_adds(out, "None");
}

/*
 * The users of a connection are a set in fail2ban, a list here.
 */
static void
repr_set(struct buf *out, const struct value *list)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < list->n; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		value_repr(out, list->items[i]);
	}
	buf_addc(out, '}');
}

static void
repr_data(struct buf *out, const struct value *data)
{
	buf_addc(out, '{');
	for (size_t i = 0; i + 1 < data->n; i += 2) {
		buf_adds(out, i > 0 ? ", " : "");
		value_repr(out, data->items[i]);
		buf_adds(out, ": ");
		if (value_is(data->items[i + 1], VALUE_LIST))
			repr_set(out, data->items[i + 1]);
		else
			value_repr(out, data->items[i + 1]);
	}
	buf_addc(out, '}');
}

static void
print_capture(struct buf *out, const struct value *v)
{
	if (value_is(v, VALUE_LIST))
		repr_set(out, v);
	else
		value_print(out, v);
}

/* ---- tags ---- */

static bool
ip_of(struct addr *a, const struct regextest_row *row)
{
	struct buf b = BUF_INIT;
	bool ok;

	add_ip(&b, row);
	ok = addr_parse(a, b.p, b.n);
	buf_release(&b);
	return ok;
}

static void
tag_time(struct buf *out, const struct regextest_row *row)
{
	if (isnan(row->time))
		add_time(out, row->now, false);
	else
		add_time(out, row->time, row->is_int);
}

static void
tag_family(struct buf *out, const struct regextest_row *row)
{
	struct addr a;

	if (!ip_of(&a, row))
		buf_adds(out, "None");
	else
		buf_adds(out, a.family == AF_INET ? "inet4" : "inet6");
}

/* "1.2.0.192.", nibble by nibble for IPv6. */
static void
tag_ip_rev(struct buf *out, const struct regextest_row *row)
{
	struct addr a;

	if (!ip_of(&a, row))
		return;
	if (a.family == AF_INET) {
		for (int i = 3; i >= 0; i--)
			buf_addf(out, "%u.", a.bytes[i]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		buf_addf(out, "%x.%x.", a.bytes[i] & 15U, a.bytes[i] >> 4);
}

static void
tag_ip_host(struct buf *out, const struct regextest_row *row)
{
	struct buf b = BUF_INIT;

	add_ip(&b, row);
	if (!regextest_host_of(row->names, out, b.p))
		buf_adds(out, "None");
	buf_release(&b);
}

static void
tag_zero(struct buf *out, const struct regextest_row *row)
{
	(void)row;
	buf_addc(out, '0');
}

static void
tag_br(struct buf *out, const struct regextest_row *row)
{
	(void)row;
	buf_addc(out, '\n');
}

static void
tag_sp(struct buf *out, const struct regextest_row *row)
{
	(void)row;
	buf_addc(out, ' ');
}

static void
tag_hostname(struct buf *out, const struct regextest_row *row)
{
	char name[256];

	(void)row;
	if (gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		buf_adds(out, name);
	}
}

static const struct tag_row {
	const char *name;
	void (*add)(struct buf *out, const struct regextest_row *row);
} tag_rows[] = {
    {"ip", add_ip},
    {"fid", add_id},
    {"time", tag_time},
    {"family", tag_family},
    {"matches", add_matches},
    {"ipmatches", add_matches},
    {"ipjailmatches", add_matches},
    {"ip-rev", tag_ip_rev},
    {"ip-host", tag_ip_host},
    {"failures", tag_zero},
    {"ipfailures", tag_zero},
    {"ipjailfailures", tag_zero},
    {"bancount", tag_zero},
    {"restored", tag_zero},
    {"br", tag_br},
    {"sp", tag_sp},
    {"fq-hostname", tag_hostname},
    {"sh-hostname", tag_hostname},
};

/* "F-NAME": the capture; false: it is no such tag. */
static bool
add_capture(
    struct buf *out, const char *tag, size_t n, const struct regextest_row *row)
{
	char *key;
	const struct value *v;

	if (n < 3 || strncmp(tag, "F-", 2) != 0)
		return false;
	for (size_t i = 2; i < n; i++)
		if (!(tag[i] >= 'A' && tag[i] <= 'Z') &&
		    !(tag[i] >= '0' && tag[i] <= '9') && tag[i] != '_' &&
		    tag[i] != '-')
			return false;
	key = xmemdup0(tag + 2, n - 2);
	for (char *p = key; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (strcmp(key, "id") == 0)
		v = value_get(row->data, "fid");
	else if (strcmp(key, "port") == 0)
		v = value_get(row->data, "fport");
	else
		v = value_get(row->data, key);
	if (v != NULL && !value_is(v, VALUE_NONE))
		print_capture(out, v);
	free(key);
	return true;
}

/* msg: index of the match that <msg> stands for. */
static bool
add_tag(struct buf *out, const char *tag, size_t n,
    const struct regextest_row *row, size_t msg)
{
	if (n == 3 && memcmp(tag, "msg", 3) == 0) {
		if (msg < row->matches->n)
			regextest_match_text(out, row->matches->items[msg]);
		return true;
	}
	for (size_t i = 0; i < sizeof(tag_rows) / sizeof(tag_rows[0]); i++)
		if (strlen(tag_rows[i].name) == n &&
		    memcmp(tag_rows[i].name, tag, n) == 0) {
			tag_rows[i].add(out, row);
			return true;
		}
	return add_capture(out, tag, n, row);
}

static void
expand(struct buf *out, const char *format, const struct regextest_row *row,
    size_t msg)
{
	while (*format != '\0') {
		size_t plain = strcspn(format, "<");
		size_t n;

		buf_add(out, format, plain);
		format += plain;
		if (*format == '\0')
			return;
		n = strcspn(format + 1, " <>");
		if (n > 0 && format[1 + n] == '>' &&
		    add_tag(out, format + 1, n, row, msg))
			format += n + 2;
		else
			buf_addc(out, *format++);
	}
}

/* ---- formats ---- */

static void
print_row(struct buf *out, const struct regextest_row *row)
{
	buf_addc(out, '[');
	if (row->id != NULL)
		value_repr(out, row->id);
	else
		buf_adds(out, "None");
	buf_adds(out, ",\t");
	if (isnan(row->time))
		buf_adds(out, "None");
	else
		add_time(out, row->time, row->is_int);
	buf_adds(out, ",\t");
	repr_data(out, row->data);
	buf_adds(out, "],\n");
}

/* The list of triples, as Python prints it. */
static void
print_matches(struct buf *out, const struct regextest_row *row)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < row->matches->n; i++) {
		const struct value *m = row->matches->items[i];

		buf_adds(out, i > 0 ? ", (" : "(");
		for (size_t k = 0; k < m->n; k++) {
			if (k > 0)
				buf_adds(out, ", ");
			value_repr(out, m->items[k]);
		}
		buf_addc(out, ')');
	}
	buf_adds(out, "]\n");
}

static void
print_word(struct buf *out, const char *word, const struct regextest_row *row)
{
	const struct value *v = value_get(row->data, word);

	if (v != NULL)
		print_capture(out, v);
	else
		buf_adds(out, "None");
	buf_addc(out, '\n');
}

/* Once for each line when it asks for them, else once. */
static void
print_template(
    struct buf *out, const char *format, const struct regextest_row *row)
{
	size_t times = strstr(format, "<msg>") != NULL ? row->matches->n : 1;

	for (size_t i = 0; i < times; i++) {
		expand(out, format, row, i);
		buf_addc(out, '\n');
	}
}

void
regextest_row(
    struct buf *out, const char *format, const struct regextest_row *row)
{
	if (strchr(format, '<') != NULL)
		print_template(out, format, row);
	else if (strcmp(format, "row") == 0)
		print_row(out, row);
	else if (strcmp(format, "msg") == 0)
		print_template(out, "<msg>", row);
	else if (strcmp(format, "id") == 0 || strcmp(format, "fid") == 0) {
		add_id(out, row);
		buf_addc(out, '\n');
	} else if (strcmp(format, "ip") == 0) {
		add_ip(out, row);
		buf_addc(out, '\n');
	} else if (strcmp(format, "matches") == 0)
		print_matches(out, row);
	else
		print_word(out, format, row);
}
