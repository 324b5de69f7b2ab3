/*
 * Jails, and what the server asks for; logs, the worker and its messages are
 * in the other files of the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "sensor/codec.h"
#include "server/monitor_impl.h"

static const struct watch_ops watch_ops = {
    .changed = monitor_log_changed,
    .sibling = monitor_log_sibling,
};

/*
 * The page can be written by the worker but not be taken away under us, which
 * would be a SIGBUS.
 */
static int
make_progress(struct monitor *m, struct err *err)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int fd = memfd_create("progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(struct progress)) != 0 ||
	    fcntl(fd, F_ADD_SEALS, seals) != 0) {
		if (fd >= 0)
			(void)close(fd);
		return err_set(err, "memfd_create: %s", strerror(errno));
	}
	p = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		(void)close(fd);
		return err_set(err, "mmap: %s", strerror(errno));
	}
	m->progress = p;
	m->progress_fd = fd;
	return 0;
}

/* Every rotated log is a descriptor for a while. */
static void
raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return;
	rl.rlim_cur = rl.rlim_max < 65536 ? rl.rlim_max : 65536;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

static void
init_handles(struct monitor *m)
{
	(void)uv_timer_init(m->loop, &m->again);
	(void)uv_timer_init(m->loop, &m->polling);
	(void)uv_timer_init(m->loop, &m->sync);
	(void)uv_timer_init(m->loop, &m->patience);
	(void)uv_signal_init(m->loop, &m->children);
	m->again.data = m->polling.data = m->sync.data = m;
	m->patience.data = m->children.data = m;
	m->handles = 5;
}

struct monitor *
monitor_new(
    uv_loop_t *loop, const struct monitor_ops *ops, void *arg, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));

	m->loop = loop;
	m->ops = ops;
	m->arg = arg;
	m->pid = -1;
	m->files = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (m->files < 0)
		(void)err_set(err, "inotify: %s", strerror(errno));
	if (m->files < 0 || make_progress(m, err) != 0) {
		if (m->files >= 0)
			(void)close(m->files);
		free(m);
		return NULL;
	}
	m->watch = watch_new(loop, &watch_ops, m, err);
	if (m->watch == NULL) {
		(void)munmap(m->progress, sizeof(*m->progress));
		(void)close(m->progress_fd);
		(void)close(m->files);
		free(m);
		return NULL;
	}
	raise_limit();
	m->jails = dict_new(NULL);
	init_handles(m);
	return m;
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct monitor *m = handle->data;

	if (--m->handles == 0)
		free(m);
}

static void
jail_free(struct monitor *m, struct mjail *j)
{
	monitor_detach_all(m, j);
	if (j->journal != NULL)
		monitor_journal_detach(m, j);
	for (size_t i = 0; i < j->nawaits; i++) {
		watch_del(m->watch, j->awaits[i].pattern);
		free(j->awaits[i].pattern);
	}
	free(j->awaits);
	free(j->attaches);
	value_free(j->spec);
	value_free(j->matches);
	free(j->encoding);
	free(j->name);
	free(j);
}

void
monitor_free(struct monitor *m)
{
	if (m == NULL)
		return;
	monitor_worker_end(m);
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);)
		jail_free(m, it.value);
	dict_free(m->jails);
	while (m->nlogs > 0)
		monitor_log_free(m, m->logs[0]);
	free(m->logs);
	monitor_journals_free(m);
	watch_free(m->watch);
	free(m->waiters);
	value_free(m->encodings);
	(void)munmap(m->progress, sizeof(*m->progress));
	(void)close(m->progress_fd);
	(void)close(m->files);
	uv_close((uv_handle_t *)&m->again, on_handle_closed);
	uv_close((uv_handle_t *)&m->polling, on_handle_closed);
	uv_close((uv_handle_t *)&m->sync, on_handle_closed);
	uv_close((uv_handle_t *)&m->patience, on_handle_closed);
	uv_close((uv_handle_t *)&m->children, on_handle_closed);
}

struct mjail *
monitor_jail(const struct monitor *m, const char *name)
{
	return dict_get(m->jails, name);
}

struct mjail *
monitor_jail_by_id(const struct monitor *m, uint32_t id)
{
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);)
		if (((struct mjail *)it.value)->id == id)
			return it.value;
	return NULL;
}

bool
monitor_jail_runs(const struct mjail *j)
{
	return j->started && !j->idle && !j->paused;
}

int
monitor_jail_set(struct monitor *m, const char *jail,
    const struct filterspec *spec, const char *encoding, struct err *err)
{
	struct mjail *j = monitor_jail(m, jail);

	if (!codec_known(encoding))
		return err_set(err, "unknown encoding: %s", encoding);
	if (j == NULL) {
		j = xcalloc(1, sizeof(*j));
		j->monitor = m;
		j->id = ++m->last_id;
		j->name = xstrdup(jail);
		dict_set(m->jails, jail, j);
	}
	value_free(j->spec);
	free(j->encoding);
	j->spec = filterspec_to_value(spec);
	j->encoding = xstrdup(encoding);
	monitor_send_jail(m, j);
	return 0;
}

void
monitor_jail_del(struct monitor *m, const char *jail)
{
	struct mjail *j = dict_taken(m->jails, jail, strlen(jail));

	if (j == NULL)
		return;
	monitor_send_ids(m, TO_JAIL_DEL, &j->id, 1);
	jail_free(m, j);
}

void
monitor_idle(struct monitor *m, const char *jail, bool idle)
{
	struct mjail *j = monitor_jail(m, jail);

	if (j == NULL)
		return;
	j->idle = idle;
	monitor_send_run(m, j);
}

void
monitor_pause(struct monitor *m, const char *jail, bool pause)
{
	struct mjail *j = monitor_jail(m, jail);

	if (j == NULL || j->paused == pause)
		return;
	j->paused = pause;
	monitor_send_run(m, j);
}

void
monitor_start(struct monitor *m, const char *jail)
{
	struct mjail *j = monitor_jail(m, jail);

	if (j == NULL || j->started)
		return;
	j->started = true;
	m->wanted = true;
	if (m->channel == NULL)
		monitor_worker_start(m);
	else
		monitor_send_run(m, j);
}

static void
add_counts(struct monitor_health *to, const struct monitor_health *h)
{
	to->lines += h->lines;
	to->errors += h->errors;
	to->truncated += h->truncated;
	to->bad_encoding += h->bad_encoding;
	to->evicted += h->evicted;
	to->limit_hits += h->limit_hits;
	to->skipped += h->skipped;
}

void
monitor_health(struct monitor *m, const char *jail, struct monitor_health *ret)
{
	const struct mjail *j = monitor_jail(m, jail);

	memset(ret, 0, sizeof(*ret));
	if (j == NULL)
		return;
	*ret = j->before;
	add_counts(ret, &j->health);
	ret->in_operation = j->health.in_operation;
	ret->restarts = m->restarts;
}

int
monitor_worker_pid(const struct monitor *m)
{
	return (int)m->pid;
}

struct value *
monitor_logs(const struct monitor *m, const char *jail)
{
	const struct mjail *j = monitor_jail(m, jail);
	struct value *list = value_list();

	for (size_t i = 0; j != NULL && i < j->nattaches; i++)
		value_adds(list, j->attaches[i]->log->path);
	return list;
}

/* fn may ask for another sync. */
static void
call_waiters(struct monitor *m)
{
	struct waiter *all = m->waiters;
	size_t n = m->nwaiters;

	m->waiters = NULL;
	m->nwaiters = m->waiters_cap = 0;
	for (size_t i = 0; i < n; i++)
		all[i].fn(all[i].arg);
	free(all);
}

static void
on_sync(uv_timer_t *timer)
{
	struct monitor *m = timer->data;

	/* Else the channel's drained() comes here again. */
	if (m->channel == NULL || channel_queued(m->channel) == 0)
		call_waiters(m);
}

void
monitor_sync_later(struct monitor *m)
{
	if (m->nwaiters > 0)
		(void)uv_timer_start(&m->sync, on_sync, 0, 0);
}

void
monitor_sync(struct monitor *m, monitor_done_fn fn, void *arg)
{
	GROW(m->waiters, m->nwaiters, m->waiters_cap);
	m->waiters[m->nwaiters++] = (struct waiter){fn, arg};
	monitor_sync_later(m);
}
