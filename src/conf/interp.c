#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "conf/interp.h"
#include "conf/option.h"

/* One fetch of an option. */
struct fetch {
	const struct interp *in;
	const struct ini_section *section; /* NULL: there is none */
	const char *option;
	struct buf *out;
	size_t start; /* of the value in out */
	int steps;    /* references replaced so far */
	struct err *err;
};

#define MAX_STEPS 100000
/* Bytes of a value that an error shows. */
#define MAX_SHOWN 65536

static void
lower(char *p)
{
	for (; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
}

static bool
has_upper(const char *p)
{
	while (*p != '\0' && !(*p >= 'A' && *p <= 'Z'))
		p++;
	return *p != '\0';
}

static bool
is_same(const struct value *key, const char *name, size_t n)
{
	return key->text_n == n && strncasecmp(key->text, name, n) == 0;
}

static const struct value *
last_of(const struct value *dict, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = n; i >= 2; i -= 2)
		if (is_same(dict->items[i - 2], name, len))
			return dict->items[i - 1];
	return NULL;
}

const struct value *
interp_var(const struct interp_vars *vars, const char *name)
{
	const struct value *v = NULL;

	if (vars->given != NULL)
		v = last_of(vars->given, vars->ngiven, name);
	if (v != NULL)
		return v;
	return vars->jail == NULL ? NULL
	                          : last_of(vars->jail, vars->jail->n, name);
}

void
interp_ask(const struct interp_vars *vars, const char *name)
{
	const struct option *o;
	char *copy = NULL;

	if (vars == NULL || vars->asked == NULL)
		return;
	if (has_upper(name)) {
		copy = xstrdup(name);
		lower(copy);
		name = copy;
	}
	o = option_find(&option_jail, name);
	if (o != NULL)
		*vars->asked |= UINT64_C(1) << (o - option_jail.rows);
	free(copy);
}

/* A value of another type than text goes through mem. */
static const char *
as_text(const struct value *v, struct buf *mem)
{
	if (value_is(v, VALUE_TEXT))
		return v->text;
	buf_reset(mem);
	value_print(mem, v);
	return mem->p;
}

/*
 * Raw value of a name that is not "section/option": 1 with *ret, which lives
 * until *mem is released; 0: unknown.
 */
static int
find(const char **ret, const struct fetch *f, const char *name, struct buf *mem)
{
	const struct value *var = NULL;

	if (f->in->vars != NULL)
		var = interp_var(f->in->vars, name);
	if (var == NULL && f->in->known != NULL &&
	    strncmp(name, "known/", 6) == 0)
		var = value_get(f->in->known, name + 6);
	if (var != NULL && !value_is(var, VALUE_NONE)) {
		*ret = as_text(var, mem);
		return 1;
	}
	*ret = overlay_get(f->in->cfg, f->section, name);
	if (*ret == NULL && strcmp(name, "__name__") == 0)
		*ret = f->in->section;
	return *ret != NULL;
}

static bool
is_section_char(char c)
{
	return c == '_' || c == '-' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Splits "section/option" as written; NULL: not of that form. */
static const char *
option_part(const char *name)
{
	const char *p = name;

	while (is_section_char(*p))
		p++;
	return p > name && *p == '/' && p[1] != '\0' ? p + 1 : NULL;
}

/* Raw value of "section/option"; NULL: unknown. */
static const char *
find_foreign(const struct fetch *f, const char *name)
{
	const struct overlay *cfg = f->in->cfg;
	const char *option = option_part(name), *found = NULL;
	const struct ini_section *s;
	char *section;

	if (option == NULL)
		return NULL;
	section = xmemdup0(name, (size_t)(option - 1 - name));
	if (strcmp(section, "known") == 0)
		found = overlay_known(cfg, f->in->section, option);
	else if (strcmp(section, "default") == 0)
		found = overlay_get(cfg, NULL, option);
	else {
		s = ini_find(cfg->all, section);
		if (s != NULL && strcmp(section, INI_DEFAULT) != 0)
			found = overlay_get(cfg, s, option);
	}
	free(section);
	return found;
}

/* The error is about the option that is fetched. */
static int
locate(const struct fetch *f)
{
	err_locate(f->err, overlay_pos(f->in->cfg, f->section, f->option));
	return -1;
}

static void
add_raw(struct buf *text, const struct fetch *f, const char *rest)
{
	const char *raw = overlay_get(f->in->cfg, f->section, f->option);

	if (raw == NULL)
		raw = rest;
	value_repr_text(text, raw, strnlen(raw, MAX_SHOWN));
}

static int
fail(const struct fetch *f, const char *what, const char *rest)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, what);
	buf_adds(&text, "option ");
	value_repr_text(&text, f->option, strlen(f->option));
	buf_adds(&text, " in section ");
	value_repr_text(&text, f->in->section, strlen(f->in->section));
	buf_adds(&text, " contains an interpolation key ");
	if (rest != NULL) {
		value_repr_text(&text, rest, strnlen(rest, MAX_SHOWN));
		buf_adds(&text, " which is not a valid option name");
	} else
		buf_addf(&text, "which cannot be substituted in %d steps",
		    INTERP_MAX_DEPTH);
	buf_adds(&text, ". Raw value: ");
	add_raw(&text, f, rest == NULL ? "" : rest);
	(void)err_set(f->err, "%s", text.p);
	buf_release(&text);
	return locate(f);
}

static int
fail_syntax(const struct fetch *f, const char *what, const char *rest)
{
	struct buf text = BUF_INIT;

	value_repr_text(&text, rest, strnlen(rest, MAX_SHOWN));
	(void)err_set(f->err, "%s%s", what, text.p);
	buf_release(&text);
	return locate(f);
}

static int expand(struct fetch *f, const char *raw, int depth);

/* The "%(name)s" at rest; *end is where it ends. */
static int
expand_reference(struct fetch *f, const char *rest, const char **end, int depth)
{
	const char *close = strchr(rest, ')'), *raw = NULL;
	struct buf mem = BUF_INIT;
	char *name;
	bool same;
	int rc;

	if (close == NULL || close == rest + 2 || close[1] != 's')
		return fail_syntax(
		    f, "bad interpolation variable reference ", rest);
	if (f->steps++ >= MAX_STEPS)
		return err_set(f->err,
		    "option '%s' in section '%s' needs more than %d "
		    "replacements of %%(...)s: shorten it",
		    f->option, f->in->section, MAX_STEPS);
	*end = close + 2;
	name = xmemdup0(rest + 2, (size_t)(close - rest - 2));
	lower(name);
	interp_ask(f->in->vars, name);
	/* fail2ban: a section is only found when it is written in lower case */
	same = strncmp(name, rest + 2, strlen(name)) == 0;
	if (find(&raw, f, name, &mem) == 0 && same)
		raw = find_foreign(f, name);
	rc = raw == NULL ? fail(f, "Bad value substitution: ", name)
	                 : expand(f, raw, depth + 1);
	buf_release(&mem);
	free(name);
	return rc;
}

static int
expand(struct fetch *f, const char *raw, int depth)
{
	const char *p;
	int rc = 0;

	if (strchr(raw, '%') != NULL && depth > INTERP_MAX_DEPTH)
		return fail(f,
		    "Recursion limit exceeded in value substitution: ", NULL);
	while (rc == 0 && (p = strchr(raw, '%')) != NULL) {
		buf_add(f->out, raw, (size_t)(p - raw));
		raw = p + 2;
		if (p[1] == '%')
			buf_addc(f->out, '%');
		else if (p[1] == '(')
			rc = expand_reference(f, p, &raw, depth);
		else
			return fail_syntax(f,
			    "'%' must be followed by '%' or '(', found: ", p);
	}
	if (rc != 0)
		return rc;
	buf_adds(f->out, raw);
	if (f->out->n - f->start > INTERP_MAX_BYTES)
		return err_set(f->err,
		    "option '%s' in section '%s' grows beyond %u bytes when "
		    "its %%(...)s are replaced: shorten it",
		    f->option, f->in->section, INTERP_MAX_BYTES);
	return 0;
}

/* The option as seen from a section that is given. */
static int
get_from(struct buf *out, const struct interp *in,
    const struct ini_section *section, const char *option, struct err *err)
{
	struct fetch f = {.in = in,
	    .section = section,
	    .out = out,
	    .start = out->n,
	    .err = err};
	struct buf mem = BUF_INIT;
	char *copy = NULL;
	const char *raw;
	int rc = 0;

	f.option = option;
	if (has_upper(option)) {
		copy = xstrdup(option);
		lower(copy);
		f.option = copy;
	}
	if (find(&raw, &f, f.option, &mem) != 0)
		rc = expand(&f, raw, 1) != 0 ? -1 : 1;
	if (rc < 0)
		buf_truncate(out, f.start);
	buf_release(&mem);
	free(copy);
	return rc;
}

int
interp_get(struct buf *out, const struct interp *in, const char *option,
    struct err *err)
{
	return get_from(
	    out, in, ini_find(in->cfg->all, in->section), option, err);
}

bool
interp_plain(const char **ret, const struct interp *in,
    const struct ini_section *s, struct ini_key key)
{
	if (in->vars != NULL)
		return false;
	*ret = overlay_get_key(in->cfg, s, key);
	return *ret == NULL ? strcmp(key.name, "__name__") != 0
	                    : strchr(*ret, '%') == NULL;
}

/* The option of another section, seen from there. */
static int
get_in(struct buf *out, const struct interp *in, const char *section,
    const char *option, struct err *err)
{
	struct interp there = {.cfg = in->cfg, .section = section};
	struct ini_section *s = ini_find(in->cfg->all, section);

	return s == NULL ? 0 : get_from(out, &there, s, option, err);
}

/* The value that a later file replaced, expanded among its like. */
static int
get_known(struct buf *out, const struct interp *in, const char *option,
    struct err *err)
{
	struct interp there = {.cfg = in->cfg};
	struct ini_section *s = NULL;
	char *name;
	int rc;

	if (in->cfg->known != NULL)
		s = ini_find(in->cfg->known, in->section);
	if (s == NULL)
		return 0;
	name = xasprintf("KNOWN/%s", in->section);
	there.section = name;
	rc = get_from(out, &there, s, option, err);
	free(name);
	return rc;
}

int
interp_get_tag(
    struct buf *out, const struct interp *in, const char *name, struct err *err)
{
	const char *option = option_part(name);
	char *section;
	int rc = 0;

	interp_ask(in->vars, name);
	if (option == NULL)
		return interp_get(out, in, name, err);
	section = xmemdup0(name, (size_t)(option - 1 - name));
	if (strcasecmp(section, "known") == 0) {
		rc = get_known(out, in, option, err);
		if (rc == 0)
			rc = get_in(out, in, in->section, option, err);
	} else if (strcasecmp(section, "default") == 0)
		rc = get_in(out, in, INI_DEFAULT, option, err);
	else
		rc = get_in(out, in, section, option, err);
	if (rc == 0)
		rc = interp_get(out, in, name, err);
	free(section);
	return rc;
}
