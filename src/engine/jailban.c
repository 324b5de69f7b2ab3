/*
 * From a failure to a ban. What fail2ban's observer does afterwards in a
 * thread of its own (heavier counting of known offenders, longer bans) is
 * done here before the actions run, so that <bantime> is right in actionban.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/judge.h"

enum {
	UNBAN_SLICE = 500,
};

/* ---- failures */

static void
log_failure(const struct jail *j, const struct offence *of, const char *what)
{
	struct buf line = BUF_INIT;

	if (!log_enabled(LOG_INFO_))
		return;
	(void)buf_grow(&line, 120);
	buf_addc(&line, '[');
	buf_adds(&line, j->name);
	buf_adds(&line, "] ");
	buf_adds(&line, what);
	buf_addc(&line, ' ');
	ticket_shown(&line, of->id, of->id_n);
	buf_adds(&line, " - ");
	ticket_print_time(&line, of->time);
	log_text(LOG_INFO_, "filter", line.p, line.n);
	buf_release(&line);
}

static bool
increments(const struct jail *j)
{
	return j->env.history != NULL && bantime_increments(j->rules.increment);
}

static void
log_bad(
    const struct jail *j, const struct offence *of, int count, double weight)
{
	struct buf id = BUF_INIT, when = BUF_INIT, number = BUF_INIT;
	int max = j->rules.maxretry;

	ticket_shown(&id, of->id, of->id_n);
	ticket_print_time(&when, of->time);
	/* fail2ban: a float, but an integer when it had to be cut */
	if (weight > max)
		buf_addf(&number, "%d", max);
	else
		value_repr_float(&number, weight);
	log_msg(LOG_INFO_, "observer", "[%s] Found %s, bad - %s, %d # -> %s%s",
	    j->name, id.p, when.p, count, number.p,
	    weight >= max ? ", Ban" : "");
	buf_release(&id);
	buf_release(&when);
	buf_release(&number);
}

/*
 * A known offender's failure counts more: twice after one ban, then 3, 5, 9.
 * fail2ban: not if its count is enough without; it is only said then. Returns
 * the new count of the tally; 0: as it was.
 */
static int
weigh(struct jail *j, const struct offence *of, int retry)
{
	struct history_row row;
	double weight;
	int count;

	if (!increments(j) ||
	    history_find(j->env.history, j->name, of->id, of->id_n, &row) != 1)
		return 0;
	count = row.bancount;
	weight = ldexp(1, count < 20 ? count : 20) / 2 + 1;
	if (of->time <= row.timeofban || fmin(weight, j->rules.maxretry) <= 1)
		return 0;
	log_bad(j, of, count, weight);
	if (retry >= j->rules.maxretry)
		return 0;
	return tally_weigh(j->tally, of->id, of->id_n,
	    (int)fmin(weight, j->rules.maxretry) - 1, count);
}

void
judge_failure(struct jail *j, const struct offence *of, bool attempt)
{
	struct ticket *ban;
	int retry, heavier;

	log_failure(j, of, attempt ? "Attempt" : "Found");
	retry = tally_add(j->tally, of);
	if (log_enabled(LOG_DEBUG_))
		log_msg(LOG_DEBUG_, "failmanager",
		    "Total # of detected failures: %lu. Current failures from "
		    "%zu IPs (IP:count): %.*s:%d",
		    tally_total(j->tally), tally_count(j->tally), (int)of->id_n,
		    of->id, retry);
	heavier = weigh(j, of, retry);
	if (heavier > retry)
		retry = heavier;
	if (retry < j->rules.maxretry)
		return;
	ban = tally_take(j->tally, of->id, of->id_n);
	if (ban != NULL)
		judge_ban(j, ban, LANE_LIVE, NULL);
}

/* ---- longer bans */

/* What was found out about a known offender before it was banned. */
struct increment {
	bool known;
	int count;     /* earlier bans */
	double last;   /* time of the last one */
	double before; /* ban times in seconds */
	double after;
};

static void
lengthen(struct jail *j, struct ticket *t, struct increment *inc)
{
	struct err err = ERR_INIT;
	struct number v;

	if (inc->before <= 0 || inc->count <= 0)
		return;
	if (bantime_apply(
	        j->rules.increment, inc->before, inc->count, &v, &err) == -1) {
		log_msg(LOG_ERROR, "observer", "%s", err_text(&err));
		err_release(&err);
		return;
	}
	inc->after = v.f;
	if (inc->after == inc->before)
		return;
	t->bantime = inc->after;
	t->has_bantime = true;
}

/*
 * fail2ban: only bans without a time of their own are incremented; a line
 * that is not newer than the last ban was judged before a restart.
 */
static void
look_up(struct jail *j, struct ticket *t, struct increment *inc)
{
	const char *jail =
	    bantime_overalljails(j->rules.increment) ? NULL : j->name;
	struct history_row row;

	*inc = (struct increment){.before = bans_bantime(j->bans)};
	inc->after = inc->before;
	if (!increments(j) || t->restored || t->has_bantime ||
	    inc->before == -1 ||
	    history_find(j->env.history, jail, t->id, t->id_n, &row) != 1)
		return;
	inc->known = true;
	inc->count = row.bancount;
	inc->last = row.timeofban;
	if (row.bancount > t->bancount)
		t->bancount = row.bancount;
	if (t->time <= row.timeofban)
		t->restored = true;
	lengthen(j, t, inc);
}

static void
log_increment(
    const struct jail *j, const struct ticket *t, const struct increment *inc)
{
	struct buf id = BUF_INIT, a = BUF_INIT, b = BUF_INIT, when = BUF_INIT;

	ticket_shown(&id, t->id, t->id_n);
	span_pretty(&a, inc->before);
	span_pretty(&b, inc->after);
	ticket_print_time(&when, inc->last);
	if (!t->restored)
		log_msg(LOG_INFO_, "observer",
		    "[%s] IP %s is bad: %d # last %s - incr %s to %s", j->name,
		    id.p, inc->count, when.p, a.p, b.p);
	if (inc->after != inc->before) {
		buf_reset(&when);
		ticket_print_time(&when, ticket_end(t, inc->after));
		log_msg(LOG_NOTICE_, "observer",
		    "[%s] Increase Ban %s (%d # %s -> %s)", j->name, id.p,
		    t->bancount, b.p, when.p);
	}
	buf_release(&id);
	buf_release(&a);
	buf_release(&b);
	buf_release(&when);
}

/* ---- bans */

static void
log_ban(const struct jail *j, int level, const char *fmt_before,
    const struct ticket *t, const char *after)
{
	struct buf id = BUF_INIT;

	if (!log_enabled(level))
		return;
	ticket_shown(&id, t->id, t->id_n);
	log_msg(
	    level, "actions", "[%s] %s%s%s", j->name, fmt_before, id.p, after);
	buf_release(&id);
}

static void
decide(struct jail *j, struct ticket *t, enum runner_lane lane, struct work *w)
{
	GROW(j->decided, j->ndecided, j->cap_decided);
	work_begin(w);
	j->decided[j->ndecided++] = (struct decided){t, w, lane};
	j->decided_live |= lane == LANE_LIVE;
}

static void
added(struct jail *j, struct ticket *t, const struct increment *inc)
{
	double bantime = t->has_bantime ? t->bantime : bans_bantime(j->bans);

	if (!t->restored && j->env.history != NULL)
		history_ban(j->env.history, j->name, t, bantime);
	log_ban(j, LOG_NOTICE_, t->restored ? "Restore Ban " : "Ban ", t, "");
	if (inc->known)
		log_increment(j, t, inc);
}

/* Repairs what somebody may have removed from the firewall. */
static void
check_actions(struct jail *j, struct ticket *old, struct work *w)
{
	struct note *n;

	if (!old->banned)
		return; /* its actions run right now */
	if (clock_now() > j->last_check + 3 || clock_now() < j->last_check) {
		j->last_check = clock_now();
		n = note_new(j, w, old);
		n->recheck = true;
		actionset_check(j->actions, note_done, n);
	}
}

static void
already_banned(struct jail *j, const struct ticket *t, struct work *w)
{
	struct ticket *old = bans_find(j->bans, t->id, t->id_n);
	double delta = t->time - old->time;
	int level = delta < 3    ? LOG_DEBUG_
	            : delta < 60 ? LOG_NOTICE_
	                         : LOG_WARN;

	log_ban(j, level, "", t, " already banned");
	if (old->epoch < j->epoch && old->banned) {
		if (w != NULL)
			w->count++;
		actionset_reban(
		    j->actions, old, note_done, note_new(j, w, old));
	} else if (delta > 3)
		check_actions(j, old, w);
}

void
judge_ban(
    struct jail *j, struct ticket *t, enum runner_lane lane, struct work *work)
{
	struct ticket *mine = t;
	struct increment inc = {.known = false};

	/* fail2ban: one that runs is prolonged by a ban as long as usual */
	if (bans_find(j->bans, t->id, t->id_n) == NULL)
		look_up(j, t, &inc);
	switch (bans_add(j->bans, &mine, clock_now())) {
	case BANS_ADDED:
		if (work != NULL)
			work->count++;
		added(j, t, &inc);
		decide(j, t, lane, work);
		return;
	case BANS_EXPIRED:
		log_ban(j, LOG_INFO_, "Ignore ", t, ", expired bantime");
		break;
	case BANS_KNOWN:
		already_banned(j, t, work);
		break;
	}
	ticket_free(mine);
}

void
judge_unban(struct jail *j, struct ticket *t, struct work *work)
{
	log_ban(j, LOG_NOTICE_, "Unban ", t, "");
	actionset_unban(j->actions, t, note_done, note_new(j, work, NULL));
	ticket_free(t);
}

static void
say_unbanned(const struct jail *j, const char *indent, size_t n)
{
	log_msg(LOG_DEBUG_, "actions", "%sUnbanned %zu, %zu ticket(s) in '%s'",
	    indent, n, bans_count(j->bans), j->name);
}

void
judge_flush(struct jail *j, bool stopping, action_done_fn done, void *arg)
{
	struct ticket **list = bans_list(j->bans);
	size_t n = bans_count(j->bans);

	log_msg(LOG_DEBUG_, "actions", "  Flush ban list");
	if (n > 0 || stopping)
		actionset_flush(j->actions, (const struct ticket *const *)list,
		    n, stopping, done, arg);
	else if (done != NULL)
		done(arg, true);
	for (size_t i = 0; i < n; i++)
		ticket_free(bans_take(j->bans, list[i]->id, list[i]->id_n));
	free(list);
	say_unbanned(j, "  ", n);
}

/* Those beyond the slice are due still, so the timer rings again at once. */
void
jail_run_due(struct jail *j, double now)
{
	struct ticket *t;
	size_t n = 0;

	if (j->idle || j->stopping)
		return;
	judge_commit(j);
	for (; n < UNBAN_SLICE; n++) {
		t = bans_take_ended(j->bans, now);
		if (t == NULL)
			break;
		judge_unban(j, t, NULL);
	}
	if (n > 0)
		say_unbanned(j, "", n);
	j->told_due = NAN;
	judge_tell_due(j);
}
