/*
 * smtpclient - sends one mail (RFC 5321)
 *
 * For a process of its own: it waits for the server.
 */
#ifndef ENGINE_SMTPCLIENT_H
#define ENGINE_SMTPCLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"

struct letter {
	struct value *head; /* dict: host, ssl, user, password, from */
	struct value *to;   /* list of addresses */
	const char *text;   /* headers and body, borrowed */
	size_t text_n;
};

/* Takes the input of module smtp apart; p is borrowed by l. */
int letter_read(struct letter *l, const char *p, size_t n, struct err *err);
void letter_release(struct letter *l);

/*
 * The conversation over two descriptors (maybe the same). -1 with what the
 * server said in err.
 */
int letter_send(int in, int out, const struct letter *l, struct err *err);

#endif
