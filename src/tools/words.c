/*
 * fail2ban: its interactive mode splits with Python's shlex.split(): the
 * quoting of a POSIX shell, without comments, variables and patterns.
 */
#include <string.h>

#include "tools/words.h"

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Adds what stands in quotes at p; NULL when they are not closed. */
static const char *
quoted(struct buf *word, const char *p)
{
	char quote = *p++;

	for (; *p != '\0' && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		buf_addc(word, *p);
	}
	return *p == quote ? p + 1 : NULL;
}

/* One word at p; the end of it, NULL with the reason in err. */
static const char *
split_word(struct buf *word, const char *p, struct err *err)
{
	while (*p != '\0' && strchr(" \t\r\n", *p) == NULL) {
		if (*p == '\'' || *p == '"') {
			p = quoted(word, p);
			if (p == NULL) {
				(void)err_set(err, "No closing quotation");
				return NULL;
			}
			continue;
		}
		if (*p == '\\' && *++p == '\0') {
			(void)err_set(err, "No escaped character");
			return NULL;
		}
		buf_addc(word, *p++);
	}
	return p;
}

int
words_split(struct value *words, const char *line, struct err *err)
{
	const char *p = skip_space(line);

	while (*p != '\0') {
		struct buf word = BUF_INIT;

		p = split_word(&word, p, err);
		if (p != NULL)
			value_add(words, value_textn(word.p, word.n));
		buf_release(&word);
		if (p == NULL)
			return -1;
		p = skip_space(p);
	}
	return 0;
}
