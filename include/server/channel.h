/*
 * channel - typed messages and descriptors between the processes
 *
 * One end of a SOCK_SEQPACKET pair in a loop. A message may be larger than a
 * packet: it travels in numbered parts. Only what the table permits is
 * received; anything else closes the channel.
 */
#ifndef SERVER_CHANNEL_H
#define SERVER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buf.h"
#include "base/pack.h"

struct channel;

struct channel_kind {
	size_t max;   /* bytes of the largest such message, 0: not permitted */
	bool with_fd; /* carries exactly one descriptor */
};

struct channel_ops {
	const struct channel_kind *kinds; /* index is the type, borrowed */
	size_t nkinds;
	/* Reads u to its end (else it is a broken message). fd is owned by the
	   callee; -1 when the kind has none. */
	void (*message)(void *arg, unsigned type, struct unpack *u, int fd);
	/* The other end is gone (why NULL) or sent rubbish. Called once; the
	   channel may be freed there. */
	void (*closed)(void *arg, const char *why);
	/* The queue became empty. May be NULL. */
	void (*drained)(void *arg);
};

/* Makes fd (owned) non-blocking. Errors close it at the first turn. */
struct channel *channel_new(
    uv_loop_t *loop, int fd, const struct channel_ops *ops, void *arg);
/* What is queued is dropped. Allowed from every callback. */
void channel_free(struct channel *c);

/* Sends or queues a copy. fd: borrowed (duplicated when it has to wait). */
void channel_send(
    struct channel *c, unsigned type, const struct buf *b, int fd);
/* Bytes that wait because the socket is full. */
size_t channel_queued(const struct channel *c);
/* Receives all that is there, without waiting. */
void channel_receive(struct channel *c);

#endif
