/*
 * jailfix - a jail with a database, a recording action and a fake resolver
 */
#ifndef TESTS_ENGINE_JAILFIX_H
#define TESTS_ENGINE_JAILFIX_H

#include "engine/jail.h"
#include "fixture.h"

#define NOW 1700000000.0

struct jailfix {
	struct history *history;
	struct jail *jail;
	struct buf answers;   /* "count;" of commands, "done;" of others */
	size_t waiting_bytes; /* of the FIFOs of all jails */
	size_t line_bytes;    /* more for the line of a failure */
	int drained;
	int due;
	/* The resolver: "slow.*" waits until jailfix_resolve(). */
	struct {
		resolved_fn fn;
		void *arg;
	} asked;
	int questions;
};

extern struct jailfix jf;

void jailfix_setup(void);
void jailfix_teardown(void);
/* Stops and starts over with the same database. */
void jailfix_restart(void);
void jailfix_start(void);
/* Option of the jail, one word. */
void jailfix_set(const char *name, const char *value);
/* A failure at this time; the loop is not run. */
void jailfix_fail(const char *id, double time);
/* n failures now, then runs the loop. */
void jailfix_fails(const char *id, int n);
/* Answers the slow question with this address. */
void jailfix_resolve(const char *addr);
/* Commands; they run the loop and give what was answered. */
const char *jailfix_banip(const char *id);
const char *jailfix_unbanip(const char *id);
/* What was answered since the last call. */
const char *jailfix_answers(void);
/* Rows "a|b\n" of the database. */
const char *jailfix_sql(const char *text);
void jailfix_count(void *arg, int count);
void jailfix_done(void *arg);

#endif
