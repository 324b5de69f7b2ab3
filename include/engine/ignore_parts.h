/*
 * ignore_parts - what the files of engine/ignore share
 */
#ifndef ENGINE_IGNORE_PARTS_H
#define ENGINE_IGNORE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/dict.h"
#include "engine/ignore.h"
#include "engine/ignorefile.h"

/* An entry of ignoreip that is no single address. */
struct ignore_entry {
	char *text; /* as it is listed */
	bool is_net;
	struct addr net;
	struct ignorefile *file; /* or a name */
};

struct verdict {
	bool ignored;
	double until; /* wall clock */
};

struct ignore {
	struct ignore_env env;
	struct names *names;
	bool self;
	struct dict *singles; /* normalised address -> any pointer */
	struct ignore_entry *entries;
	size_t n;
	size_t cap;
	char *command; /* "" when there is none */
	bool was_told; /* ignore_set_command() was called */

	char *cache_key; /* NULL: off */
	int cache_count;
	double cache_seconds;
	struct dict *cache; /* rendered key -> struct verdict, owned */

	struct ignore_check *checks; /* that wait */
};

enum step {
	STEP_CACHE,
	STEP_SELF,
	STEP_SINGLE,
	STEP_OTHERS,
	STEP_COMMAND,
	STEP_DONE,
};

enum answer {
	ANSWER_NEXT, /* go to the next step */
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_WAIT,
};

struct ignore_check {
	struct ignore *g;
	const struct ticket *t; /* borrowed */
	ignore_fn fn;
	void *arg;
	enum step step;
	const char *source;
	char *key;         /* of the cache; NULL: not kept there */
	unsigned long run; /* the command, 0: none */
	struct ignore_check *next;
};

/* Lets the checks go on that wait for a name; arg is the struct ignore. */
void ignore_resume_all(void *arg);

#endif
