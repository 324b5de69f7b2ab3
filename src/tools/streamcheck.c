/*
 * fail2ban: its -t knows nothing of the regexes, so "OK" is followed by a
 * server that does not start.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sensor/filterspec.h"
#include "tools/streamcheck.h"

/* The jail whose commands are being read. */
struct jail {
	struct filterspec spec;
	int faults;
};

static int
set_maxlines(struct filterspec *s, const char *text, struct err *err)
{
	return filterspec_set_maxlines(s, strtol(text, NULL, 10), err);
}

static const struct rule {
	const char *command;
	int (*take)(struct filterspec *, const char *, struct err *);
} rules[] = {
    {"addfailregex", filterspec_add_failregex},
    {"addignoreregex", filterspec_add_ignoreregex},
    {"datepattern", filterspec_set_datepattern},
    {"logtimezone", filterspec_set_logtimezone},
    {"maxlines", set_maxlines},
    {"prefregex", filterspec_set_prefregex},
};

static const struct rule *
find_rule(const struct value *command)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (value_is(command, VALUE_TEXT) &&
		    strcmp(command->text, rules[i].command) == 0)
			return &rules[i];
	return NULL;
}

static void
try_rule(struct jail *j, const struct value *name, const struct rule *r,
    const struct value *v)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (value_is(v, VALUE_TEXT))
		buf_add(&text, v->text, v->text_n);
	else
		value_print(&text, v);
	if (r->take(&j->spec, text.n > 0 ? text.p : "", &err) != 0) {
		log_msg(
		    LOG_WARN, "", "jail '%s': %s", name->text, err_text(&err));
		j->faults++;
	}
	err_release(&err);
	buf_release(&text);
}

/* ["set", JAIL, COMMAND, VALUE] or ["multi-set", JAIL, COMMAND, [VALUE...]] */
static void
check_row(struct jail *j, const struct value *row)
{
	const struct rule *r = find_rule(row->items[2]);
	const struct value *v = row->items[3];

	if (r == NULL || !value_is(row->items[1], VALUE_TEXT))
		return;
	if (!value_is(v, VALUE_LIST)) {
		try_rule(j, row->items[1], r, v);
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		try_rule(j, row->items[1], r, v->items[i]);
}

int
streamcheck(const struct value *stream)
{
	struct jail j = {.faults = 0};

	filterspec_init(&j.spec);
	for (size_t i = 0; i < stream->n; i++) {
		const struct value *row = stream->items[i];

		if (!value_is(row, VALUE_LIST) || row->n < 3 ||
		    !value_is(row->items[0], VALUE_TEXT))
			continue;
		if (strcmp(row->items[0]->text, "add") == 0) {
			filterspec_release(&j.spec);
			filterspec_init(&j.spec);
		} else if (row->n == 4)
			check_row(&j, row);
	}
	filterspec_release(&j.spec);
	return j.faults;
}
