/*
 * The logs of all jails: opened here, because the worker cannot, and passed
 * on. A log is opened anew whenever its name may mean another file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/monitor_impl.h"

enum {
	SOURCES_MAX = 4096, /* of one log, rotated faster than it is read */
	POLL_MS = 1000,
};

/* File systems whose contents change elsewhere. */
static const long silent[] = {
    0x6969,     /* NFS */
    0x517b,     /* SMB */
    0xff534d42, /* CIFS */
    0xfe534d42, /* SMB2 */
    0x65735546, /* FUSE */
    0x01021997, /* 9P */
    0x00c36400, /* Ceph */
    0x5346414f, /* AFS */
    0x47504653, /* GPFS */
};

static bool
is_silent(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		if ((unsigned long)fs.f_type == (unsigned long)silent[i])
			return true;
	return false;
}

struct mlog *
monitor_log_by_id(const struct monitor *m, uint32_t id)
{
	for (size_t i = 0; i < m->nlogs; i++)
		if (m->logs[i]->id == id)
			return m->logs[i];
	return NULL;
}

struct msource *
monitor_source(const struct monitor *m, uint32_t id, struct mlog **log)
{
	for (size_t i = 0; i < m->nlogs; i++) {
		struct mlog *l = m->logs[i];

		for (size_t k = 0; k < l->nsources; k++) {
			/* Mostly it is the same one as the last time. */
			size_t at = (l->hint + k) % l->nsources;

			if (l->sources[at].id != id)
				continue;
			l->hint = at;
			*log = l;
			return &l->sources[at];
		}
	}
	return NULL;
}

static struct mlog *
find_log(const struct monitor *m, const char *path)
{
	for (size_t i = 0; i < m->nlogs; i++)
		if (strcmp(m->logs[i]->path, path) == 0)
			return m->logs[i];
	return NULL;
}

struct mark *
mattach_mark(struct mattach *a, uint32_t source)
{
	struct mark *new;

	/* Mostly it is the same one as the last time. */
	if (a->hint < a->nmarks && a->marks[a->hint].source == source)
		return &a->marks[a->hint];
	for (size_t i = 0; i < a->nmarks; i++)
		if (a->marks[i].source == source) {
			a->hint = i;
			return &a->marks[i];
		}
	GROW(a->marks, a->nmarks, a->marks_cap);
	new = &a->marks[a->nmarks++];
	memset(new, 0, sizeof(*new));
	new->source = source;
	return new;
}

static void
forget_mark(struct mattach *a, uint32_t source)
{
	for (size_t i = 0; i < a->nmarks; i++)
		if (a->marks[i].source == source) {
			a->marks[i] = a->marks[--a->nmarks];
			return;
		}
}

/* All attaches of a log, over all jails: while (next_attach(...)). */
struct attach_iter {
	struct dict_iter jails;
	size_t next;
	struct mattach *attach;
};

static bool
next_attach(
    const struct monitor *m, const struct mlog *l, struct attach_iter *it)
{
	for (;;) {
		const struct mjail *j = it->jails.value;

		while (j != NULL && it->next < j->nattaches) {
			it->attach = j->attaches[it->next++];
			if (it->attach->log == l)
				return true;
		}
		it->next = 0;
		if (!dict_next(m->jails, &it->jails))
			return false;
	}
}

/* Several sources can be one file, with one watch. */
static void
unwatch(struct monitor *m, int wd)
{
	for (size_t i = 0; i < m->nlogs; i++)
		for (size_t k = 0; k < m->logs[i]->nsources; k++)
			if (m->logs[i]->sources[k].wd == wd)
				return;
	if (wd >= 0)
		(void)inotify_rm_watch(m->files, wd);
}

static void
remove_source(struct monitor *m, struct mlog *l, size_t at)
{
	struct msource gone = l->sources[at];

	memmove(l->sources + at, l->sources + at + 1,
	    (--l->nsources - at) * sizeof(gone));
	unwatch(m, gone.wd);
	(void)close(gone.fd);
	monitor_send_ids(m, TO_SOURCE_DEL, &gone.id, 1);
	for (struct attach_iter it = {0}; next_attach(m, l, &it);)
		forget_mark(it.attach, gone.id);
}

bool
monitor_is_marked(
    const struct monitor *m, const struct mlog *l, uint32_t source)
{
	for (struct attach_iter it = {0}; next_attach(m, l, &it);)
		for (size_t i = 0; i < it.attach->nmarks; i++)
			if (it.attach->marks[i].source == source)
				return true;
	return false;
}

void
monitor_tell_truncation(const struct mlog *l)
{
	const struct msource *s = &l->sources[l->nsources - 1];
	char hash[FIRSTLINE_SIZE];
	struct stat st;

	if (!log_enabled(LOG_MSG) || fstat(s->fd, &st) != 0)
		return;
	firstline_hash(hash, s->fd);
	log_msg(LOG_MSG, "filter",
	    "Log rotation detected for %s, reason: (%lld, %lld, %llu, %llu, "
	    "'%s', '%s')",
	    l->path, (long long)st.st_size, (long long)0,
	    (unsigned long long)st.st_ino, (unsigned long long)s->ino, hash,
	    hash);
}

void
monitor_retire(struct monitor *m, uint32_t source)
{
	struct mlog *l;
	struct msource *s = monitor_source(m, source, &l);

	/* The current one is not old. */
	if (s != NULL && s != &l->sources[l->nsources - 1])
		remove_source(m, l, (size_t)(s - l->sources));
}

void
monitor_log_free(struct monitor *m, struct mlog *l)
{
	while (l->nsources > 0)
		remove_source(m, l, l->nsources - 1);
	for (size_t i = 0; i < m->nlogs; i++)
		if (m->logs[i] == l) {
			m->logs[i] = m->logs[--m->nlogs];
			break;
		}
	watch_del(m->watch, l->path);
	if (l->real != NULL)
		watch_del(m->watch, l->real);
	free(l->sources);
	free(l->real);
	free(l->path);
	free(l);
}

/* -1: errno is set. Nothing but a regular file is a log. */
static int
open_log(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	(void)close(fd);
	errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	return -1;
}

static int
watch_file(struct monitor *m, int fd)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(m->files, path, IN_MODIFY | IN_ATTRIB);
}

/* A log that is a link is watched where the file is, too. */
static void
follow_link(struct monitor *m, struct mlog *l)
{
	char *real = realpath(l->path, NULL);

	if (real != NULL && strcmp(real, l->path) == 0) {
		free(real);
		real = NULL;
	}
	if (real != NULL)
		watch_add(m->watch, real);
	if (l->real != NULL)
		watch_del(m->watch, l->real);
	free(l->real);
	l->real = real;
}

static void on_polling(uv_timer_t *timer);

static void
poll_log(struct monitor *m, struct mlog *l)
{
	l->polled = true;
	if (!uv_is_active((uv_handle_t *)&m->polling))
		(void)uv_timer_start(&m->polling, on_polling, POLL_MS, POLL_MS);
}

/* Once is enough. */
static void
tell_too_fast(struct mlog *l)
{
	if (!l->too_fast)
		log_msg(LOG_ERROR, "filter",
		    "'%s' is rotated faster than it can be read: lines may "
		    "be lost",
		    l->path);
	l->too_fast = true;
}

/* Takes fd over. flags: enum source_flag; 0: it is the current file. */
static struct msource *
add_source(struct monitor *m, struct mlog *l, int fd, unsigned flags)
{
	bool before = (flags & SOURCE_OLD) != 0 && l->nsources > 0;
	size_t at = l->nsources - (before ? 1 : 0);
	struct msource *s;
	struct stat st;

	if (l->nsources >= SOURCES_MAX) {
		tell_too_fast(l);
		remove_source(m, l, 0);
		at--;
	}
	GROW(l->sources, l->nsources, l->sources_cap);
	s = l->sources + at;
	memmove(s + 1, s, (l->nsources++ - at) * sizeof(*s));
	memset(s, 0, sizeof(*s));
	if (fstat(fd, &st) == 0) {
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	s->id = ++m->last_id;
	s->fd = fd;
	s->copy = (flags & SOURCE_COPY) != 0;
	s->wd = watch_file(m, fd);
	if (s->wd < 0 || is_silent(fd))
		poll_log(m, l);
	monitor_send_source(m, l, s, flags);
	return s;
}

bool
monitor_has_file(const struct mlog *l, const struct stat *st)
{
	for (size_t i = 0; i < l->nsources; i++)
		if (l->sources[i].dev == st->st_dev &&
		    l->sources[i].ino == st->st_ino)
			return true;
	return false;
}

static void
tell_rotation(const struct mlog *l, const struct msource *old,
    const struct stat *st, const char *hash)
{
	char before[FIRSTLINE_SIZE];

	if (!log_enabled(LOG_MSG))
		return;
	firstline_hash(before, old->fd);
	log_msg(LOG_MSG, "filter",
	    "Log rotation detected for %s, reason: (%lld, %lld, %llu, %llu, "
	    "'%s', '%s')",
	    l->path, (long long)st->st_size, (long long)0,
	    (unsigned long long)st->st_ino, (unsigned long long)old->ino, hash,
	    before);
}

static void
mark_all(struct monitor *m, struct mlog *l, uint32_t source)
{
	for (struct attach_iter it = {0}; next_attach(m, l, &it);)
		(void)mattach_mark(it.attach, source);
}

/* The path may name another file now. */
static void
check_log(struct monitor *m, struct mlog *l)
{
	char hash[FIRSTLINE_SIZE];
	struct stat st;
	int fd = open_log(l->path, &st);
	const struct msource *old = &l->sources[l->nsources - 1];

	if (fd < 0) {
		log_msg(LOG_MSG, "filter",
		    "Log absence detected (possibly rotation) for %s, "
		    "reason: %m",
		    l->path);
		return;
	}
	if (monitor_has_file(l, &st)) {
		(void)close(fd);
		return;
	}
	firstline_hash(hash, fd);
	tell_rotation(l, old, &st, hash);
	old = add_source(m, l, fd, 0);
	mark_all(m, l, old->id);
	follow_link(m, l);
}

static void
on_polling(uv_timer_t *timer)
{
	struct monitor *m = timer->data;
	bool any = false;

	for (size_t i = 0; i < m->nlogs; i++) {
		struct mlog *l = m->logs[i];
		struct stat st;

		if (!l->polled)
			continue;
		any = true;
		if (stat(l->path, &st) == 0 && !monitor_has_file(l, &st))
			check_log(m, l);
	}
	if (!any)
		(void)uv_timer_stop(timer);
}

/* A file that was the log for a moment only, or perhaps a copy of it. */
static void
add_sibling(struct monitor *m, struct mlog *l, int fd, bool renamed)
{
	const struct msource *current = &l->sources[l->nsources - 1];
	unsigned flags = renamed ? 0 : SOURCE_COPY | SOURCE_OLD;
	struct stat st;

	/* Did the log itself get opened before? Then this was earlier. */
	if (renamed && stat(l->path, &st) == 0 && st.st_ino == current->ino &&
	    st.st_dev == current->dev)
		flags = SOURCE_OLD;
	current = add_source(m, l, fd, flags);
	if (renamed)
		mark_all(m, l, current->id);
}

void
monitor_log_sibling(
    void *arg, const char *pattern, const char *path, bool renamed)
{
	struct monitor *m = arg;
	struct stat st;

	for (size_t i = 0; i < m->nlogs; i++) {
		struct mlog *l = m->logs[i];
		int fd;

		if (strcmp(l->path, pattern) != 0 &&
		    (l->real == NULL || strcmp(l->real, pattern) != 0))
			continue;
		fd = open_log(path, &st);
		if (fd < 0)
			continue;
		if (monitor_has_file(l, &st)) {
			(void)close(fd);
			continue;
		}
		add_sibling(m, l, fd, renamed);
	}
}

void
monitor_log_changed(void *arg, const char *pattern)
{
	struct monitor *m = arg;

	for (size_t i = 0; i < m->nlogs; i++) {
		struct mlog *l = m->logs[i];

		if (strcmp(l->path, pattern) == 0 ||
		    (l->real != NULL && strcmp(l->real, pattern) == 0))
			check_log(m, l);
	}
	monitor_check_awaited(m, pattern);
	monitor_journal_changed(m, pattern);
}

struct mlog *
monitor_make_log(struct monitor *m, const char *path)
{
	struct mlog *l = find_log(m, path);
	struct stat st;
	int fd;

	if (l != NULL) {
		check_log(m, l);
		return l;
	}
	/* First the watch: nothing can happen between it and the opening. */
	watch_add(m->watch, path);
	fd = open_log(path, &st);
	if (fd < 0) {
		int saved = errno;

		watch_del(m->watch, path);
		errno = saved;
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->id = ++m->last_id;
	l->path = xstrdup(path);
	GROW(m->logs, m->nlogs, m->logs_cap);
	m->logs[m->nlogs++] = l;
	(void)add_source(m, l, fd, 0);
	follow_link(m, l);
	return l;
}
