#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/word.h"
#include "engine/bantime.h"

#define DEFAULT_FORMULA                                                        \
	"ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"
/* fail2ban: the end of a permanent ban; nothing is longer. */
#define BANTIME_MAX 140737488355327.0 /* 0x7fffffffffff */

struct bantime {
	struct value *raw; /* name -> text as it was set, owned */
	bool increment;
	bool overalljails;
	struct span maxtime; /* seconds 0: none */
	struct span rndtime;
	struct number factor;
	struct number *multipliers; /* owned, NULL: use the formula */
	size_t n;
	struct expr *formula; /* owned, NULL when multipliers are set */
};

static const char *const names[] = {"ban.Time", "ban.Count", "banFactor", NULL};

/* What factor, formula and multipliers together compile to. */
struct compiled {
	struct number factor;
	struct number *multipliers;
	size_t n;
	struct expr *formula;
};

static int
add_multiplier(
    struct compiled *c, size_t *cap, const char *p, size_t n, struct err *err)
{
	char word[32], *end;
	double v;

	if (n == 0 || n >= sizeof(word))
		return err_set(err,
		    "invalid literal for int() with base 10: "
		    "'%.*s'",
		    (int)(n > 60 ? 60 : n), p);
	memcpy(word, p, n);
	word[n] = '\0';
	v = (double)strtoll(word, &end, 10);
	if (*end != '\0' || end == word)
		return err_set(err,
		    "invalid literal for int() with base 10: "
		    "'%s'",
		    word);
	GROW(c->multipliers, c->n, *cap);
	c->multipliers[c->n++] = (struct number){v, true};
	return 0;
}

/* fail2ban: exactly one blank between two. */
static int
parse_multipliers(struct compiled *c, const char *text, struct err *err)
{
	size_t cap = 0;

	for (;;) {
		size_t n = strcspn(text, " ");

		if (add_multiplier(c, &cap, text, n, err) == -1)
			return -1;
		if (text[n] == '\0')
			return 0;
		text += n + 1;
	}
}

static int
parse_factor(struct number *ret, const char *text, struct err *err)
{
	struct expr *e = expr_new(text, NULL, err);
	int rc;

	if (e == NULL)
		return -1;
	rc = expr_eval(e, NULL, ret, err);
	expr_free(e);
	return rc;
}

static void
compiled_release(struct compiled *c)
{
	free(c->multipliers);
	expr_free(c->formula);
}

static const char *
raw(const struct value *options, const char *name, const char *fallback)
{
	const char *text = value_str(value_get(options, name));

	return text != NULL ? text : fallback;
}

static int
compile(struct compiled *c, const struct value *options, struct err *err)
{
	const char *multipliers = raw(options, "multipliers", NULL);

	if (parse_factor(&c->factor, raw(options, "factor", "1"), err) == -1)
		return -1;
	if (multipliers != NULL)
		return parse_multipliers(c, multipliers, err);
	c->formula =
	    expr_new(raw(options, "formula", DEFAULT_FORMULA), names, err);
	return c->formula == NULL ? -1 : 0;
}

static int
recompile(struct bantime *b, const struct value *options, struct err *err)
{
	struct compiled c = {{1, true}, NULL, 0, NULL};

	if (compile(&c, options, err) == -1) {
		compiled_release(&c);
		return -1;
	}
	free(b->multipliers);
	expr_free(b->formula);
	b->factor = c.factor;
	b->multipliers = c.multipliers;
	b->n = c.n;
	b->formula = c.formula;
	return 0;
}

struct bantime *
bantime_new(void)
{
	struct bantime *b = xcalloc(1, sizeof(*b));

	b->raw = value_dict();
	(void)recompile(b, b->raw, NULL);
	return b;
}

void
bantime_free(struct bantime *b)
{
	if (b == NULL)
		return;
	value_free(b->raw);
	free(b->multipliers);
	expr_free(b->formula);
	free(b);
}

struct bantime *
bantime_copy(const struct bantime *b)
{
	struct bantime *c = xcalloc(1, sizeof(*c));

	*c = *b;
	c->raw = value_copy(b->raw);
	c->multipliers = NULL;
	c->formula = NULL;
	(void)recompile(c, c->raw, NULL);
	c->factor = b->factor;
	return c;
}

static int
set_bool(bool *ret, const char *text)
{
	*ret = word_is_true(text);
	return 0;
}

static int
set_span(struct span *ret, const char *text, struct err *err)
{
	struct span s = {.is_none = true};

	if (text != NULL && span_parse(&s, text, err) == -1)
		return -1;
	*ret = s;
	return 0;
}

static int
set_compiled(
    struct bantime *b, const char *name, const char *text, struct err *err)
{
	struct value *options = value_copy(b->raw);
	int rc;

	if (text != NULL)
		value_set(options, name, value_text(text));
	else
		value_del(options, name);
	rc = recompile(b, options, err);
	value_free(options);
	return rc;
}

static int
apply_option(
    struct bantime *b, const char *name, const char *text, struct err *err)
{
	if (strcmp(name, "increment") == 0)
		return set_bool(&b->increment, text);
	if (strcmp(name, "overalljails") == 0)
		return set_bool(&b->overalljails, text);
	if (strcmp(name, "maxtime") == 0)
		return set_span(&b->maxtime, text, err);
	if (strcmp(name, "rndtime") == 0)
		return set_span(&b->rndtime, text, err);
	if (strcmp(name, "factor") == 0 || strcmp(name, "formula") == 0 ||
	    strcmp(name, "multipliers") == 0)
		return set_compiled(b, name, text, err);
	return 0;
}

int
bantime_set(
    struct bantime *b, const char *name, const char *text, struct err *err)
{
	if (text != NULL && *text == '\0')
		text = NULL;
	if (apply_option(b, name, text, err) == -1)
		return -1;
	if (text != NULL)
		value_set(b->raw, name, value_text(text));
	else if (strcmp(name, "increment") == 0)
		value_set(b->raw, name, value_text(""));
	else
		value_del(b->raw, name);
	return 0;
}

static struct value *
span_value(const struct span *s)
{
	if (s->is_none)
		return value_none();
	return s->is_float ? value_float(s->seconds)
	                   : value_int((int64_t)s->seconds);
}

struct value *
bantime_get(const struct bantime *b, const char *name)
{
	const struct value *text = value_get(b->raw, name);

	if (text == NULL)
		return value_none();
	if (strcmp(name, "increment") == 0)
		return value_bool(b->increment);
	if (strcmp(name, "maxtime") == 0)
		return span_value(&b->maxtime);
	if (strcmp(name, "rndtime") == 0)
		return span_value(&b->rndtime);
	return value_copy(text);
}

bool
bantime_increments(const struct bantime *b)
{
	return b->increment;
}

bool
bantime_overalljails(const struct bantime *b)
{
	return b->overalljails;
}

double
bantime_maxtime(const struct bantime *b)
{
	return b->maxtime.seconds;
}

/* ban.Time * banFactor * multiplier, in that order as to int and float. */
static struct number
multiplied(const struct bantime *b, double base, int count)
{
	struct number m =
	    b->multipliers[(size_t)count < b->n ? (size_t)count : b->n - 1];

	return (struct number){
	    base * b->factor.f * m.f, base == floor(base) && b->factor.is_int};
}

int
bantime_apply(const struct bantime *b, double base, int count,
    struct number *ret, struct err *err)
{
	struct number values[] = {
	    {base, base == floor(base)}, {count, true}, b->factor};
	struct number v;

	if (count < 0)
		count = 0;
	if (b->multipliers != NULL)
		v = multiplied(b, base, count);
	else if (expr_eval(b->formula, values, &v, err) == -1)
		return -1;
	if (isnan(v.f))
		return err_set(err, "cannot convert float NaN to integer");
	if (b->multipliers == NULL && v.f <= base)
		v = values[0];
	if (b->maxtime.seconds != 0 && v.f > b->maxtime.seconds)
		v = (struct number){b->maxtime.seconds, !b->maxtime.is_float};
	if (b->rndtime.seconds != 0)
		v = (struct number){
		    v.f + number_random() * b->rndtime.seconds, false};
	if (v.f > BANTIME_MAX)
		v = (struct number){BANTIME_MAX, true};
	*ret = v;
	return 0;
}
