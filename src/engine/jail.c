/*
 * A jail has its turn once a round of the loop: whatever came in since the
 * last one is decided together, committed to the history once, and only
 * then given to the actions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/judge.h"

enum {
	TURN_MS = 5, /* then others have theirs */
	PRUNE_S = 5, /* fail2ban: not more often */
};

/* ---- names for what actions ask */

static bool
merged_tag(
    struct jail *j, const char *name, const struct ticket *t, struct buf *out)
{
	bool all = strncmp(name, "ipjail", 6) != 0;
	bool matches = strstr(name, "matches") != NULL;
	struct ticket *m = j->env.history == NULL
	                       ? NULL
	                       : history_merged(j->env.history,
	                             all ? NULL : j->name, t->id, t->id_n);

	if (matches)
		ticket_matches(out, m != NULL ? m : t);
	else
		buf_addf(out, "%d", m != NULL ? m->failures : t->failures);
	ticket_free(m);
	return true;
}

static bool
env_tag(void *arg, const char *name, const struct ticket *t, struct buf *out)
{
	struct jail *j = arg;

	if (strcmp(name, "ipmatches") == 0 || strcmp(name, "ipfailures") == 0 ||
	    strcmp(name, "ipjailmatches") == 0 ||
	    strcmp(name, "ipjailfailures") == 0)
		return merged_tag(j, name, t, out);
	if (strcmp(name, "bantime") == 0)
		buf_addf(out, "%.0f", trunc(bans_bantime(j->bans)));
	else if (strcmp(name, "jail.banned") == 0)
		buf_addf(out, "%zu", bans_count(j->bans));
	else if (strcmp(name, "jail.banned_total") == 0)
		buf_addf(out, "%lu", bans_total(j->bans));
	else if (strcmp(name, "jail.found") == 0)
		buf_addf(out, "%zu", tally_count(j->tally));
	else if (strcmp(name, "jail.found_total") == 0)
		buf_addf(out, "%lu", tally_total(j->tally));
	else
		return false;
	return true;
}

static void
env_reverse(void *arg, const struct addr *a,
    void (*fn)(void *fn_arg, const char *name), void *fn_arg)
{
	struct jail *j = arg;

	j->env.reverse(j->env.arg, a, fn, fn_arg);
}

static bool
env_ipv6(void *arg)
{
	struct jail *j = arg;

	return j->env.ipv6(j->env.arg);
}

static int
env_next_epoch(void *arg)
{
	struct jail *j = arg;

	return ++j->epoch;
}

static int
env_epoch(void *arg)
{
	return ((struct jail *)arg)->epoch;
}

/* ---- life */

static struct turn *
turn_new(struct jail *j)
{
	struct turn *turn = xcalloc(1, sizeof(*turn));

	(void)uv_timer_init(j->env.loop, &turn->later);
	(void)uv_idle_init(j->env.loop, &turn->soon);
	turn->later.data = turn->soon.data = j;
	turn->handles = 2;
	return turn;
}

/* Matches that are too many for memory lie beside the database. */
static void
set_folder(struct jail *j)
{
	const struct history *h = j->env.history;
	const char *path = h == NULL ? "" : history_path(h);
	const char *slash = strrchr(path, '/');
	char *folder;

	if (slash == NULL || history_is_lost(h))
		return;
	folder = xmemdup0(path, (size_t)(slash - path) + 1);
	tally_set_folder(j->tally, folder);
	free(folder);
}

struct jail *
jail_new(const char *name, const struct jail_env *env)
{
	struct jail *j = xcalloc(1, sizeof(*j));

	j->name = xstrdup(name);
	j->env = *env;
	j->action_env = (struct action_env){
	    .arg = j,
	    .jail = j->name,
	    .tag = env_tag,
	    .resolve = env_reverse,
	    .ipv6 = env_ipv6,
	    .next_epoch = env_next_epoch,
	    .epoch = env_epoch,
	};
	j->actions = actionset_new(&j->action_env, env->runner);
	j->tally = tally_new();
	set_folder(j);
	j->bans = bans_new();
	judge_rules_init(j, &j->rules);
	judge_rules_apply(j);
	j->told_due = INFINITY;
	j->turn = turn_new(j);
	if (env->history != NULL)
		history_jail_add(env->history, name);
	return j;
}

static void
on_turn_closed(uv_handle_t *handle)
{
	struct turn *turn = handle->data;

	if (--turn->handles == 0)
		free(turn);
}

static void
turn_close(struct turn *turn)
{
	turn->later.data = turn->soon.data = turn;
	uv_close((uv_handle_t *)&turn->later, on_turn_closed);
	uv_close((uv_handle_t *)&turn->soon, on_turn_closed);
}

/* From now on these are the bytes in the FIFO. */
static void
count_bytes(struct jail *j, size_t bytes)
{
	if (j->env.waiting_bytes != NULL)
		*j->env.waiting_bytes += bytes - j->waiting_bytes;
	j->waiting_bytes = bytes;
}

/* answer: whether who waits for an attempt is told. */
static void
drop_items(struct jail *j, bool answer)
{
	struct item *it;

	ignore_cancel(j->check);
	j->check = NULL;
	while ((it = j->head) != NULL) {
		j->head = it->next;
		if (answer && it->done != NULL && it->at < it->n)
			it->done(it->arg, 0);
		judge_item_free(it);
	}
	j->tail = NULL;
	j->waiting = 0;
	count_bytes(j, 0);
}

void
jail_free(struct jail *j)
{
	if (j == NULL)
		return;
	turn_close(j->turn);
	drop_items(j, false);
	judge_restore_drop(j);
	actionset_free(j->actions);
	judge_forget_work(j);
	if (j->shadow != NULL)
		judge_rules_release(j->shadow);
	free(j->shadow);
	judge_rules_release(&j->rules);
	tally_free(j->tally);
	bans_free(j->bans);
	free(j->decided);
	free(j->restored);
	free(j->name);
	free(j);
}

const char *
jail_name(const struct jail *j)
{
	return j->name;
}

struct actionset *
jail_actions(struct jail *j)
{
	return j->actions;
}

/* ---- decided bans */

void
judge_tell_due(struct jail *j)
{
	double due = jail_next_due(j);

	if (due == j->told_due)
		return;
	j->told_due = due;
	if (j->env.due != NULL)
		j->env.due(j->env.arg, j);
}

void
judge_commit(struct jail *j)
{
	if (j->ndecided > 0) {
		if (j->env.history != NULL)
			(void)history_flush(j->env.history);
		log_msg(LOG_DEBUG_, "actions",
		    "Banned %zu / %lu, %zu ticket(s) in '%s'", j->ndecided,
		    bans_total(j->bans), bans_count(j->bans), j->name);
	}
	for (size_t i = 0; i < j->ndecided; i++) {
		const struct decided *d = &j->decided[i];

		ticket_pack(d->ticket);
		actionset_ban(j->actions, d->ticket, d->lane, note_done,
		    note_new(j, d->work, d->ticket));
		work_end(d->work); /* the note waits in its place */
	}
	j->ndecided = 0;
	j->decided_live = false;
	judge_tell_due(j);
}

/* ---- the FIFO */

void
judge_item_free(struct item *it)
{
	if (it->resolving)
		it->jail->env.resolve_cancel(it->jail->env.arg, it);
	for (size_t i = it->at; i < it->n; i++)
		ticket_free(it->tickets[i]);
	if (it->tickets != &it->single)
		free(it->tickets);
	free(it->name);
	free(it->name_error);
	free(it->path);
	free(it);
}

static size_t
item_bytes(const struct item *it)
{
	size_t bytes = sizeof(*it) + (it->path == NULL ? 0 : strlen(it->path));

	for (size_t i = it->at; i < it->n; i++) {
		const struct ticket *t = it->tickets[i];

		bytes += sizeof(*t) + t->id_n + t->packed_n +
		         value_bytes(t->matches) + value_bytes(t->data);
	}
	return bytes;
}

void
judge_push(struct jail *j, struct item *it)
{
	it->jail = j;
	if (j->head == NULL)
		j->head = it;
	else
		j->tail->next = it;
	j->tail = it;
	it->bytes = item_bytes(it);
	j->waiting++;
	count_bytes(j, j->waiting_bytes + it->bytes);
	j->was_full |= jail_full(j);
	if (it->name != NULL)
		judge_ask_name(it);
	judge_wake(j, 0);
}

/* Whether all jails together have so much and this one more than a share. */
static bool
all_have(const struct jail *j, size_t bytes)
{
	return j->waiting_bytes > JAIL_ALL_SHARE &&
	       j->env.waiting_bytes != NULL && *j->env.waiting_bytes >= bytes;
}

bool
jail_full(const struct jail *j)
{
	return j->waiting >= JAIL_FIFO_MAX ||
	       j->waiting_bytes >= JAIL_FIFO_BYTES ||
	       all_have(j, JAIL_ALL_BYTES);
}

bool
jail_overrun(const struct jail *j)
{
	return j->waiting_bytes >= JAIL_FIFO_OVERRUN ||
	       all_have(j, JAIL_ALL_OVERRUN);
}

static void
pop(struct jail *j)
{
	struct item *it = j->head;

	j->head = it->next;
	if (j->head == NULL)
		j->tail = NULL;
	j->waiting--;
	count_bytes(j, j->waiting_bytes - it->bytes);
	judge_item_free(it);
	if (j->was_full && j->waiting <= JAIL_FIFO_MAX / 2 &&
	    j->waiting_bytes <= JAIL_FIFO_BYTES / 2 && !jail_full(j)) {
		j->was_full = false;
		if (j->env.drained != NULL)
			j->env.drained(j->env.arg, j);
	}
}

static void
verdict(struct jail *j, struct item *it, bool ignored)
{
	struct ticket *t = it->tickets[it->at++];
	struct buf scratch = BUF_INIT;
	struct offence of = {.id = t->id,
	    .id_n = t->id_n,
	    .time = t->time,
	    .weight = it->weight,
	    .failures = t->failures};

	if (!ignored) {
		ticket_parts(t, &scratch, &of.matches, &of.data);
		judge_failure(j, &of, it->kind == ITEM_ATTEMPT);
		buf_release(&scratch);
	}
	ticket_free(t);
	if (it->done != NULL)
		it->done(it->arg, ignored ? 0 : 1);
}

static void
on_ignored(void *arg, bool ignored)
{
	struct jail *j = arg;

	j->check = NULL;
	verdict(j, j->head, ignored);
	judge_wake(j, 0);
}

/* False: the first item waits for something. */
static bool
step(struct jail *j)
{
	struct item *it = j->head;
	int ignored;

	if (it->name != NULL && !judge_name_known(it))
		return false;
	if (it->kind == ITEM_POSITION && j->env.history != NULL)
		history_log_set(j->env.history, j->name, it->path, &it->pos);
	if (it->at == it->n) {
		pop(j);
		return true;
	}
	if (ignore_reads_captures(j->rules.ignore))
		ticket_unpack(it->tickets[it->at]);
	ignored = ignore_ask(
	    j->rules.ignore, it->tickets[it->at], on_ignored, j, &j->check);
	if (ignored >= 0)
		verdict(j, it, ignored == 1);
	return ignored >= 0;
}

void
judge_prune(struct jail *j)
{
	double now = clock_now();

	if (now >= j->last_prune && now < j->last_prune + PRUNE_S)
		return;
	j->last_prune = now;
	tally_prune(j->tally, now);
}

/* ---- the turn */

static int64_t
real_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void
take_turn(struct jail *j)
{
	int64_t end = real_ms() + TURN_MS;
	bool done = false;

	log_hold();
	judge_prune(j);
	while (!done && j->head != NULL && j->check == NULL) {
		done = !step(j);
		if (real_ms() >= end && !done) {
			judge_wake(j, 0);
			done = true;
		}
	}
	while (real_ms() < end && judge_restore_step(j))
		continue;
	if (judge_restore_more(j))
		judge_commit(j);
	log_release();
}

static void
have_turn(struct jail *j)
{
	(void)uv_timer_stop(&j->turn->later);
	(void)uv_idle_stop(&j->turn->soon);
	if (j->stopped) {
		if (j->stop_done != NULL)
			j->stop_done(j->stop_arg); /* may free the jail */
	} else if (!j->idle && !j->stopping)
		take_turn(j);
}

static void
on_later(uv_timer_t *timer)
{
	have_turn(timer->data);
}

static void
on_soon(uv_idle_t *soon)
{
	have_turn(soon->data);
}

void
judge_wake(struct jail *j, int ms)
{
	uv_timer_t *later = &j->turn->later;

	if (uv_is_active((uv_handle_t *)&j->turn->soon))
		return;
	if (ms == 0)
		(void)uv_idle_start(&j->turn->soon, on_soon);
	else if (!uv_is_active((uv_handle_t *)later) ||
	         uv_timer_get_due_in(later) > (uint64_t)ms)
		(void)uv_timer_start(later, on_later, (uint64_t)ms, 0);
}

static void
on_started(void *arg, bool ok)
{
	struct work *w = arg;

	(void)ok;
	work_end(w);
}

void
jail_start(struct jail *j, jail_done_fn done, void *arg)
{
	struct work *w = work_new(j, arg);

	w->done = done;
	ignore_warm(j->rules.ignore);
	actionset_start(j->actions, on_started, w);
	if (j->env.history == NULL)
		return;
	judge_restore(j);
}

static void
on_stopped(void *arg, bool ok)
{
	struct jail *j = arg;

	(void)ok;
	if (j->env.history != NULL) {
		history_jail_stop(j->env.history, j->name);
		(void)history_flush(j->env.history);
	}
	j->stopped = true;
	judge_wake(j, 0);
}

void
jail_stop(struct jail *j, jail_done_fn done, void *arg)
{
	j->stop_done = done;
	j->stop_arg = arg;
	if (j->stopping)
		return;
	while (j->head != NULL && j->check == NULL && step(j))
		continue;
	judge_commit(j);
	j->stopping = true;
	drop_items(j, true);
	judge_end_names(j);
	judge_restore_drop(j);
	judge_flush(j, true, NULL, NULL);
	actionset_stop(j->actions, on_stopped, j);
	judge_tell_due(j);
}

void
jail_idle(struct jail *j, bool idle)
{
	j->idle = idle;
	judge_wake(j, 0);
	judge_tell_due(j);
}

bool
jail_is_idle(const struct jail *j)
{
	return j->idle;
}

double
jail_next_due(const struct jail *j)
{
	/* a ban ends when its last millisecond is over */
	return j->idle ? INFINITY : bans_next_end(j->bans) + 0.001;
}
