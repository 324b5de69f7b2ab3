/*
 * control - the unix socket: requests in, answers out (spec 14)
 *
 * Frames are data, what is done with them is the owner's: a request is handed
 * over and answered later, by request_answer(), in any order between
 * connections. On one connection the next request waits for that.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "base/value.h"

struct control;
struct request;

struct control_opts {
	const char *path;  /* of the socket */
	const char *group; /* whose members may read, NULL: nobody */
	int fd;            /* inherited listening socket, -1: make one */
};

/*
 * Called with each request. words lives until request_answer(); readonly:
 * the peer is a member of the group, not the owner.
 */
typedef void (*control_fn)(
    void *arg, struct request *rq, const struct value *words, bool readonly);

/* Sends the answer, takes it over; rq and its words are gone afterwards. */
void request_answer(struct request *rq, struct value *answer);

/* The process that connected; 0: unknown. */
pid_t request_peer(const struct request *rq);

/* Listens. NULL with the reason in err; loop is borrowed. */
struct control *control_new(uv_loop_t *loop, const struct control_opts *opts,
    control_fn fn, void *arg, struct err *err);
/* No new connections; removes the socket file unless it was inherited. */
void control_close(struct control *c);
/*
 * Closes the connections too, after what is being sent; the loop has to run
 * once more. Requests not yet answered stay valid, their answers go nowhere.
 */
void control_free(struct control *c);

/* Serves a connected socket, as if it had been accepted; for tests. */
struct control *control_new_unbound(uv_loop_t *loop, control_fn fn, void *arg);
int control_adopt(struct control *c, int fd, bool readonly);
/* Connections open now. */
size_t control_count(const struct control *c);

#endif
