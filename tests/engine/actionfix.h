/*
 * actionfix - a set of actions that write down what they do
 */
#ifndef TESTS_ENGINE_ACTIONFIX_H
#define TESTS_ENGINE_ACTIONFIX_H

#include "engine/action.h"
#include "fixture.h"

struct actionfix {
	struct actionset *set;
	struct action *action; /* the one that set() and its like are for */
	struct err err;
	struct buf answers; /* "1" or "0" for each operation that ended */
	int epoch;
	bool ipv6;
	struct {
		void (*cb)(void *arg, const char *name);
		void *arg;
		int asked;
	} lookup; /* the last one */
};

extern struct actionfix fx;
extern const struct action_env fx_env; /* of jail "J" */

void actionfix_setup(void);
void actionfix_teardown(void);
void answered(void *arg, bool ok);

struct action *add(const char *name);
void set(const char *property, const char *value);
/* Commands that write down what they do; what: names, blank between them. */
void tracing(const char *what);
#define ALL " start stop check ban unban flush reload "
/* Makes the families differ. */
void conditional(void);
/* Traced commands of this name fail from now on, or no longer. */
void breaks(const char *name, bool yes);
/*
 * Commands for an environment that start makes and broken() breaks; the
 * property ban needs it.
 */
void environment(const char *ban);
void broken(void);

struct ticket *ticket(const char *id);
void ban(const char *id);
void unban(const char *id);
void flush(const char *id1, const char *id2, bool stopping);

/* Runs the loop until nothing is left; what was written down meanwhile. */
void expect_trace(const char *want);
/* What was logged, without what module utils says of each command. */
void expect_log(const char *want);

#endif
