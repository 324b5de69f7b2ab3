/*
 * What the worker says. It reads what attackers wrote, so it may have been
 * taken: every field is checked, and a message that a good worker would never
 * send is the end of that worker. What concerns jails, logs or sources that
 * are gone meanwhile is merely late.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/monitor_impl.h"

enum {
	MIB = 1024 * 1024,
	COUNT_MAX = 1000000,
	TEXT_MAX = 1024 * 1024,
	MATCHES_MAX = 100000,
	PARTS_MAX = 1000,       /* of a capture that is a tuple */
	REPLIES_MAX = 16 * MIB, /* that the worker does not fetch */
};

const struct channel_kind monitor_kinds[FROM_KINDS] = {
    [FROM_HELLO] = {4096, false},
    [FROM_FAILURE] = {64 * MIB, false},
    [FROM_POSITION] = {MIB, false},
    [FROM_JOURNAL_POSITION] = {64, false},
    [FROM_REWRITTEN] = {16, false},
    [FROM_RETIRED] = {16, false},
    [FROM_STATE] = {128, false},
    [FROM_IDLE] = {16, false},
    [FROM_LOG] = {256 * 1024, false},
    [FROM_STOPPED] = {16, false},
};

/* Ids are never used again: an unknown one that was given is late. */
static bool
was_given(const struct monitor *m, struct unpack *u, uint32_t id)
{
	if (id == 0 || id > m->last_id)
		u->bad = true;
	return !u->bad;
}

/*
 * The values of a failure are walked through once and stay where they are.
 * Whatever is not as a good worker writes it makes u bad.
 */
static void
pass_text(struct unpack *u, size_t max)
{
	size_t n;

	(void)unpack_bytes(u, &n);
	if (n > max)
		u->bad = true;
}

static void
pass_part(struct unpack *u, unsigned type)
{
	if (type == VALUE_TEXT)
		pass_text(u, TEXT_MAX);
	else if (type != VALUE_NONE)
		u->bad = true;
}

static uint32_t
pass_count(struct unpack *u, uint32_t max)
{
	uint32_t n = unpack_u32(u);

	if (n > max)
		u->bad = true;
	return u->bad ? 0 : n;
}

/* Text, None, or a tuple or list of them; behind its type. */
static void
pass_capture(struct unpack *u, unsigned type)
{
	if (type != VALUE_TUPLE && type != VALUE_LIST) {
		pass_part(u, type);
		return;
	}
	for (uint32_t n = pass_count(u, PARTS_MAX); n > 0 && !u->bad; n--)
		pass_part(u, unpack_u8(u));
}

static void
pass_datum(struct unpack *u)
{
	unsigned type;

	if (unpack_u8(u) != VALUE_TEXT)
		u->bad = true;
	pass_text(u, 256);
	type = unpack_u8(u);
	if (type == VALUE_INT)
		(void)unpack_u64(u);
	else if (type == VALUE_BOOL)
		(void)unpack_u8(u);
	else
		pass_capture(u, type);
}

static void
pass_data(struct unpack *u)
{
	uint32_t n;

	if (unpack_u8(u) != VALUE_DICT)
		u->bad = true;
	n = pass_count(u, PARTS_MAX);
	if (n % 2 != 0)
		u->bad = true;
	for (; n > 0 && !u->bad; n -= 2)
		pass_datum(u);
}

/* A text, or what stands before, in and behind the date. */
static void
pass_line(struct unpack *u)
{
	unsigned type = unpack_u8(u);

	if (type == VALUE_TEXT) {
		pass_text(u, TEXT_MAX);
		return;
	}
	if ((type != VALUE_LIST && type != VALUE_TUPLE) || unpack_u32(u) != 3)
		u->bad = true;
	for (int i = 0; i < 3 && !u->bad; i++) {
		if (unpack_u8(u) != VALUE_TEXT)
			u->bad = true;
		pass_text(u, TEXT_MAX);
	}
}

static void
pass_matches(struct unpack *u)
{
	if (unpack_u8(u) != VALUE_LIST)
		u->bad = true;
	for (uint32_t n = pass_count(u, MATCHES_MAX); n > 0 && !u->bad; n--)
		pass_line(u);
}

static void
pass_id(struct unpack *u)
{
	unsigned type = unpack_u8(u);

	if (type == VALUE_NONE)
		u->bad = true;
	pass_capture(u, type);
}

static struct packed
take(struct unpack *u, void (*pass)(struct unpack *u))
{
	const char *p = u->p;

	pass(u);
	return (struct packed){p, (size_t)(u->p - p)};
}

static bool
is_name(struct packed v)
{
	size_t n;

	return packed_text(v, &n) != NULL && n <= 1024;
}

static bool
is_sane(const struct failure *f)
{
	return f->count >= 1 && f->count <= COUNT_MAX && isfinite(f->time) &&
	       f->time >= 0 && f->time < 1e11 &&
	       (!f->resolve || is_name(f->id));
}

struct where {
	uint32_t jail;
	uint32_t log;
	uint32_t source;
	uint32_t gen;
	uint64_t at;
	const char *tail; /* bytes before at */
	size_t tail_n;
};

static void
take_where(const struct monitor *m, struct unpack *u, struct where *w)
{
	w->jail = unpack_u32(u);
	w->log = unpack_u32(u);
	w->source = unpack_u32(u);
	w->gen = unpack_u32(u);
	w->at = unpack_u64(u);
	w->tail = unpack_bytes(u, &w->tail_n);
	if (w->tail_n > CURSOR_TAIL)
		u->bad = true;
	(void)was_given(m, u, w->jail);
	(void)was_given(m, u, w->log);
	if (w->source != 0)
		(void)was_given(m, u, w->source);
	if (w->at > INT64_MAX)
		u->bad = true;
}

/* NULL: the jail, the log or the source is gone. */
static struct mark *
find_mark(struct monitor *m, const struct where *w, struct mattach **attach)
{
	struct mjail *j = monitor_jail_by_id(m, w->jail);
	struct mlog *l;

	if (j == NULL || monitor_source(m, w->source, &l) == NULL ||
	    l->id != w->log)
		return NULL;
	for (size_t i = 0; i < j->nattaches; i++)
		if (j->attaches[i]->log == l) {
			*attach = j->attaches[i];
			return mattach_mark(j->attaches[i], w->source);
		}
	return NULL;
}

/*
 * Generations go round, so that no number is the last one: after it, a mark
 * would hide everything for ever.
 */
static int
gen_order(const struct mark *mark, const struct where *w)
{
	int32_t ahead = (int32_t)(w->gen - mark->gen);

	return ahead > 0 ? 1 : ahead < 0 ? -1 : 0;
}

/*
 * A place that the file does not reach: it was truncated meanwhile, or the
 * worker wants later lines to pass for known ones. No mark moves there.
 */
static bool
is_in_file(struct monitor *m, const struct where *w)
{
	struct mlog *l;
	struct msource *s = monitor_source(m, w->source, &l);
	struct stat st;

	if (s == NULL)
		return false;
	if ((int64_t)w->at > s->size && fstat(s->fd, &st) == 0)
		s->size = st.st_size;
	return (int64_t)w->at <= s->size;
}

/* Everything before it is judged. */
static void
set_done(struct mark *mark, const struct where *w)
{
	if (gen_order(mark, w) > 0)
		mark->told = -1;
	mark->gen = w->gen;
	mark->done = (int64_t)w->at;
	memcpy(mark->tail, w->tail, w->tail_n);
	mark->tail_n = w->tail_n;
}

/* Whether the failure is new; what a second reading finds again is not. */
static bool
is_above(
    struct monitor *m, struct mark *mark, const struct where *w, uint32_t index)
{
	int64_t at = (int64_t)w->at;
	int order = gen_order(mark, w);

	if (order < 0)
		return false;
	if (order == 0 &&
	    (at < mark->end || (at == mark->end && index <= mark->index)))
		return false;
	if (!is_in_file(m, w))
		return true;
	mark->end = at;
	mark->index = index;
	set_done(mark, w);
	return true;
}

static void
hand_over(struct monitor *m, const struct where *w, uint32_t index,
    const struct failure *f)
{
	struct mjail *j = monitor_jail_by_id(m, w->jail);
	struct mattach *a;
	struct mark *mark;
	bool is_new = j != NULL;

	if (is_new && w->source != 0) {
		mark = find_mark(m, w, &a);
		is_new = mark != NULL && is_above(m, mark, w, index);
	} else if (is_new)
		is_new = monitor_journal_is_new(j, (double)w->at / 1e6);
	if (is_new)
		m->ops->failure(m->arg, j->name, f);
}

static void
take_failures(struct monitor *m, struct unpack *u)
{
	while (!u->bad && u->n > 0 && m->channel != NULL) {
		struct failure f = {0};
		struct where w;
		uint32_t index, count;

		take_where(m, u, &w);
		index = unpack_u32(u);
		f.resolve = unpack_u8(u) == 1;
		count = unpack_u32(u);
		f.count = count <= COUNT_MAX ? (int)count : 0;
		f.time = unpack_double(u);
		f.id = take(u, pass_id);
		f.data = take(u, pass_data);
		f.matches = take(u, pass_matches);
		if (u->bad || !is_sane(&f)) {
			u->bad = true;
			return;
		}
		/* Numbers start at 0, marks at "none". */
		hand_over(m, &w, index + 1, &f);
	}
}

/* Their log lines go out together, with one time. */
static void
on_failure(struct monitor *m, struct unpack *u)
{
	clock_hold();
	log_hold();
	take_failures(m, u);
	log_release();
	clock_release();
}

/* A copy begins with what was read already: the same failures are known. */
static void
take_over(struct mattach *a, struct mark *mark, uint32_t origin)
{
	for (size_t i = 0; i < a->nmarks; i++) {
		const struct mark *from = &a->marks[i];

		if (from->source != origin || from == mark)
			continue;
		mark->end = from->end;
		mark->index = from->index;
	}
}

static void
set_position(struct monitor *m, const struct where *w, uint32_t origin)
{
	struct mattach *a;
	struct mark *mark = find_mark(m, w, &a);

	if (mark == NULL || gen_order(mark, w) < 0 ||
	    (gen_order(mark, w) == 0 && (int64_t)w->at < mark->done) ||
	    !is_in_file(m, w))
		return;
	if (origin != 0 && mark->end == 0)
		take_over(a, mark, origin);
	if (gen_order(mark, w) > 0) {
		mark->end = 0;
		mark->index = 0;
	}
	set_done(mark, w);
	monitor_tell_position(m, a, mark, false);
}

static void
on_position(struct monitor *m, struct unpack *u)
{
	while (!u->bad && u->n > 0 && m->channel != NULL) {
		uint32_t origin;
		struct where w;

		take_where(m, u, &w);
		origin = unpack_u32(u);
		if (origin != 0)
			(void)was_given(m, u, origin);
		if (!u->bad)
			set_position(m, &w, origin);
	}
}

static void
on_journal_position(struct monitor *m, struct unpack *u)
{
	uint32_t jail = unpack_u32(u), journal = unpack_u32(u);
	double time = unpack_double(u);

	(void)was_given(m, u, jail);
	(void)was_given(m, u, journal);
	if (!isfinite(time) || time < 0 || time > 1e11)
		u->bad = true;
	/* A place in the future would hide what comes until then. */
	if (!u->bad && time <= clock_now() + MONITOR_SLACK_S)
		monitor_journal_position(m, jail, time);
}

static void
on_rewritten(struct monitor *m, struct unpack *u)
{
	uint32_t id = unpack_u32(u), source = unpack_u32(u);
	bool certain = unpack_u8(u) == 1;
	struct mlog *l;

	/* Each is answered: who does not read the answers gets no more. */
	if (channel_queued(m->channel) > REPLIES_MAX)
		u->bad = true;
	if (!was_given(m, u, id) || !was_given(m, u, source))
		return;
	/* Copies that were made before it was truncated come first. */
	watch_drain(m->watch);
	l = monitor_log_by_id(m, id);
	if (l != NULL && certain)
		monitor_tell_truncation(l);
	monitor_send_ids(m, TO_CHECKED, &id, 1);
}

static void
on_retired(struct monitor *m, struct unpack *u)
{
	uint32_t source = unpack_u32(u);

	if (was_given(m, u, source))
		monitor_retire(m, source);
}

static void
on_state(struct monitor *m, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	struct mjail *j = monitor_jail_by_id(m, id);
	struct monitor_health h = {0}, all;
	bool was;

	h.in_operation = unpack_u8(u) == 1;
	h.lines = unpack_u64(u);
	h.errors = unpack_u64(u);
	h.truncated = unpack_u64(u);
	h.bad_encoding = unpack_u64(u);
	h.evicted = unpack_u64(u);
	h.limit_hits = unpack_u64(u);
	h.skipped = unpack_u64(u);
	if (!was_given(m, u, id) || j == NULL)
		return;
	was = j->health.in_operation;
	j->health = h;
	if (was == h.in_operation || m->ops->state == NULL)
		return;
	monitor_health(m, j->name, &all);
	m->ops->state(m->arg, j->name, &all);
}

static void
on_idle(struct monitor *m, struct unpack *u)
{
	uint32_t id = unpack_u32(u);
	struct mjail *j = monitor_jail_by_id(m, id);

	if (!was_given(m, u, id) || j == NULL)
		return;
	j->idle = true;
	if (m->ops->idle != NULL)
		m->ops->idle(m->arg, j->name);
}

static void
on_log(struct monitor *m, struct unpack *u)
{
	uint32_t level = unpack_u32(u);
	const char *name = unpack_str(u, 64);
	size_t n;
	const char *text = unpack_bytes(u, &n);

	if (!u->bad && level <= LOG_CRITICAL)
		monitor_log_text(m, (int)level, name, text);
}

static void
on_hello(struct monitor *m, struct unpack *u)
{
	bool ready = unpack_u8(u) == 1;
	const char *text = unpack_str(u, 4096);

	if (u->bad)
		return;
	if (!ready) {
		log_msg(LOG_CRITICAL, "server",
		    "The process that reads the logs cannot give up its "
		    "privileges: %s",
		    text);
		monitor_worker_failed(m, "it would not be safe");
	} else if (text[0] != '\0' && !m->said_warning) {
		m->said_warning = true;
		log_msg(LOG_INFO_, "server", "%s", text);
	}
}

static void
on_stopped(struct monitor *m, struct unpack *u)
{
	(void)u;
	if (m->stopping)
		monitor_worker_failed(m, NULL);
}

typedef void (*message_fn)(struct monitor *m, struct unpack *u);

static const message_fn handlers[FROM_KINDS] = {
    [FROM_HELLO] = on_hello,
    [FROM_FAILURE] = on_failure,
    [FROM_POSITION] = on_position,
    [FROM_JOURNAL_POSITION] = on_journal_position,
    [FROM_REWRITTEN] = on_rewritten,
    [FROM_RETIRED] = on_retired,
    [FROM_STATE] = on_state,
    [FROM_IDLE] = on_idle,
    [FROM_LOG] = on_log,
    [FROM_STOPPED] = on_stopped,
};

void
monitor_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	(void)fd; /* no kind has one */
	handlers[type](arg, u);
}
