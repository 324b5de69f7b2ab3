/*
 * Logs, their sources and who reads them; reading is in reader_turn.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/lines.h"
#include "sensor/reader_impl.h"

enum {
	REPLAY = 256 * 1024,  /* bytes before the mark that are read again */
	QUIET_MS = 60 * 1000, /* an old file is given up after that */
	MANY = 16,            /* sources of a log: less patience then */
	QUIET_MANY_MS = 200,
};

struct reader *
reader_new(const struct reader_ops *ops, void *arg)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->ops = ops;
	r->arg = arg;
	block_init(&r->block);
	buf_init(&r->scratch);
	return r;
}

static void
attach_free(struct attach *a)
{
	free(a->places);
	free(a->skips);
	free(a);
}

static void
log_free(struct log *l)
{
	for (size_t i = 0; i < l->nsources; i++)
		(void)close(l->sources[i].fd);
	for (size_t i = 0; i < l->nattaches; i++)
		attach_free(l->attaches[i]);
	for (size_t i = 0; i < l->ndates; i++) {
		datedetect_free(l->dates[i].d);
		free(l->dates[i].key);
	}
	free(l->sources);
	free(l->attaches);
	free(l->dates);
	free(l->path);
	free(l);
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->nlogs; i++)
		log_free(r->logs[i]);
	free(r->logs);
	free(r->moves);
	block_release(&r->block);
	buf_release(&r->scratch);
	free(r);
}

static struct log *
find_log(const struct reader *r, uint32_t id)
{
	for (size_t i = 0; i < r->nlogs; i++)
		if (r->logs[i]->id == id)
			return r->logs[i];
	return NULL;
}

static struct log *
make_log(struct reader *r, const struct reader_source *s)
{
	struct log *l = find_log(r, s->log);

	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->id = s->log;
	l->path = xstrdup(s->path);
	GROW(r->logs, r->nlogs, r->logs_cap);
	r->logs[r->nlogs++] = l;
	return l;
}

/* A place for the source at index at; others move up. */
static void
insert_place(struct log *l, struct attach *a, size_t at, bool active)
{
	struct place *p;

	GROW(a->places, l->nsources, a->places_cap);
	p = a->places + at;
	memmove(p + 1, p, (l->nsources - at) * sizeof(*p));
	memset(p, 0, sizeof(*p));
	p->active = active;
	p->at_end = !active;
}

static bool
is_read(const struct log *l, size_t at)
{
	for (size_t i = 0; i < l->nattaches; i++)
		if (!l->attaches[i]->places[at].at_end)
			return false;
	return true;
}

/* A copy may be needed as long as somebody is behind. */
static bool
is_done(const struct log *l, size_t at, int64_t now)
{
	const struct source *s = &l->sources[at];
	int quiet = l->nsources > MANY && !s->copy ? QUIET_MANY_MS : QUIET_MS;

	return now - s->grown >= quiet && is_read(l, at) &&
	       (!s->copy || is_read(l, l->nsources - 1));
}

/* Whether some are left. */
static bool
retire_log(struct reader *r, const struct log *l)
{
	int64_t now = clock_mono_ms();
	bool left = false;

	for (size_t k = 0; k + 1 < l->nsources; k++) {
		struct source *s = &l->sources[k];

		if (s->retiring)
			continue;
		if (is_done(l, k, now)) {
			s->retiring = true;
			r->ops->retired(r->arg, s->id);
		} else
			left = true;
	}
	return left;
}

static void
touch(struct log *l, size_t at)
{
	l->sources[at].grown = clock_mono_ms();
	for (size_t i = 0; i < l->nattaches; i++) {
		struct place *p = &l->attaches[i]->places[at];

		if (p->active)
			p->at_end = false;
	}
}

/*
 * What is now called by the path goes last. A copy was made of the current
 * file, so it stands before it.
 */
void
reader_add_source(struct reader *r, const struct reader_source *s)
{
	struct log *l = make_log(r, s);
	bool before = s->old && l->nsources > 0;
	size_t at = l->nsources - (before ? 1 : 0);
	struct source *new;

	for (size_t i = 0; i < l->nattaches; i++)
		insert_place(l, l->attaches[i], at, !s->copy);
	GROW(l->sources, l->nsources, l->sources_cap);
	new = l->sources + at;
	memmove(new + 1, new, (l->nsources - at) * sizeof(*new));
	l->nsources++;
	memset(new, 0, sizeof(*new));
	new->id = s->id;
	new->fd = s->fd;
	new->watch = s->watch;
	new->polled = s->polled;
	new->copy = s->copy;
	new->grown = clock_mono_ms();
	if (l->nsources > MANY)
		(void)retire_log(r, l);
	/* An empty file may have been so before the copy was known. */
	if (s->copy)
		touch(l, l->nsources - 1);
}

static void
remove_source(struct log *l, size_t at)
{
	size_t after = l->nsources - at - 1;

	(void)close(l->sources[at].fd);
	memmove(l->sources + at, l->sources + at + 1,
	    after * sizeof(l->sources[0]));
	for (size_t i = 0; i < l->nattaches; i++) {
		struct place *p = l->attaches[i]->places + at;

		memmove(p, p + 1, after * sizeof(*p));
	}
	l->nsources--;
}

void
reader_del_source(struct reader *r, uint32_t id)
{
	for (size_t i = 0; i < r->nlogs; i++) {
		struct log *l = r->logs[i];

		for (size_t k = 0; k < l->nsources; k++) {
			if (l->sources[k].id != id)
				continue;
			remove_source(l, k);
			if (l->nsources > 0)
				return;
			log_free(l);
			r->logs[i] = r->logs[--r->nlogs];
			return;
		}
	}
}

struct dating {
	struct reader *r;
	struct feed *feed;
};

static bool
line_date(void *arg, const char *line, size_t n, double *time)
{
	struct dating *d = arg;
	struct datematch m;
	const char *text;

	(void)codec_decode(d->feed->codec, line, n, &d->r->scratch, &text, &n);
	n = lines_strip(text, n);
	if (datedetect_find(filter_dates(d->feed->filter), text, n, clock_now(),
	        &m, NULL) != 1 ||
	    !m.has_time)
		return false;
	*time = m.time;
	return true;
}

/* Start of the line that holds the byte before at - REPLAY. */
static int64_t
replay_start(struct reader *r, int fd, int64_t at)
{
	int64_t from = at - REPLAY;
	struct cursor c;
	const char *lf;

	if (from <= 0)
		return 0;
	cursor_init(&c, fd, from);
	if (cursor_fill(&c, fd, &r->block) != CURSOR_DATA)
		return at;
	lf = memchr(
	    r->block.p + r->block.start, '\n', r->block.end - r->block.start);
	if (lf == NULL)
		return at;
	from += lf + 1 - (r->block.p + r->block.start);
	return from < at ? from : at;
}

/* Where a jail begins in a source when its mark says at. */
static int64_t
first_byte(struct reader *r, const struct reader_attach *a, int fd, int64_t at)
{
	struct dating d = {r, a->feed};
	struct cursor_search s = {.from = at,
	    .size = at,
	    .wanted = clock_now() - a->feed->findtime,
	    .date = line_date,
	    .arg = &d};
	struct stat st;

	if (codec_unit(a->feed->codec) != 1 || fstat(fd, &st) != 0 ||
	    at > st.st_size)
		return at;
	if (a->replay)
		s.from = replay_start(r, fd, at);
	if (a->seek)
		s.size = st.st_size;
	return cursor_seek(fd, &r->block, &s);
}

static const struct reader_mark *
find_mark(const struct reader_attach *a, uint32_t source)
{
	for (size_t i = 0; i < a->nmarks; i++)
		if (a->marks[i].source == source)
			return &a->marks[i];
	return NULL;
}

/*
 * What was there may be gone, and in a copy; then the first read must see it.
 * It may also go while the replay is looked for: hence the second look.
 */
static void
resume(struct reader *r, const struct reader_attach *a, struct cursor *c,
    int fd, const struct reader_mark *m)
{
	struct cursor at_mark;

	if (cursor_resume(&at_mark, fd, m->at, m->tail, m->tail_n)) {
		cursor_init(c, fd, first_byte(r, a, fd, m->at));
		if (cursor_resume(&at_mark, fd, m->at, m->tail, m->tail_n))
			return;
	}
	*c = at_mark;
}

/* Without any mark it is the current source, from its start. */
static void
set_places(struct reader *r, struct log *l, struct attach *new,
    const struct reader_attach *a)
{
	for (size_t i = 0; i < l->nsources; i++) {
		const struct source *s = &l->sources[i];
		const struct reader_mark *m = find_mark(a, s->id);
		struct place *p = &new->places[i];

		p->active =
		    m != NULL || (a->nmarks == 0 && i + 1 == l->nsources);
		p->at_end = !p->active;
		if (m == NULL)
			continue;
		resume(r, a, &p->c, s->fd, m);
		p->known = m->at;
		p->c.gen = p->told_gen = m->gen;
		p->told = m->at;
	}
}

void
reader_attach(struct reader *r, const struct reader_attach *a)
{
	struct log *l = find_log(r, a->log);
	struct attach *new;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nattaches; i++)
		if (l->attaches[i]->feed == a->feed)
			return;
	new = xcalloc(1, sizeof(*new));
	new->feed = a->feed;
	new->in_operation = a->in_operation;
	new->places_cap = l->nsources;
	new->places = xcalloc(l->nsources, sizeof(*new->places));
	new->nskips = a->nskips;
	new->skips = xcalloc(a->nskips + 1, sizeof(*new->skips));
	if (a->nskips > 0)
		memcpy(new->skips, a->skips, a->nskips * sizeof(*new->skips));
	set_places(r, l, new, a);
	GROW(l->attaches, l->nattaches, l->attaches_cap);
	l->attaches[l->nattaches++] = new;
}

static void
detach(struct log *l, uint32_t jail)
{
	for (size_t i = 0; i < l->nattaches; i++) {
		if (l->attaches[i]->feed->id != jail)
			continue;
		attach_free(l->attaches[i]);
		memmove(l->attaches + i, l->attaches + i + 1,
		    (--l->nattaches - i) * sizeof(l->attaches[0]));
		return;
	}
}

void
reader_detach(struct reader *r, uint32_t jail, uint32_t log)
{
	struct log *l = find_log(r, log);

	if (l != NULL)
		detach(l, jail);
}

void
reader_detach_all(struct reader *r, uint32_t jail)
{
	for (size_t i = 0; i < r->nlogs; i++)
		detach(r->logs[i], jail);
}

bool
reader_in_operation(const struct reader *r, uint32_t jail)
{
	for (size_t i = 0; i < r->nlogs; i++)
		for (size_t k = 0; k < r->logs[i]->nattaches; k++) {
			const struct attach *a = r->logs[i]->attaches[k];

			if (a->feed->id == jail && !a->in_operation)
				return false;
		}
	return true;
}

void
reader_touched(struct reader *r, int watch)
{
	for (size_t i = 0; i < r->nlogs; i++)
		for (size_t k = 0; k < r->logs[i]->nsources; k++)
			if (watch < 0 || r->logs[i]->sources[k].watch == watch)
				touch(r->logs[i], k);
}

/* A polled old source would never become quiet if its clock were reset. */
bool
reader_touch_polled(struct reader *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nlogs; i++) {
		struct log *l = r->logs[i];

		for (size_t k = 0; k < l->nsources; k++) {
			int64_t grown = l->sources[k].grown;

			if (!l->sources[k].polled)
				continue;
			touch(l, k);
			l->sources[k].grown = grown;
			any = true;
		}
	}
	return any;
}

/* What was the current source when it was asked may be old by now. */
void
reader_checked(struct reader *r, uint32_t log)
{
	struct log *l = find_log(r, log);

	for (size_t i = 0; l != NULL && i < l->nsources; i++)
		if (l->sources[i].rewritten)
			reader_begin_anew(r, l, i);
}

static void
report(struct reader *r, const struct log *l, const struct attach *a)
{
	for (size_t i = 0; i < l->nsources; i++) {
		struct place *p = &a->places[i];
		const struct reader_place at = {.jail = a->feed->id,
		    .log = l->id,
		    .source = l->sources[i].id,
		    .gen = p->c.gen,
		    .at = p->c.done,
		    .tail = p->c.tail,
		    .tail_n = p->c.at == p->c.done ? p->c.tail_n : 0};

		if (!p->active ||
		    (p->told == p->c.done && p->told_gen == p->c.gen))
			continue;
		p->told = p->c.done;
		p->told_gen = p->c.gen;
		GROW(r->moves, r->nmoves, r->moves_cap);
		r->moves[r->nmoves++] = (struct reader_position){at, p->origin};
		p->origin = 0;
	}
}

bool
reader_positions(struct reader *r)
{
	r->nmoves = 0;
	for (size_t i = 0; i < r->nlogs; i++) {
		const struct log *l = r->logs[i];

		for (size_t k = 0; k < l->nattaches; k++)
			report(r, l, l->attaches[k]);
	}
	r->moved = false;
	if (r->nmoves > 0)
		r->ops->positions(r->arg, r->moves, r->nmoves);
	return r->nmoves > 0;
}

bool
reader_moved(const struct reader *r)
{
	return r->moved;
}

bool
reader_retire(struct reader *r)
{
	bool left = false;

	for (size_t i = 0; i < r->nlogs; i++)
		left = retire_log(r, r->logs[i]) || left;
	return left;
}

struct shared_dates *
reader_dates(struct log *l, const char *key)
{
	struct shared_dates *new;
	const char *pattern = strchr(key, '\n') + 1;
	char *zone;

	for (size_t i = 0; i < l->ndates; i++)
		if (strcmp(l->dates[i].key, key) == 0)
			return &l->dates[i];
	GROW(l->dates, l->ndates, l->dates_cap);
	new = &l->dates[l->ndates++];
	memset(new, 0, sizeof(*new));
	new->key = xstrdup(key);
	new->d = datedetect_new();
	zone = xmemdup0(key, (size_t)(pattern - key) - 1);
	if (datedetect_add(new->d, pattern, NULL) != 0 ||
	    datedetect_set_zone(new->d, zone[0] == '\0' ? NULL : zone, NULL) !=
	        0) {
		datedetect_free(new->d);
		new->d = NULL;
	}
	free(zone);
	return new;
}
