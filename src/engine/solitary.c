#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/solitary.h"

/*
 * ufw reads its rules before it locks them; fail2ban's hostsdeny action appends
 * to a file that the next one replaces.
 */
static const char *const marks[] = {"ufw", "/etc/hosts.deny"};

static bool
goes_on(char c)
{
	return c != '\0' &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	              "0123456789_-.",
	           c) != NULL;
}

/* Whether the word stands in the text; of a program also with its folder. */
static bool
has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	const char *p = strstr(text, word);

	for (; p != NULL; p = strstr(p + n, word))
		if ((p == text || !goes_on(p[-1])) && !goes_on(p[n]) &&
		    p[n] != '/')
			return true;
	return false;
}

bool
solitary_is(const struct command *c)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (c->argv == NULL && has_word(c->text, marks[i]))
			return true;
	return false;
}

static char **
words_new(size_t n)
{
	return xcalloc(n + 1, sizeof(char *));
}

static void
words_free(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		free(words[i]);
	free(words);
}

struct kept *
kept_new(const struct command *c)
{
	struct kept *k = xcalloc(1, sizeof(*k));
	size_t n = 0;

	k->text = xstrdup(c->text);
	k->args = words_new(c->nargs);
	for (size_t i = 0; i < c->nargs; i++)
		k->args[i] = xstrdup(c->args[i]);
	while (c->direct != NULL && c->direct[n] != NULL)
		n++;
	if (c->direct != NULL)
		k->direct = words_new(n);
	for (size_t i = 0; i < n; i++)
		k->direct[i] = xstrdup(c->direct[i]);
	k->command = *c;
	k->command.text = k->text;
	k->command.args = (const char *const *)k->args;
	k->command.direct = k->direct;
	return k;
}

void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	free(k->text);
	words_free(k->args);
	words_free(k->direct);
	free(k);
}
