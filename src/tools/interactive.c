/*
 * fail2ban-client -i: with libedit on a terminal, else line by line.
 */
#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tools/client.h"
#include "tools/completion.h"
#include "tools/usage.h"
#include "tools/words.h"

#define PROMPT "fail2ban> "

/* ---- completion: libedit's callbacks have no argument of ours */

static struct {
	struct client *client; /* borrowed, during a session */
	struct buf lines;      /* proposals for the word at hand */
	const char *next;      /* the one to give next */
} completing = {.lines = BUF_INIT};

static char *
next_proposal(const char *text, int state)
{
	const char *line = state == 0 ? completing.lines.p : completing.next;
	size_t n = strcspn(line, "\t\n");

	(void)text;
	if (n == 0)
		return NULL;
	completing.next = line + strcspn(line, "\n");
	completing.next += *completing.next == '\n';
	return xmemdup0(line, n);
}

static char **
propose(const char *text, int start, int end)
{
	struct value *words = value_list(), *jails;
	char *before = xmemdup0(rl_line_buffer, (size_t)start);

	(void)end;
	buf_reset(&completing.lines);
	if (words_split(words, before, NULL) == 0) {
		value_adds(words, text);
		jails = client_jails(completing.client);
		completion_command(&completing.lines, words, jails);
		value_free(jails);
	}
	free(before);
	value_free(words);
	if (completing.lines.n == 0)
		return NULL;
	return rl_completion_matches(text, next_proposal);
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
	completing.client = c;
	rl_attempted_completion_function = propose;
	usage_banner();
	(void)putchar('\n');
	while (more && (line = read_line()) != NULL) {
		more = run_line(c, line);
		free(line);
	}
	buf_release(&completing.lines);
	if (!more)
		return CLIENT_GOOD;
	(void)putchar('\n');
	return client_fail(c, "EOF when reading a line");
}
