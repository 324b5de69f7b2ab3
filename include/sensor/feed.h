/*
 * feed - one jail in the worker: its filter and what was counted
 *
 * Fed by the readers of files and of the journal, one line after the other.
 */
#ifndef SENSOR_FEED_H
#define SENSOR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sensor/codec.h"
#include "sensor/filter.h"

enum {
	FEED_ERRORS_MAX = 100, /* errors at once that put a jail to sleep */
};

struct feed {
	uint32_t id;
	char *name;
	struct filter *filter;
	struct codec *codec;
	char *dates;     /* key of datepattern and zone: equal, equal dates */
	double findtime; /* seconds */
	bool running;    /* may be fed; who feeds looks at it */
	bool in_operation;
	int recent_errors; /* halved by each line that was fine */
	bool asleep;       /* FEED_ERRORS_MAX was reached */
	uint64_t lines;
	uint64_t errors;
	uint64_t truncated;
	uint64_t bad_encoding;
	uint64_t skipped;
	bool changed; /* counters since somebody looked */
};

/* NULL with the reason in err: bad specification or encoding. */
struct feed *feed_new(uint32_t id, const char *name,
    const struct filterspec *spec, struct err *err);
void feed_free(struct feed *f);
/* New rules and encoding; on failure (reason in err) the old ones stay. */
int feed_update(struct feed *f, const struct filterspec *spec,
    const char *encoding, struct err *err);

/* One line; failures go to emit. Logs what goes wrong. */
void feed_line(
    struct feed *f, const struct filter_line *line, failure_fn emit, void *arg);

#endif
