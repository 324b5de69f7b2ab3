/*
 * batchshape - commands that can go out many at once (architecture,
 * decision 9)
 *
 * A command belongs here only when its whole text has one of the shapes that
 * the stock actions of the packet filters produce and its operand is a
 * printed address: then giving the lines of many such commands to one
 * interpreter does what running them one after the other does, or fails and
 * can be repeated one by one.
 */
#ifndef ENGINE_BATCHSHAPE_H
#define ENGINE_BATCHSHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct batch_shape; /* a row of the table of programs */

struct batch_line {
	const struct batch_shape *shape; /* NULL: none */
	struct buf key;  /* lines of equal keys may share an interpreter */
	struct buf line; /* for its input, without the newline */
};

void batch_line_init(struct batch_line *l);
void batch_line_release(struct batch_line *l);
/* Takes a command apart. False: it has none of the shapes, *l is empty. */
bool batch_line_parse(struct batch_line *l, const char *text);

/* Before and after the lines of one key. */
void batch_begin(struct buf *input, const struct batch_line *l);
void batch_end(struct buf *input, const struct batch_line *l);

/* The interpreter's argv, NULL at the end. */
#define BATCH_ARGV_MAX 8
struct batch_argv {
	const char *argv[BATCH_ARGV_MAX]; /* into text */
	struct buf text;
};
void batch_argv_init(struct batch_argv *a, const struct batch_line *l);
void batch_argv_release(struct batch_argv *a);

#endif
