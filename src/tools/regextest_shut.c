/*
 * The lines may come from an attacker: once everything is open the program
 * gives up what it does not need. What the kernel lacks is said and borne,
 * what fails although it is there is the end.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privdrop.h"
#include "base/sandbox.h"
#include "tools/regextest.h"

/* Programs built to look for leaks have it; they need ptrace in the end. */
extern void __lsan_disable(void) __attribute__((weak));

/* Root that may not change users, as in some containers, is none. */
static bool
is_root(void)
{
	return geteuid() == 0 && privdrop_is_able();
}

static int
drop(struct err *err)
{
	struct privdrop_user user;
	struct err reason = ERR_INIT;
	bool found = is_root() && privdrop_find(&user, &reason) == 0;

	if (is_root() && !found)
		(void)fprintf(stderr, "WARNING: %s\n", err_text(&reason));
	err_release(&reason);
	return privdrop(found ? &user : NULL, err);
}

int
regextest_shut(enum sandbox_kind kind, struct err *err)
{
	struct err lacks = ERR_INIT;
	int rc;

	if (__lsan_disable != NULL)
		return 0;
	clock_load_zone();
	if (drop(err) != 0)
		return -1;
	rc = sandbox_landlock(kind, &lacks);
	if (rc < 0)
		(void)err_set(err, "%s", err_text(&lacks));
	err_release(&lacks);
	if (rc < 0)
		return -1;
	if (sandbox_is_known())
		return sandbox_syscalls(kind, err);
	(void)fprintf(stderr,
	    "WARNING: this kernel has no seccomp: hostile lines are read "
	    "without a sandbox\n");
	return 0;
}
