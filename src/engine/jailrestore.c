/*
 * Bans that come back when a jail starts: some rows a turn, and many at once
 * for the actions, which do a thousand in the time of a few.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/judge.h"

enum {
	SLICE = 500,     /* rows of the history a turn */
	LOCKED_MS = 200, /* try a locked history again */
	TOGETHER = 1000, /* bans for the actions */
};

static void
restore_row(void *arg, struct ticket *t)
{
	struct jail *j = arg;

	GROW(j->restored, j->nrestored, j->cap_restored);
	j->restored[j->nrestored++] = t;
}

static void
restore_verdict(struct jail *j, bool ignored)
{
	struct ticket *t = j->restored[j->at_restored++];

	if (ignored)
		ticket_free(t);
	else
		judge_ban(j, t, LANE_RESTORE, NULL);
}

static void
on_restore_ignored(void *arg, bool ignored)
{
	struct jail *j = arg;

	j->restore_check = NULL;
	restore_verdict(j, ignored);
	judge_wake(j, 0);
}

bool
judge_restore_step(struct jail *j)
{
	int ignored;

	if (j->restore_check != NULL || j->at_restored == j->nrestored)
		return false;
	ignored = ignore_ask(j->rules.ignore, j->restored[j->at_restored],
	    on_restore_ignored, j, &j->restore_check);
	if (ignored >= 0)
		restore_verdict(j, ignored == 1);
	return ignored >= 0;
}

static void
read_rows(struct jail *j)
{
	int more;

	j->at_restored = j->nrestored = 0;
	j->query.now = clock_now();
	more = history_restore_some(
	    j->env.history, &j->query, SLICE, restore_row, j);
	j->restoring = more != 0;
	judge_wake(j, more == -1 ? LOCKED_MS : 0);
}

bool
judge_restore_more(struct jail *j)
{
	if (j->restore_check == NULL && j->at_restored < j->nrestored)
		judge_wake(j, 0);
	else if (j->restore_check == NULL && j->restoring)
		read_rows(j);
	return !j->restoring || j->restore_check != NULL || j->decided_live ||
	       j->ndecided >= TOGETHER;
}

void
judge_restore(struct jail *j)
{
	j->query = (struct history_restore){
	    .jail = j->name,
	    .bantime = bans_bantime(j->bans),
	    .increment = bantime_increments(j->rules.increment),
	    .maxtime = bantime_maxtime(j->rules.increment),
	    .maxmatches = j->rules.maxmatches,
	};
	j->restoring = true;
	judge_wake(j, 0);
}

void
judge_restore_drop(struct jail *j)
{
	ignore_cancel(j->restore_check);
	j->restore_check = NULL;
	while (j->at_restored < j->nrestored)
		ticket_free(j->restored[j->at_restored++]);
	j->nrestored = j->at_restored = 0;
	j->restoring = false;
}
