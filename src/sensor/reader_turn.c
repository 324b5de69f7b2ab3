/*
 * One turn reads one block for one jail and for all others that stand at the
 * same byte. Who is behind reads alone until it reaches the next jail, where
 * it stops: from there on they go together.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "sensor/lines.h"
#include "sensor/reader_impl.h"

enum {
	LINES_BETWEEN = 16, /* looks at the clock */
	GROUP_MAX = 64,     /* jails that share a block */
};

static const double DAY = 24 * 3600;

/* The jails that share a block, and the line they are at. */
struct group {
	struct reader *r;
	struct log *l;
	size_t source; /* index */
	struct attach **members;
	size_t n;
	struct cursor c;
	struct reader_place place; /* of the line */
	double now;                /* when the clock was looked at last */
};

int
reader_pending(const struct log *l, const struct attach *a)
{
	for (size_t i = 0; i < l->nsources; i++) {
		if (!a->places[i].active || a->places[i].at_end)
			continue;
		return l->sources[i].rewritten ? -1 : (int)i;
	}
	return -1;
}

static bool
is_at(const struct cursor *a, const struct cursor *b)
{
	return a->at == b->at && a->gen == b->gen && a->skipping == b->skipping;
}

static bool
may_join(
    const struct group *g, const struct attach *lead, const struct attach *a)
{
	return a->feed->running && reader_pending(g->l, a) == (int)g->source &&
	       is_at(&a->places[g->source].c, &g->c) &&
	       strcmp(codec_name(a->feed->codec),
	           codec_name(lead->feed->codec)) == 0;
}

/* More than the array holds go in a group of their own. */
static void
gather(struct group *g, struct attach *lead)
{
	g->c = lead->places[g->source].c;
	g->n = 0;
	g->members[g->n++] = lead;
	for (size_t i = 0; i < g->l->nattaches && g->n < GROUP_MAX; i++)
		if (g->l->attaches[i] != lead &&
		    may_join(g, lead, g->l->attaches[i]))
			g->members[g->n++] = g->l->attaches[i];
}

/* The nearest place of another jail ahead, where the group stops. */
static int64_t
meeting_point(const struct group *g)
{
	int64_t nearest = INT64_MAX;

	for (size_t i = 0; i < g->l->nattaches; i++) {
		const struct place *p = &g->l->attaches[i]->places[g->source];

		if (p->active && p->c.gen == g->c.gen && p->c.at > g->c.at &&
		    p->c.at < nearest)
			nearest = p->c.at;
	}
	return nearest;
}

static void
on_failure(void *arg, const struct failure *f)
{
	struct group *g = arg;

	g->place.tail = g->c.tail;
	g->place.tail_n = g->c.tail_n;
	g->r->ops->failure(g->r->arg, &g->place, f);
	g->place.index++;
}

/* As Python shows bytes. */
static void
print_bytes(struct buf *out, const char *p, size_t n)
{
	buf_adds(out, "b'");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\n')
			buf_adds(out, "\\n");
		else if (c == '\r')
			buf_adds(out, "\\r");
		else if (c == '\t')
			buf_adds(out, "\\t");
		else if (c == '\'' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '\'');
}

static void
warn_encoding(struct group *g, const struct cursor_line *raw)
{
	double now = clock_now();
	int level = now >= g->l->quiet_until ? LOG_WARN : LOG_TRACE;
	struct buf bytes = BUF_INIT;

	if (!log_enabled(level))
		return;
	g->l->quiet_until = level == LOG_WARN ? now + DAY : g->l->quiet_until;
	print_bytes(&bytes, raw->p, raw->n);
	log_msg(level, "filter", "Error decoding line from '%s' with '%s'.",
	    g->l->path, codec_name(g->members[0]->feed->codec));
	log_msg(level, "filter",
	    "Consider setting logencoding to appropriate encoding for this "
	    "jail. Continuing to process line ignoring invalid characters: "
	    "%s",
	    bytes.p);
	buf_release(&bytes);
}

/* Whether somebody else in the group looks for dates in the same way. */
static bool
has_company(const struct group *g, const struct feed *f)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->members[i]->feed != f &&
		    strcmp(g->members[i]->feed->dates, f->dates) == 0)
			return true;
	return false;
}

static const struct datematch *
shared_date(
    struct group *g, const struct feed *f, const struct filter_line *line)
{
	struct shared_dates *d;

	if (g->n < 2 || !has_company(g, f))
		return NULL;
	d = reader_dates(g->l, f->dates);
	if (d->d == NULL)
		return NULL;
	if (!d->valid) {
		d->result = datedetect_find(
		    d->d, line->text, line->n, line->now, &d->match, NULL);
		d->valid = true;
	}
	return d->result == 1 ? &d->match : NULL;
}

static bool
is_skipped(const struct group *g, struct attach *a, int64_t start)
{
	for (size_t i = 0; i < a->nskips; i++) {
		const struct reader_mark *m = &a->skips[i];

		if (m->source != g->place.source || m->gen != g->c.gen ||
		    m->at != start)
			continue;
		log_msg(LOG_ERROR, "filter",
		    "[%s] Line at offset %lld of '%s' is skipped: it ended "
		    "the reading process twice",
		    a->feed->name, (long long)start, g->l->path);
		a->feed->skipped++;
		a->feed->changed = true;
		return true;
	}
	return false;
}

static void
feed_members(struct group *g, struct filter_line *line, int64_t start)
{
	for (size_t i = 0; i < g->l->ndates; i++)
		g->l->dates[i].valid = false;
	for (size_t i = 0; i < g->n; i++) {
		struct attach *a = g->members[i];
		struct reader_place begun = g->place;

		if (!a->feed->running ||
		    (a->nskips > 0 && is_skipped(g, a, start)))
			continue;
		line->in_operation =
		    a->in_operation && start >= a->places[g->source].known;
		line->found = shared_date(g, a->feed, line);
		g->place.jail = begun.jail = a->feed->id;
		g->place.index = 0;
		begun.at = start;
		g->r->ops->progress(g->r->arg, &begun);
		feed_line(a->feed, line, on_failure, g);
	}
	g->r->ops->progress(g->r->arg, NULL);
}

static void
feed_raw(struct group *g, const struct cursor_line *raw, int64_t start)
{
	struct filter_line line = {.now = g->now, .check_findtime = true};
	struct codec *codec = g->members[0]->feed->codec;
	bool good = true;

	line.is_ascii = codec_is_plain(codec, raw->p, raw->n);
	line.text = raw->p;
	line.n = raw->n;
	if (!line.is_ascii)
		good = codec_decode(
		    codec, raw->p, raw->n, &g->r->scratch, &line.text, &line.n);
	line.n = lines_strip(line.text, line.n);
	g->place.gen = g->c.gen;
	g->place.at = g->c.at;
	if (!good)
		warn_encoding(g, raw);
	for (size_t i = 0; i < g->n; i++) {
		g->members[i]->feed->bad_encoding += !good;
		g->members[i]->feed->truncated += raw->truncated;
	}
	feed_members(g, &line, start);
}

static void
set_at_end(struct group *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct attach *a = g->members[i];

		a->places[g->source].at_end = true;
		if (a->in_operation || reader_pending(g->l, a) >= 0)
			continue;
		a->in_operation = true;
		a->feed->changed = true;
	}
}

/* A jail that fell asleep stays behind at this line. */
static void
drop_sleepers(struct group *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct attach *a = g->members[i];

		if (a->feed->running)
			g->members[kept++] = a;
		else
			a->places[g->source].c = g->c;
	}
	g->n = kept;
}

static void
read_block(struct group *g, int64_t deadline)
{
	struct block *b = &g->r->block;
	int64_t stop = meeting_point(g);
	struct cursor_line raw;
	int64_t start = g->c.at;
	bool all = false;

	for (size_t count = 0; g->n > 0 && g->c.at < stop && !g->r->enough;
	     count++) {
		const struct codec *codec = g->members[0]->feed->codec;

		if (count % LINES_BETWEEN == 0) {
			if (count > 0 && clock_mono_ms() >= deadline)
				break;
			g->now = clock_now();
		}
		if (!cursor_next(&g->c, b, codec, &raw)) {
			all = b->at_end;
			break;
		}
		feed_raw(g, &raw, start);
		start = g->c.at;
		drop_sleepers(g);
	}
	g->r->moved = true;
	for (size_t i = 0; i < g->n; i++)
		g->members[i]->places[g->source].c = g->c;
	if (all)
		set_at_end(g);
}

static bool
has_copies(const struct log *l)
{
	for (size_t i = 0; i < l->nsources; i++)
		if (l->sources[i].copy)
			return true;
	return false;
}

static bool
is_current(const struct group *g)
{
	return g->source + 1 == g->l->nsources;
}

/*
 * At the start of the file: there may have been contents before these, even
 * if nothing was ever read of it.
 */
static bool
may_lack_copies(const struct group *g, const struct source *s)
{
	return is_current(g) && g->c.at == 0 &&
	       !reader_same_head(s, &g->r->block);
}

static void
read_source(struct group *g, int64_t deadline)
{
	struct source *s = &g->l->sources[g->source];

	switch (cursor_fill(&g->c, s->fd, &g->r->block)) {
	case CURSOR_DATA:
		if (may_lack_copies(g, s))
			reader_rewritten(g->r, g->l, s, has_copies(g->l));
		else
			read_block(g, deadline);
		break;
	case CURSOR_END:
		if (g->c.at == 0 && has_copies(g->l) && is_current(g))
			reader_rewritten(g->r, g->l, s, true);
		else
			set_at_end(g);
		break;
	case CURSOR_REWRITTEN:
		if (!is_current(g)) {
			set_at_end(g); /* an old file: what was read is all */
			break;
		}
		reader_rewritten(g->r, g->l, s, true);
		break;
	case CURSOR_ERROR:
		log_msg(
		    LOG_ERROR, "filter", "Cannot read '%s': %m", g->l->path);
		set_at_end(g);
		break;
	}
}

/* Reads a block of the log for the next jail that has something to read. */
static bool
log_turn(struct reader *r, struct log *l, int64_t deadline)
{
	for (size_t i = 0; i < l->nattaches; i++) {
		size_t who = (l->turn + i) % l->nattaches;
		struct attach *a = l->attaches[who];
		int source = a->feed->running ? reader_pending(l, a) : -1;
		struct attach *members[GROUP_MAX];
		struct group g = {.r = r,
		    .l = l,
		    .source = (size_t)source,
		    .members = members};

		if (source < 0)
			continue;
		g.place.log = l->id;
		g.place.source = l->sources[source].id;
		gather(&g, a);
		l->turn = who + 1;
		read_source(&g, deadline);
		return true;
	}
	return false;
}

bool
reader_turn(struct reader *r, int milliseconds)
{
	int64_t deadline = clock_mono_ms() + milliseconds;
	size_t idle = 0;

	r->enough = false;
	while (r->nlogs > 0 && idle < r->nlogs) {
		struct log *l = r->logs[r->turn++ % r->nlogs];

		idle = log_turn(r, l, deadline) ? 0 : idle + 1;
		if (idle == 0 && (r->enough || clock_mono_ms() >= deadline))
			return true;
	}
	return false;
}

void
reader_enough(struct reader *r)
{
	r->enough = true;
}
