#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/datelist.h"

#define WEIGHT_ANCHORED 100.0

static struct date_entry *
entry_of(const struct datedetect *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->list[i].t->name, name) == 0)
			return &d->list[i];
	return NULL;
}

static void
append(struct datedetect *d, struct datetemplate *t, double weight)
{
	GROW(d->list, d->n, d->cap);
	d->list[d->n++] =
	    (struct date_entry){.t = t, .distance = NOWHERE, .weight = weight};
}

/*
 * Appends unless one of this name is there; NULL is ignored.
 * fail2ban: the two are one, with the weight of the default template.
 */
static void
append_new(struct datedetect *d, struct datetemplate *t, double weight)
{
	struct date_entry *same = t != NULL ? entry_of(d, t->name) : NULL;

	if (t == NULL)
		return;
	if (same == NULL) {
		append(d, t, weight);
		return;
	}
	same->weight = weight;
	datetemplate_free(t);
}

void
datelist_add_line_begin(struct datedetect *d)
{
	for (int base = 1; base <= DATEPAT_NBASE; base++)
		append_new(
		    d, datepat_default(base, true, d->born), WEIGHT_ANCHORED);
}

void
datelist_add_base(struct datedetect *d, bool only_anchored)
{
	for (int base = 1; base <= DATEPAT_NBASE; base++) {
		struct datetemplate *t = datepat_default(base, false, d->born);

		if (only_anchored && !t->line_begin)
			datetemplate_free(t);
		else
			append_new(d, t, 1);
	}
}

static int
add_around(struct datedetect *d, const char *pattern, struct err *err)
{
	for (int base = 1; base <= DATEPAT_NBASE; base++) {
		struct datetemplate *t =
		    datepat_around(pattern, base, d->born, err);

		if (t == NULL)
			return -1;
		append_new(d, t, 1);
	}
	return 0;
}

static int
add_pattern(struct datedetect *d, const char *pattern, struct err *err)
{
	struct datetemplate *t;

	if (strcasecmp(pattern, "{DEFAULT}") == 0)
		return 0; /* fail2ban: adds nothing */
	if (strcasecmp(pattern, "{^LN-BEG}") == 0) {
		datelist_add_line_begin(d);
		datelist_add_base(d, true);
		return 0;
	}
	if (datepat_is_around(pattern))
		return add_around(d, pattern, err);
	t = datepat_new(pattern, d->born, err);
	if (t == NULL)
		return -1;
	if (entry_of(d, t->name) != NULL) {
		err_set(
		    err, "There is already a template with name %s", t->name);
		datetemplate_free(t);
		return -1;
	}
	append(d, t, 1);
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int
datedetect_add(struct datedetect *d, const char *pattern, struct err *err)
{
	const char *p = pattern;
	int r = 0;

	d->repeat.looked = 0;
	while (r == 0 && *p != '\0') {
		const char *end = strchr(p, '\n');
		size_t n = end != NULL ? (size_t)(end - p) : strlen(p);
		const char *next = end != NULL ? end + 1 : p + n;
		char *line;

		while (n > 0 && is_blank(p[n - 1]))
			n--;
		while (n > 0 && is_blank(*p)) {
			p++;
			n--;
		}
		line = xmemdup0(p, n);
		if (n > 0)
			r = add_pattern(d, line, err);
		free(line);
		p = next;
	}
	return r;
}
