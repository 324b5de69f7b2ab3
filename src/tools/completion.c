/*
 * The shells' scripts only ask this program, with "--complete", what may come
 * next; so all of them know what the usage table knows.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/completion.h"
#include "tools/usage.h"

static const struct script {
	const char *shell;
	const char *text;
} scripts[] = {
    {"bash", "# bash completion for fail2ban-client\n"
             "_fail2ban_client()\n"
             "{\n"
             "\tlocal IFS=$'\\n'\n"
             "\n"
             "\tCOMPREPLY=($(\"${COMP_WORDS[0]}\" --complete -- \\\n"
             "\t    \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null | cut -f1))\n"
             "}\n"
             "complete -o default -F _fail2ban_client fail2ban-client\n"},
    {"zsh", "#compdef fail2ban-client\n"
            "local -a lines\n"
            "\n"
            "lines=(${(f)\"$(\"${words[1]}\" --complete -- \\\n"
            "    \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
            "lines=(\"${(@)lines//:/\\\\:}\")\n"
            "lines=(\"${(@)lines/$'\\t'/:}\")\n"
            "if (( ${#lines} )); then\n"
            "\t_describe command lines\n"
            "else\n"
            "\t_files\n"
            "fi\n"},
    {"fish", "# fish completion for fail2ban-client\n"
             "function __fail2ban_client_complete\n"
             "\tset -l words (commandline -opc) (commandline -ct)\n"
             "\tset -l found ($words[1] --complete -- $words[2..-1] "
             "2>/dev/null)\n"
             "\tif test (count $found) -gt 0\n"
             "\t\tprintf '%s\\n' $found\n"
             "\telse\n"
             "\t\t__fish_complete_path (commandline -ct)\n"
             "\tend\n"
             "end\n"
             "complete -c fail2ban-client -f -a "
             "'(__fail2ban_client_complete)'\n"},
};

int
completion_print(const char *shell)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (strcmp(scripts[i].shell, shell) == 0) {
			(void)fputs(scripts[i].text, stdout);
			return 0;
		}
	(void)fprintf(
	    stderr, "no completion for '%s': bash, zsh or fish\n", shell);
	return -1;
}

/* ---- syntax of a usage row, token by token */

struct token {
	const char *p;
	size_t n;
};

/* The next token, without brackets and quotes; false at the end. */
static bool
next_token(const char **at, struct token *t)
{
	const char *p = *at + strspn(*at, " [']");

	t->p = p;
	t->n = strcspn(p, " []'");
	*at = p + t->n;
	return t->n > 0;
}

/* <IP>, [FLAVOR] and ...: whatever the user wants */
static bool
is_open(const struct token *t)
{
	return t->p[0] == '<' || t->p[0] == '.' ||
	       (t->p[0] >= 'A' && t->p[0] <= 'Z');
}

static bool
token_is(const struct token *t, const char *text)
{
	return strlen(text) == t->n && memcmp(t->p, text, t->n) == 0;
}

/* Whether the word is one of the commands' own behind "set" or "get". */
static bool
is_keyword(const char *word)
{
	for (size_t i = 0; i < usage_commands_n; i++) {
		const char *at = usage_commands[i].syntax;
		struct token t;

		if (usage_commands[i].text != NULL && next_token(&at, &t) &&
		    next_token(&at, &t) && !is_open(&t) && token_is(&t, word))
			return true;
	}
	return false;
}

/*
 * A word that is no jail of the server's is not taken for one. Without a
 * server any word may be.
 */
static bool
is_jail(const char *word, const struct value *jails)
{
	for (size_t i = 0; i < jails->n; i++)
		if (strcmp(jails->items[i]->text, word) == 0)
			return true;
	return jails->n == 0 && !is_keyword(word);
}

static bool
fits(const struct token *t, const char *word, const struct value *jails)
{
	size_t n = strlen(word);

	if (token_is(t, "<JAIL>"))
		return is_jail(word, jails);
	if (is_open(t))
		return true;
	for (const char *p = t->p; p < t->p + t->n; p++) {
		size_t len = 0;

		while (p + len < t->p + t->n && p[len] != '|')
			len++;
		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* ---- candidates */

/* Adds a line unless it is there; n bytes. */
static void
propose(struct buf *out, const struct token *t, const char *prefix,
    const char *text)
{
	struct buf line = BUF_INIT;
	size_t len = strlen(prefix);
	bool known = false;

	if (t->n < len || memcmp(t->p, prefix, len) != 0)
		return;
	buf_addc(&line, '\n');
	buf_add(&line, t->p, t->n);
	for (const char *p = out->p; p != NULL && !known;) {
		size_t n = strcspn(p, "\t\n");

		known = n == t->n && memcmp(p, t->p, n) == 0;
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	if (!known && text != NULL)
		buf_addf(&line, "\t%s", text);
	if (!known)
		buf_addf(out, "%s\n", line.p + 1);
	buf_release(&line);
}

/* Words that may stand for a name in the usage. */
static const struct known {
	const char *name;
	const char *words;
} known[] = {
    {"<BACKEND>", "auto|polling|pyinotify|systemd"},
    {"<LEVEL>", "CRITICAL|ERROR|WARNING|NOTICE|INFO|DEBUG|TRACEDEBUG|"
                "HEAVYDEBUG"},
    {"<TARGET>", "STDOUT|STDERR|SYSLOG|SYSOUT|SYSTEMD-JOURNAL"},
    {"FLAVOR", "basic|cymru|health|short|stats"},
};

static struct token
known_words(const struct token *t)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (token_is(t, known[i].name))
			return (struct token){
			    known[i].words, strlen(known[i].words)};
	return *t;
}

/* What a token stands for: names of jails, or its alternatives. */
static void
propose_token(struct buf *out, const struct token *t, const char *prefix,
    const struct value *jails, const char *text)
{
	struct token all = known_words(t);
	const char *end = all.p + all.n;

	if (token_is(t, "<JAIL>"))
		for (size_t i = 0; i < jails->n; i++)
			propose(out,
			    &(struct token){
			        jails->items[i]->text, jails->items[i]->text_n},
			    prefix, NULL);
	if (t->p[0] == '.')
		return;
	for (const char *p = all.p; p < end;) {
		const char *bar = memchr(p, '|', (size_t)(end - p));
		struct token part = {
		    p, (size_t)((bar != NULL ? bar : end) - p)};

		if (all.p != t->p)
			propose(out, &part, prefix, NULL);
		else if (part.n > 0 && !is_open(&part))
			propose(out, &part, prefix, text);
		p += part.n + 1;
	}
}

static bool
is_optional(const struct token *t, const char *syntax)
{
	return t->p > syntax && (t->p[-1] == '[' || t->p[-1] == '\'');
}

/*
 * Follows one row along the words; what may stand at the last is proposed.
 * Options of a command ("[--unban]") may be left out.
 */
static void
follow(struct buf *out, const struct usage_command *row,
    const struct value *words, const struct value *jails)
{
	const char *at = row->syntax, *last = words->items[words->n - 1]->text;
	struct token t;
	size_t i = 0;

	while (next_token(&at, &t)) {
		bool option = is_optional(&t, row->syntax);

		if (i == words->n - 1) {
			bool end = at[strspn(at, " []'")] == '\0';

			propose_token(
			    out, &t, last, jails, end ? row->text : NULL);
			if (!option)
				return;
			continue;
		}
		if (fits(&t, words->items[i]->text, jails))
			i++;
		else if (!option)
			return;
	}
}

void
completion_command(
    struct buf *out, const struct value *words, const struct value *jails)
{
	for (size_t i = 0; i < usage_commands_n && words->n > 0; i++)
		if (usage_commands[i].text != NULL)
			follow(out, &usage_commands[i], words, jails);
}

void
completion_option(struct buf *out, const char *word)
{
	for (size_t i = 0; i < usage_options_n; i++) {
		const char *p = usage_options[i].names;

		while (*p == '-') {
			struct token t = {p, strcspn(p, ", ")};

			propose(out, &t, word, usage_options[i].text);
			p += t.n + strspn(p + t.n, ", ");
		}
	}
}
