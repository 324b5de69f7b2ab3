/*
 * optrows - what the options of a command line do, as rows
 *
 * Finding the options is getopt_long()'s; who has options that do more than
 * set a member handles those apart.
 */
#ifndef BASE_OPTROWS_H
#define BASE_OPTROWS_H

#include <stdbool.h>
#include <stddef.h>

enum optrow_does {
	OPTROW_TEXT, /* const char *: the argument, borrowed */
	OPTROW_COPY, /* char *: the argument, owned; an earlier one goes */
	OPTROW_ON,   /* bool */
	OPTROW_OFF,  /* bool */
	OPTROW_MORE, /* int: one more */
	OPTROW_LESS, /* int: one less */
	OPTROW_NOTHING,
};

struct optrow {
	int option; /* as getopt_long() gives it; 0 ends the rows */
	enum optrow_does does;
	size_t offset; /* of the member of target */
};

/*
 * Does what the row of the option says. False: it has none. arg is NULL for
 * options without one.
 */
bool optrows_set(
    void *target, const struct optrow *rows, int option, const char *arg);
/* Frees what OPTROW_COPY made. */
void optrows_release(void *target, const struct optrow *rows);

#endif
