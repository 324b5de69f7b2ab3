/*
 * What the parent tells the worker. The parent is trusted: what cannot be
 * followed is a message out of date, for a jail or log that is gone.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/worker_impl.h"

enum {
	MIB = 1024 * 1024,
	NAME_BYTES = 4096,
	MARKS_MAX = 8192, /* more than a log has sources */
};

const struct channel_kind worker_kinds[TO_KINDS] = {
    [TO_SETUP] = {MIB, false},
    [TO_LEVEL] = {16, false},
    [TO_JAIL] = {64 * MIB, false},
    [TO_JAIL_DEL] = {16, false},
    [TO_RUN] = {16, false},
    [TO_SOURCE] = {2 * NAME_BYTES, true},
    [TO_SOURCE_DEL] = {16, false},
    [TO_ATTACH] = {MIB, false},
    [TO_DETACH] = {16, false},
    [TO_CHECKED] = {16, false},
    [TO_JOURNAL] = {16, false},
    [TO_JOURNAL_FILE] = {2 * NAME_BYTES, true},
    [TO_JOURNAL_OPEN] = {16, false},
    [TO_JOURNAL_DEL] = {16, false},
    [TO_JOURNAL_ATTACH] = {MIB, false},
    [TO_JOURNAL_DETACH] = {16, false},
    [TO_STOP] = {16, false},
};

static void
on_level(struct worker *w, struct unpack *u, int fd)
{
	(void)w;
	(void)fd;
	log_set_level((int)unpack_u32(u));
}

static struct feed *
add_feed(struct worker *w, uint32_t id, const char *name,
    const struct filterspec *spec, struct err *err)
{
	struct feed *f = feed_new(id, name, spec, err);

	if (f == NULL)
		return NULL;
	GROW(w->feeds, w->nfeeds, w->feeds_cap);
	w->feeds[w->nfeeds++] = f;
	return f;
}

static int
set_jail(struct worker *w, uint32_t id, const char *name, const char *encoding,
    const struct value *v, struct err *err)
{
	struct feed *f = worker_feed(w, id);
	struct filterspec spec;
	int rc = -1;

	if (filterspec_from_value(&spec, v, err) != 0)
		return -1;
	if (f == NULL)
		f = add_feed(w, id, name, &spec, err);
	if (f != NULL)
		rc = feed_update(f, &spec, encoding, err);
	filterspec_release(&spec);
	return rc;
}

static void
on_jail(struct worker *w, struct unpack *u, int fd)
{
	uint32_t id = unpack_u32(u);
	const char *name = unpack_str(u, NAME_BYTES);
	const char *encoding = unpack_str(u, NAME_BYTES);
	struct value *v = unpack_value(u);
	struct err err = ERR_INIT;

	(void)fd;
	if (!u->bad && set_jail(w, id, name, encoding, v, &err) != 0)
		log_msg(LOG_ERROR, "filter",
		    "[%s] The rules cannot be used: %s", name, err_text(&err));
	value_free(v);
	err_release(&err);
}

static void
on_jail_del(struct worker *w, struct unpack *u, int fd)
{
	uint32_t id = unpack_u32(u);

	(void)fd;
	worker_flush(w);
	reader_detach_all(w->reader, id);
	if (w->journals != NULL)
		worker_journals_detach(w->journals, id);
	for (size_t i = 0; i < w->nfeeds; i++) {
		if (w->feeds[i]->id != id)
			continue;
		feed_free(w->feeds[i]);
		w->feeds[i] = w->feeds[--w->nfeeds];
		return;
	}
}

static void
on_run(struct worker *w, struct unpack *u, int fd)
{
	struct feed *f = worker_feed(w, unpack_u32(u));
	bool run = unpack_u8(u) != 0;

	(void)fd;
	if (f != NULL)
		f->running = run;
}

static void
on_polling(uv_timer_t *timer)
{
	struct worker *w = timer->data;

	if (reader_touch_polled(w->reader))
		worker_wake(w);
	else
		(void)uv_timer_stop(timer);
}

static void
on_retire(uv_timer_t *timer)
{
	struct worker *w = timer->data;

	if (reader_retire(w->reader))
		(void)uv_timer_start(&w->retire, on_retire, RETIRE_MS, 0);
}

static void
on_source(struct worker *w, struct unpack *u, int fd)
{
	struct reader_source s = {.fd = fd};
	unsigned flags;

	s.log = unpack_u32(u);
	s.path = unpack_str(u, NAME_BYTES);
	s.id = unpack_u32(u);
	s.watch = (int)unpack_u32(u);
	flags = unpack_u8(u);
	s.polled = (flags & SOURCE_POLLED) != 0;
	s.copy = (flags & SOURCE_COPY) != 0;
	s.old = (flags & SOURCE_OLD) != 0;
	reader_add_source(w->reader, &s);
	if (s.polled)
		(void)uv_timer_start(&w->polling, on_polling, POLL_MS, POLL_MS);
	if (!uv_is_active((uv_handle_t *)&w->retire))
		(void)uv_timer_start(&w->retire, on_retire, RETIRE_MS, 0);
}

static void
on_source_del(struct worker *w, struct unpack *u, int fd)
{
	(void)fd;
	worker_flush(w);
	reader_del_source(w->reader, unpack_u32(u));
}

static void
take_tail(struct unpack *u, struct reader_mark *m)
{
	size_t n;
	const char *tail = unpack_bytes(u, &n);

	if (n > sizeof(m->tail))
		u->bad = true;
	if (u->bad)
		return;
	memcpy(m->tail, tail, n);
	m->tail_n = n;
}

/* Allocated; NULL when there are none. */
static struct reader_mark *
take_marks(struct unpack *u, bool with_tail, size_t *n)
{
	struct reader_mark *marks;
	uint32_t count = unpack_u32(u);

	*n = 0;
	if (count > MARKS_MAX)
		u->bad = true;
	if (u->bad || count == 0)
		return NULL;
	marks = xcalloc(count, sizeof(*marks));
	for (uint32_t i = 0; i < count; i++) {
		marks[i].source = unpack_u32(u);
		marks[i].gen = unpack_u32(u);
		marks[i].at = (int64_t)unpack_u64(u);
		if (with_tail)
			take_tail(u, &marks[i]);
	}
	*n = count;
	return marks;
}

static void
on_attach(struct worker *w, struct unpack *u, int fd)
{
	struct feed *f = worker_feed(w, unpack_u32(u));
	struct reader_attach a = {.log = unpack_u32(u), .feed = f};
	unsigned flags = unpack_u8(u);
	struct reader_mark *marks = take_marks(u, true, &a.nmarks);
	struct reader_mark *skips = take_marks(u, false, &a.nskips);

	(void)fd;
	a.in_operation = (flags & ATTACH_TAIL) != 0;
	a.seek = (flags & ATTACH_SEEK) != 0;
	a.replay = (flags & ATTACH_REPLAY) != 0;
	a.marks = marks;
	a.skips = skips;
	if (!u->bad && f != NULL) {
		reader_attach(w->reader, &a);
		f->changed = true;
	}
	free(marks);
	free(skips);
}

static void
on_detach(struct worker *w, struct unpack *u, int fd)
{
	uint32_t jail = unpack_u32(u);

	(void)fd;
	worker_flush(w);
	(void)reader_positions(w->reader);
	reader_detach(w->reader, jail, unpack_u32(u));
}

static void
on_checked(struct worker *w, struct unpack *u, int fd)
{
	(void)fd;
	reader_checked(w->reader, unpack_u32(u));
}

static void
on_stop(struct worker *w, struct unpack *u, int fd)
{
	struct buf none = BUF_INIT;

	(void)u;
	(void)fd;
	worker_tell(w);
	channel_send(w->channel, FROM_STOPPED, &none, -1);
	w->leaving = true; /* until the parent closes the channel */
	(void)uv_idle_stop(&w->busy);
}

typedef void (*message_fn)(struct worker *w, struct unpack *u, int fd);

static const message_fn handlers[TO_KINDS] = {
    [TO_LEVEL] = on_level,
    [TO_JAIL] = on_jail,
    [TO_JAIL_DEL] = on_jail_del,
    [TO_RUN] = on_run,
    [TO_SOURCE] = on_source,
    [TO_SOURCE_DEL] = on_source_del,
    [TO_ATTACH] = on_attach,
    [TO_DETACH] = on_detach,
    [TO_CHECKED] = on_checked,
    [TO_STOP] = on_stop,
};

static void
skip_rest(struct unpack *u)
{
	u->p += u->n;
	u->n = 0;
}

void
worker_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	struct worker *w = arg;

	if (handlers[type] != NULL)
		handlers[type](w, u, fd);
	else if (w->journals != NULL)
		worker_journals_message(w->journals, type, u, fd);
	else {
		skip_rest(u);
		if (fd >= 0)
			(void)close(fd);
	}
	worker_wake(w);
}
