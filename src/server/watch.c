/*
 * A pattern waits at every directory on its way for the next part of it: the
 * directory may be missing, or be replaced by another one. When such a name
 * appears the waiting places are found anew.
 *
 * What appears beside a log may have been renamed again before it can be
 * opened (rotation by shifting numbers): names are followed through all
 * events, and once more for those that came while files were opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/dict.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/watch.h"

enum {
	MASK = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF |
	       IN_MOVE_SELF | IN_ONLYDIR,
	GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT,
	EVENTS = 16 * 1024,
	WAITS_MAX = 4096,  /* directories of one glob */
	BESIDE_MAX = 4096, /* files beside one log in a batch */
	ROUNDS_MAX = 64,   /* looks at what came meanwhile */
};

/* A file that appeared beside a log. */
struct beside {
	int wd;
	char *name;
	uint32_t cookie; /* it has left that name; 0: it is there */
	bool renamed;    /* it is what the path named */
	bool told;       /* under this name */
	bool stale;      /* had left already when the last batch ended */
};

/* A directory and the name that a pattern waits for there. */
struct wait {
	int wd;
	char *name;   /* may be a glob */
	bool is_last; /* the last part of the pattern */
};

struct pattern {
	char *text;
	unsigned users;
	struct wait *waits;
	size_t n;
	size_t cap;
	uint32_t cookie;       /* of the last rename away from the name */
	bool changed;          /* to be told at the end of the batch */
	struct beside *beside; /* in the order in which they appeared */
	size_t nbeside;
	size_t beside_cap;
};

struct dir {
	int wd;
	char *path;
	unsigned users; /* waits */
};

struct watch {
	uv_poll_t poll;
	int fd;
	const struct watch_ops *ops;
	void *arg;
	struct dict *patterns; /* text -> struct pattern, owned */
	struct dir *dirs;
	size_t ndirs;
	size_t dirs_cap;
	char *events; /* EVENTS bytes */
};

bool
watch_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

static struct dir *
find_dir(struct watch *w, int wd)
{
	for (size_t i = 0; i < w->ndirs; i++)
		if (w->dirs[i].wd == wd)
			return &w->dirs[i];
	return NULL;
}

/* -1: not a directory, or no watch to be had. */
static int
hold_dir(struct watch *w, const char *path)
{
	int wd = inotify_add_watch(w->fd, path, MASK);
	struct dir *d;

	if (wd < 0) {
		if (errno == ENOSPC)
			log_msg(LOG_ERROR, "filter",
			    "No inotify watch left for '%s': raise "
			    "fs.inotify.max_user_watches",
			    path);
		return -1;
	}
	d = find_dir(w, wd);
	if (d == NULL) {
		GROW(w->dirs, w->ndirs, w->dirs_cap);
		d = &w->dirs[w->ndirs++];
		d->wd = wd;
		d->path = xstrdup(path);
		d->users = 0;
	}
	d->users++;
	return wd;
}

static void
drop_dir(struct watch *w, int wd)
{
	struct dir *d = find_dir(w, wd);

	if (d == NULL || --d->users > 0)
		return;
	(void)inotify_rm_watch(w->fd, wd);
	free(d->path);
	*d = w->dirs[--w->ndirs];
}

static void
clear_waits(struct watch *w, struct pattern *p)
{
	for (size_t i = 0; i < p->n; i++) {
		drop_dir(w, p->waits[i].wd);
		free(p->waits[i].name);
	}
	p->n = 0;
}

static void
add_wait(struct watch *w, struct pattern *p, const char *dir, const char *name,
    size_t n, bool is_last)
{
	int wd = p->n < WAITS_MAX ? hold_dir(w, dir) : -1;

	if (wd < 0)
		return;
	GROW(p->waits, p->n, p->cap);
	p->waits[p->n].wd = wd;
	p->waits[p->n].name = xmemdup0(name, n);
	p->waits[p->n].is_last = is_last;
	p->n++;
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *
join(const char *dir, const char *name, size_t n)
{
	const char *slash =
	    dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/";

	return xasprintf("%s%s%.*s", dir, slash, (int)n, name);
}

static void find_waits(
    struct watch *w, struct pattern *p, const char *dir, const char *rest);

static void
enter_matching(struct watch *w, struct pattern *p, const char *dir,
    const char *name, const char *rest)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path;

		if (fnmatch(name, e->d_name, FNM_PERIOD | FNM_NOESCAPE) != 0)
			continue;
		path = join(dir, e->d_name, strlen(e->d_name));
		if (is_dir(path))
			find_waits(w, p, path, rest);
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
}

/* dir exists; rest are the parts of the pattern below it. */
static void
find_waits(
    struct watch *w, struct pattern *p, const char *dir, const char *rest)
{
	size_t n = strcspn(rest, "/");
	const char *next = rest + n + strspn(rest + n, "/");
	char *name = xmemdup0(rest, n);
	char *path = join(dir, rest, n);

	if (*next == '\0')
		add_wait(w, p, dir, rest, n, true);
	else if (watch_is_glob(name)) {
		add_wait(w, p, dir, rest, n, false);
		enter_matching(w, p, dir, name, next);
	} else {
		/* It may come, or be replaced by another one. */
		add_wait(w, p, dir, rest, n, false);
		if (is_dir(path))
			find_waits(w, p, path, next);
	}
	free(name);
	free(path);
}

static void
set_waits(struct watch *w, struct pattern *p)
{
	struct pattern old = *p;
	const char *text = p->text;
	const char *rest = text + strspn(text, "/");

	/* The new ones are made first, so that no watch is lost and remade. */
	p->waits = NULL;
	p->n = p->cap = 0;
	find_waits(w, p, text[0] == '/' ? "/" : ".", rest);
	clear_waits(w, &old);
	free(old.waits);
}

static void
pattern_free(struct watch *w, struct pattern *p)
{
	clear_waits(w, p);
	for (size_t i = 0; i < p->nbeside; i++)
		free(p->beside[i].name);
	free(p->beside);
	free(p->waits);
	free(p->text);
	free(p);
}

void
watch_add(struct watch *w, const char *pattern)
{
	struct pattern *p = dict_get(w->patterns, pattern);

	if (p == NULL) {
		p = xcalloc(1, sizeof(*p));
		p->text = xstrdup(pattern);
		dict_set(w->patterns, pattern, p);
		set_waits(w, p);
	}
	p->users++;
}

void
watch_del(struct watch *w, const char *pattern)
{
	struct pattern *p = dict_get(w->patterns, pattern);

	if (p == NULL || --p->users > 0)
		return;
	(void)dict_taken(w->patterns, p->text, strlen(p->text));
	pattern_free(w, p);
}

/* "auth.log.1", "auth.log-20260101" beside "auth.log". */
static bool
is_sibling(const char *own, const char *name)
{
	size_t n = strlen(own);

	return strncmp(own, name, n) == 0 && name[n] != '\0' &&
	       strchr("._-~", name[n]) != NULL;
}

/* Packed data is no log that could be read. */
static bool
is_packed(const char *name)
{
	static const char *const ends[] = {
	    ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z", ".zip"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t m = strlen(ends[i]);

		if (n > m && strcmp(name + n - m, ends[i]) == 0)
			return true;
	}
	return false;
}

static void
forget_beside(struct pattern *p, size_t at)
{
	free(p->beside[at].name);
	memmove(p->beside + at, p->beside + at + 1,
	    (--p->nbeside - at) * sizeof(*p->beside));
}

/* Index, nbeside: none. */
static size_t
find_beside(const struct pattern *p, int wd, const char *name)
{
	size_t i = 0;

	while (i < p->nbeside &&
	       (p->beside[i].cookie != 0 || p->beside[i].wd != wd ||
	           strcmp(p->beside[i].name, name) != 0))
		i++;
	return i;
}

/* A name in use is taken over: the file that had it is gone. */
static void
replace_beside(struct pattern *p, int wd, const char *name)
{
	size_t at = find_beside(p, wd, name);

	if (at < p->nbeside)
		forget_beside(p, at);
}

static void
add_beside(struct pattern *p, int wd, const char *name, bool renamed)
{
	if (p->nbeside >= BESIDE_MAX)
		forget_beside(p, 0);
	GROW(p->beside, p->nbeside, p->beside_cap);
	p->beside[p->nbeside++] = (struct beside){
	    .wd = wd, .name = xstrdup(name), .renamed = renamed};
}

/* Returns false: it is not one that is followed. */
static bool
arrive(struct pattern *p, const struct inotify_event *e, const char *name)
{
	for (size_t i = 0; i < p->nbeside; i++) {
		struct beside *b = &p->beside[i];

		if (b->cookie == 0 || b->cookie != e->cookie)
			continue;
		free(b->name);
		b->name = xstrdup(name);
		b->wd = e->wd;
		b->cookie = 0;
		b->told = b->stale = false;
		return true;
	}
	return false;
}

/* Any name but that of the log itself. */
static void
note_beside(struct pattern *p, const struct wait *at,
    const struct inotify_event *e, const char *name)
{
	size_t leaves;

	if (!at->is_last || watch_is_glob(at->name) ||
	    (e->mask & IN_ISDIR) != 0)
		return;
	if ((e->mask & IN_MOVED_FROM) != 0) {
		leaves = find_beside(p, e->wd, name);
		if (leaves < p->nbeside)
			p->beside[leaves].cookie = e->cookie;
		return;
	}
	replace_beside(p, e->wd, name);
	/* A log may be moved to any name, a copy is found by its name. */
	if ((e->mask & IN_MOVED_TO) != 0) {
		if (!arrive(p, e, name) && e->cookie == p->cookie)
			add_beside(p, e->wd, name, true);
	} else if (is_sibling(at->name, name) && !is_packed(name))
		add_beside(p, e->wd, name, false);
}

static void
tell_beside(struct watch *w, struct pattern *p)
{
	for (size_t i = 0; i < p->nbeside; i++) {
		struct beside *b = &p->beside[i];
		const struct dir *d = find_dir(w, b->wd);
		char *path;

		if (b->told || b->cookie != 0 || d == NULL)
			continue;
		b->told = true;
		path = join(d->path, b->name, strlen(b->name));
		w->ops->sibling(w->arg, p->text, path, b->renamed);
		free(path);
	}
}

/* The second half of a rename may be still to come. */
static void
settle_beside(struct pattern *p)
{
	for (size_t i = p->nbeside; i-- > 0;) {
		struct beside *b = &p->beside[i];

		if (b->cookie == 0 || b->stale)
			forget_beside(p, i);
		else
			b->stale = true;
	}
}

/* Whether a wait has to be found anew because of the event. */
static bool
match_event(struct pattern *p, const struct inotify_event *e, const char *name)
{
	bool again = false;

	for (size_t i = 0; i < p->n; i++) {
		const struct wait *at = &p->waits[i];

		if (at->wd != e->wd)
			continue;
		if ((e->mask & GONE) != 0) {
			again = p->changed = true;
			continue;
		}
		if (fnmatch(at->name, name, FNM_PERIOD | FNM_NOESCAPE) != 0) {
			note_beside(p, at, e, name);
			continue;
		}
		if ((e->mask & IN_MOVED_FROM) != 0) {
			p->cookie = at->is_last ? e->cookie : p->cookie;
			continue;
		}
		p->changed = true;
		again = again || !at->is_last;
	}
	return again;
}

static void
on_event(struct watch *w, const struct inotify_event *e, const char *name)
{
	bool lost = (e->mask & IN_Q_OVERFLOW) != 0;

	for (struct dict_iter it = {0}; dict_next(w->patterns, &it);) {
		struct pattern *p = it.value;

		p->changed = p->changed || lost;
		if (match_event(p, e, name) || lost)
			set_waits(w, p);
	}
}

static struct pattern *
next_changed(struct watch *w)
{
	for (struct dict_iter it = {0}; dict_next(w->patterns, &it);) {
		struct pattern *p = it.value;

		if (p->changed)
			return p;
	}
	return NULL;
}

/* Whether there were any. */
static bool
take_events(struct watch *w)
{
	bool any = false;
	ssize_t got;

	while ((got = read(w->fd, w->events, EVENTS)) > 0) {
		any = true;
		for (const char *at = w->events; at < w->events + got;) {
			struct inotify_event e;
			const char *name = at + sizeof(e);

			memcpy(&e, at, sizeof(e));
			at += sizeof(e) + e.len;
			on_event(w, &e, e.len > 0 ? name : "");
		}
	}
	return any;
}

static void
look_beside(struct watch *w)
{
	for (int i = 0; i < ROUNDS_MAX && take_events(w); i++)
		for (struct dict_iter it = {0}; dict_next(w->patterns, &it);)
			tell_beside(w, it.value);
	for (struct dict_iter it = {0}; dict_next(w->patterns, &it);)
		settle_beside(it.value);
}

/*
 * First what lies beside, then what a path names now: the order in which it
 * was written. Callbacks of the second may add and remove patterns.
 */
void
watch_drain(struct watch *w)
{
	struct pattern *p;

	look_beside(w);
	while ((p = next_changed(w)) != NULL) {
		char *text = xstrdup(p->text);

		p->changed = false;
		w->ops->changed(w->arg, text);
		free(text);
	}
}

static void
on_events(uv_poll_t *poll, int status, int events)
{
	(void)events;
	if (status == 0)
		watch_drain(poll->data);
}

struct watch *
watch_new(
    uv_loop_t *loop, const struct watch_ops *ops, void *arg, struct err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct watch *w;

	if (fd < 0) {
		(void)err_set(err, "inotify: %s", strerror(errno));
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->ops = ops;
	w->arg = arg;
	w->patterns = dict_new(NULL);
	w->events = xmalloc(EVENTS);
	(void)uv_poll_init(loop, &w->poll, fd);
	w->poll.data = w;
	(void)uv_poll_start(&w->poll, UV_READABLE, on_events);
	return w;
}

static void
on_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;

	(void)close(w->fd);
	free(w->events);
	free(w);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	for (struct dict_iter it = {0}; dict_next(w->patterns, &it);)
		pattern_free(w, it.value);
	dict_free(w->patterns);
	free(w->dirs);
	uv_close((uv_handle_t *)&w->poll, on_closed);
}
