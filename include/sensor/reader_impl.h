/*
 * reader_impl - what the two files of module reader share
 */
#ifndef SENSOR_READER_IMPL_H
#define SENSOR_READER_IMPL_H

#include "base/buf.h"
#include "sensor/cursor.h"
#include "sensor/datedetect.h"
#include "sensor/reader.h"

enum {
	HEAD = 256, /* bytes by which the contents of a file are known again */
};

struct source {
	uint32_t id;
	int fd; /* owned */
	int watch;
	bool polled;
	bool copy;      /* not known to belong to the log */
	bool rewritten; /* waits for reader_checked() */
	bool retiring;  /* retired() was called */
	/* How the file began when copies of it were asked for; jails at its
	   start read it only as long as that is so. */
	char head[HEAD];
	size_t head_n;
	int64_t grown; /* ms: when it last changed or was added */
};

/* Place of a jail in a source. */
struct place {
	struct cursor c;
	bool active; /* the jail reads this source */
	bool at_end;
	int64_t told; /* positions() had it */
	uint32_t told_gen;
	uint32_t origin; /* source whose contents go on here, 0: none */
	int64_t known;   /* what is before was read by an earlier worker */
	bool lost;       /* the file is not (or perhaps not) what it was */
};

struct attach {
	struct feed *feed; /* borrowed */
	bool in_operation;
	struct place *places; /* one for each source of the log */
	size_t places_cap;
	struct reader_mark *skips;
	size_t nskips;
};

/* A date detector for all jails that look for dates in the same way. */
struct shared_dates {
	char *key;
	struct datedetect *d; /* NULL: the pattern is bad */
	bool valid;           /* match is of the current line */
	int result;
	struct datematch match;
};

struct log {
	uint32_t id;
	char *path;
	struct source *sources; /* old ... current */
	size_t nsources;
	size_t sources_cap;
	struct attach **attaches; /* owned */
	size_t nattaches;
	size_t attaches_cap;
	size_t turn;        /* whose turn it is to read */
	double quiet_until; /* no warning about encoding before */
	struct shared_dates *dates;
	size_t ndates;
	size_t dates_cap;
};

struct reader {
	const struct reader_ops *ops;
	void *arg;
	struct log **logs; /* owned */
	size_t nlogs;
	size_t logs_cap;
	size_t turn; /* whose turn it is */
	bool enough; /* the turn ends with this line */
	struct block block;
	struct buf scratch;
	struct reader_position *moves; /* owned; to be told */
	size_t nmoves;
	size_t moves_cap;
	bool moved;
};

/* Index of the first source that the jail has to read now, -1: none. */
int reader_pending(const struct log *l, const struct attach *a);
/* reader_rewrite.c: stops reading the source and asks for copies. */
void reader_rewritten(
    struct reader *r, struct log *l, struct source *s, bool certain);
/* Whether b, read at the start of the file, is what it was then. */
bool reader_same_head(const struct source *s, const struct block *b);
/* All jails go on in copies, then at the start of the source at that index. */
void reader_begin_anew(struct reader *r, struct log *l, size_t at);
/* Date detector for jails with this key, NULL when it has none. */
struct shared_dates *reader_dates(struct log *l, const char *key);

#endif
