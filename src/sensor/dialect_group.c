/*
 * What begins with a parenthesis: groups, references, look-around, conditions,
 * flags.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/value.h"
#include "sensor/dialect_scan.h"

/* PCRE2 refuses more than 250; frames of the parser are small. */
#define DEPTH_MAX 240

/* Name up to the terminator, owned by the caller; NULL: error told. */
static char *
group_name(struct scan *s, char terminator)
{
	size_t start = s->at;
	const char *end = memchr(s->p + start, terminator, s->n - start);

	if (end == NULL && start == s->n) {
		scan_error(s, start, "missing group name");
		return NULL;
	}
	if (end == NULL) {
		scan_error(
		    s, start, "missing %c, unterminated name", terminator);
		return NULL;
	}
	if (end == s->p + start) {
		scan_error(s, start, "missing group name");
		return NULL;
	}
	s->at = (size_t)(end - s->p) + 1;
	return xmemdup0(s->p + start, s->at - 1 - start);
}

static bool
is_identifier(const char *name)
{
	if (*name >= '0' && *name <= '9')
		return false;
	for (; *name != '\0'; name++)
		if (!(*name >= 'a' && *name <= 'z') &&
		    !(*name >= 'A' && *name <= 'Z') &&
		    !(*name >= '0' && *name <= '9') && *name != '_' &&
		    (unsigned char)*name < 0x80)
			return false;
	return true;
}

static int
find_name(const struct dialect *d, const char *name)
{
	for (size_t i = 0; i < d->nnames; i++)
		if (strcmp(d->names[i].name, name) == 0)
			return d->names[i].group;
	return 0;
}

/* The message with %s replaced by the repr of name. Returns NULL. */
static struct node *
name_error(struct scan *s, const char *fmt, const char *name, size_t at)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, fmt);
	value_repr_text(&text, name, strlen(name));
	scan_error(s, at, "%s", text.p);
	buf_release(&text);
	return NULL;
}

static int
open_group(struct scan *s, char *name, size_t name_at)
{
	struct dialect *d = s->d;
	int group = d->groups + 1, was;

	if (name != NULL && (was = find_name(d, name)) != 0) {
		struct buf text = BUF_INIT;

		value_repr_text(&text, name, strlen(name));
		scan_error(s, name_at,
		    "redefinition of group name %s as group %d; was group %d",
		    text.p, group, was);
		buf_release(&text);
		free(name);
		return -1;
	}
	if (name != NULL) {
		GROW(d->names, d->nnames, d->cap_names);
		d->names[d->nnames].name = name;
		d->names[d->nnames++].group = group;
	}
	d->groups = group;
	GROW(s->open, (size_t)group, s->cap_open);
	s->open[group] = true;
	return group;
}

/* The inside of parentheses that began at start, and the closing one. */
static struct node *
group_body(struct scan *s, size_t start)
{
	struct node *body;

	if (++s->depth > DEPTH_MAX) {
		err_set(s->err,
		    "the regular expression has more than %d "
		    "levels of parentheses",
		    DEPTH_MAX);
		return NULL;
	}
	if ((body = scan_alternatives(s)) == NULL)
		return NULL;
	s->depth--;
	if (!scan_skip(s, ')'))
		return scan_fail(
		    s, start, "missing ), unterminated subpattern");
	return body;
}

static struct node *
group_of(struct scan *s, enum node_type type, size_t start)
{
	struct node *node = scan_node(s, type);

	node->kids = group_body(s, start);
	return node->kids == NULL ? NULL : node;
}

static struct node *
capturing(struct scan *s, size_t start, char *name, size_t name_at)
{
	int group = open_group(s, name, name_at);
	struct node *node;

	if (group < 0)
		return NULL;
	if ((node = group_of(s, NODE_GROUP, start)) == NULL)
		return NULL;
	node->group = group;
	s->open[group] = false;
	return node;
}

/* (?P=name) */
static struct node *
named_ref(struct scan *s)
{
	size_t name_at = s->at;
	char *name = group_name(s, ')');
	struct node *node = NULL;
	int group;

	if (name == NULL)
		return NULL;
	if (!is_identifier(name))
		name_error(s, "bad character in group name ", name, name_at);
	else if ((group = find_name(s->d, name)) == 0)
		name_error(s, "unknown group name ", name, name_at);
	else if (s->open[group])
		scan_fail(s, name_at, "cannot refer to an open group");
	else if (scan_may_refer(s, group)) {
		node = scan_node(s, NODE_REF);
		node->group = group;
	}
	free(name);
	return node;
}

/* After "(?P". */
static struct node *
named(struct scan *s, size_t start)
{
	size_t at = s->at;
	char *name;

	if (scan_skip(s, '='))
		return named_ref(s);
	if (!scan_skip(s, '<')) {
		if (scan_get(s) == SCAN_END)
			return scan_fail(s, at, "unexpected end of pattern");
		scan_error(s, start + 1, "unknown extension ?P%.*s",
		    scan_token(s, at), s->p + at);
		return NULL;
	}
	at = s->at;
	if ((name = group_name(s, '>')) == NULL)
		return NULL;
	if (!is_identifier(name)) {
		name_error(s, "bad character in group name ", name, at);
		free(name);
		return NULL;
	}
	return capturing(s, start, name, at);
}

/* After "(?=", "(?!", "(?<=", "(?<!". */
static struct node *
look(struct scan *s, size_t start, bool behind, bool negated)
{
	int outer = s->behind;
	struct node *node;

	if (behind && outer < 0)
		s->behind = s->d->groups;
	node = group_of(s, NODE_LOOK, start);
	s->behind = outer;
	if (node == NULL)
		return NULL;
	node->negated = negated;
	node->behind = behind;
	return node;
}

/* After "(?<". */
static struct node *
look_behind(struct scan *s, size_t start)
{
	size_t at = s->at;
	char32_t c = scan_get(s);

	if (c == SCAN_END)
		return scan_fail(s, at, "unexpected end of pattern");
	if (c != '=' && c != '!') {
		scan_error(s, start + 1, "unknown extension ?<%.*s",
		    scan_token(s, at), s->p + at);
		return NULL;
	}
	return look(s, start, true, c == '!');
}

/* Which group a condition asks for; -1: error told. */
static int
condition_group(struct scan *s, const char *name, size_t at)
{
	int group = 0;

	if (is_identifier(name)) {
		if ((group = find_name(s->d, name)) == 0)
			name_error(s, "unknown group name ", name, at);
		return group == 0 ? -1 : group;
	}
	if (name[strspn(name, "0123456789")] != '\0' || strlen(name) > 6) {
		name_error(s, "bad character in group name ", name, at);
		return -1;
	}
	if ((group = (int)strtol(name, NULL, 10)) == 0)
		return scan_error(s, at, "bad group number");
	/* it may be defined later: looked at when all is read */
	GROW(s->cond, s->ncond, s->cap_cond);
	GROW(s->cond_at, s->ncond, s->cap_cond_at);
	s->cond[s->ncond] = group;
	s->cond_at[s->ncond++] = at;
	return group;
}

/* After "(?(". */
static struct node *
condition(struct scan *s, size_t start)
{
	size_t at = s->at;
	char *name = group_name(s, ')');
	struct node *node;
	int group;

	if (name == NULL)
		return NULL;
	group = condition_group(s, name, at);
	free(name);
	if (group < 0 || !scan_may_refer(s, group))
		return NULL;
	node = scan_node(s, NODE_COND);
	node->group = group;
	if (++s->depth > DEPTH_MAX)
		return scan_fail(s, start, "too many levels of parentheses");
	if ((node->kids = scan_branch(s, false)) == NULL)
		return NULL;
	if (scan_skip(s, '|') &&
	    (node->kids->next = scan_branch(s, false)) == NULL)
		return NULL;
	s->depth--;
	if (scan_peek(s) == '|')
		return scan_fail(s, s->at,
		    "conditional backref with more than two branches");
	if (!scan_skip(s, ')'))
		return scan_fail(
		    s, start, "missing ), unterminated subpattern");
	return node;
}

/* ---- flags */

static unsigned
flag_of(char32_t c)
{
	static const struct {
		char c;
		unsigned flag;
	} flags[] = {{'i', NODE_I}, {'m', NODE_M}, {'s', NODE_S}, {'x', NODE_X},
	    {'a', NODE_A}, {'u', 0}, {'L', 0}};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (c == (char32_t)flags[i].c)
			return flags[i].flag;
	return ~0u;
}

static bool
is_flag(char32_t c)
{
	return flag_of(c) != ~0u;
}

/* What is wrong when c is no flag: a word for letters, another for the rest */
static int
no_flag(struct scan *s, char32_t c, size_t at, const char *missing)
{
	bool alpha =
	    c != SCAN_END && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));

	return scan_error(s, c == SCAN_END ? s->at : at, "%s",
	    alpha ? "unknown flag" : missing);
}

/* The letters after "(?" up to one of the ends, which is returned. */
static int
read_flags(struct scan *s, unsigned *set, const char *ends, const char *missing)
{
	bool ascii = false, unicode = false;

	for (;;) {
		size_t at = s->at;
		char32_t c = scan_get(s);

		if (c == SCAN_END || !is_flag(c))
			return no_flag(s, c, at, missing);
		if (c == 'L')
			return scan_error(s, s->at,
			    "bad inline flags: cannot use 'L' flag with a "
			    "str pattern");
		ascii |= c == 'a';
		unicode |= c == 'u';
		if (ascii && unicode)
			return scan_error(s, s->at,
			    "bad inline flags: flags 'a', 'u' and 'L' are "
			    "incompatible");
		*set |= flag_of(c);
		at = s->at;
		c = scan_peek(s);
		if (c != SCAN_END && c < 0x80 && c != 0 &&
		    strchr(ends, (int)c) != NULL) {
			(void)scan_get(s);
			return (int)c;
		}
		if (unicode)
			*set &= ~(unsigned)NODE_A;
	}
}

/* The letters after "(?-" or "(?i-" up to ":". */
static int
read_off(struct scan *s, unsigned *off)
{
	size_t at = s->at;

	for (bool first = true;; first = false) {
		char32_t c = scan_get(s);

		if (c == SCAN_END || !is_flag(c))
			return no_flag(
			    s, c, at, first ? "missing flag" : "missing :");
		if (c == 'a' || c == 'u' || c == 'L')
			return scan_error(s, s->at,
			    "bad inline flags: cannot turn off flags 'a', "
			    "'u' and 'L'");
		*off |= flag_of(c);
		at = s->at;
		if (scan_skip(s, ':'))
			return 0;
	}
}

static struct node *
scoped(struct scan *s, size_t start, unsigned on, unsigned off)
{
	unsigned outer = s->flags;
	struct node *node;

	if ((on & off) != 0)
		return scan_fail(
		    s, s->at, "bad inline flags: flag turned on and off");
	s->flags = (outer | on) & ~off;
	if ((s->flags & NODE_I) != 0)
		s->d->caseless = true;
	node = group_of(s, NODE_GROUP, start);
	s->flags = outer;
	if (node == NULL)
		return NULL;
	node->on = on & (NODE_I | NODE_M | NODE_S);
	node->off = off & (NODE_I | NODE_M | NODE_S);
	return node;
}

/* Global flags leave no node: *global is set and NULL returned. */
static struct node *
flags_group(struct scan *s, size_t start, bool *global)
{
	unsigned on = 0, off = 0, ascii = s->flags & NODE_A;
	int end = '-';

	if (!scan_skip(s, '-')) {
		size_t at = s->at;

		if ((end = read_flags(s, &on, ")-:", "missing -, : or )")) < 0)
			return NULL;
		/* (?u: ends the reign of (?a) */
		if (end == ':' && memchr(s->p + at, 'u', s->at - at) != NULL)
			s->flags &= ~(unsigned)NODE_A;
	}
	if (end == ')') {
		*global = true;
		s->d->flags |= on;
		s->flags |= on;
		return NULL;
	}
	if (end == '-' && read_off(s, &off) < 0)
		return NULL;
	{
		struct node *node = scoped(s, start, on, off);

		s->flags |= ascii;
		return node;
	}
}

/* (?#...): leaves nothing behind. */
static bool
comment(struct scan *s, size_t start)
{
	const char *end = memchr(s->p + s->at, ')', s->n - s->at);

	if (end == NULL) {
		s->at = s->n;
		scan_fail(s, start, "missing ), unterminated comment");
		return false;
	}
	s->at = (size_t)(end - s->p) + 1;
	return true;
}

/*
 * After "(". Returns NULL with *nothing set for what leaves no node, without
 * for an error. first: nothing stands before it in the pattern.
 */
struct node *
scan_group(struct scan *s, bool first, bool *nothing)
{
	size_t start = s->at - 1, at;
	bool global = false;
	struct node *node;
	char32_t c;

	if (!scan_skip(s, '?'))
		return capturing(s, start, NULL, 0);
	at = s->at;
	c = scan_get(s);
	switch (c) {
	case SCAN_END:
		return scan_fail(s, at, "unexpected end of pattern");
	case 'P':
		return named(s, start);
	case ':':
		return group_of(s, NODE_GROUP, start);
	case '>':
		return group_of(s, NODE_ATOMIC, start);
	case '=':
	case '!':
		return look(s, start, false, c == '!');
	case '<':
		return look_behind(s, start);
	case '(':
		return condition(s, start);
	case '#':
		*nothing = comment(s, start);
		return NULL;
	default:
		break;
	}
	if (!is_flag(c) && c != '-') {
		scan_error(s, start + 1, "unknown extension ?%.*s",
		    scan_token(s, at), s->p + at);
		return NULL;
	}
	s->at = at;
	node = flags_group(s, start, &global);
	if (!global)
		return node;
	if (!first)
		return scan_fail(s, start,
		    "global flags not at the start of the expression");
	*nothing = true;
	return NULL;
}
