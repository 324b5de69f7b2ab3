/*
 * fail2ban: which boundaries a pattern gets, where it is wrapped in a group
 * and what it is called decide which part of a line is cut out as the date,
 * so the rules of spec 06 section 2 are kept one by one, oddities included.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/datepat.h"

#define LN_BEG "{^LN-BEG}"
#define UNB "{UNB}"
#define EPOCH_NUM "\\d{10,11}\\b(?:\\.\\d{3,6})?"
#define LEPOCH_NUM "\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?"
#define TAI64N_LABEL "(?P<_tai>@[0-9a-f]{24})"
/* fail2ban: what should follow the number is not asked for in effect. */
#define EPOCH_PLACE "(?:^|(?<=^\\[)|(?<=\\baudit\\())"

static const struct base_row {
	const char *pattern; /* NULL: see special */
	const char *special; /* name of a template without a pattern */
	enum datehand hand;
	const char *shown; /* pattern that names it, NULL: the own one */
} base_rows[DATEPAT_NBASE] = {
    {"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?"
     "(?:\\s*%z)?",
        NULL, DATEHAND_ISO, NULL},
    {"(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", NULL, DATEHAND_RFC3164,
        NULL},
    {"(?:%a )?%b %d %ExY %k:%M:%S(?:\\.%f)?", NULL, DATEHAND_NONE, NULL},
    {"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S", NULL, DATEHAND_NONE,
        NULL},
    {"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?", NULL,
        DATEHAND_NONE, NULL},
    {"%m/%d/%ExY:%H:%M:%S", NULL, DATEHAND_NONE, NULL},
    {"%m-%d-%ExY %k:%M:%S(?:\\.%f)?", NULL, DATEHAND_NONE, NULL},
    {NULL, "Epoch", DATEHAND_NONE, NULL},
    {LN_BEG "%H:%M:%S", NULL, DATEHAND_NONE, NULL},
    {"^<%m/%d/%Exy@%H:%M:%S>", NULL, DATEHAND_NONE, NULL},
    {"%Exy%Exm%Exd  ?%H:%M:%S", NULL, DATEHAND_NONE, NULL},
    {"%b %d, %ExY %I:%M:%S %p", NULL, DATEHAND_NONE, NULL},
    {"^%b-%d-%Exy %k:%M:%S", NULL, DATEHAND_NONE, NULL},
    {"%ExY%Exm%Exd(?:-|T|  ?)%ExH:?%ExM:?%ExS(?:[.,]%f)?(?:\\s*%z)?", NULL,
        DATEHAND_NONE,
        /* fail2ban: 1.0 calls it so; it knew fewer forms of it. */
        "%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\\s*%z)?"},
    {"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", NULL, DATEHAND_NONE,
        NULL},
    {"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?", NULL, DATEHAND_NONE,
        NULL},
    {NULL, "TAI64N", DATEHAND_NONE, NULL},
};

static struct datetemplate *
template_new(char *pattern, char *name)
{
	struct datetemplate *t = xcalloc(1, sizeof(*t));

	t->pattern = pattern;
	t->name = name;
	return t;
}

void
datetemplate_free(struct datetemplate *t)
{
	if (t == NULL)
		return;
	regex_free(t->re);
	free(t->pattern);
	free(t->name);
	free(t->regex);
	free(t->broken);
	free(t);
}

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, size_t n, const char *with)
{
	size_t m = strlen(with);

	return n >= m && memcmp(s + n - m, with, m) == 0;
}

/* ---- text of the regex ---- */

enum bound { BOUND_WORD, BOUND_LINE, BOUND_NO };

/* Length of a leading "(?i)" or the like, 0: none. */
static size_t
inline_flags(const char *s)
{
	size_t n = 2;

	if (!starts(s, "(?"))
		return 0;
	while (islower((unsigned char)s[n]))
		n++;
	return n > 2 && s[n] == ')' ? n + 1 : 0;
}

/* A "(" that is not followed by "?". */
static bool
has_group(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '(' && s[1] != '?')
			return true;
	}
	return false;
}

static void
trim(struct buf *b)
{
	size_t lead = 0;

	while (b->n > 0 && isspace((unsigned char)b->p[b->n - 1]))
		buf_truncate(b, b->n - 1);
	while (lead < b->n && isspace((unsigned char)b->p[lead]))
		lead++;
	buf_splice(b, 0, lead, "", 0);
}

/* Puts everything between a leading ^ and a trailing $ into a group. */
static void
wrap(struct buf *b)
{
	bool end = b->n > 0 && b->p[b->n - 1] == '$';

	buf_splice(b, b->p[0] == '^' ? 1 : 0, 0, "(", 1);
	if (end)
		buf_splice(b, b->n - 1, 0, ")", 1);
	else
		buf_addc(b, ')');
}

/*
 * Completes the regex in b, which has the directives expanded, and says in t
 * how it is anchored.
 */
static void
finish_regex(struct datetemplate *t, struct buf *b, enum bound bound)
{
	struct buf flags = BUF_INIT;
	bool begin;
	bool end;

	trim(b);
	buf_add(&flags, b->p, inline_flags(b->p));
	buf_splice(b, 0, flags.n, "", 0);
	begin = bound != BOUND_NO && !starts(b->p, "^") &&
	        !starts(b->p, "(^") && !starts(b->p, "(?:^") &&
	        !starts(b->p, "**");
	end = bound != BOUND_NO && !ends(b->p, b->n, "$") &&
	      !ends(b->p, b->n, "\\b") && !ends(b->p, b->n, "\\s") &&
	      !ends(b->p, b->n, "**");
	if (starts(b->p, "**"))
		buf_splice(b, 0, 2, "", 0);
	if (ends(b->p, b->n, "**"))
		buf_truncate(b, b->n - 2);
	if (!has_group(b->p))
		wrap(b);
	t->line_begin = b->p[0] == '^' || (begin && bound == BOUND_LINE);
	t->line_end = b->n > 0 && b->p[b->n - 1] == '$';
	if (begin && bound == BOUND_LINE)
		buf_splice(b, 0, 0, "^(?:\\W{0,2})?", 13);
	else if (begin)
		buf_splice(b, 0, 0, "(?=^|\\b|\\W)", 11);
	if (end)
		buf_adds(b, "(?=\\b|\\W|$)");
	buf_splice(b, 0, 0, flags.p, flags.n);
	buf_release(&flags);
}

struct expansion {
	struct buf regex;
	struct buf name;
	bool icase;
	int ex_decade;
};

/*
 * fail2ban: the words are those of Python's % operator, which it uses.
 */
static int
bad_directive(const char *pattern, const char *at, bool seen, struct err *err)
{
	char32_t c = 0;
	size_t len = utf8_decode(at + 1, strlen(at + 1), &c);
	struct buf why = BUF_INIT;

	if (at[1] == '\0')
		buf_adds(&why, "incomplete format");
	else if (seen)
		buf_adds(&why, "not enough arguments for format string");
	else
		buf_addf(&why,
		    "unsupported format character '%.*s' (0x%x) at index %zu",
		    (int)(len > 0 ? len : 1), at + 1, (unsigned)c,
		    utf8_length(pattern, (size_t)(at + 1 - pattern)));
	err_set(err,
	    "Failed to set datepattern '%s' (may be an invalid format or "
	    "unescaped percent char): %s",
	    pattern, why.p);
	buf_release(&why);
	return -1;
}

/* Expands the directives of pattern. -1: it is wrong. */
static int
expand(struct expansion *x, const char *pattern, struct err *err)
{
	const struct datedirective *d;
	bool seen = false;

	for (const char *p = pattern; *p != '\0';) {
		size_t n = *p == '%' ? 2 : 1;

		if (*p != '%' || p[1] == '%') {
			buf_addc(&x->regex, *p);
			buf_addc(&x->name, *p);
		} else {
			d = datedirective_find(p + 1);
			if (d == NULL)
				return bad_directive(pattern, p, seen, err);
			seen = true;
			n = 1 + strlen(d->key);
			datedirective_regex(&x->regex, d, x->ex_decade);
			if (d->name == NULL)
				buf_add(&x->name, p, n);
			else
				buf_adds(&x->name, d->name);
			x->icase = x->icase || d->icase;
		}
		p += n;
	}
	return 0;
}

/* ---- patterns ---- */

/* Any pattern that is text with directives. */
static struct datetemplate *
from_text(const char *pattern, double now, struct err *err)
{
	struct expansion x = {
	    BUF_INIT, BUF_INIT, false, datedirective_ex_decade(now)};
	struct datetemplate *t = NULL;
	enum bound bound = BOUND_WORD;
	const char *text = pattern;

	if (starts(text, UNB)) {
		bound = BOUND_NO;
		text += strlen(UNB);
	} else if (starts(text, LN_BEG)) {
		bound = BOUND_LINE;
		text += strlen(LN_BEG);
		buf_adds(&x.name, LN_BEG);
	}
	if (expand(&x, text, err) == 0) {
		t = template_new(xstrdup(pattern), buf_detach(&x.name));
		if (x.icase)
			buf_splice(&x.regex, 0, 0, "(?iu)", 5);
		finish_regex(t, &x.regex, bound);
		t->regex = buf_detach(&x.regex);
		t->ex_decade = x.ex_decade;
	}
	buf_release(&x.regex);
	buf_release(&x.name);
	return t;
}

/* Place of the next word such as "{EPOCH}" without a \ before it, or NULL. */
static const char *
next_word(const char *from, const char *pattern, const char *word)
{
	bool any_case = strchr(pattern, '%') == NULL;
	size_t n = strlen(word);

	for (const char *p = from; (p = strchr(p, '{')) != NULL; p++)
		if ((any_case ? strncasecmp(p, word, n)
		              : strncmp(p, word, n)) == 0 &&
		    (p == pattern || p[-1] != '\\'))
			return p;
	return NULL;
}

static const char *
next_epoch(const char *from, const char *pattern)
{
	const char *is = next_word(from, pattern, "{EPOCH}");
	const char *is_long = next_word(from, pattern, "{LEPOCH}");

	return is == NULL || (is_long != NULL && is_long < is) ? is_long : is;
}

/*
 * A pattern around {EPOCH} or {LEPOCH}. fail2ban: it is a regex and no more,
 * directives and prefixes are literal; one {LEPOCH} makes all of them long.
 * The first one is the date.
 */
static struct datetemplate *
around_epoch(const char *pattern)
{
	struct datetemplate *t = template_new(NULL, xstrdup(pattern));
	bool is_long = next_word(pattern, pattern, "{LEPOCH}") != NULL;
	const char *number = is_long ? LEPOCH_NUM : EPOCH_NUM;
	const char *from = pattern, *at;
	struct buf b = BUF_INIT;
	bool first = true;

	while ((at = next_epoch(from, pattern)) != NULL) {
		buf_add(&b, from, (size_t)(at - from));
		buf_addf(&b, "(%s%s)", first ? "?P<_epoch>" : "?:", number);
		first = false;
		from = strchr(at, '}') + 1;
	}
	buf_adds(&b, from);
	finish_regex(t, &b, BOUND_WORD);
	t->regex = buf_detach(&b);
	return t;
}

static struct datetemplate *
new_epoch(bool is_long, bool line_begin)
{
	const char *number = is_long ? LEPOCH_NUM : EPOCH_NUM;
	struct datetemplate *t =
	    template_new(NULL, xasprintf("%s%s", line_begin ? LN_BEG : "",
	                           is_long ? "LongEpoch" : "Epoch"));

	t->line_begin = line_begin;
	t->regex = xasprintf("%s((?P<_epoch>%s))(?=\\b|\\W|$)",
	    line_begin ? "^(?:\\W{0,2})?" : EPOCH_PLACE, number);
	return t;
}

static struct datetemplate *
new_tai64n(bool line_begin)
{
	struct datetemplate *t =
	    template_new(NULL, xasprintf("%sTAI64N", line_begin ? LN_BEG : ""));

	t->line_begin = line_begin;
	t->regex = xasprintf("%s(%s)(?=\\b|\\W|$)",
	    line_begin ? "^(?:\\W{0,2})?" : "(?=^|\\b|\\W)", TAI64N_LABEL);
	return t;
}

static struct datetemplate *
new_none(void)
{
	struct datetemplate *t = template_new(xstrdup("{NONE}"), xstrdup("^"));

	t->regex = xstrdup("^()");
	t->line_begin = true;
	t->none = true;
	return t;
}

/* The patterns that stand for something as a whole; NULL: it is none. */
static struct datetemplate *
new_special(const char *pattern)
{
	bool anchored = false;
	const char *word = pattern;

	if (strcasecmp(word, "{NONE}") == 0)
		return new_none();
	if (strncasecmp(word, LN_BEG, strlen(LN_BEG)) == 0) {
		anchored = true;
		word += strlen(LN_BEG);
	} else if (*word == '^') {
		anchored = true;
		word++;
	}
	if (strcasecmp(word, "EPOCH") == 0)
		return new_epoch(false, anchored);
	if (strcasecmp(word, "LEPOCH") == 0)
		return new_epoch(true, anchored);
	if (strcasecmp(word, "TAI64N") == 0)
		return new_tai64n(anchored);
	return NULL;
}

struct datetemplate *
datepat_new(const char *pattern, double now, struct err *err)
{
	struct datetemplate *t = new_special(pattern);

	if (t == NULL && next_epoch(pattern, pattern) != NULL)
		t = around_epoch(pattern);
	if (t != NULL) {
		if (t->pattern == NULL)
			t->pattern = xstrdup(pattern);
		return t;
	}
	return from_text(pattern, now, err);
}

static bool
is_anchored(const struct base_row *row)
{
	return row->pattern != NULL &&
	       (row->pattern[0] == '^' || starts(row->pattern, LN_BEG));
}

/* Calls t as a template of this pattern is called. */
static void
rename_as(struct datetemplate *t, const char *shown)
{
	struct expansion x = {BUF_INIT, BUF_INIT, false, t->ex_decade};

	if (expand(&x, starts(shown, UNB) ? shown + strlen(UNB) : shown,
	        NULL) == 0) {
		free(t->name);
		t->name = buf_detach(&x.name);
	}
	buf_release(&x.regex);
	buf_release(&x.name);
}

struct datetemplate *
datepat_default(int base, bool line_begin, double now)
{
	const struct base_row *row = &base_rows[base - 1];
	struct datetemplate *t;
	char *pattern;

	if (line_begin && is_anchored(row))
		return NULL;
	if (row->pattern == NULL)
		t = strcmp(row->special, "TAI64N") == 0
		        ? new_tai64n(line_begin)
		        : new_epoch(false, line_begin);
	else {
		pattern =
		    xasprintf("%s%s", line_begin ? LN_BEG : "", row->pattern);
		t = from_text(pattern, now, NULL);
		free(pattern);
	}
	if (row->shown != NULL) {
		pattern =
		    xasprintf("%s%s", line_begin ? LN_BEG : "", row->shown);
		rename_as(t, pattern);
		free(pattern);
	}
	t->base = base;
	t->hand = line_begin ? row->hand : DATEHAND_NONE;
	return t;
}

static const char *
next_date(const char *from, const char *pattern)
{
	return next_word(from, pattern, "{DATE}");
}

bool
datepat_is_around(const char *pattern)
{
	return next_date(pattern, pattern) != NULL;
}

/* The pattern with inner for each {DATE}; the caller frees it. */
static char *
put_in(const char *pattern, const char *inner)
{
	struct buf b = BUF_INIT;
	const char *from = pattern;
	const char *at;

	while ((at = next_date(from, pattern)) != NULL) {
		buf_add(&b, from, (size_t)(at - from));
		buf_adds(&b, inner);
		from = at + strlen("{DATE}");
	}
	buf_adds(&b, from);
	return buf_detach(&b);
}

/*
 * fail2ban: epoch and TAI64N have no pattern to put in. They take part when
 * {DATE} stands alone or at the begin of a line; elsewhere their name does,
 * which nothing matches.
 */
struct datetemplate *
datepat_around(const char *pattern, int base, double now, struct err *err)
{
	const struct base_row *row = &base_rows[base - 1];
	const char *inner = row->pattern != NULL ? row->pattern : row->special;
	struct datetemplate *t;
	char *text;

	if (row->pattern == NULL && strcasecmp(pattern, "{DATE}") == 0)
		return datepat_default(base, false, now);
	if (row->pattern == NULL &&
	    (strcasecmp(pattern, "^{DATE}") == 0 ||
	        strcasecmp(pattern, LN_BEG "{DATE}") == 0))
		return datepat_default(base, true, now);
	if (starts(inner, LN_BEG))
		inner += strlen(LN_BEG);
	text = put_in(pattern, inner);
	t = from_text(text, now, err);
	free(text);
	if (t != NULL && row->shown != NULL) {
		text = put_in(pattern, row->shown);
		rename_as(t, text);
		free(text);
	}
	return t;
}

/* ---- use ---- */

/* The last of two groups for one field counts. */
static void
add_group(struct datetemplate *t, enum datefield field, int group)
{
	struct datetemplate_group g = {.field = field, .group = group};

	for (int i = 0; i < t->ngroups; i++)
		if (t->groups[i].field == field) {
			t->groups[i] = g;
			return;
		}
	t->groups[t->ngroups++] = g;
}

int
datetemplate_compile(struct datetemplate *t, struct err *err)
{
	struct err why = ERR_INIT;

	if (t->re != NULL)
		return 0;
	if (t->broken == NULL) {
		t->re = regex_new(t->regex, strlen(t->regex), 0, &why);
		if (t->re == NULL)
			t->broken = xstrdup(err_text(&why));
		err_release(&why);
	}
	if (t->re == NULL)
		return err_set(err, "%s", t->broken);
	for (size_t i = 0; i < regex_names(t->re); i++) {
		int field = datedirective_field(regex_name(t->re, i));

		if (field >= 0)
			add_group(t, (enum datefield)field,
			    regex_name_group(t->re, i));
	}
	return 0;
}
