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
#include "tools/words.h"

#define PROMPT "fail2ban> "

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

	if (words_split(words, line, &err) == -1)
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
