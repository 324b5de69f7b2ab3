/*
 * Python's patterns on PCRE2. A pattern has two forms: one for UTF-8, and one
 * for subjects that are pure ASCII, which is faster. Each has up to two codes:
 * the one that is tried, and one that counts its steps, for subjects that take
 * long. All but the first are made when they are needed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/dialect.h"
#include "sensor/literals.h"
#include "sensor/regexcode.h"

/*
 * Steps for a line: 10 ms or so, more for a long one, which cost more to
 * write. A second search gets twice as many.
 */
#define STEPS_A_LINE 400000UL
#define STEPS_A_BYTE 6UL
#define BYTES_MAX ((size_t)96 * 1024) /* that give steps */
#define AGAIN_FACTOR 2
/* A search always gets these. */
#define STEPS_MIN 4096UL

struct form {
	char *text; /* for PCRE2, owned; NULL: there is no such form */
	struct regexcode *fast; /* NULL: not made yet; owned, as the next */
	struct regexcode *metered;
};

struct regex {
	struct form utf;
	struct form ascii;
	unsigned ascii_uses;     /* searches of ASCII subjects, at first */
	unsigned flags;          /* enum node_flag, of all codes */
	struct regex_span *span; /* groups + 1, of the last match, owned */
	int groups;
	struct dialect_name *names; /* owned */
	size_t nnames;
	struct literals *literals; /* two: needed, and at the start; owned */
};

/* ---- compiling */

static struct regex *
regex_from(struct dialect *d, struct err *err)
{
	struct regex *re = xcalloc(1, sizeof(*re));
	struct buf text = BUF_INIT;

	re->flags = d->flags;
	dialect_write(d, false, &text);
	re->utf.text = buf_detach(&text);
	re->utf.fast =
	    regexcode_new(re->utf.text, REGEXCODE_UTF, d->flags, err);
	if (re->utf.fast == NULL) {
		regex_free(re);
		return NULL;
	}
	if (dialect_has_ascii_form(d)) {
		dialect_write(d, true, &text);
		re->ascii.text = buf_detach(&text);
	}
	re->literals = xcalloc(2, sizeof(*re->literals));
	literals_find(d, &re->literals[0]);
	literals_prefix(d, &re->literals[1]);
	re->groups = d->groups;
	re->span = xcalloc((size_t)d->groups + 1, sizeof(*re->span));
	re->names = d->names;
	re->nnames = d->nnames;
	d->names = NULL;
	d->nnames = 0;
	return re;
}

static void
form_release(struct form *f)
{
	free(f->text);
	regexcode_free(f->fast);
	regexcode_free(f->metered);
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	form_release(&re->utf);
	form_release(&re->ascii);
	for (size_t i = 0; i < re->nnames; i++)
		free(re->names[i].name);
	free(re->names);
	free(re->literals);
	free(re->span);
	free(re);
}

struct regex *
regex_new(const char *pattern, size_t n, unsigned flags, struct err *err)
{
	struct dialect d;
	struct regex *re;
	unsigned set = 0;

	if ((flags & REGEX_MULTILINE) != 0)
		set |= NODE_M;
	if ((flags & REGEX_IGNORECASE) != 0)
		set |= NODE_I;
	if (dialect_parse(&d, pattern, n, set, err) < 0)
		return NULL;
	re = regex_from(&d, err);
	dialect_release(&d);
	return re;
}

size_t
regex_names(const struct regex *re)
{
	return re->nnames;
}

const char *
regex_name(const struct regex *re, size_t i)
{
	return re->names[i].name;
}

int
regex_name_group(const struct regex *re, size_t i)
{
	return re->names[i].group;
}

int
regex_groups(const struct regex *re)
{
	return re->groups;
}

const struct literals *
regex_literals(const struct regex *re)
{
	return &re->literals[0];
}

const struct literals *
regex_prefix(const struct regex *re)
{
	return &re->literals[1];
}

/* ---- matching */

struct regex_budget
regex_budget(size_t n)
{
	size_t bytes = n < BYTES_MAX ? n : BYTES_MAX;
	unsigned long steps = STEPS_A_LINE + bytes * STEPS_A_BYTE;

	return (struct regex_budget){steps, AGAIN_FACTOR * steps};
}

static struct form *
form_for(struct regex *re, bool is_ascii)
{
	if (!is_ascii || re->ascii.text == NULL)
		return &re->utf;
	if (re->ascii_uses < regex_patience) {
		re->ascii_uses++;
		return &re->utf;
	}
	return &re->ascii;
}

/* The code of a form, which is made when there is none yet. */
static struct regexcode *
code_of(struct regex *re, struct form *f, bool is_metered)
{
	struct regexcode **code = is_metered ? &f->metered : &f->fast;

	if (*code == NULL)
		*code = regexcode_new(f->text,
		    (f == &re->ascii ? REGEXCODE_ASCII : REGEXCODE_UTF) |
		        (is_metered ? REGEXCODE_METERED : 0),
		    re->flags, NULL);
	return *code;
}

/* At most *left steps, which become less, but at least min. */
static enum regex_result
search_metered(struct regex *re, const struct regex_subject *s,
    unsigned long *left, unsigned long min)
{
	struct regexcode *code = code_of(re, form_for(re, s->is_ascii), true);
	unsigned long given = *left > min ? *left : min;
	unsigned long steps = given;
	enum regex_result result;

	if (given == 0 || code == NULL)
		return REGEX_LIMIT;
	result = regexcode_metered(code, s, re->groups, &steps);
	*left -= *left < given - steps ? *left : given - steps;
	return result;
}

enum regex_result
regex_search(struct regex *re, const struct regex_subject *s,
    struct regex_budget *budget)
{
	struct regexcode *code = code_of(re, form_for(re, s->is_ascii), false);
	enum regex_result result = REGEX_LIMIT;

	if (code != NULL)
		result = regexcode_search(code, s, re->groups);
	if (result == REGEX_LIMIT)
		result =
		    search_metered(re, s, &budget->steps, STEPS_MIN + s->n);
	if (result == REGEX_MATCH)
		regexcode_spans(re->span, re->groups);
	return result;
}

enum regex_result
regex_search_again(struct regex *re, const struct regex_subject *s,
    struct regex_budget *budget)
{
	enum regex_result result = search_metered(re, s, &budget->again, 0);

	if (result == REGEX_MATCH)
		regexcode_spans(re->span, re->groups);
	return result;
}

struct regex_span
regex_group(const struct regex *re, int group)
{
	return re->span[group];
}

const struct regex_span *
regex_spans(const struct regex *re)
{
	return re->span;
}
