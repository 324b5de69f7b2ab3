/*
 * worker_impl - what the files of module worker share
 */
#ifndef SERVER_WORKER_IMPL_H
#define SERVER_WORKER_IMPL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/value.h"
#include "sensor/feed.h"
#include "sensor/reader.h"
#include "server/channel.h"
#include "server/message.h"

struct worker {
	uv_loop_t loop;
	struct channel *channel;
	uv_poll_t events; /* inotify */
	uv_idle_t busy;   /* runs while there is something to read */
	uv_timer_t positions;
	uv_timer_t retire;
	uv_timer_t polling;
	bool closed; /* from the closed sandbox on */
	bool leaving;
	int64_t told_ms; /* when positions were last reported */
	struct reader *reader;
	struct worker_journals *journals; /* NULL: libsystemd is not loaded */
	struct feed **feeds;              /* owned */
	size_t nfeeds;
	size_t feeds_cap;
	struct codec **kept; /* keep iconv's tables loaded */
	size_t nkept;
	size_t kept_cap;
	struct buf failures; /* not sent yet */
	struct progress *progress;
};

enum {
	TURN_MS = 10,
	TELL_MS = 10 * 1000,
	RETIRE_MS = 30 * 1000,
	POLL_MS = 1000,
	QUEUE_MAX = 128 * 1024, /* bytes: beyond that reading stops */
	FAILURES_MAX =
	    28 * 1024, /* sent at once; with the last it fits in 32 */
	LOG_TEXT_MAX = 48 * 1024,
};

struct feed *worker_feed(const struct worker *w, uint32_t id);
/* Starts reading, unless the channel is full. */
void worker_wake(struct worker *w);
/* Sends what is in failures. */
void worker_flush(struct worker *w);
/* Appends one failure. */
void worker_failure(struct worker *w, const struct reader_place *place,
    const struct failure *f);
/* Positions and counters. */
void worker_tell(struct worker *w);

/* One message of the parent. */
void worker_message(void *arg, unsigned type, struct unpack *u, int fd);
extern const struct channel_kind worker_kinds[TO_KINDS];

/* The first message: gives everything up. Exits when that fails. */
void worker_setup(struct worker *w, struct unpack *u);

/* worker_journal.c; reading is part of the turn. */
struct worker_journals *worker_journals_new(struct worker *w);
void worker_journals_free(struct worker_journals *j);
bool worker_journals_turn(struct worker_journals *j, int milliseconds);
void worker_journals_touched(struct worker_journals *j, int watch);
void worker_journals_tell(struct worker_journals *j);
bool worker_journals_in_operation(
    const struct worker_journals *j, uint32_t jail);
void worker_journals_detach(struct worker_journals *j, uint32_t jail);
void worker_journals_message(
    struct worker_journals *j, unsigned type, struct unpack *u, int fd);

#endif
