/*
 * err - error texts for the person who wrote the input, collected
 *
 * Functions that can fail because of what a user wrote take a struct err *
 * and return err_set()/err_at(), which are always -1. Several errors may be
 * added; they are separated by newlines. Untouched on success.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/buf.h"

/* Where an input came from; file NULL: unknown, line 0: the whole file. */
struct pos {
	const char *file; /* borrowed: lives as long as the configuration */
	int line;         /* 1-based */
};

struct err {
	struct buf text;
	int count; /* errors added */
	struct pos
	    pos; /* for a text that may not name it; file NULL: unknown */
};

#define ERR_INIT                                                               \
	{                                                                      \
		.text = BUF_INIT, .count = 0                                   \
	}

void err_release(struct err *e);
/* Forgets what was collected. */
void err_reset(struct err *e);

/* Adds a text; e may be NULL (text is dropped). Returns -1. */
int err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with "file:line: " in front. Returns -1. */
int err_at(struct err *e, const struct pos *pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Says where the cause of a text is, unless that was said before. */
void err_locate(struct err *e, struct pos pos);
/* " (file:line)" of that, or "". */
void err_add_place(struct buf *out, const struct err *e);

/* All texts, "" when there is none; valid until the next call on e. */
const char *err_text(const struct err *e);

#endif
