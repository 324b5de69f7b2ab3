#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/judge.h"

struct work *
work_new(struct jail *j, void *arg)
{
	struct work *w = xcalloc(1, sizeof(*w));

	w->jail = j;
	w->arg = arg;
	w->pending = 1;
	w->hasty = j->hasty;
	w->next = j->works;
	j->works = w;
	return w;
}

void
work_begin(struct work *w)
{
	if (w != NULL)
		w->pending++;
}

static void
work_free(struct work *w)
{
	struct work **p = &w->jail->works;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	value_free(w->absent);
	free(w);
}

/* The callback comes last: it may free the jail. */
void
work_end(struct work *w)
{
	struct work copy;

	if (w == NULL || --w->pending > 0)
		return;
	copy = *w;
	w->absent = NULL;
	work_free(w);
	if (copy.count_done != NULL)
		copy.count_done(copy.arg, copy.count);
	else if (copy.unban_done != NULL)
		copy.unban_done(copy.arg, copy.count, copy.absent);
	else if (copy.done != NULL)
		copy.done(copy.arg);
	value_free(copy.absent);
}

struct note *
note_new(struct jail *j, struct work *w, const struct ticket *t)
{
	struct note *n = xcalloc(1, sizeof(*n));

	n->jail = j;
	n->work = w != NULL && w->hasty ? NULL : w;
	work_begin(n->work);
	if (t != NULL) {
		n->id = xmemdup0(t->id, t->id_n);
		n->id_n = t->id_n;
	}
	n->next = j->notes;
	if (n->next != NULL)
		n->next->prev = n;
	j->notes = n;
	return n;
}

static void
note_free(struct note *n)
{
	if (n->prev != NULL)
		n->prev->next = n->next;
	else
		n->jail->notes = n->next;
	if (n->next != NULL)
		n->next->prev = n->prev;
	free(n->id);
	free(n);
}

/*
 * All actions were checked: those that had to be repaired have a newer epoch,
 * and the ban is theirs again.
 */
static void
ban_again(struct jail *j, struct ticket *t, struct work *w)
{
	if (t->epoch >= j->epoch)
		return;
	if (w != NULL)
		w->count++;
	actionset_reban(j->actions, t, note_done, note_new(j, w, t));
}

void
note_done(void *arg, bool ok)
{
	struct note *n = arg;
	struct jail *j = n->jail;
	struct work *w = n->work;
	struct ticket *t =
	    n->id == NULL ? NULL : bans_find(j->bans, n->id, n->id_n);

	(void)ok; /* fail2ban: the ticket counts as banned all the same */
	if (t != NULL && n->recheck)
		ban_again(j, t, w);
	else if (t != NULL) {
		t->banned = true;
		t->epoch = j->epoch;
	}
	note_free(n);
	work_end(w);
}

void
judge_forget_work(struct jail *j)
{
	struct unban_name *u;

	while ((u = j->names) != NULL) {
		j->names = u->next;
		j->env.resolve_cancel(j->env.arg, u);
		free(u->name);
		free(u);
	}
	while (j->notes != NULL)
		note_free(j->notes);
	while (j->works != NULL)
		work_free(j->works);
}
