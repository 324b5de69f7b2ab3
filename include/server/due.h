/*
 * due - ends of bans are wall-clock facts (architecture, decision 11)
 *
 * One timerfd under the loop, armed for the earliest end of all jails; it
 * also wakes when somebody sets the clock.
 */
#ifndef SERVER_DUE_H
#define SERVER_DUE_H

#include "base/err.h"

struct server;

int due_start(struct server *s, struct err *err);
/* The earliest end may have changed. Cheap, may be called often. */
void due_arm(struct server *s);
void due_stop(struct server *s);

#endif
