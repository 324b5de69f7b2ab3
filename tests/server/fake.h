/*
 * fake - a server without log, socket and worker
 *
 * The monitor and the resolver are replaced: what they are told is written
 * down. Everything else is real.
 */
#ifndef TESTS_SERVER_FAKE_H
#define TESTS_SERVER_FAKE_H

#include "server/server.h"

/* A new server and its loop; the log goes to fake_log(). */
struct server *fake_server(void);
void fake_server_free(struct server *s);

/*
 * Runs a command until it is answered. request is Python as far as value_repr
 * prints it: lists, texts in '', numbers, True, False, None. The answer the
 * same way, exceptions as they print; valid until the next call.
 */
const char *fake_run(struct server *s, const char *request);
struct value *fake_parse(const char *text);

/* What the monitor was told since the last call, "name jail ...;" */
const char *fake_told(void);
/* Messages since the last call, "LEVEL text\n". */
const char *fake_log(void);

/* monitor_add_log() finds only these and what really exists. */
#define FAKE_LOG "/fake/log"
#define FAKE_LOG2 "/fake/log2"

#endif
