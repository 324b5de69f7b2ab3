/*
 * Whatever is in a command beyond words of harmless bytes and blanks - a
 * quote, a variable, a second command - makes it one for a real shell.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/shwords.h"

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_.,:/@%+=-!{}", c) != NULL);
}

/*
 * The stock ipset files offer the text below as the value of "timeout",
 * where N is the time of the ban: what it prints is put in its place.
 */
static const char expression[] =
    "$([ \"%\" -le 2147483 ] && echo \"%\" || echo 0)";

/* Length of the expression at p, 0: it is not there; *n: digits of N. */
static size_t
match_expression(const char *p, const char **digits, size_t *n)
{
	const char *start = p;

	*digits = NULL;
	for (const char *e = expression; *e != '\0'; e++) {
		size_t k = strspn(p, "0123456789");

		if (*e != '%') {
			if (*p++ != *e)
				return 0;
			continue;
		}
		if (k == 0 || k > 10 ||
		    (*digits != NULL &&
		        (k != *n || memcmp(p, *digits, k) != 0)))
			return 0;
		*digits = p;
		*n = k;
		p += k;
	}
	return (size_t)(p - start);
}

static bool
is_small(const char *digits, size_t n)
{
	return n < 7 || (n == 7 && memcmp(digits, "2147483", 7) <= 0);
}

/* Next word of *p; false: what is there is none. */
static bool
next_word(const char **p, struct shword *w)
{
	const char *digits;
	size_t n = 0;
	size_t len;

	w->p = *p;
	if (**p == '\\' && ((*p)[1] == '{' || (*p)[1] == '}')) {
		w->n = 2;
		*p += 2;
		return true;
	}
	len = match_expression(*p, &digits, &n);
	if (len > 0) {
		w->p = is_small(digits, n) ? digits : "0";
		w->n = is_small(digits, n) ? n : 1;
		*p += len;
		return true;
	}
	while (is_word_byte(**p))
		(*p)++;
	w->n = (size_t)(*p - w->p);
	return w->n > 0;
}

/* Blanks, then words until the end. */
static bool
split(struct shwords *w, const char *p)
{
	w->n = 0;
	while (*p != '\0') {
		if (w->n == SHWORDS_MAX || !next_word(&p, &w->w[w->n++]))
			return false;
		if (*p == '\n') /* only at the end */
			return p[strspn(p, " \t\n")] == '\0';
		if (*p != '\0' && *p != ' ' && *p != '\t')
			return false;
		p += strspn(p, " \t");
	}
	return true;
}

bool
shwords_read(struct shwords *w, const char *text)
{
	return split(w, text + strspn(text, " \t\n")) && w->n > 0;
}

/* ---- a command without a shell */

/* Known to be no builtin of any shell. */
static const char *const programs[] = {"nft", "ipset", "iptables", "ip6tables",
    "iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"};

/* A name with a slash is the file itself; "a=/b" would be an assignment. */
static bool
is_program(const struct shword *w)
{
	if (memchr(w->p, '=', w->n) != NULL)
		return false;
	if (memchr(w->p, '/', w->n) != NULL)
		return true;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strlen(programs[i]) == w->n &&
		    memcmp(programs[i], w->p, w->n) == 0)
			return true;
	return false;
}

/* Some shells make several words of one with braces inside. */
static bool
may_expand(const struct shword *w)
{
	return w->n > 1 && w->p[0] != '\\' &&
	       (memchr(w->p, '{', w->n) != NULL ||
	           memchr(w->p, '}', w->n) != NULL);
}

static size_t
argv_size(const struct shwords *w)
{
	size_t n = (w->n + 1) * sizeof(char *);

	for (size_t i = 0; i < w->n; i++)
		n += w->w[i].n + 1;
	return n;
}

char **
shwords_argv(const char *text)
{
	struct shwords w;
	char **argv;
	char *to;

	if (!shwords_read(&w, text) || !is_program(&w.w[0]))
		return NULL;
	for (size_t i = 0; i < w.n; i++)
		if (may_expand(&w.w[i]))
			return NULL;
	argv = xmalloc(argv_size(&w));
	to = (char *)(argv + w.n + 1);
	for (size_t i = 0; i < w.n; i++) {
		size_t skip = w.w[i].p[0] == '\\';
		size_t n = w.w[i].n - skip;

		argv[i] = memcpy(to, w.w[i].p + skip, n);
		to[n] = '\0';
		to += n + 1;
	}
	argv[w.n] = NULL;
	return argv;
}
