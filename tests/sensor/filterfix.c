#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "filterfix.h"

struct filterspec spec;
struct buf out;
struct buf logged;
bool with_data;
bool with_lines;

static void
to_logged(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)level;
	(void)name;
	buf_add(&logged, msg, n);
	buf_addc(&logged, '\n');
}

void
filterfix_setup(void)
{
	filterspec_init(&spec);
	buf_init(&out);
	buf_init(&logged);
	with_data = with_lines = false;
	log_set_sink(to_logged, NULL);
}

void
filterfix_teardown(void)
{
	filterspec_release(&spec);
	buf_release(&out);
	buf_release(&logged);
	log_set_sink(NULL, NULL);
}

void
add_fail(const char *text)
{
	struct err err = ERR_INIT;

	ck_assert_msg(filterspec_add_failregex(&spec, text, &err) == 0, "%s",
	    err_text(&err));
}

void
add_ignore(const char *text)
{
	ck_assert(filterspec_add_ignoreregex(&spec, text, NULL) == 0);
}

void
set_pref(const char *text)
{
	ck_assert(filterspec_set_prefregex(&spec, text, NULL) == 0);
}

struct filter *
new_filter(void)
{
	struct err err = ERR_INIT;
	struct filter *f = filter_new("J", &spec, &err);

	ck_assert_msg(f != NULL, "%s", err_text(&err));
	return f;
}

/* "ID(lines)" or more, separated by blanks */
static void
collect(void *arg, const struct failure *f)
{
	struct value *data = packed_value(f->data);
	struct value *matches = packed_value(f->matches);

	(void)arg;
	if (out.n > 0)
		buf_addc(&out, ' ');
	packed_print(&out, f->id);
	buf_addf(&out, "(%zu)", matches->n);
	if (f->count > 1)
		buf_addf(&out, "x%d", f->count);
	if (f->resolve)
		buf_adds(&out, "?");
	if (with_data)
		value_repr(&out, data);
	for (size_t i = 0; with_lines && i < matches->n; i++) {
		buf_addc(&out, '|');
		value_print(&out, value_at(matches->items[i], 2));
	}
	value_free(data);
	value_free(matches);
}

/* A line of the journal at this time. */
void
feed_at(struct filter *f, const char *text, double time)
{
	struct filter_line line = {
	    .text = text,
	    .n = strlen(text),
	    .date = "D",
	    .date_n = 1,
	    .time = time,
	    .now = time,
	    .check_findtime = true,
	};

	ck_assert_int_eq(filter_line(f, &line, collect, NULL, NULL, NULL), 0);
}

void
feed(struct filter *f, const char *text)
{
	feed_at(f, text, NOW);
}

/* What the lines, separated by ";", give: "-" for a line without failure. */
const char *
run(struct filter *f, const char *lines)
{
	static struct buf all;
	char *copy = strdup(lines), *rest = copy, *text;

	if (all.p == NULL)
		buf_init(&all);
	buf_reset(&all);
	while ((text = strsep(&rest, ";")) != NULL) {
		buf_reset(&out);
		feed(f, text);
		if (all.n > 0)
			buf_adds(&all, "; ");
		buf_adds(&all, out.n == 0 ? "-" : out.p);
	}
	free(copy);
	return all.p;
}
