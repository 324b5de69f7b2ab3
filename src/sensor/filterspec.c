/*
 * Every row is compiled when it is set, so that whoever sets it learns at
 * once what is wrong with it; the compiled form is thrown away, for the one
 * who matches is another process.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/datedetect.h"
#include "sensor/failregex.h"
#include "sensor/filterspec.h"

void
filterspec_init(struct filterspec *s)
{
	memset(s, 0, sizeof(*s));
	s->usedns = USEDNS_WARN;
	s->maxlines = 1;
	s->findtime = 600;
	s->repeated = true;
}

static void
row_release(struct filter_row *row)
{
	free(row->text);
	free(row->expanded);
	memset(row, 0, sizeof(*row));
}

void
filterspec_clear_regex(struct filterspec *s)
{
	row_release(&s->prefregex);
	while (s->nfail > 0)
		row_release(&s->failregex[--s->nfail]);
	while (s->nignore > 0)
		row_release(&s->ignoreregex[--s->nignore]);
}

void
filterspec_release(struct filterspec *s)
{
	filterspec_clear_regex(s);
	free(s->failregex);
	free(s->ignoreregex);
	free(s->datepattern);
	free(s->logtimezone);
	memset(s, 0, sizeof(*s));
}

/* ---- rows */

static bool
is_blank(const char *text)
{
	size_t n = strlen(text);
	char32_t c;

	for (size_t i = 0, used; i < n; i += used)
		if ((used = utf8_decode(text + i, n - i, &c)) == 0 ||
		    !utf8_is_space(c))
			return false;
	return true;
}

/* Compiles the row to see whether it is right and has an id. */
static int
row_check(const struct filter_row *row, bool *has_id, struct err *err)
{
	struct names *names = names_new();
	struct failregex *re =
	    failregex_new(row->expanded, row->multiline, names, err);

	*has_id = re != NULL && failregex_has_id(re);
	failregex_free(re);
	names_free(names);
	return re == NULL ? -1 : 0;
}

static bool
prefregex_has_id(const struct filterspec *s)
{
	bool has_id = false;

	if (s->prefregex.text == NULL)
		return false;
	return row_check(&s->prefregex, &has_id, NULL) == 0 && has_id;
}

enum row_kind {
	ROW_PLAIN,
	ROW_FAIL,
};

/* Makes the row for text; -1 with the reason. */
static int
row_make(struct filter_row *row, const struct filterspec *s, const char *text,
    enum row_kind kind, struct err *err)
{
	struct buf expanded = BUF_INIT;
	bool has_id;

	if (is_blank(text))
		return err_set(err, "Cannot add empty regex");
	failregex_expand(&expanded, text, s->usedns == USEDNS_NO);
	row->text = xstrdup(text);
	row->expanded = buf_detach(&expanded);
	row->multiline = kind == ROW_FAIL && s->maxlines > 1;
	if (row_check(row, &has_id, err) < 0) {
		row_release(row);
		return -1;
	}
	if (kind == ROW_FAIL && !has_id && !prefregex_has_id(s)) {
		err_set(err, "No failure-id group in '%s'", row->expanded);
		row_release(row);
		return -1;
	}
	return 0;
}

int
filterspec_set_prefregex(
    struct filterspec *s, const char *text, struct err *err)
{
	struct filter_row row = {0};

	/* fail2ban: an empty one takes it away */
	if (*text != '\0' && row_make(&row, s, text, ROW_PLAIN, err) < 0)
		return -1;
	row_release(&s->prefregex);
	s->prefregex = row;
	return 0;
}

int
filterspec_add_failregex(
    struct filterspec *s, const char *text, struct err *err)
{
	struct filter_row row = {0};

	if (row_make(&row, s, text, ROW_FAIL, err) < 0)
		return -1;
	GROW(s->failregex, s->nfail, s->cap_fail);
	s->failregex[s->nfail++] = row;
	return 0;
}

int
filterspec_add_ignoreregex(
    struct filterspec *s, const char *text, struct err *err)
{
	struct filter_row row = {0};

	if (row_make(&row, s, text, ROW_PLAIN, err) < 0)
		return -1;
	GROW(s->ignoreregex, s->nignore, s->cap_ignore);
	s->ignoreregex[s->nignore++] = row;
	return 0;
}

static int
row_delete(struct filter_row *rows, size_t *n, size_t i)
{
	if (i >= *n)
		return -1;
	row_release(&rows[i]);
	(*n)--;
	memmove(rows + i, rows + i + 1, (*n - i) * sizeof(*rows));
	return 0;
}

int
filterspec_del_failregex(struct filterspec *s, size_t i)
{
	return row_delete(s->failregex, &s->nfail, i);
}

int
filterspec_del_ignoreregex(struct filterspec *s, size_t i)
{
	return row_delete(s->ignoreregex, &s->nignore, i);
}

/* ---- options */

static void
replace(char **at, const char *text)
{
	char *copy = text == NULL ? NULL : xstrdup(text);

	free(*at);
	*at = copy;
}

int
filterspec_set_datepattern(
    struct filterspec *s, const char *text, struct err *err)
{
	struct datedetect *d = datedetect_new();
	int rc;

	if (text[strspn(text, " \t\n")] == '\0')
		text = "";
	rc = datedetect_add(d, text, err);
	datedetect_free(d);
	if (rc == 0)
		replace(&s->datepattern, text);
	return rc;
}

int
filterspec_set_logtimezone(
    struct filterspec *s, const char *text, struct err *err)
{
	struct datedetect *d = datedetect_new();
	int rc = datedetect_set_zone(d, *text == '\0' ? NULL : text, err);

	datedetect_free(d);
	if (rc == 0)
		replace(&s->logtimezone, text);
	return rc;
}

int
filterspec_set_maxlines(struct filterspec *s, long n, struct err *err)
{
	if (n <= 0)
		return err_set(
		    err, "maxlines must be integer greater than zero");
	if (n > FILTERSPEC_MAXLINES)
		return err_set(err, "maxlines %ld is too large: at most %d", n,
		    FILTERSPEC_MAXLINES);
	s->maxlines = (int)n;
	return 0;
}

static const char *const usedns_names[] = {
    [USEDNS_YES] = "yes",
    [USEDNS_WARN] = "warn",
    [USEDNS_NO] = "no",
    [USEDNS_RAW] = "raw",
};

bool
usedns_parse(enum usedns *ret, const char *word)
{
	for (size_t i = 0; i < sizeof(usedns_names) / sizeof(usedns_names[0]);
	     i++)
		if (strcasecmp(word, usedns_names[i]) == 0) {
			*ret = (enum usedns)i;
			return true;
		}
	*ret = USEDNS_NO;
	return false;
}

const char *
usedns_name(enum usedns u)
{
	return usedns_names[u];
}

/* ---- as a value */

static struct value *
row_to_value(const struct filter_row *row)
{
	struct value *v = value_tuple();

	value_adds(v, row->text);
	value_adds(v, row->expanded);
	value_add(v, value_bool(row->multiline));
	return v;
}

static struct value *
rows_to_value(const struct filter_row *rows, size_t n)
{
	struct value *v = value_list();

	for (size_t i = 0; i < n; i++)
		value_add(v, row_to_value(&rows[i]));
	return v;
}

static struct value *
text_or_none(const char *text)
{
	return text == NULL ? value_none() : value_text(text);
}

struct value *
filterspec_to_value(const struct filterspec *s)
{
	struct value *v = value_dict();

	value_set(v, "prefregex",
	    rows_to_value(&s->prefregex, s->prefregex.text == NULL ? 0 : 1));
	value_set(v, "failregex", rows_to_value(s->failregex, s->nfail));
	value_set(v, "ignoreregex", rows_to_value(s->ignoreregex, s->nignore));
	value_set(v, "usedns", value_text(usedns_name(s->usedns)));
	value_set(v, "maxlines", value_int(s->maxlines));
	value_set(v, "datepattern", text_or_none(s->datepattern));
	value_set(v, "logtimezone", text_or_none(s->logtimezone));
	value_set(v, "findtime", value_float(s->findtime));
	value_set(v, "repeated", value_bool(s->repeated));
	value_set(v, "only_captured", value_bool(s->only_captured));
	return v;
}

/* A text without NUL inside, copied; NULL when v is none. */
static char *
text_of(const struct value *v)
{
	const char *text = value_str(v);

	if (text == NULL || strlen(text) != v->text_n)
		return NULL;
	return xstrdup(text);
}

static bool
row_from_value(struct filter_row *row, const struct value *v)
{
	const struct value *multiline = value_at(v, 2);

	if (!value_is(v, VALUE_TUPLE) || !value_is(multiline, VALUE_BOOL))
		return false;
	row->text = text_of(value_at(v, 0));
	row->expanded = text_of(value_at(v, 1));
	row->multiline = multiline->b;
	if (row->text != NULL && row->expanded != NULL)
		return true;
	row_release(row);
	return false;
}

struct rows {
	struct filter_row *p;
	size_t n;
	size_t cap;
};

/* Rows read so far are in *rows even when it fails. */
static bool
rows_from_value(struct rows *rows, const struct value *v)
{
	if (!value_is(v, VALUE_LIST))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		GROW(rows->p, rows->n, rows->cap);
		memset(&rows->p[rows->n], 0, sizeof(*rows->p));
		if (!row_from_value(&rows->p[rows->n], v->items[i]))
			return false;
		rows->n++;
	}
	return true;
}

static bool
regexes_from_value(struct filterspec *s, const struct value *v)
{
	struct rows pref = {0}, fail = {0}, ignore = {0};
	bool good = rows_from_value(&pref, value_get(v, "prefregex")) &&
	            rows_from_value(&fail, value_get(v, "failregex")) &&
	            rows_from_value(&ignore, value_get(v, "ignoreregex"));

	if (pref.n == 1)
		s->prefregex = pref.p[0];
	else
		for (size_t i = 0; i < pref.n; i++)
			row_release(&pref.p[i]);
	free(pref.p);
	s->failregex = fail.p;
	s->nfail = fail.n;
	s->cap_fail = fail.cap;
	s->ignoreregex = ignore.p;
	s->nignore = ignore.n;
	s->cap_ignore = ignore.cap;
	return good && pref.n <= 1;
}

static bool
options_from_value(struct filterspec *s, const struct value *v)
{
	const struct value *usedns = value_get(v, "usedns");
	const struct value *maxlines = value_get(v, "maxlines");
	const struct value *findtime = value_get(v, "findtime");
	const struct value *repeated = value_get(v, "repeated");
	const struct value *only = value_get(v, "only_captured");

	if (!value_is(usedns, VALUE_TEXT) || !value_is(maxlines, VALUE_INT) ||
	    !value_is(findtime, VALUE_FLOAT) ||
	    !value_is(repeated, VALUE_BOOL) || !value_is(only, VALUE_BOOL))
		return false;
	s->datepattern = text_of(value_get(v, "datepattern"));
	s->logtimezone = text_of(value_get(v, "logtimezone"));
	s->findtime = findtime->f;
	s->repeated = repeated->b;
	s->only_captured = only->b;
	s->maxlines = (int)maxlines->i;
	return usedns_parse(&s->usedns, value_str(usedns)) &&
	       maxlines->i >= 1 && maxlines->i <= FILTERSPEC_MAXLINES;
}

int
filterspec_from_value(
    struct filterspec *s, const struct value *v, struct err *err)
{
	struct filterspec out;

	filterspec_init(&out);
	if (!value_is(v, VALUE_DICT) || !regexes_from_value(&out, v) ||
	    !options_from_value(&out, v)) {
		filterspec_release(&out);
		return err_set(err, "not a filter specification");
	}
	*s = out;
	return 0;
}
