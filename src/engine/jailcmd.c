/*
 * Commands of the control socket and reload.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/judge.h"

/* ---- input */

/* fail2ban: nothing happens in the future; NaN fails both tests. */
static double
failure_time(const struct failure *f)
{
	double now = clock_now();

	return f->time >= 0 && f->time <= now ? f->time : now;
}

static int
failure_weight(const struct failure *f)
{
	return f->count > 0 ? f->count : 1;
}

static void
push_ticket(struct jail *j, struct item *it, struct ticket *t)
{
	it->single = t;
	it->tickets = &it->single;
	it->n = 1;
	judge_push(j, it);
}

static void
no_verdict(void *arg, bool ignored)
{
	(void)arg;
	(void)ignored;
}

/*
 * Nobody is before it and nothing has to be waited for: it is judged where it
 * lies. False: it has to queue.
 */
static bool
judge_at_once(struct jail *j, const struct failure *f, const struct ticket *who)
{
	struct offence of = {.id = who->id,
	    .id_n = who->id_n,
	    .time = failure_time(f),
	    .weight = failure_weight(f),
	    .matches = f->matches,
	    .data = f->data};
	struct ignore_check *check = NULL;
	int ignored;

	if (j->head != NULL || j->idle || (f->resolve && !who->is_addr) ||
	    ignore_reads_captures(j->rules.ignore))
		return false;
	ignored = ignore_ask(j->rules.ignore, who, no_verdict, NULL, &check);
	ignore_cancel(check);
	if (ignored < 0)
		return false;
	judge_prune(j);
	if (ignored == 0)
		judge_failure(j, &of, false);
	if (j->ndecided > 0)
		judge_wake(j, 0);
	return true;
}

static void
queue_failure(struct jail *j, const struct failure *f, const struct ticket *who)
{
	struct item *it = xcalloc(1, sizeof(*it));
	struct ticket *t = ticket_new_packed(
	    who->id, who->id_n, failure_time(f), f->matches, f->data);

	it->kind = ITEM_FAILURE;
	it->weight = failure_weight(f);
	if (f->resolve && !t->is_addr)
		it->name = xmemdup0(t->id, t->id_n);
	push_ticket(j, it, t);
}

void
jail_failure(struct jail *j, const struct failure *f)
{
	struct buf raw = BUF_INIT, id = BUF_INIT;
	struct ticket who = {.id = NULL};
	size_t n;
	const char *text = packed_text(f->id, &n);

	if (j->stopping)
		return;
	if (text == NULL) {
		packed_print(&raw, f->id);
		text = raw.p;
		n = raw.n;
	}
	who.is_addr = addr_parse(&who.addr, text, n);
	if (who.is_addr)
		addr_print(&id, &who.addr);
	else
		buf_add(&id, text, n);
	who.id = id.p;
	who.id_n = id.n;
	if (!judge_at_once(j, f, &who))
		queue_failure(j, f, &who);
	buf_release(&raw);
	buf_release(&id);
}

void
jail_position(struct jail *j, const char *path, const struct history_pos *pos)
{
	struct item *it;

	if (j->stopping || j->env.history == NULL)
		return;
	it = xcalloc(1, sizeof(*it));
	it->kind = ITEM_POSITION;
	it->path = xstrdup(path);
	it->pos = *pos;
	judge_push(j, it);
}

void
jail_give_up(struct jail *j)
{
	actionset_give_up(j->actions);
}

unsigned long
jail_commands(const struct jail *j)
{
	return actionset_commands(j->actions);
}

void
jail_hasty(struct jail *j, bool hasty)
{
	j->hasty = hasty;
}

void
jail_attempt(struct jail *j, const char *id, const struct value *matches,
    jail_count_fn done, void *arg)
{
	struct item *it;
	struct ticket *t;

	if (j->stopping) {
		done(arg, 0);
		return;
	}
	it = xcalloc(1, sizeof(*it));
	t = ticket_new(id, strlen(id), clock_now());
	if (value_is(matches, VALUE_LIST)) {
		value_free(t->matches);
		t->matches = value_copy(matches);
	}
	it->kind = ITEM_ATTEMPT;
	it->weight = t->matches->n > 0 ? (int)t->matches->n : 1;
	it->done = done;
	it->arg = arg;
	push_ticket(j, it, t);
}

/* ---- ban and unban */

void
jail_banip(struct jail *j, struct value *const *ids, size_t n,
    jail_count_fn done, void *arg)
{
	struct work *w = work_new(j, arg);

	w->count_done = done;
	for (size_t i = 0; i < n && !j->stopping; i++) {
		struct buf id = BUF_INIT;

		value_print(&id, ids[i]);
		if (id.n > 0)
			judge_ban(j, ticket_new(id.p, id.n, clock_now()),
			    LANE_LIVE, w);
		buf_release(&id);
	}
	judge_commit(j);
	work_end(w);
}

static void
forget(struct jail *j, const char *id, size_t n)
{
	if (j->env.history != NULL)
		history_unban(j->env.history, j->name, id, n);
}

/* Unbans one id if it is banned. */
static bool
unban_id(struct jail *j, const char *id, size_t n, struct work *w)
{
	struct ticket *t = bans_take(j->bans, id, n);

	if (t == NULL)
		return false;
	w->count++;
	judge_unban(j, t, w);
	return true;
}

/* Ids that lie in a network; the network itself is not banned. */
static bool
unban_net(struct jail *j, const struct addr *net, struct work *w)
{
	struct ticket **list = bans_list(j->bans);
	bool any = false;

	for (size_t i = 0; list[i] != NULL; i++)
		if (list[i]->is_addr && addr_in(&list[i]->addr, net)) {
			forget(j, list[i]->id, list[i]->id_n);
			any |= unban_id(j, list[i]->id, list[i]->id_n, w);
		}
	free(list);
	return any;
}

static void
add_absent(struct work *w, const char *name)
{
	log_msg(LOG_MSG, "actions", "%s is not banned", name);
	value_adds(w->absent, name);
}

static void
on_unban_name(void *arg, const struct value *addresses, const char *error)
{
	struct unban_name *u = arg, **p = &u->jail->names;
	struct jail *j = u->jail;
	bool any = false;

	(void)error;
	while (*p != u)
		p = &(*p)->next;
	*p = u->next;
	for (size_t i = 0; addresses != NULL && i < addresses->n; i++) {
		const struct value *a = addresses->items[i];
		struct buf id = BUF_INIT;

		if (value_is(a, VALUE_TEXT))
			addr_normalise(&id, a->text, a->text_n);
		if (unban_id(j, id.p, id.n, u->work)) {
			forget(j, id.p, id.n);
			any = true;
		}
		buf_release(&id);
	}
	if (!any)
		add_absent(u->work, u->name);
	judge_tell_due(j);
	work_end(u->work);
	free(u->name);
	free(u);
}

void
judge_end_names(struct jail *j)
{
	while (j->names != NULL) {
		struct unban_name *u = j->names;

		j->env.resolve_cancel(j->env.arg, u);
		on_unban_name(u, NULL, NULL);
	}
}

static void
unban_name(struct jail *j, const char *name, struct work *w)
{
	struct unban_name *u = xcalloc(1, sizeof(*u));
	char *asked = xstrdup(name); /* u may be gone before the call ends */

	u->jail = j;
	u->work = w;
	u->name = xstrdup(name);
	u->next = j->names;
	j->names = u;
	work_begin(w);
	j->env.resolve(j->env.arg, asked, on_unban_name, u);
	free(asked);
}

/*
 * Exactly what is banned; else what lies in it when it is a network; else
 * what it resolves to when it looks like a name.
 */
static void
unban_text(struct jail *j, const char *text, size_t n, struct work *w)
{
	struct buf id = BUF_INIT;
	struct addr a;
	bool is_addr = addr_parse(&a, text, n);

	addr_normalise(&id, text, n);
	forget(j, id.p, id.n);
	if (unban_id(j, id.p, id.n, w))
		;
	else if (is_addr && !addr_is_single(&a)) {
		if (!unban_net(j, &a, w))
			add_absent(w, text);
	} else if (is_addr || n == 0 || j->stopping)
		add_absent(w, text);
	else
		unban_name(j, text, w);
	buf_release(&id);
}

void
jail_unbanip(struct jail *j, struct value *const *ids, size_t n,
    jail_unban_fn done, void *arg)
{
	struct work *w = work_new(j, arg);

	w->unban_done = done;
	w->absent = value_list();
	judge_commit(j);
	for (size_t i = 0; i < n; i++) {
		struct buf id = BUF_INIT;

		value_print(&id, ids[i]);
		unban_text(j, id.p, id.n, w);
		buf_release(&id);
	}
	if (j->env.history != NULL)
		(void)history_flush(j->env.history);
	judge_tell_due(j);
	work_end(w);
}

void
jail_unban_all(struct jail *j, jail_count_fn done, void *arg)
{
	struct work *w = work_new(j, arg);

	w->count_done = done;
	judge_commit(j);
	w->count = (int)bans_count(j->bans);
	judge_flush(j, false, note_done, note_new(j, w, NULL));
	if (j->env.history != NULL) {
		history_unban_all(j->env.history, j->name);
		(void)history_flush(j->env.history);
	}
	judge_tell_due(j);
	work_end(w);
}

/* ---- reload */

void
jail_reload_begin(struct jail *j)
{
	if (j->shadow != NULL)
		return;
	j->shadow = xcalloc(1, sizeof(*j->shadow));
	judge_rules_init(j, j->shadow);
	judge_rules_copy(j, j->shadow, &j->rules);
	ignore_clear(j->shadow->ignore);
	actionset_reload_begin(j->actions);
}

static void
drop_shadow(struct jail *j)
{
	judge_rules_release(j->shadow);
	free(j->shadow);
	j->shadow = NULL;
}

static void
on_committed(void *arg, bool ok)
{
	(void)ok;
	work_end(arg);
}

void
jail_reload_commit(struct jail *j, jail_done_fn done, void *arg)
{
	struct work *w = work_new(j, arg);
	struct ticket **list;

	w->done = done;
	if (j->shadow == NULL) {
		work_end(w);
		return;
	}
	judge_rules_copy(j, &j->rules, j->shadow);
	drop_shadow(j);
	judge_rules_apply(j);
	ignore_warm(j->rules.ignore);
	judge_commit(j);
	list = bans_list(j->bans);
	actionset_reload_commit(j->actions, (const struct ticket *const *)list,
	    bans_count(j->bans), on_committed, w);
	free(list);
	judge_tell_due(j);
}

void
jail_reload_abort(struct jail *j)
{
	if (j->shadow == NULL)
		return;
	drop_shadow(j);
	actionset_reload_abort(j->actions);
}
