#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "conf/option.h"
#include "conf/stream.h"

struct value *
stream_text(const char *p, size_t n)
{
	struct buf plain = BUF_INIT;
	const char *nul;
	struct value *v;

	if (memchr(p, '\xc0', n) == NULL)
		return value_textn(p, n); /* c0 is in no other character */
	while ((nul = memmem(p, n, "\xc0\x80", 2)) != NULL) {
		buf_add(&plain, p, (size_t)(nul - p));
		buf_addc(&plain, '\0');
		n -= (size_t)(nul + 2 - p);
		p = nul + 2;
	}
	buf_add(&plain, p, n);
	v = value_textn(plain.p, plain.n);
	buf_release(&plain);
	return v;
}

static struct value *
copy(const struct value *v)
{
	return value_is(v, VALUE_TEXT) ? stream_text(v->text, v->text_n)
	                               : value_copy(v);
}

struct value *
stream_command(const char *first, ...)
{
	struct value *cmd = value_list();
	va_list ap;

	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *))
		value_add(cmd, stream_text(s, strlen(s)));
	va_end(ap);
	return cmd;
}

static struct value *
set_command(const char *jail, const char *name, const struct value *v)
{
	struct value *cmd = stream_command("set", jail, name, NULL);

	value_add(cmd, copy(v));
	return cmd;
}

/* ---- words of a shell */

struct splitter {
	const char *p;
	struct buf word;
	bool in_word;
	struct value *list;
	struct err *err;
};

static void
end_word(struct splitter *s)
{
	if (s->in_word)
		value_add(s->list, stream_text(s->word.p, s->word.n));
	buf_reset(&s->word);
	s->in_word = false;
}

static int
take_quoted(struct splitter *s)
{
	char quote = *s->p++;

	s->in_word = true;
	for (; *s->p != '\0' && *s->p != quote; s->p++) {
		if (quote == '"' && *s->p == '\\') {
			if (s->p[1] == '\0')
				return err_set(s->err, "No escaped character");
			if (s->p[1] == '"' || s->p[1] == '\\')
				s->p++;
		}
		buf_addc(&s->word, *s->p);
	}
	if (*s->p == '\0')
		return err_set(s->err, "No closing quotation");
	s->p++;
	return 0;
}

static int
take_escaped(struct splitter *s)
{
	if (s->p[1] == '\0')
		return err_set(s->err, "No escaped character");
	s->in_word = true;
	buf_addc(&s->word, s->p[1]);
	s->p += 2;
	return 0;
}

int
stream_split_words(struct value *list, const char *text, struct err *err)
{
	struct splitter s = {
	    .p = text, .word = BUF_INIT, .list = list, .err = err};
	int rc = 0;

	while (rc == 0 && *s.p != '\0') {
		if (strchr(" \t\r\n", *s.p) != NULL) {
			end_word(&s);
			s.p++;
		} else if (*s.p == '"' || *s.p == '\'')
			rc = take_quoted(&s);
		else if (*s.p == '\\')
			rc = take_escaped(&s);
		else {
			s.in_word = true;
			buf_addc(&s.word, *s.p++);
		}
	}
	if (rc == 0)
		end_word(&s);
	buf_release(&s.word);
	return rc;
}

/* ---- filter options */

/* Calls of fn for each line of the text that is not empty. */
struct lines {
	char *copy; /* owned */
	char *rest;
};

static char *
next_line(struct lines *l)
{
	char *line;

	while ((line = strsep(&l->rest, "\n")) != NULL)
		if (*line != '\0')
			return line;
	return NULL;
}

static void
add_regexes(
    struct value *list, const char *jail, const char *name, const char *text)
{
	struct lines l = {.copy = xstrdup(text)};
	struct value *found = value_list(), *cmd;
	char *add = xasprintf("add%s", name), *line;

	l.rest = l.copy;
	while ((line = next_line(&l)) != NULL)
		value_add(found, stream_text(line, strlen(line)));
	if (found->n > 1) {
		cmd = stream_command("multi-set", jail, add, NULL);
		value_add(cmd, found);
		value_add(list, cmd);
		found = NULL;
	} else if (found->n == 1)
		value_add(list, set_command(jail, add, found->items[0]));
	value_free(found);
	free(add);
	free(l.copy);
}

static int
add_matches(
    struct value *list, const char *jail, const char *text, struct err *err)
{
	struct lines l = {.copy = xstrdup(text)};
	char *line;
	int rc = 0;

	l.rest = l.copy;
	while (rc == 0 && (line = next_line(&l)) != NULL) {
		struct value *cmd =
		    stream_command("set", jail, "addjournalmatch", NULL);

		rc = stream_split_words(cmd, line, err);
		value_add(list, cmd);
	}
	free(l.copy);
	return rc;
}

int
stream_filter(struct value *list, const char *jail, const struct value *dict,
    struct err *err)
{
	size_t early = 0; /* commands at the front so far */
	const struct option *o;
	const struct value *v;
	size_t i = 0;
	int rc = 0;

	while (rc == 0 &&
	       (o = option_next(&option_filter, dict, &i, &v)) != NULL) {
		if (o->stream == STREAM_REGEX)
			add_regexes(list, jail, o->name, value_str(v));
		else if (o->stream == STREAM_MATCH)
			rc = add_matches(list, jail, value_str(v), err);
		else if (o->stream == STREAM_SET)
			value_add(list, set_command(jail, o->name, v));
		else {
			value_insert(list,
			    o->stream == STREAM_FIRST ? 0 : early,
			    set_command(jail, o->name, v));
			early++;
		}
	}
	return rc;
}

/* ---- jail options */

/* Entries of ignoreip: separated by white space and commas. */
static struct value *
ignoreip_command(const char *jail, const char *text)
{
	struct value *cmd = stream_command("set", jail, "addignoreip", NULL);
	const char *start = text;

	for (const char *p = text;; p++) {
		if (*p != '\0' && strchr(" \t\n\r,", *p) == NULL)
			continue;
		if (p > start)
			value_add(cmd, stream_text(start, (size_t)(p - start)));
		if (*p == '\0')
			return cmd;
		start = p + 1;
	}
}

void
stream_jail(struct value *list, const char *jail, const struct value *options)
{
	for (size_t i = 0; i + 1 < options->n; i += 2) {
		const char *name = value_str(options->items[i]);
		const struct value *v = options->items[i + 1];
		const struct option *o = option_find(&option_jail, name);

		if (o == NULL || option_find(&option_filter, name) != NULL)
			continue;
		if (o->stream == STREAM_IGNOREIP)
			value_add(list, ignoreip_command(jail, value_str(v)));
		else if (o->stream == STREAM_SET)
			value_add(list, set_command(jail, name, v));
	}
}

/* ---- actions */

static void
add_property(struct value *list, const char *name, const struct value *v)
{
	struct value *pair = value_list();

	value_add(pair, stream_text(name, strlen(name)));
	value_add(pair, copy(v));
	value_add(list, pair);
}

struct value *
stream_properties(const struct value *combined, const struct value *given)
{
	struct value *properties = value_list();

	for (size_t i = 0; i + 1 < combined->n; i += 2) {
		const char *name = value_str(combined->items[i]);

		if (option_find(&option_action, name) != NULL)
			add_property(properties, name, combined->items[i + 1]);
	}
	for (size_t i = 0; i + 1 < given->n; i += 2) {
		const char *name = value_str(given->items[i]);

		if (option_find(&option_action, name) == NULL &&
		    strncmp(name, "known/", 6) != 0)
			add_property(properties, name, given->items[i + 1]);
	}
	return properties;
}

void
stream_action(struct value *list, const char *jail, const char *name,
    struct value *properties)
{
	struct value *cmd;

	value_add(list, stream_command("set", jail, "addaction", name, NULL));
	cmd = stream_command("multi-set", jail, "action", name, NULL);
	value_add(cmd, properties);
	value_add(list, cmd);
}

void
stream_move(struct value *to, struct value *from)
{
	for (size_t i = 0; i < from->n; i++)
		value_add(to, from->items[i]);
	from->n = 0;
}
