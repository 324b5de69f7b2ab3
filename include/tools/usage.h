/*
 * usage - the options and commands, and the help text made of them
 *
 * The tables are also what completion and the manual page are made of or
 * checked against.
 */
#ifndef TOOLS_USAGE_H
#define TOOLS_USAGE_H

#include <stdbool.h>
#include <stddef.h>

struct usage_option {
	const char *names; /* "-c, --conf <DIR>" */
	const char *text;
};

/* A row without text starts a section: syntax is its title. */
struct usage_command {
	const char *syntax;
	const char *text;
};

extern const struct usage_option usage_options[];
extern const size_t usage_options_n;
extern const struct usage_command usage_commands[];
extern const size_t usage_commands_n;

/* -h */
void usage_print(const char *program);
/* The two lines that say what it is. */
void usage_banner(void);
/* --version */
void usage_version(void);

#endif
