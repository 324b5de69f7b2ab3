/*
 * A log that is truncated (copytruncate) was copied before. What a jail had
 * not read yet is in the copy: the parent opens what appears beside a log,
 * and it is read when it fits. Truncation may come faster than we read, so
 * whole generations of the file may be in copies only.
 *
 * The order makes it sound: first the head of the file is read, then the
 * parent is asked for every copy that was made until then. A copy with that
 * head is of the generation that is there now; what was copied before it and
 * was never seen is lost in the file and whole in the copy.
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "sensor/reader_impl.h"

enum {
	TRIES = 16, /* looks at a file that is cut all the time */
};

static size_t
read_head(char head[HEAD], int fd)
{
	ssize_t got;

	do
		got = pread(fd, head, HEAD, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : (size_t)got;
}

static bool
same_start(const char *a, size_t an, const char *b, size_t bn)
{
	size_t n = an < bn ? an : bn;

	return n > 0 && memcmp(a, b, n) == 0;
}

/*
 * Who has lost what it was reading: who still finds it goes on as if nothing
 * had been.
 */
static void
find_losers(struct reader *r, struct log *l, const struct source *s)
{
	for (size_t i = 0; i < l->nattaches; i++) {
		struct place *p = &l->attaches[i]->places[s - l->sources];
		struct cursor probe = p->c;

		p->lost = p->active &&
		          (p->c.at == 0 || cursor_fill(&probe, s->fd,
		                               &r->block) == CURSOR_REWRITTEN);
	}
}

/* Head and losers must be of the same contents. */
void
reader_rewritten(
    struct reader *r, struct log *l, struct source *s, bool certain)
{
	char head[HEAD];
	size_t n;

	s->rewritten = true;
	for (int i = 0; i < TRIES; i++) {
		s->head_n = read_head(s->head, s->fd);
		find_losers(r, l, s);
		n = read_head(head, s->fd);
		if (n >= s->head_n && memcmp(head, s->head, s->head_n) == 0)
			break;
	}
	r->ops->rewritten(r->arg, l->id, s->id, certain);
}

bool
reader_same_head(const struct source *s, const struct block *b)
{
	return same_start(
	    s->head, s->head_n, b->p + b->start, b->end - b->start);
}

/*
 * Index of the first copy of what the file holds now; where to stop. One
 * without contents is being made right now.
 */
static size_t
find_present(const struct log *l, size_t at)
{
	const struct source *now = &l->sources[at];

	for (size_t i = 0; now->head_n > 0 && i < at; i++) {
		char head[HEAD];
		size_t n;

		if (!l->sources[i].copy)
			continue;
		n = read_head(head, l->sources[i].fd);
		if (n == 0 || same_start(now->head, now->head_n, head, n))
			return i;
	}
	return at;
}

/* Whether what the jail read so far is in the copy too. */
static bool
continues(struct reader *r, const struct cursor *c, int fd)
{
	struct cursor probe = *c;
	enum cursor_result rc = cursor_fill(&probe, fd, &r->block);

	return c->tail_n > 0 && (rc == CURSOR_DATA || rc == CURSOR_END);
}

static void
activate(struct reader *r, struct place *p)
{
	p->active = true;
	p->at_end = false;
	p->told = -1; /* the parent must know before anything else */
	r->moved = true;
}

/*
 * The first copy that begins with what was read, and whole later ones. A jail
 * at the start of the file needs all.
 */
static void
continue_in_copies(
    struct reader *r, struct log *l, struct attach *a, size_t at, size_t end)
{
	const struct place *now = &a->places[at];
	bool found = now->c.at == 0;

	for (size_t i = 0; i < end; i++) {
		struct place *p = &a->places[i];

		if (!l->sources[i].copy)
			continue;
		if (found)
			cursor_init(&p->c, l->sources[i].fd, 0);
		else if (continues(r, &now->c, l->sources[i].fd)) {
			p->c = now->c;
			p->c.gen = 0;
			p->origin = l->sources[at].id;
			found = true;
		} else
			continue;
		activate(r, p);
	}
}

static bool
is_active(const struct log *l, size_t at)
{
	for (size_t i = 0; i < l->nattaches; i++)
		if (l->attaches[i]->places[at].active)
			return true;
	return false;
}

/*
 * Copies that were not needed now will not be needed later either. They go
 * before the new places are told, so that who begins with those places finds
 * needed ones only.
 */
static void
settle_copies(struct reader *r, struct log *l, size_t end)
{
	for (size_t i = 0; i < end; i++) {
		struct source *s = &l->sources[i];

		if (!s->copy)
			continue;
		s->copy = false;
		if (is_active(l, i))
			continue;
		s->retiring = true;
		r->ops->retired(r->arg, s->id);
	}
}

void
reader_begin_anew(struct reader *r, struct log *l, size_t at)
{
	size_t end = find_present(l, at);
	char head[HEAD];

	/* It was empty and is not any more: that may be in a copy too. */
	if (l->sources[at].head_n == 0 &&
	    read_head(head, l->sources[at].fd) > 0) {
		reader_rewritten(r, l, &l->sources[at], false);
		return;
	}
	for (size_t i = 0; i < l->nattaches; i++) {
		struct place *p = &l->attaches[i]->places[at];

		if (!p->lost)
			continue;
		p->lost = false;
		continue_in_copies(r, l, l->attaches[i], at, end);
		if (p->c.at > 0)
			cursor_rewind(&p->c);
		p->at_end = false;
	}
	settle_copies(r, l, end);
	(void)reader_positions(r);
	l->sources[at].rewritten = false;
}
