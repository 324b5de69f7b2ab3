/*
 * fail2ban-client -i: with libedit on a terminal, else line by line.
 */
#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/client.h"
#include "tools/usage.h"

#define PROMPT "fail2ban> "

/* ---- words: what Python's shlex.split() makes of a line */

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
		if (quote == '"' && *p == '\\' &&
		    (p[1] == '"' || p[1] == '\\'))
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
client_split(struct value *words, const char *line, struct err *err)
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

/* ---- session */

/* The next line, allocated; NULL at the end of input. */
static char *
read_line(void)
{
	char *line = NULL;
	size_t cap = 0;

	if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {
		line = readline(PROMPT);
		if (line != NULL && *line != '\0')
			(void)add_history(line);
		return line;
	}
	printf(PROMPT);
	(void)fflush(stdout);
	if (getline(&line, &cap, stdin) == -1) {
		free(line);
		return NULL;
	}
	return line;
}

static bool
is_leave(const char *word)
{
	return strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0;
}

/* Runs the line. False when the session is over. */
static bool
run_line(struct client *c, const char *line)
{
	struct value *words = value_list();
	struct err err = ERR_INIT;
	bool more = true;

	if (client_split(words, line, &err) == -1)
		(void)client_fail(c, "%s", err_text(&err));
	else if (words->n == 1 && is_leave(words->items[0]->text))
		more = false;
	else if (words->n == 1 && strcmp(words->items[0]->text, "help") == 0)
		usage_print("fail2ban-client");
	else if (words->n > 0)
		(void)client_run(c, words);
	err_release(&err);
	value_free(words);
	return more;
}

int
client_interactive(struct client *c)
{
	char *line;
	bool more = true;

	c->interactive = true;
	usage_banner();
	(void)putchar('\n');
	while (more && (line = read_line()) != NULL) {
		more = run_line(c, line);
		free(line);
	}
	if (!more)
		return CLIENT_GOOD;
	(void)putchar('\n');
	return client_fail(c, "EOF when reading a line");
}
