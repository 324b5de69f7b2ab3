/*
 * conn - requests to the server over its unix socket (spec 14)
 */
#ifndef TOOLS_CONN_H
#define TOOLS_CONN_H

#include "base/err.h"
#include "base/value.h"

struct conn {
	int fd; /* -1: closed */
};

/*
 * Connects. 0, or -1 with errno of what failed (ENAMETOOLONG: the path does
 * not fit a socket address).
 */
int conn_open(struct conn *c, const char *path);
/* Says good-bye as fail2ban's client does, and closes. */
void conn_close(struct conn *c);

/*
 * Sends one request and waits for its answer, at most timeout seconds for
 * every bit of it (0: for ever). *answer is what came, normally the tuple
 * (code, value), owned by the caller. -1: the reason is in err.
 */
int conn_request(struct conn *c, struct value **answer,
    const struct value *request, double timeout, struct err *err);

#endif
