/*
 * batchshape - commands that can go out many at once (architecture,
 * decision 9)
 *
 * A command belongs here only when its whole text has one of the shapes that
 * the stock actions of the packet filters produce and its operand is a
 * printed address: then running the lines of many such commands through one
 * interpreter gives what running them one by one gives.
 */
#ifndef ENGINE_BATCHSHAPE_H
#define ENGINE_BATCHSHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct batch_program; /* a row of the table of interpreters */

struct batch_line {
	const struct batch_program *program;
	struct buf key;  /* equal keys may share one interpreter */
	struct buf line; /* its line of input, without the newline */
};

void batch_line_init(struct batch_line *l);
void batch_line_release(struct batch_line *l);

/* Takes a command apart; false: none of the shapes, *l is empty then. */
bool batch_parse(struct batch_line *l, const char *text);

/* Input of the interpreter for lines of the same key: begin, lines, end. */
void batch_begin(struct buf *input, const struct batch_line *first);
void batch_end(struct buf *input, const struct batch_line *first);
/*
 * Its argv, NULL at the end, at most BATCH_ARGV_MAX with the NULL; strings
 * are made in text, which must live as long.
 */
#define BATCH_ARGV_MAX 8
void batch_argv(const char *argv[BATCH_ARGV_MAX], struct buf *text,
    const struct batch_line *first);
/*
 * After a failure: how many lines had been done before, as its messages say;
 * 0 when it does all or nothing.
 */
size_t batch_done_lines(
    const struct batch_line *first, const char *err, size_t n);

#endif
