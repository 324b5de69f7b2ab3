/*
 * historyfix - a database of a test, and SQL on its file from outside
 */
#ifndef TESTS_ENGINE_HISTORYFIX_H
#define TESTS_ENGINE_HISTORYFIX_H

#include "engine/history.h"
#include "fixture.h"

#define NOW 1700000000.0

extern char *path;          /* of the file */
extern struct history *h;   /* no loop; NULL at first */
extern struct buf restored; /* what note_restored() wrote */

void history_setup(void);
void history_teardown(void);
/* Closes it and opens the file at path. */
void reopen(void);
/* Runs SQL on the file from outside, gives rows as "a|b\n". */
const char *sql(const char *text);
void add_ban(
    const char *jail, const char *id, double time, double bantime, int count);
void add_jail(const char *jail);
/* history_row_fn: "ID AGE BANTIME COUNT;" */
void note_restored(void *arg, struct ticket *t);

#endif
