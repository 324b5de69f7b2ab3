/*
 * worker - the unprivileged processes of the server, other end of monitor
 *
 * The parent re-executes its own binary with one of these as the only
 * argument; main() looks for it before anything else.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#define WORKER_WORD "--worker"
#define RESOLVER_WORD "--resolver"

/* Run until the parent closes the channel; return the exit status. */
int worker_main(void);
int resolver_main(void);

#endif
