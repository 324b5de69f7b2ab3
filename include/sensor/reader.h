/*
 * reader - all log files of the worker, read once for all jails
 *
 * A log is a path; over time it has several sources (files), of which the
 * last is the one that the path names now. Jails are attached to logs. Every
 * jail has its place in every source; jails at the same place share reading,
 * line ends, decoding and dates.
 */
#ifndef SENSOR_READER_H
#define SENSOR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "sensor/cursor.h"
#include "sensor/feed.h"

struct reader;

/* Where in which source a jail stands. */
struct reader_place {
	uint32_t jail;
	uint32_t log;
	uint32_t source;
	uint32_t gen;     /* how often the source was begun anew */
	int64_t at;       /* bytes: behind the line */
	uint32_t index;   /* number of the failure within the line */
	const char *tail; /* bytes before at */
	size_t tail_n;    /* 0: not known */
};

/* All lines before place.at are done. */
struct reader_position {
	struct reader_place place;
	uint32_t origin; /* source whose contents go on here, 0: none */
};

struct reader_ops {
	/* f is borrowed for the call. */
	void (*failure)(void *arg, const struct reader_place *place,
	    const struct failure *f);
	/* What moved; they hold together or not at all. */
	void (*positions)(
	    void *arg, const struct reader_position *positions, size_t n);
	/* The source was truncated or written anew, or (not certain) may have
	   been before it was looked at: it is not read until
	   reader_checked(). */
	void (*rewritten)(
	    void *arg, uint32_t log, uint32_t source, bool certain);
	/* The source is old, read to its end and quiet: delete it. */
	void (*retired)(void *arg, uint32_t source);
	/* A line is begun (place->at is its start), or, with NULL, ended. */
	void (*progress)(void *arg, const struct reader_place *place);
};

struct reader *reader_new(const struct reader_ops *ops, void *arg);
void reader_free(struct reader *r);

struct reader_source {
	uint32_t log;
	const char *path;
	uint32_t id;
	int fd;    /* owned by the reader from now on */
	int watch; /* see reader_touched(); -1: none */
	bool polled;
	/* Perhaps a copy of the log made before it is truncated: read only
	   when the truncation comes and the contents fit. */
	bool copy;
	bool old; /* stands before the current source */
};

/* The log is made with its first source. */
void reader_add_source(struct reader *r, const struct reader_source *s);
void reader_del_source(struct reader *r, uint32_t id);

struct reader_mark {
	uint32_t source;
	uint32_t gen;
	int64_t at;
	char tail[CURSOR_TAIL]; /* bytes before at, as they were */
	size_t tail_n;          /* 0: not known */
};

struct reader_attach {
	uint32_t log;
	struct feed *feed; /* borrowed until detached */
	bool in_operation; /* from the start */
	bool seek;         /* skip what is older than the feed's findtime */
	bool replay; /* begin a bit before the mark, so that what the filter
	                remembers between lines is there */
	/* Sources without one are not read; none at all: the current one. */
	const struct reader_mark *marks;
	size_t nmarks;
	const struct reader_mark *skips; /* starts of lines to leave out */
	size_t nskips;
};

/* No-op when the log is unknown or the jail is attached already. */
void reader_attach(struct reader *r, const struct reader_attach *a);
void reader_detach(struct reader *r, uint32_t jail, uint32_t log);
/* Whether the jail reached the end of all its logs once. */
bool reader_in_operation(const struct reader *r, uint32_t jail);
/* From all logs. */
void reader_detach_all(struct reader *r, uint32_t jail);

/* Every copy that was made before the truncation has been added. */
void reader_checked(struct reader *r, uint32_t log);
/* The file with this watch changed; -1: any may have. */
void reader_touched(struct reader *r, int watch);
/* Sources that tell nothing may have changed. Returns whether there are any. */
bool reader_touch_polled(struct reader *r);

/*
 * Reads for at most that long, one log after the other. Returns whether there
 * is more to read now.
 */
bool reader_turn(struct reader *r, int milliseconds);
/* From a callback: the turn ends with the line that is told of. */
void reader_enough(struct reader *r);
/* positions() for all that moved since the last call; whether any did. */
bool reader_positions(struct reader *r);
/* Any moved since then? */
bool reader_moved(const struct reader *r);
/*
 * retired() for old sources that did not grow for a minute. Returns whether
 * there are old ones left, so that it must be called again some time.
 */
bool reader_retire(struct reader *r);

#endif
