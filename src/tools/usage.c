/*
 * fail2ban: columns and widths are its; bash completions cut them out.
 */
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "tools/usage.h"

enum {
	SYNTAX_WIDTH = 41,
	TEXT_COLUMN = 45,
	TEXT_WIDTH = 34,
	NAMES_WIDTH = 24,
};

void
usage_banner(void)
{
	printf("Fail2Ban v%s reads log file that contains password failure "
	       "report\nand bans the corresponding IP addresses using firewall "
	       "rules.\n",
	    COMPAT_VERSION);
}

/* Tools look for fail2ban's line; ours is the second. */
void
usage_version(void)
{
	printf("Fail2Ban v%s\n%s %s, compatible with Fail2Ban v%s\n",
	    COMPAT_VERSION, OWN_NAME, OWN_VERSION, COMPAT_VERSION);
}

/* Bytes of the text's next line, broken at a space. */
static size_t
line_length(const char *text)
{
	size_t n = strlen(text), at;

	if (n <= TEXT_WIDTH)
		return n;
	for (at = TEXT_WIDTH; at > 0 && text[at] != ' '; at--)
		;
	return at > 0 ? at : TEXT_WIDTH;
}

static void
print_command(const struct usage_command *c)
{
	const char *text = c->text;
	size_t n;

	if (strlen(c->syntax) >= SYNTAX_WIDTH)
		printf("    %s\n%*s", c->syntax, TEXT_COLUMN, "");
	else
		printf("    %-*s", SYNTAX_WIDTH, c->syntax);
	for (;;) {
		n = line_length(text);
		printf("%.*s\n", (int)n, text);
		text += n + strspn(text + n, " ");
		if (*text == '\0')
			break;
		printf("%*s", TEXT_COLUMN, "");
	}
}

static void
print_options(void)
{
	for (size_t i = 0; i < usage_options_n; i++)
		printf("    %-*s%s%s\n", NAMES_WIDTH, usage_options[i].names,
		    strlen(usage_options[i].names) >= NAMES_WIDTH ? " " : "",
		    usage_options[i].text);
}

void
usage_print(const char *program)
{
	printf("Usage: %s [OPTIONS] <COMMAND>\n\n", program);
	usage_banner();
	printf("\nOptions:\n");
	print_options();
	printf("\nCommand:\n");
	for (size_t i = 0; i < usage_commands_n; i++) {
		const struct usage_command *c = &usage_commands[i];

		if (c->text != NULL)
			print_command(c);
		else
			printf("%s%*s%s\n", i > 0 ? "\n" : "", TEXT_COLUMN, "",
			    c->syntax);
	}
}
