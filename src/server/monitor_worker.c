/*
 * The worker's life: started, told everything, watched, started again. What
 * it is sent can be sent a second time from what the jails and logs hold.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privdrop.h"
#include "sensor/codec.h"
#include "server/monitor_impl.h"
#include "server/spawn.h"
#include "server/worker.h"

enum {
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 60 * 1000,
	STABLE_MS = 60 * 1000, /* alive that long: the next death is a first */
	PATIENCE_MS = 1000,    /* for STOPPED */
};

void
monitor_send(struct monitor *m, unsigned type, const struct buf *b, int fd)
{
	struct buf level = BUF_INIT;

	if (m->channel == NULL)
		return;
	if (type != TO_SETUP && m->level != log_level()) {
		m->level = log_level();
		pack_u32(&level, (uint32_t)m->level);
		channel_send(m->channel, TO_LEVEL, &level, -1);
		buf_release(&level);
	}
	channel_send(m->channel, type, b, fd);
}

void
monitor_send_ids(
    struct monitor *m, unsigned type, const uint32_t *ids, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		pack_u32(&b, ids[i]);
	monitor_send(m, type, &b, -1);
	buf_release(&b);
}

static bool
has_encoding(const struct monitor *m, const char *name)
{
	if (codec_is_builtin(name))
		return true;
	for (size_t i = 0; i < m->encodings->n; i++)
		if (strcmp(value_str(m->encodings->items[i]), name) == 0)
			return true;
	return false;
}

void
monitor_send_jail(struct monitor *m, const struct mjail *j)
{
	struct buf b = BUF_INIT;

	if (m->channel == NULL)
		return;
	if (!has_encoding(m, j->encoding)) {
		monitor_worker_restart(m); /* tells all */
		return;
	}
	pack_u32(&b, j->id);
	pack_str(&b, j->name);
	pack_str(&b, j->encoding);
	pack_value(&b, j->spec);
	monitor_send(m, TO_JAIL, &b, -1);
	buf_release(&b);
}

void
monitor_send_run(struct monitor *m, const struct mjail *j)
{
	struct buf b = BUF_INIT;

	pack_u32(&b, j->id);
	pack_u8(&b, monitor_jail_runs(j));
	monitor_send(m, TO_RUN, &b, -1);
	buf_release(&b);
}

void
monitor_send_source(struct monitor *m, const struct mlog *l,
    const struct msource *s, unsigned flags)
{
	struct buf b = BUF_INIT;

	pack_u32(&b, l->id);
	pack_str(&b, l->path);
	pack_u32(&b, s->id);
	pack_u32(&b, (uint32_t)s->wd);
	pack_u8(&b, flags | (l->polled ? (unsigned)SOURCE_POLLED : 0));
	monitor_send(m, TO_SOURCE, &b, s->fd);
	buf_release(&b);
}

static void
pack_marks(struct buf *b, const struct mark *marks, size_t n)
{
	pack_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		pack_u32(b, marks[i].source);
		pack_u32(b, marks[i].gen);
		pack_u64(b, (uint64_t)marks[i].done);
		pack_bytes(b, marks[i].tail, marks[i].tail_n);
	}
}

static void
pack_skips(struct buf *b, const struct skip *skips, size_t n)
{
	pack_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		pack_u32(b, skips[i].source);
		pack_u32(b, skips[i].gen);
		pack_u64(b, (uint64_t)skips[i].at);
	}
}

void
monitor_send_attach(struct monitor *m, const struct mattach *a, unsigned flags)
{
	struct buf b = BUF_INIT;

	pack_u32(&b, a->jail->id);
	pack_u32(&b, a->log->id);
	pack_u8(&b, flags);
	pack_marks(&b, a->marks, a->nmarks);
	pack_skips(&b, a->skips, a->nskips);
	monitor_send(m, TO_ATTACH, &b, -1);
	buf_release(&b);
}

/* Running as root, the worker becomes somebody else. */
static int
send_setup(struct monitor *m)
{
	struct privdrop_user user = {0};
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;
	bool is_root = geteuid() == 0;

	if (is_root && privdrop_find(&user, &err) != 0) {
		log_msg(LOG_CRITICAL, "server", "%s", err_text(&err));
		err_release(&err);
		return -1;
	}
	m->level = log_level();
	pack_u8(&b, is_root);
	pack_u32(&b, user.uid);
	pack_u32(&b, user.gid);
	pack_u8(&b, user.own);
	pack_u8(&b, m->has_journal);
	pack_value(&b, m->encodings);
	pack_u32(&b, (uint32_t)m->level);
	monitor_send(m, TO_SETUP, &b, -1);
	buf_release(&b);
	return 0;
}

static void
collect_needs(struct monitor *m)
{
	value_free(m->encodings);
	m->encodings = value_list();
	m->has_journal = m->njournals > 0;
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);) {
		const struct mjail *j = it.value;

		if (!has_encoding(m, j->encoding))
			value_adds(m->encodings, j->encoding);
	}
}

static void
send_attaches(struct monitor *m, const struct mjail *j)
{
	for (size_t i = 0; i < j->nattaches; i++) {
		const struct mattach *a = j->attaches[i];
		unsigned flags = j->health.in_operation || a->tail
		                     ? ATTACH_TAIL
		                     : ATTACH_SEEK;

		monitor_send_attach(m, a, flags | ATTACH_REPLAY);
	}
}

/* In the order in which the worker needs it. */
static void
send_all(struct monitor *m)
{
	for (size_t i = 0; i < m->nlogs; i++)
		for (size_t k = 0; k < m->logs[i]->nsources; k++) {
			const struct mlog *l = m->logs[i];
			const struct msource *s = &l->sources[k];
			bool copy = s->copy && !monitor_is_marked(m, l, s->id);

			/* They come in order: none goes before another. */
			monitor_send_source(m, l, s, copy ? SOURCE_COPY : 0);
		}
	monitor_journals_send(m);
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);) {
		struct mjail *j = it.value;

		monitor_send_jail(m, j);
		send_attaches(m, j);
		if (j->journal != NULL)
			monitor_journal_attach(m, j);
		monitor_send_run(m, j);
	}
}

static void
on_drained(void *arg)
{
	monitor_sync_later(arg);
}

static void
on_closed(void *arg, const char *why)
{
	monitor_worker_failed(arg, why);
}

static const struct channel_ops channel_ops = {
    .kinds = monitor_kinds,
    .nkinds = FROM_KINDS,
    .message = monitor_message,
    .closed = on_closed,
    .drained = on_drained,
};

/* Only what was ours is waited for: others have children too. */
static void
reap(struct monitor *m)
{
	int status;

	if (m->pid < 0 || waitpid(m->pid, &status, WNOHANG) != m->pid)
		return;
	if (WIFSIGNALED(status) && !m->stopping)
		log_msg(LOG_DEBUG_, "server",
		    "The reading process %d was ended by signal %d (%s)",
		    (int)m->pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	m->pid = -1;
	(void)uv_signal_stop(&m->children);
}

static void
on_child(uv_signal_t *handle, int number)
{
	(void)number;
	reap(handle->data);
}

static int
spawn(struct monitor *m, struct err *err)
{
	int pair[2], fds[3];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(err, "socketpair: %s", strerror(errno));
	fds[0] = pair[1];
	fds[1] = m->files;
	fds[2] = m->progress_fd;
	m->pid = spawn_self(WORKER_WORD, fds, 3, err);
	(void)close(pair[1]);
	if (m->pid < 0) {
		(void)close(pair[0]);
		return -1;
	}
	m->channel = channel_new(m->loop, pair[0], &channel_ops, m);
	return 0;
}

static void
on_again(uv_timer_t *timer)
{
	monitor_worker_start(timer->data);
}

static void
plan_again(struct monitor *m)
{
	if (clock_mono_ms() - m->born_ms > STABLE_MS)
		m->backoff_ms = 0;
	m->backoff_ms = m->backoff_ms == 0 ? BACKOFF_MIN_MS : m->backoff_ms * 2;
	if (m->backoff_ms > BACKOFF_MAX_MS)
		m->backoff_ms = BACKOFF_MAX_MS;
	(void)uv_timer_start(&m->again, on_again, (uint64_t)m->backoff_ms, 0);
}

void
monitor_worker_start(struct monitor *m)
{
	struct err err = ERR_INIT;

	if (m->stopping || m->channel != NULL)
		return;
	(void)uv_signal_start(&m->children, on_child, SIGCHLD);
	if (m->pid >= 0) {
		reap(m); /* the old one is still dying */
		if (m->pid >= 0) {
			plan_again(m);
			return;
		}
		(void)uv_signal_start(&m->children, on_child, SIGCHLD);
	}
	m->born_ms = clock_mono_ms();
	memset(m->progress, 0, sizeof(*m->progress));
	collect_needs(m);
	if (spawn(m, &err) != 0) {
		log_msg(LOG_ERROR, "server", "%s", err_text(&err));
		plan_again(m);
	} else if (send_setup(m) != 0)
		monitor_worker_failed(m, "no user for it");
	else
		send_all(m);
	err_release(&err);
}

static void
drop_channel(struct monitor *m)
{
	channel_free(m->channel);
	m->channel = NULL;
	if (m->pid >= 0)
		(void)kill(m->pid, SIGKILL);
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);) {
		struct mjail *j = it.value;
		bool in_operation = j->health.in_operation;

		j->known = j->newest;

		j->before.lines += j->health.lines;
		j->before.errors += j->health.errors;
		j->before.truncated += j->health.truncated;
		j->before.bad_encoding += j->health.bad_encoding;
		j->before.evicted += j->health.evicted;
		j->before.limit_hits += j->health.limit_hits;
		j->before.skipped += j->health.skipped;
		memset(&j->health, 0, sizeof(j->health));
		j->health.in_operation = in_operation;
	}
}

void
monitor_worker_restart(struct monitor *m)
{
	if (m->channel == NULL || m->stopping)
		return;
	drop_channel(m);
	m->backoff_ms = 0;
	(void)uv_timer_start(&m->again, on_again, 1, 0);
}

static void
add_skip(struct monitor *m, const struct progress *p)
{
	struct mjail *j = monitor_jail_by_id(m, p->jail);
	struct mlog *l;

	if (j == NULL || monitor_source(m, p->source, &l) == NULL)
		return;
	for (size_t i = 0; i < j->nattaches; i++) {
		struct mattach *a = j->attaches[i];

		if (a->log != l || a->nskips >= SKIPS_MAX)
			continue;
		a->skips[a->nskips++] = (struct skip){
		    .source = p->source, .gen = p->gen, .at = p->at};
	}
}

/* The line at which it died; a second death there and it is left out. */
static void
look_at_progress(struct monitor *m)
{
	struct progress p = *m->progress;
	const struct progress *last = &m->last_death;

	if (p.jail == 0)
		return;
	if (p.jail == last->jail && p.source == last->source &&
	    p.gen == last->gen && p.at == last->at)
		add_skip(m, &p);
	m->last_death = p;
}

static void
finish_stop(struct monitor *m)
{
	struct waiter w = m->stopped;

	(void)uv_timer_stop(&m->patience);
	m->stopped.fn = NULL;
	if (w.fn != NULL)
		w.fn(w.arg);
}

void
monitor_worker_failed(struct monitor *m, const char *why)
{
	if (m->channel == NULL)
		return;
	if (!m->stopping) {
		m->restarts++;
		log_msg(LOG_ERROR, "server",
		    "The process that reads the logs ended (%s); it is "
		    "started again",
		    why == NULL ? "died" : why);
		look_at_progress(m);
	}
	drop_channel(m);
	if (m->stopping)
		finish_stop(m);
	else
		plan_again(m);
	monitor_sync_later(m);
}

void
monitor_cut_off(struct monitor *m)
{
	monitor_worker_failed(m, "it does not wait when it is told to");
}

void
monitor_worker_end(struct monitor *m)
{
	m->stopping = true;
	(void)uv_timer_stop(&m->again);
	if (m->channel != NULL)
		drop_channel(m);
	if (m->pid >= 0) {
		/* SIGKILL was sent: this is a matter of microseconds. */
		(void)waitpid(m->pid, NULL, 0);
		m->pid = -1;
	}
}

static void
on_patience(uv_timer_t *timer)
{
	monitor_worker_failed(timer->data, "did not stop in time");
}

static void
on_nothing_to_stop(uv_timer_t *timer)
{
	finish_stop(timer->data);
}

void
monitor_stop(struct monitor *m, monitor_done_fn fn, void *arg)
{
	struct buf none = BUF_INIT;

	m->stopping = true;
	m->stopped = (struct waiter){fn, arg};
	(void)uv_timer_stop(&m->again);
	if (m->channel == NULL) {
		(void)uv_timer_start(&m->patience, on_nothing_to_stop, 0, 0);
		return;
	}
	monitor_send(m, TO_STOP, &none, -1);
	(void)uv_timer_start(&m->patience, on_patience, PATIENCE_MS, 0);
}
