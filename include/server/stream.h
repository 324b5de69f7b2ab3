/*
 * stream - many commands as one (spec 16; architecture, decision 10)
 *
 * At start a failing command breaks its jail only: the rest of that jail is
 * left out, the others start, the answer is the first error.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include <stdbool.h>
#include <uv.h>

#include "server/command.h"

struct stream {
	struct server *server;
	struct call *call;            /* to be answered */
	const struct value *commands; /* of call */
	size_t next;                  /* command to be run */
	struct dict *broken;          /* jails that are left out */
	struct value *error;          /* first one, owned */
	bool looping;                 /* stream_go() is running */
	bool answered;                /* the command just run */
	uv_idle_t turn; /* a timer of 0 ms would let no one else in */
};

/* Row "server-stream COMMANDS". */
enum outcome stream_run(struct call *c);

/* For reloads. commands: borrowed from the call. Free with stream_end(). */
struct stream *stream_new(struct call *c, const struct value *commands);
/* Executes from where it stands. */
void stream_go(struct stream *st);
/* The loop must run once more. */
void stream_end(struct stream *st);

#endif
