/*
 * The names of groups decide what a capture means; what they say is read
 * once, when the pattern is compiled.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/failregex.h"

enum extra_kind {
	EXTRA_ALT,
	EXTRA_TUPLE,
};

/* A group alt_X or tuple_X whose capture goes into X. */
struct extra {
	enum extra_kind kind;
	int name; /* of the group */
	int target;
	const char *text; /* its name, borrowed from the regex */
};

struct named {
	int name;
	int number;
};

struct failregex {
	struct regex *re; /* owned */
	bool has_id;
	int content;
	struct named *groups; /* in order of their numbers, owned */
	size_t ngroups;
	struct extra *extras; /* in order of kind, then of their names */
	size_t nextras;
	size_t cap;
};

/* ---- tags */

#define IP4 "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define IP6                                                                    \
	"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))"
#define DNS "(?P<dns>[\\w\\-.^_]*\\w)"
#define ADDR "\\[?(?:" IP4 "|" IP6 ")\\]?"
#define CIDR "(?P<cidr>\\d+)"
#define SUBNET "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?"

/*
 * fail2ban: the texts are what "get JAIL failregex" shows, and users compare.
 */
static const struct tag {
	const char *name;
	const char *text;
} tags[] = {
    {"<IP4>", IP4},
    {"<F-IP4/>", IP4},
    {"<IP6>", IP6},
    {"<F-IP6/>", IP6},
    {"<DNS>", DNS},
    {"<F-DNS/>", DNS},
    {"<ADDR>", ADDR},
    {"<F-ADDR/>", ADDR},
    {"<CIDR>", CIDR},
    {"<F-CIDR/>", CIDR},
    {"<SUBNET>", SUBNET},
    {"<F-SUBNET/>", SUBNET},
    {"<F-ID/>", "(?P<fid>\\S+)"},
    {"<F-PORT/>", "(?P<fport>\\w+)"},
};

static bool
is_upper(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Length of something shaped like a tag at p, 0: none. */
static size_t
tag_length(const char *p)
{
	const char *q = p + 1;

	if (*p != '<')
		return 0;
	if (*q == '/')
		q++;
	if (!is_upper(*q) && !is_lower(*q))
		return 0;
	while (is_upper(*q) || is_lower(*q))
		q++;
	if (*q == '/')
		q++;
	return *q == '>' ? (size_t)(q + 1 - p) : 0;
}

/* Group name of <F-NAME> given as NAME of n bytes. */
static void
add_group_name(struct buf *out, const char *name, size_t n)
{
	if ((n == 2 && memcmp(name, "ID", 2) == 0) ||
	    (n == 4 && memcmp(name, "PORT", 4) == 0))
		buf_addc(out, 'f');
	for (size_t i = 0; i < n; i++)
		buf_addc(out, name[i] >= 'A' && name[i] <= 'Z'
		                  ? (char)(name[i] | 0x20)
		                  : name[i]);
}

/* The tag at p of n bytes opens or closes a group: true when expanded. */
static bool
add_group_tag(struct buf *out, const char *text, const char *p, size_t n)
{
	bool closing = p[1] == '/';
	const char *name = p + (closing ? 4 : 3);
	size_t name_n = (size_t)(p + n - 1 - name);
	char *open;

	if (n < 5 || memcmp(name - 2, "F-", 2) != 0 || name_n == 0)
		return false;
	for (size_t i = 0; i < name_n; i++)
		if (!is_upper(name[i]))
			return false;
	if (!closing) {
		buf_adds(out, "(?P<");
		add_group_name(out, name, name_n);
		buf_addc(out, '>');
		return true;
	}
	open = xasprintf("<F-%.*s>", (int)name_n, name);
	{
		const char *at = strstr(text, open);

		free(open);
		if (at == NULL || at > p)
			return false;
	}
	buf_addc(out, ')');
	return true;
}

static bool
add_tag(struct buf *out, const char *p, size_t n, bool no_dns)
{
	if (n == 6 && memcmp(p, "<HOST>", n) == 0) {
		buf_adds(out, no_dns ? ADDR : "(?:" ADDR "|" DNS ")");
		return true;
	}
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strlen(tags[i].name) == n &&
		    memcmp(tags[i].name, p, n) == 0) {
			buf_adds(out, tags[i].text);
			return true;
		}
	return false;
}

static void
expand_tags(struct buf *out, const char *text, bool no_dns)
{
	int skiplines = 0;

	for (const char *p = text; *p != '\0';) {
		size_t n = tag_length(p);

		if (n == 11 && memcmp(p, "<SKIPLINES>", n) == 0)
			buf_addf(out, "\\n(?P<skiplines%d>(?:(?:.*\\n)*?))",
			    skiplines++);
		else if (n == 0 || (!add_tag(out, p, n, no_dns) &&
		                       !add_group_tag(out, text, p, n))) {
			n = n == 0 ? 1 : n;
			buf_add(out, p, n);
		}
		p += n;
	}
}

/*
 * Length of "((?i)" or "(?:(?i)" at p, and where its flags are; 0: none.
 */
static size_t
flags_length(const char *p, const char **flags, size_t *n)
{
	const char *q = p;

	if (*q++ != '(')
		return 0;
	if (strncmp(q, "?:", 2) == 0)
		q += 2;
	if (strncmp(q, "(?", 2) != 0)
		return 0;
	*flags = q + 2;
	for (q = *flags; is_lower(*q);)
		q++;
	*n = (size_t)(q - *flags);
	return *q == ')' && *n > 0 ? (size_t)(q + 1 - p) : 0;
}

void
failregex_expand(struct buf *out, const char *text, bool no_dns)
{
	struct buf expanded = BUF_INIT;
	char last = '\0';

	expand_tags(&expanded, text, no_dns);
	for (const char *p = expanded.p; *p != '\0';) {
		const char *flags;
		size_t flags_n;
		size_t n = last == '\\' ? 0 : flags_length(p, &flags, &flags_n);

		/* fail2ban: a global flag inside of the first group is meant
		 * for that group */
		if (n > 0)
			buf_addf(out, "(?%.*s:", (int)flags_n, flags);
		else
			buf_addc(out, *p);
		p += n > 0 ? n : 1;
		last = p[-1];
	}
	buf_release(&expanded);
}

/* ---- compiling */

/* alt_X, alt_X_12, tuple_X ...: target X, else NULL. Owned by the caller. */
static char *
extra_target(const char *name, enum extra_kind *kind)
{
	const char *x, *end, *digits;

	if (strncmp(name, "alt_", 4) == 0) {
		*kind = EXTRA_ALT;
		x = name + 4;
	} else if (strncmp(name, "tuple_", 6) == 0) {
		*kind = EXTRA_TUPLE;
		x = name + 6;
	} else
		return NULL;
	end = x + strlen(x);
	digits = end;
	while (digits > x && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	if (digits < end && digits > x + 1 && digits[-1] == '_')
		end = digits - 1;
	if (end - x == 2 && memcmp(x, "id", 2) == 0)
		return xstrdup("fid");
	if (end - x == 4 && memcmp(x, "port", 4) == 0)
		return xstrdup("fport");
	return end == x ? NULL : xmemdup0(x, (size_t)(end - x));
}

static int
extra_compare(const void *a, const void *b)
{
	const struct extra *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void
read_name(struct failregex *f, size_t i, struct names *names)
{
	const char *text = regex_name(f->re, i);
	int name = names_id(names, text);
	enum extra_kind kind = EXTRA_ALT;
	char *target = extra_target(text, &kind);

	f->groups[i].name = name;
	f->groups[i].number = regex_name_group(f->re, i);
	if (name == NAME_FID || name == NAME_IP4 || name == NAME_IP6 ||
	    name == NAME_DNS || name == NAME_MLFID)
		f->has_id = true;
	if (name == NAME_CONTENT)
		f->content = regex_name_group(f->re, i);
	if (target == NULL)
		return;
	GROW(f->extras, f->nextras, f->cap);
	f->extras[f->nextras].kind = kind;
	f->extras[f->nextras].name = name;
	f->extras[f->nextras].text = text;
	f->extras[f->nextras++].target = names_id(names, target);
	free(target);
}

struct failregex *
failregex_new(
    const char *expanded, bool multiline, struct names *names, struct err *err)
{
	struct err why = ERR_INIT;
	struct regex *re = regex_new(
	    expanded, strlen(expanded), multiline ? REGEX_MULTILINE : 0, &why);
	struct failregex *f;

	if (re == NULL) {
		err_set(err, "Unable to compile regular expression '%s':\n%s",
		    expanded, err_text(&why));
		err_release(&why);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->re = re;
	f->ngroups = regex_names(re);
	f->groups = xcalloc(f->ngroups, sizeof(*f->groups));
	for (size_t i = 0; i < f->ngroups; i++)
		read_name(f, i, names);
	if (f->nextras > 0)
		qsort(f->extras, f->nextras, sizeof(*f->extras), extra_compare);
	return f;
}

/* Place of the ']' that ends the class which begins at i; n: there is none. */
static size_t
class_end(const char *p, size_t n, size_t i)
{
	i++;
	if (i < n && p[i] == '^')
		i++;
	if (i < n && p[i] == ']')
		i++;
	while (i < n && p[i] != ']')
		i += p[i] == '\\' ? 2 : 1;
	return i < n ? i : n;
}

/*
 * Whether the first n bytes of a pattern are a sequence of their own: no
 * alternation that the end belongs to, no flags that change what it means.
 */
static bool
is_sequence(const char *p, size_t n)
{
	int depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == '[' && (i = class_end(p, n, i)) == n)
			return false;
		else if (p[i] == '(' && i + 2 < n && p[i + 1] == '?' &&
		         strchr(":P=!<(", p[i + 2]) == NULL)
			return false;
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')')
			depth--;
		else if (p[i] == '|' && depth == 0)
			return false;
	}
	return depth == 0;
}

struct failregex *
failregex_head(const char *expanded, struct names *names)
{
	static const char end[] = "(?P<content>.+)$";
	size_t n = strlen(expanded);
	struct failregex *f;
	char *text;

	if (n < sizeof(end) || strcmp(expanded + n - (sizeof(end) - 1), end))
		return NULL;
	n -= sizeof(end) - 1;
	if (!is_sequence(expanded, n))
		return NULL;
	text = xasprintf("%.*s(?=.)", (int)n, expanded);
	f = failregex_new(text, false, names, NULL);
	free(text);
	return f;
}

void
failregex_free(struct failregex *f)
{
	if (f == NULL)
		return;
	free(f->extras);
	free(f->groups);
	regex_free(f->re);
	free(f);
}

struct regex *
failregex_regex(const struct failregex *f)
{
	return f->re;
}

bool
failregex_has_id(const struct failregex *f)
{
	return f->has_id;
}

int
failregex_content(const struct failregex *f)
{
	return f->content;
}

int
failregex_skiplines(const struct failregex *f, size_t i)
{
	for (size_t k = 0; k < regex_names(f->re); k++)
		if (strncmp(regex_name(f->re, k), "skiplines", 9) == 0 &&
		    i-- == 0)
			return regex_name_group(f->re, k);
	return 0;
}

/* ---- captures */

static void
set_alternate(struct captures *out, const struct extra *e)
{
	if (!captures_has(out, e->name) || captures_has(out, e->target))
		return;
	captures_alias(out, e->target, e->name);
}

static struct value *
value_or_none(const struct captures *out, int name)
{
	const struct capture *i = captures_get(out, name);

	return i == NULL ? value_none() : capture_value(i);
}

/* The extras i ... of the same target as one tuple. */
static void
set_tuple(struct captures *out, const struct failregex *f, size_t i)
{
	struct value *tuple = value_tuple();

	value_add(tuple, value_or_none(out, f->extras[i].target));
	for (size_t k = i; k < f->nextras; k++)
		if (f->extras[k].target == f->extras[i].target)
			value_add(tuple, value_or_none(out, f->extras[k].name));
	captures_set_tuple(out, f->extras[i].target, tuple);
}

/* Whether an extra before i builds the same tuple. */
static bool
is_built(const struct failregex *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (f->extras[k].kind == EXTRA_TUPLE &&
		    f->extras[k].target == f->extras[i].target)
			return true;
	return false;
}

static void
add_groups(const struct failregex *f, const char *subject, bool brief,
    struct captures *out)
{
	const struct regex_span *spans = regex_spans(f->re);

	for (size_t i = 0; i < f->ngroups; i++) {
		const struct regex_span *s = &spans[f->groups[i].number];
		int name = f->groups[i].name;

		if (name == NAME_CONTENT ||
		    (brief && (!s->set || name >= NAME_KNOWN)))
			continue;
		captures_add(out, name, s->set ? subject + s->start : NULL,
		    s->end - s->start);
	}
}

void
failregex_captures(const struct failregex *f, const char *subject, bool brief,
    struct captures *out)
{
	captures_reset(out);
	failregex_more_captures(f, subject, brief, out);
}

static bool
has_name(const struct failregex *f, int name)
{
	for (size_t i = 0; i < f->ngroups; i++)
		if (f->groups[i].name == name)
			return true;
	for (size_t i = 0; i < f->nextras; i++)
		if (f->extras[i].target == name)
			return true;
	return false;
}

bool
failregex_apart(const struct failregex *a, const struct failregex *b)
{
	for (size_t i = 0; i < a->ngroups; i++)
		if (has_name(b, a->groups[i].name))
			return false;
	for (size_t i = 0; i < a->nextras; i++)
		if (has_name(b, a->extras[i].target))
			return false;
	return true;
}

void
failregex_more_captures(const struct failregex *f, const char *subject,
    bool brief, struct captures *out)
{
	add_groups(f, subject, brief && f->nextras == 0, out);
	for (size_t i = 0; i < f->nextras; i++) {
		if (f->extras[i].kind == EXTRA_ALT)
			set_alternate(out, &f->extras[i]);
		else if (!is_built(f, i))
			set_tuple(out, f, i);
	}
}
