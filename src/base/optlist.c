/*
 * fail2ban: the grammar is the one of its two regular expressions, whose
 * corners users rely on: no escapes, quotes only as the first character, a
 * malformed group is no group at all.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/optlist.h"
#include "base/utf8.h"

/* How much of what is wrong an error shows, in characters. */
#define SHOW 25

struct text {
	const char *p;
	size_t n;
};

static size_t
space_at(struct text t, size_t at)
{
	return at < t.n ? utf8_space(t.p + at, t.n - at) : 0;
}

static size_t
skip_space(struct text t, size_t at)
{
	for (size_t n; (n = space_at(t, at)) > 0; at += n)
		;
	return at;
}

static bool
is_key_char(const char *p, size_t n, size_t *len)
{
	unsigned char c = (unsigned char)*p;
	char32_t wide;

	*len = 1;
	if (c < 0x80)
		return isalnum(c) || c == '_' || c == '-' || c == '.';
	/* fail2ban: letters of any script; nearly all that is printable */
	*len = utf8_decode(p, n, &wide);
	return *len > 0 && utf8_is_printable(wide) && !utf8_is_space(wide);
}

static size_t
skip_key(struct text t, size_t at)
{
	size_t len;

	while (at < t.n && is_key_char(t.p + at, t.n - at, &len))
		at += len;
	return at;
}

/* End of the key (with an optional "?key=val" suffix) at at; at: none. */
static size_t
key_end(struct text t, size_t at)
{
	size_t end = skip_key(t, at), name, value;

	if (end == at || end >= t.n || t.p[end] != '?')
		return end;
	name = skip_key(t, end + 1);
	if (name == end + 1 || name >= t.n || t.p[name] != '=')
		return end;
	value = skip_key(t, name + 1);
	return value == name + 1 ? end : value;
}

/* The value at at into *ret; returns where it ends. */
static size_t
take_value(struct text t, size_t at, struct text *ret)
{
	char quote = at < t.n ? t.p[at] : '\0';
	size_t end = at;

	if (quote == '"' || quote == '\'') {
		const char *close = memchr(t.p + at + 1, quote, t.n - at - 1);

		if (close != NULL) {
			end = (size_t)(close - t.p);
			*ret = (struct text){t.p + at + 1, end - at - 1};
			return end + 1;
		}
	}
	while (end < t.n && t.p[end] != ',' && t.p[end] != ']')
		end++;
	*ret = (struct text){t.p + at, end - at};
	return end;
}

/* End of the separator at at: ",", "]" blanks "[", or the end; at: none. */
static size_t
separator_end(struct text t, size_t at)
{
	size_t next;

	if (at < t.n && t.p[at] == ',')
		return at + 1;
	if (at < t.n && t.p[at] == ']') {
		next = skip_space(t, at + 1);
		return next < t.n && t.p[next] == '[' ? next + 1 : at;
	}
	return at;
}

/* Python's [:25]: characters, not bytes. */
static struct text
cut(struct text t, size_t at)
{
	struct text r = {t.p + at, t.n - at};
	size_t end = 0;

	for (int i = 0; i < SHOW && end < r.n; i++) {
		size_t n = utf8_decode(r.p + end, r.n - end, &(char32_t){0});

		end += n == 0 ? 1 : n;
	}
	r.n = end;
	return r;
}

static int
wrong(struct err *err, struct text t, size_t at, const char *key)
{
	struct text shown = cut(t, at);

	if (key == NULL)
		return err_set(err,
		    "expected option, wrong syntax at %zu: %.*s",
		    utf8_length(t.p, at), (int)shown.n, shown.p);
	return err_set(err, "unexpected syntax at %zu after option '%s': %.*s",
	    utf8_length(t.p, at), key, (int)shown.n, shown.p);
}

/* Nothing but a last comma and blanks. */
static bool
is_rest_empty(struct text t, size_t at)
{
	if (at < t.n && t.p[at] == ',')
		at++;
	return skip_space(t, at) == t.n;
}

/* One "key=value" and its separator at *at, which moves behind them. */
static int
parse_option(struct value *opts, struct text t, size_t *at, struct err *err)
{
	size_t start = skip_space(t, *at), end = key_end(t, start), next;
	struct text value = {0};
	char *key;
	int rc = 0;

	if (end == start || end >= t.n || t.p[end] != '=')
		return wrong(err, t, *at, NULL);
	key = xmemdup0(t.p + start, end - start);
	end = take_value(t, end + 1, &value);
	next = separator_end(t, end);
	if (next == end && end < t.n)
		rc = wrong(err, t, end, key);
	else {
		utf8_trim(&value.p, &value.n);
		value_set(opts, key, value_textn(value.p, value.n));
		*at = next;
	}
	free(key);
	return rc;
}

static int
parse_inside(struct value *opts, struct text t, struct err *err)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && !is_rest_empty(t, at))
		rc = parse_option(opts, t, &at, err);
	return rc;
}

int
optlist_parse(
    char **name, struct value **opts, const char *text, struct err *err)
{
	struct text t = {text, strlen(text)}, inside;
	size_t open = strcspn(text, "["), close;
	struct value *dict;

	if (open == 0)
		return err_set(err, "unexpected option syntax");
	inside = (struct text){NULL, 0};
	if (open < t.n) {
		for (close = t.n; close > open && t.p[close - 1] != ']';)
			close--;
		if (close <= open + 1 || skip_space(t, close) != t.n)
			return err_set(err, "unexpected option syntax");
		inside = (struct text){t.p + open + 1, close - open - 2};
	}
	dict = value_dict();
	if (parse_inside(dict, inside, err) != 0) {
		value_free(dict);
		return -1;
	}
	*name = xmemdup0(text, open);
	*opts = dict;
	return 0;
}

/*
 * Where an action list's group "[...]" may go on: positions behind a value.
 * Quotes are only quotes if the group then comes out well formed, so both
 * readings are followed; each position once, which bounds the work.
 */
struct places {
	size_t *at;
	size_t n;
	size_t cap;
	unsigned char *seen; /* a byte for each position of the text */
};

static void
places_add(struct places *p, size_t at)
{
	if (p->seen[at])
		return;
	p->seen[at] = 1;
	GROW(p->at, p->n, p->cap);
	p->at[p->n++] = at;
}

/* Positions at which the value at at may end. */
static void
add_value_ends(struct places *p, struct text t, size_t at)
{
	size_t end = at;
	struct text value;

	for (; end < t.n && t.p[end] != ',' && t.p[end] != ']'; end++) {
		char quote = t.p[end];
		size_t len;

		if (quote != '"' && quote != '\'')
			continue;
		/* the first character, or another "key=" inside the value */
		if (end == at || (t.p[end - 1] == '=' && end - at >= 2 &&
		                     is_key_char(t.p + end - 2, 1, &len)))
			places_add(p, take_value(t, end, &value));
	}
	places_add(p, end);
}

/* The end of the group whose inside goes on at at, 0: not from here. */
static size_t
go_on(struct places *p, struct text t, size_t at)
{
	size_t end;

	at = skip_space(t, at);
	if (at < t.n && t.p[at] == ']')
		return at + 1;
	end = key_end(t, at);
	if (end > at && end < t.n && t.p[end] == '=')
		add_value_ends(p, t, end + 1);
	return 0;
}

/* A group ends an item only if white space or the end follows. */
static bool
is_item_end(struct text t, size_t at)
{
	return at == t.n || space_at(t, at) > 0;
}

/* The end of the longest run of groups whose "[" is at open, 0: none. */
static size_t
groups_end(struct text t, size_t open)
{
	struct places p = {.seen = xcalloc(t.n + 1, 1)};
	size_t best = 0;

	for (size_t first = go_on(&p, t, open + 1), end = first;;) {
		size_t at, next;

		if (end > best && is_item_end(t, end))
			best = end;
		if (p.n == 0)
			break;
		at = skip_space(t, p.at[--p.n]);
		next = separator_end(t, at);
		end = go_on(&p, t, next);
		if (next > at && t.p[at] == ']' && is_item_end(t, at + 1) &&
		    at + 1 > best)
			best = at + 1;
	}
	free(p.at);
	free(p.seen);
	return best;
}

/* End of the item that starts at at, which is no white space. */
static size_t
item_end(struct text t, size_t at)
{
	size_t name = at, open, end;

	while (name < t.n && t.p[name] != '[' && space_at(t, name) == 0)
		name++;
	open = skip_space(t, name);
	if (name > at && open < t.n && t.p[open] == '[') {
		end = groups_end(t, open);
		if (end > 0)
			return end;
	}
	while (name < t.n && space_at(t, name) == 0)
		name++;
	return name;
}

struct value *
optlist_split(const char *text)
{
	struct text t = {text, strlen(text)};
	struct value *list = value_list();

	for (size_t at = skip_space(t, 0), end; at < t.n;
	     at = skip_space(t, end)) {
		end = item_end(t, at);
		value_add(list, value_textn(t.p + at, end - at));
	}
	return list;
}
