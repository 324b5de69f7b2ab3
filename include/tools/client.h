/*
 * client - fail2ban-client's commands (spec 16)
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <stdbool.h>

#include "base/value.h"
#include "conf/config.h"
#include "tools/cliopts.h"

enum { CLIENT_GOOD = 0, CLIENT_BAD = 255 };

struct client {
	const struct cli_opts *o;    /* borrowed */
	struct config_opts config;   /* texts borrowed from o */
	struct config_server server; /* what fail2ban.conf says, when loaded */
	bool loaded;
	bool interactive; /* within a session of -i */
	const char *socket;
};

/* ---- client.c */

/* 0, or -1 when options or fail2ban.conf are wrong, which has been said. */
int client_init(struct client *c, const struct cli_opts *o);
void client_release(struct client *c);
/* fail2ban.conf, once. 0 or -1 (said). */
int client_load_settings(struct client *c);

/*
 * Runs one command, a list of texts; prints its answer. Returns the exit
 * status.
 */
int client_run(struct client *c, const struct value *command);
/*
 * Says that something failed: a line of fail2ban's log on standard error; an
 * object with --json. Returns CLIENT_BAD.
 */
int client_fail(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The object alone, with --json: the line has been written already. */
void client_tell_error(struct client *c, const char *text);
/* A line on standard output; control bytes do not reach a terminal. */
void client_print(const char *p, size_t n);

/* Whether the server answers a ping within so many seconds. */
bool client_ping(struct client *c, double timeout);

/* How an answer is told. */
enum client_show {
	CLIENT_TELL,       /* answer or error on standard output */
	CLIENT_TELL_ERROR, /* nothing on success */
	CLIENT_QUIET,      /* errors go to the log only */
};
/*
 * Sends a request and tells the answer as that of command (request itself
 * but for those which carry a stream). Returns the exit status.
 */
int client_send(struct client *c, const struct value *request,
    const struct value *command, enum client_show show);
/* The answer to a request that is nobody's; NULL when there is none. */
struct value *client_ask(struct client *c, const struct value *request);
/* Names of the running jails; empty without a server. Owned by the caller. */
struct value *client_jails(struct client *c);

/* ---- clientstart.c */

int client_start(struct client *c);
int client_restart(struct client *c);
/* words of the command: reload or restart, options, jail */
int client_reload(struct client *c, const struct value *command);
/* --feed */
int client_feed(struct client *c);

/* ---- clientspawn.c: the server's program */

/* Starts the server in the background; its process id, -1 (said). */
pid_t client_spawn(struct client *c);
/* Becomes a server in the foreground. Returns only on failure. */
int client_become_server(struct client *c);

/* ---- interactive.c */

/* A session of -i. Returns the exit status. */
int client_interactive(struct client *c);

#endif
