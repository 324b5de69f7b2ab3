/*
 * Which jail reads which log, and from where on.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/monitor_impl.h"

static struct mattach *
find_attach(const struct mjail *j, const char *path)
{
	for (size_t i = 0; i < j->nattaches; i++)
		if (strcmp(j->attaches[i]->log->path, path) == 0)
			return j->attaches[i];
	return NULL;
}

/*
 * Where to begin: at the end, at the stored place if it is the same file, or
 * at the start. Returns whether older lines are to be skipped.
 */
static int64_t
first_place(struct monitor *m, const struct mjail *j, const struct mlog *l,
    bool tail, char hash[FIRSTLINE_SIZE])
{
	int fd = l->sources[l->nsources - 1].fd;
	struct monitor_pos pos;
	struct stat st;

	firstline_hash(hash, fd);
	if (tail)
		return fstat(fd, &st) == 0 ? st.st_size : 0;
	if (!m->ops->stored(m->arg, j->name, l->path, &pos))
		return 0;
	if (hash[0] == '\0' || strcmp(hash, pos.mark) != 0 || pos.at < 0 ||
	    pos.at > 9e15)
		return 0;
	return (int64_t)pos.at;
}

void
monitor_tell_position(
    struct monitor *m, const struct mattach *a, struct mark *mark, bool always)
{
	const struct mlog *l = a->log;
	const struct msource *s = &l->sources[l->nsources - 1];
	struct monitor_pos pos = {.at = (double)mark->done};

	if (mark->source != s->id || mark->told == mark->done)
		return;
	mark->told = mark->done;
	firstline_hash(pos.mark, s->fd);
	if (always || pos.mark[0] != '\0')
		m->ops->position(m->arg, a->jail->name, l->path, &pos);
}

/* What is before the place now; unknown when the file is too short. */
static void
note_tail(struct mark *mark, int fd)
{
	int64_t n = mark->done < CURSOR_TAIL ? mark->done : CURSOR_TAIL;
	ssize_t got = pread(fd, mark->tail, (size_t)n, mark->done - n);

	mark->tail_n = got == n ? (size_t)n : 0;
}

static void
attach(struct monitor *m, struct mjail *j, struct mlog *l, bool tail)
{
	struct mattach *a = xcalloc(1, sizeof(*a));
	char hash[FIRSTLINE_SIZE];
	int64_t at = first_place(m, j, l, tail, hash);
	struct mark *mark;

	a->jail = j;
	a->log = l;
	a->tail = tail;
	l->users++;
	GROW(j->attaches, j->nattaches, j->attaches_cap);
	j->attaches[j->nattaches++] = a;
	mark = mattach_mark(a, l->sources[l->nsources - 1].id);
	mark->done = mark->end = at;
	note_tail(mark, l->sources[l->nsources - 1].fd);
	mark->index = UINT32_MAX; /* the line that ends there is known */
	mark->told = -1;
	log_msg(LOG_INFO_, "filter",
	    "Added logfile: '%s' (pos = %lld, hash = %s)", l->path,
	    (long long)at, hash);
	monitor_tell_position(m, a, mark, true);
	monitor_send_attach(m, a,
	    tail ? ATTACH_TAIL
	         : ATTACH_SEEK | (at > 0 ? (unsigned)ATTACH_REPLAY : 0));
}

int
monitor_add_log(struct monitor *m, const char *jail, const char *path,
    bool tail, struct err *err)
{
	struct mjail *j = monitor_jail(m, jail);
	struct mlog *l;
	int saved;

	if (j == NULL) {
		errno = EINVAL;
		return err_set(err, "%s", jail);
	}
	if (find_attach(j, path) != NULL) {
		log_msg(LOG_ERROR, "filter", "%s already exists", path);
		return 1;
	}
	l = monitor_make_log(m, path);
	if (l == NULL) {
		saved = errno;
		(void)err_set(
		    err, "[Errno %d] %s: '%s'", saved, strerror(saved), path);
		errno = saved;
		return -1;
	}
	attach(m, j, l, tail);
	return 0;
}

/* What the pattern matches now and the jail does not have yet. */
static void
add_matching(struct monitor *m, struct mjail *j, const char *path, bool tail)
{
	struct mlog *l;

	if (find_attach(j, path) != NULL)
		return;
	l = monitor_make_log(m, path);
	if (l != NULL)
		attach(m, j, l, tail);
	else if (errno != ENOENT)
		log_msg(LOG_ERROR, "filter", "[%s] Unable to open '%s': %m",
		    j->name, path);
}

/*
 * "auth.log.1", "auth-20260101.log.gz" beside "auth.log": what a log was, or
 * a copy of it.
 */
static bool
is_rotated(const char *log, const char *path)
{
	const char *name = strrchr(log, '/');
	const char *dot = strrchr(name == NULL ? log : name, '.');
	size_t n = strlen(log);
	size_t stem = dot == NULL ? n : (size_t)(dot - log);
	size_t number;

	if (strncmp(path, log, n) == 0 && path[n] != '\0' &&
	    strchr("._-~", path[n]) != NULL)
		return true;
	if (strncmp(path, log, stem) != 0)
		return false;
	number = strspn(path + stem, "0123456789.-_");
	return number > 1 && path[stem + number - 1] == '.' &&
	       strncmp(path + stem + number, log + stem + 1, n - stem - 1) == 0;
}

/* A name that a glob matches may be a new one for a file we have. */
static bool
is_old_file(const struct mjail *j, const char *path)
{
	struct stat st;

	for (size_t i = 0; i < j->nattaches; i++) {
		const struct mlog *l = j->attaches[i]->log;

		if (is_rotated(l->path, path) ||
		    (stat(path, &st) == 0 && monitor_has_file(l, &st)))
			return true;
	}
	return false;
}

static void
add_awaited(struct monitor *m, struct mjail *j, struct mawait *w)
{
	glob_t found;

	if (!watch_is_glob(w->pattern)) {
		add_matching(m, j, w->pattern, w->tail);
		return;
	}
	if (glob(w->pattern, GLOB_NOESCAPE, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!is_old_file(j, found.gl_pathv[i]))
			add_matching(m, j, found.gl_pathv[i], w->tail);
	globfree(&found);
}

void
monitor_check_awaited(struct monitor *m, const char *pattern)
{
	for (struct dict_iter it = {0}; dict_next(m->jails, &it);) {
		struct mjail *j = it.value;

		for (size_t i = 0; i < j->nawaits; i++)
			if (strcmp(j->awaits[i].pattern, pattern) == 0)
				add_awaited(m, j, &j->awaits[i]);
	}
}

int
monitor_await_log(
    struct monitor *m, const char *jail, const char *pattern, bool tail)
{
	struct mjail *j = monitor_jail(m, jail);
	struct mawait *w = NULL;
	size_t before;

	if (j == NULL)
		return -1;
	for (size_t i = 0; i < j->nawaits; i++)
		if (strcmp(j->awaits[i].pattern, pattern) == 0)
			w = &j->awaits[i];
	if (w == NULL) {
		GROW(j->awaits, j->nawaits, j->awaits_cap);
		w = &j->awaits[j->nawaits++];
		w->pattern = xstrdup(pattern);
		watch_add(m->watch, pattern);
	}
	w->tail = tail;
	before = j->nattaches;
	add_awaited(m, j, w);
	return (int)(j->nattaches - before);
}

static void
detach(struct monitor *m, struct mjail *j, struct mattach *a)
{
	const uint32_t ids[] = {j->id, a->log->id};
	size_t i = 0;

	/* Failures since the last report shall not be found again. */
	monitor_tell_position(m, a,
	    mattach_mark(a, a->log->sources[a->log->nsources - 1].id), false);
	while (j->attaches[i] != a)
		i++;
	memmove(j->attaches + i, j->attaches + i + 1,
	    (--j->nattaches - i) * sizeof(j->attaches[0]));
	monitor_send_ids(m, TO_DETACH, ids, 2);
	if (--a->log->users == 0)
		monitor_log_free(m, a->log);
	free(a->marks);
	free(a);
}

void
monitor_detach_all(struct monitor *m, struct mjail *j)
{
	while (j->nattaches > 0)
		detach(m, j, j->attaches[j->nattaches - 1]);
}

void
monitor_del_log(struct monitor *m, const char *jail, const char *path)
{
	struct mjail *j = monitor_jail(m, jail);
	struct mattach *a = j == NULL ? NULL : find_attach(j, path);

	for (size_t i = 0; j != NULL && i < j->nawaits; i++) {
		if (strcmp(j->awaits[i].pattern, path) != 0)
			continue;
		watch_del(m->watch, path);
		free(j->awaits[i].pattern);
		j->awaits[i] = j->awaits[--j->nawaits];
	}
	if (a == NULL)
		return;
	detach(m, j, a);
	log_msg(LOG_INFO_, "filter", "Removed logfile: '%s'", path);
}

/* Does a log of the jail come from the pattern? */
static bool
is_met(const struct mjail *j, const char *pattern)
{
	glob_t found;
	bool met = find_attach(j, pattern) != NULL;

	if (met || !watch_is_glob(pattern) ||
	    glob(pattern, GLOB_NOESCAPE, NULL, &found) != 0)
		return met;
	for (size_t i = 0; i < found.gl_pathc; i++)
		met = met || find_attach(j, found.gl_pathv[i]) != NULL;
	globfree(&found);
	return met;
}

struct value *
monitor_awaited(const struct monitor *m, const char *jail)
{
	const struct mjail *j = monitor_jail(m, jail);
	struct value *list = value_list();

	for (size_t i = 0; j != NULL && i < j->nawaits; i++)
		if (!is_met(j, j->awaits[i].pattern))
			value_adds(list, j->awaits[i].pattern);
	return list;
}
