/*
 * cursor - a place in a log file from which lines are read
 *
 * The file belongs to somebody else, who may cut it, write it anew or let it
 * grow at any moment: the cursor remembers the bytes before its place and
 * sees with each read whether they are still there.
 */
#ifndef SENSOR_CURSOR_H
#define SENSOR_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/codec.h"

enum {
	CURSOR_TAIL = 48,         /* bytes remembered */
	CURSOR_BLOCK = 64 * 1024, /* bytes read at once */
	CURSOR_LINE = 64 * 1024,  /* longest line; the rest is cut off */
};

/* Plain data: copying it makes a second cursor at the same place. */
struct cursor {
	int64_t at;    /* offset of the next byte to look at */
	int64_t done;  /* end of the last line that is finished */
	uint32_t gen;  /* how often the file began anew under it */
	bool skipping; /* within the rest of a line that was too long */
	size_t tail_n;
	char tail[CURSOR_TAIL]; /* the bytes before at */
};

/* What was read at once; shared by all cursors of a process. */
struct block {
	char *p;      /* owned; CURSOR_TAIL + CURSOR_BLOCK bytes */
	size_t start; /* of what is not consumed yet, in p */
	size_t end;
	bool at_end; /* the file had no more */
};

void block_init(struct block *b);
void block_release(struct block *b);

/* At this offset of fd. */
void cursor_init(struct cursor *c, int fd, int64_t at);
/*
 * The same, where earlier these n bytes stood before it (0: not known).
 * Returns false when they are not there: the first read will say so.
 */
bool cursor_resume(
    struct cursor *c, int fd, int64_t at, const char *tail, size_t n);
/* The file began anew: at its start, one generation later. */
void cursor_rewind(struct cursor *c);

enum cursor_result {
	CURSOR_DATA,
	CURSOR_END,       /* no more bytes now */
	CURSOR_REWRITTEN, /* what was before the cursor is not there any more */
	CURSOR_ERROR,     /* errno is set */
};

/* Reads what follows the cursor into b. */
enum cursor_result cursor_fill(struct cursor *c, int fd, struct block *b);

struct cursor_line {
	const char *p; /* raw bytes in the block, with the line end */
	size_t n;
	bool truncated; /* it was longer than CURSOR_LINE */
};

/*
 * The next line of b; the cursor moves behind it. Returns false when b has no
 * complete line (any more): fill again, or wait when at_end was set.
 */
bool cursor_next(struct cursor *c, struct block *b, const struct codec *codec,
    struct cursor_line *ret);

/*
 * Where to begin so that no line dated at or after the wanted time is missed:
 * the start of a line in [from, size). date tells the time of a raw line
 * (false: it has none). Only for encodings with one byte a unit.
 */
typedef bool (*cursor_date_fn)(
    void *arg, const char *line, size_t n, double *time);
struct cursor_search {
	int64_t from;
	int64_t size;
	double wanted;
	cursor_date_fn date;
	void *arg;
};
int64_t cursor_seek(int fd, struct block *b, const struct cursor_search *s);

#endif
