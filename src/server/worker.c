/*
 * The process that reads hostile text. Its loop takes the parent's messages
 * before each slice of reading, so that rules that were changed hold for the
 * next line.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/spawn.h"
#include "server/worker.h"
#include "server/worker_impl.h"

enum {
	FD_CHANNEL = SPAWN_FD,
	FD_EVENTS,
	FD_PROGRESS,
};

struct feed *
worker_feed(const struct worker *w, uint32_t id)
{
	for (size_t i = 0; i < w->nfeeds; i++)
		if (w->feeds[i]->id == id)
			return w->feeds[i];
	return NULL;
}

void
worker_flush(struct worker *w)
{
	if (w->failures.n == 0)
		return;
	channel_send(w->channel, FROM_FAILURE, &w->failures, -1);
	buf_reset(&w->failures);
}

void
worker_failure(
    struct worker *w, const struct reader_place *place, const struct failure *f)
{
	struct buf *b = &w->failures;

	pack_u32(b, place->jail);
	pack_u32(b, place->log);
	pack_u32(b, place->source);
	pack_u32(b, place->gen);
	pack_u64(b, (uint64_t)place->at);
	pack_bytes(b, place->tail, place->tail_n);
	pack_u32(b, place->index);
	pack_u8(b, f->resolve);
	pack_u32(b, (uint32_t)f->count);
	pack_double(b, f->time);
	buf_add(b, f->id.p, f->id.n);
	buf_add(b, f->data.p, f->data.n);
	buf_add(b, f->matches.p, f->matches.n);
	if (b->n <= FAILURES_MAX)
		return;
	worker_flush(w);
	if (channel_queued(w->channel) > QUEUE_MAX)
		reader_enough(w->reader);
}

static void
on_failure(void *arg, const struct reader_place *place, const struct failure *f)
{
	worker_failure(arg, place, f);
}

static void
on_moves(void *arg, const struct reader_position *moves, size_t n)
{
	struct worker *w = arg;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		const struct reader_position *p = &moves[i];

		pack_u32(&b, p->place.jail);
		pack_u32(&b, p->place.log);
		pack_u32(&b, p->place.source);
		pack_u32(&b, p->place.gen);
		pack_u64(&b, (uint64_t)p->place.at);
		pack_bytes(&b, p->place.tail, p->place.tail_n);
		pack_u32(&b, p->origin);
	}
	channel_send(w->channel, FROM_POSITION, &b, -1);
	buf_release(&b);
}

static void
on_rewritten(void *arg, uint32_t log, uint32_t source, bool certain)
{
	struct worker *w = arg;
	struct buf b = BUF_INIT;

	worker_flush(w);
	pack_u32(&b, log);
	pack_u32(&b, source);
	pack_u8(&b, certain);
	channel_send(w->channel, FROM_REWRITTEN, &b, -1);
	buf_release(&b);
}

static void
on_retired(void *arg, uint32_t source)
{
	struct worker *w = arg;
	struct buf b = BUF_INIT;

	pack_u32(&b, source);
	channel_send(w->channel, FROM_RETIRED, &b, -1);
	buf_release(&b);
}

/* Another process reads it, perhaps after our death: jail goes last. */
static void
on_progress(void *arg, const struct reader_place *place)
{
	volatile struct progress *p = ((struct worker *)arg)->progress;

	p->jail = 0;
	if (place == NULL)
		return;
	p->source = place->source;
	p->gen = place->gen;
	p->at = place->at;
	p->jail = place->jail;
}

static const struct reader_ops reader_ops = {
    .failure = on_failure,
    .positions = on_moves,
    .rewritten = on_rewritten,
    .retired = on_retired,
    .progress = on_progress,
};

static void
tell_state(struct worker *w, struct feed *f)
{
	struct buf b = BUF_INIT;

	f->changed = false;
	pack_u32(&b, f->id);
	pack_u8(&b, f->in_operation);
	pack_u64(&b, f->lines);
	pack_u64(&b, f->errors);
	pack_u64(&b, f->truncated);
	pack_u64(&b, f->bad_encoding);
	pack_u64(&b, filter_evicted(f->filter));
	pack_u64(&b, filter_limit_hits(f->filter));
	pack_u64(&b, f->skipped);
	channel_send(w->channel, FROM_STATE, &b, -1);
	buf_release(&b);
}

void
worker_tell(struct worker *w)
{
	worker_flush(w);
	(void)reader_positions(w->reader);
	if (w->journals != NULL)
		worker_journals_tell(w->journals);
	for (size_t i = 0; i < w->nfeeds; i++)
		if (w->feeds[i]->changed)
			tell_state(w, w->feeds[i]);
	w->told_ms = clock_mono_ms();
}

static void
on_positions(uv_timer_t *timer)
{
	worker_tell(timer->data);
}

/* The first report at once, the next ones ten seconds apart. */
static void
plan_tell(struct worker *w)
{
	int64_t due = w->told_ms + TELL_MS - clock_mono_ms();

	if (uv_is_active((uv_handle_t *)&w->positions))
		return;
	(void)uv_timer_start(
	    &w->positions, on_positions, due > 0 ? (uint64_t)due : 0, 0);
}

/* What cannot wait ten seconds. */
static void
watch_feeds(struct worker *w)
{
	for (size_t i = 0; i < w->nfeeds; i++) {
		struct feed *f = w->feeds[i];
		bool now;

		if (!f->changed)
			continue;
		plan_tell(w);
		now = reader_in_operation(w->reader, f->id) &&
		      (w->journals == NULL ||
		          worker_journals_in_operation(w->journals, f->id));
		if (now != f->in_operation) {
			f->in_operation = now;
			tell_state(w, f);
		}
		if (f->asleep) {
			struct buf b = BUF_INIT;

			f->asleep = false;
			pack_u32(&b, f->id);
			channel_send(w->channel, FROM_IDLE, &b, -1);
			buf_release(&b);
		}
	}
}

static void
on_busy(uv_idle_t *busy)
{
	struct worker *w = busy->data;
	bool more;

	channel_receive(w->channel);
	if (w->leaving)
		return;
	more = reader_turn(w->reader, TURN_MS);
	if (w->journals != NULL)
		more = worker_journals_turn(w->journals, TURN_MS) || more;
	worker_flush(w);
	watch_feeds(w);
	if (!more || channel_queued(w->channel) > QUEUE_MAX)
		(void)uv_idle_stop(&w->busy);
}

void
worker_wake(struct worker *w)
{
	if (w->closed && !w->leaving && channel_queued(w->channel) <= QUEUE_MAX)
		(void)uv_idle_start(&w->busy, on_busy);
}

static void
on_drained(void *arg)
{
	worker_wake(arg);
}

static void
on_event(struct worker *w, const struct inotify_event *e)
{
	int watch = (e->mask & IN_Q_OVERFLOW) != 0 ? -1 : e->wd;

	if ((e->mask & IN_IGNORED) != 0)
		return;
	reader_touched(w->reader, watch);
	if (w->journals != NULL)
		worker_journals_touched(w->journals, watch);
	worker_wake(w);
}

static void
on_events(uv_poll_t *poll, int status, int events)
{
	struct worker *w = poll->data;
	union {
		struct inotify_event align;
		char bytes[4096];
	} b;
	ssize_t got;

	(void)events;
	if (status < 0)
		return;
	while ((got = read(FD_EVENTS, b.bytes, sizeof(b.bytes))) > 0)
		for (char *p = b.bytes; p < b.bytes + got;) {
			struct inotify_event e;

			memcpy(&e, p, sizeof(e));
			p += sizeof(e) + e.len;
			on_event(w, &e);
		}
}

static void
on_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	struct worker *w = arg;

	if (!w->closed && type == TO_SETUP) {
		worker_setup(w, u);
		w->closed = true;
		(void)uv_poll_start(&w->events, UV_READABLE, on_events);
		return;
	}
	if (!w->closed)
		_exit(2); /* nothing before the sandbox */
	worker_message(w, type, u, fd);
}

static void
on_closed(void *arg, const char *why)
{
	struct worker *w = arg;

	(void)why;
	w->leaving = true;
	uv_stop(&w->loop);
}

static const struct channel_ops channel_ops = {
    .kinds = worker_kinds,
    .nkinds = TO_KINDS,
    .message = on_message,
    .closed = on_closed,
    .drained = on_drained,
};

static void
ignore_signals(void)
{
	static const int numbers[] = {
	    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGQUIT};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)signal(numbers[i], SIG_IGN);
}

static int
start(struct worker *w)
{
	w->progress = mmap(NULL, sizeof(*w->progress), PROT_READ | PROT_WRITE,
	    MAP_SHARED, FD_PROGRESS, 0);
	if (w->progress == MAP_FAILED || uv_loop_init(&w->loop) != 0)
		return -1;
	(void)close(FD_PROGRESS);
	(void)uv_idle_init(&w->loop, &w->busy);
	(void)uv_timer_init(&w->loop, &w->positions);
	(void)uv_timer_init(&w->loop, &w->retire);
	(void)uv_timer_init(&w->loop, &w->polling);
	if (uv_poll_init(&w->loop, &w->events, FD_EVENTS) != 0)
		return -1;
	w->busy.data = w->positions.data = w->retire.data = w;
	w->polling.data = w->events.data = w;
	buf_init(&w->failures);
	w->told_ms = clock_mono_ms() - TELL_MS;
	w->reader = reader_new(&reader_ops, w);
	w->channel = channel_new(&w->loop, FD_CHANNEL, &channel_ops, w);
	return 0;
}

static void
release(struct worker *w)
{
	reader_free(w->reader);
	worker_journals_free(w->journals);
	for (size_t i = 0; i < w->nfeeds; i++)
		feed_free(w->feeds[i]);
	for (size_t i = 0; i < w->nkept; i++)
		codec_free(w->kept[i]);
	free(w->feeds);
	free(w->kept);
	buf_release(&w->failures);
	channel_free(w->channel);
	uv_close((uv_handle_t *)&w->busy, NULL);
	uv_close((uv_handle_t *)&w->positions, NULL);
	uv_close((uv_handle_t *)&w->retire, NULL);
	uv_close((uv_handle_t *)&w->polling, NULL);
	uv_close((uv_handle_t *)&w->events, NULL);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&w->loop);
}

int
worker_main(void)
{
	struct worker w = {0};

	ignore_signals();
	spawn_close_others(3);
	if (start(&w) != 0)
		return EXIT_FAILURE; /* not started by a monitor */
	(void)uv_run(&w.loop, UV_RUN_DEFAULT);
	release(&w);
	return EXIT_SUCCESS;
}
