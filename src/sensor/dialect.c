/*
 * The parser. It keeps to the order in which Python looks at a pattern, so
 * that of several mistakes the same one is told.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/value.h"
#include "sensor/dialect_scan.h"

char32_t
scan_peek(const struct scan *s)
{
	char32_t c;

	if (s->at >= s->n || utf8_decode(s->p + s->at, s->n - s->at, &c) == 0)
		return SCAN_END;
	return c;
}

char32_t
scan_get(struct scan *s)
{
	char32_t c;

	if (s->at >= s->n)
		return SCAN_END;
	s->at += utf8_decode(s->p + s->at, s->n - s->at, &c);
	return c;
}

bool
scan_skip(struct scan *s, char32_t c)
{
	if (scan_peek(s) != c)
		return false;
	(void)scan_get(s);
	return true;
}

int
scan_error(struct scan *s, size_t at, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	const char *newline;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	buf_addf(&text, " at position %zu", utf8_length(s->p, at));
	if (memchr(s->p, '\n', s->n) != NULL) {
		size_t line = 1;

		for (size_t i = 0; i < at; i++)
			line += s->p[i] == '\n';
		newline = memrchr(s->p, '\n', at);
		newline = newline == NULL ? s->p : newline + 1;
		buf_addf(&text, " (line %zu, column %zu)", line,
		    utf8_length(newline, (size_t)(s->p + at - newline)) + 1);
	}
	err_set(s->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

struct node *
scan_node(struct scan *s, enum node_type type)
{
	struct dialect *d = s->d;
	struct node *node = xcalloc(1, sizeof(*node));

	GROW(d->nodes, d->nnodes, d->cap);
	d->nodes[d->nnodes++] = node;
	node->type = type;
	node->flags = s->flags;
	return node;
}

struct node *
scan_fail(struct scan *s, size_t at, const char *what)
{
	scan_error(s, at, "%s", what);
	return NULL;
}

/* ---- quantifiers */

/* The digits here; too many of them stop at a number that is too large. */
static unsigned long long
number(struct scan *s)
{
	unsigned long long n = 0;

	for (char32_t c; (c = scan_peek(s)) >= '0' && c <= '9'; s->at++)
		if (n <= REPEAT_FOREVER)
			n = n * 10 + c - '0';
	return n;
}

/*
 * What follows a brace: 1 and *min, *max, 0 when the brace is literal, -1.
 */
static int
braces(struct scan *s, unsigned *min, unsigned *max)
{
	size_t start = s->at;
	unsigned long long lo, hi = REPEAT_FOREVER;
	bool has_lo, has_hi = true;

	if (scan_peek(s) == '}')
		return 0;
	lo = number(s);
	has_lo = s->at > start;
	if (scan_skip(s, ',')) {
		size_t digits = s->at;

		hi = number(s);
		has_hi = s->at > digits;
	} else {
		hi = lo;
		has_hi = has_lo;
	}
	if (!scan_skip(s, '}')) {
		s->at = start;
		return 0;
	}
	if ((has_lo && lo >= REPEAT_FOREVER) ||
	    (has_hi && hi >= REPEAT_FOREVER))
		return err_set(s->err, "the repetition number is too large");
	if (has_hi && hi < lo)
		return scan_error(
		    s, start, "min repeat greater than max repeat");
	*min = (unsigned)lo;
	*max = has_hi ? (unsigned)hi : REPEAT_FOREVER;
	return 1;
}

/* The quantifier c at start around item (NULL: there is none). */
static struct node *
repeat(struct scan *s, size_t start, struct node *item, struct node *counts)
{
	struct node *node;

	if (item == NULL || item->type == NODE_AT)
		return scan_fail(s, start, "nothing to repeat");
	if (item->type == NODE_REPEAT)
		return scan_fail(s, start, "multiple repeat");
	node = scan_node(s, NODE_REPEAT);
	node->min = counts->min;
	node->max = counts->max;
	if (scan_skip(s, '?'))
		node->mode = REPEAT_LAZY;
	else if (scan_skip(s, '+'))
		node->mode = REPEAT_POSSESSIVE;
	node->kids = item;
	return node;
}

/*
 * Reads a quantifier c that began at start: 1 counts are set, 0 it is a
 * literal brace, -1 error.
 */
static int
quantifier(struct scan *s, char32_t c, struct node *counts)
{
	counts->min = c == '+' ? 1 : 0;
	counts->max = c == '?' ? 1 : REPEAT_FOREVER;
	return c == '{' ? braces(s, &counts->min, &counts->max) : 1;
}

/* ---- sequences */

static void
skip_verbose(struct scan *s)
{
	for (;;) {
		char32_t c = scan_peek(s);

		if (c != 0 && c < 0x80 && strchr(" \t\n\r\v\f", (int)c))
			(void)scan_get(s);
		else if (c == '#') {
			while (c != SCAN_END && c != '\n')
				c = scan_get(s);
		} else
			return;
	}
}

/* One item that is no quantifier; NULL as scan_group() says. */
static struct node *
parse_item(struct scan *s, char32_t c, bool first, bool *nothing)
{
	struct node *node;

	switch (c) {
	case '\\':
		return scan_escape(s, s->at - 1, false);
	case '[':
		return scan_class(s, s->at - 1);
	case '(':
		return scan_group(s, first, nothing);
	case '.':
		return scan_node(s, NODE_ANY);
	case '^':
	case '$':
		node = scan_node(s, NODE_AT);
		break;
	default:
		node = scan_node(s, NODE_CHAR);
		if (c > 0x7f)
			s->d->non_ascii = true;
		break;
	}
	node->c = c;
	return node;
}

/* Items up to "|", ")" or the end. first: no branch stands before it. */
struct node *
scan_branch(struct scan *s, bool first)
{
	struct node *seq = scan_node(s, NODE_SEQ);
	struct node **last = NULL, **end = &seq->kids;

	for (;;) {
		struct node counts = {.type = NODE_REPEAT}, *item;
		bool nothing = false;
		size_t start;
		char32_t c;
		int rc = 0;

		if ((s->flags & NODE_X) != 0)
			skip_verbose(s);
		c = scan_peek(s);
		if (c == SCAN_END || c == '|' || c == ')')
			return seq;
		start = s->at;
		(void)scan_get(s);
		if (c == '*' || c == '+' || c == '?' || c == '{')
			rc = quantifier(s, c, &counts);
		if (rc < 0)
			return NULL;
		if (rc > 0) {
			item = repeat(
			    s, start, last == NULL ? NULL : *last, &counts);
			if (item == NULL)
				return NULL;
			end = last;
		} else {
			item = parse_item(
			    s, c, first && seq->kids == NULL, &nothing);
			if (item == NULL && !nothing)
				return NULL;
		}
		if (item != NULL) {
			last = end;
			*end = item;
			end = &item->next;
		}
	}
}

struct node *
scan_alternatives(struct scan *s)
{
	struct node *alt = scan_node(s, NODE_ALT);
	struct node **end = &alt->kids;

	do {
		struct node *seq =
		    scan_branch(s, s->depth == 0 && alt->kids == NULL);

		if (seq == NULL)
			return NULL;
		*end = seq;
		end = &seq->next;
	} while (scan_skip(s, '|'));
	return alt;
}

static int
check_conditions(struct scan *s)
{
	for (size_t i = 0; i < s->ncond; i++)
		if (s->cond[i] > s->d->groups)
			return scan_error(s, s->cond_at[i],
			    "invalid group reference %d", s->cond[i]);
	return 0;
}

static int
parse_all(struct scan *s)
{
	size_t good = utf8_valid(s->p, s->n);

	if (good < s->n)
		return err_set(s->err,
		    "the regular expression is not valid UTF-8 after its "
		    "first %zu bytes",
		    good);
	if ((s->d->root = scan_alternatives(s)) == NULL)
		return -1;
	if (s->at < s->n)
		return scan_error(s, s->at, "unbalanced parenthesis");
	return check_conditions(s);
}

int
dialect_parse(struct dialect *d, const char *pattern, size_t n, unsigned flags,
    struct err *err)
{
	struct dialect out = {.flags = flags};
	struct scan s = {.d = &out,
	    .p = pattern,
	    .n = n,
	    .flags = flags,
	    .behind = -1,
	    .err = err};
	int rc;

	GROW(s.open, 0, s.cap_open);
	s.open[0] = true;
	rc = parse_all(&s);
	free(s.open);
	free(s.cond);
	free(s.cond_at);
	if ((out.flags & NODE_I) != 0)
		out.caseless = true;
	if (rc < 0)
		dialect_release(&out);
	else
		*d = out;
	return rc;
}

void
dialect_release(struct dialect *d)
{
	for (size_t i = 0; i < d->nnodes; i++)
		free(d->nodes[i]);
	free(d->nodes);
	for (size_t i = 0; i < d->nnames; i++)
		free(d->names[i].name);
	free(d->names);
	memset(d, 0, sizeof(*d));
}
