/*
 * server - the parent process: jails, history, control socket
 *
 * Holds everything together; what commands do is in the rows (command.h),
 * what a jail is in record.h, how streams are executed in stream.h.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/dict.h"
#include "base/err.h"
#include "base/logtarget.h"
#include "base/value.h"
#include "engine/history.h"
#include "engine/runner.h"
#include "server/command.h"
#include "server/control.h"
#include "server/monitor.h"
#include "server/record.h"
#include "server/resolver.h"

struct reload;

enum {
	SERVER_SIGNALS = 3,
	SERVER_LOOKS = 20, /* of half a second: then what hangs is given up */
};

struct server_opts {
	const char *socket;
	const char *pidfile;
	const char *group;    /* may read, NULL: nobody */
	const char *loglevel; /* NULL: default */
	const char *logtarget;
	const char *syslogsocket;
	int verbosity;
	bool force;      /* remove an existing socket file */
	bool background; /* is a daemon already */
	/* Foreground: the program that reads the configuration; NULL: none. */
	char **feeder;
};

struct server {
	uv_loop_t *loop; /* borrowed */
	const struct server_opts *opts;
	struct dict *jails; /* name -> struct record, owned */
	struct history *history;
	struct runner *runner;
	struct monitor *monitor;
	struct resolver *resolver;
	struct cymru *cymru; /* look-ups under way */
	struct control *control;
	struct logtarget *logtarget;
	struct record *ending; /* those that are being stopped */
	struct reload *reload; /* NULL: none under way */
	struct call *waiting;  /* for the end of a stream, reload, stop */
	bool exclusive;        /* one of them is under way */
	bool stopping;
	bool stop_asked; /* by a signal */
	bool sensor_stopped;
	bool ready;            /* the first stream has come */
	int inherited_fd;      /* socket activation, else -1 */
	struct call *stopper;  /* answers when all has stopped, or NULL */
	size_t waiting_bytes;  /* failures of all jails not yet judged */
	size_t jails_stopping; /* records whose jail_stop() runs */
	int exit_status;
	char *loglevel;  /* as set, upper case */
	char *allowipv6; /* as set */
	int ipv6;        /* 1 yes, 0 no, -1 auto */
	long long stacksize;
	double due_at; /* what the timer is armed for */
	int due_fd;    /* timerfd of the earliest end of a ban */
	uv_poll_t due_poll;
	uv_timer_t purge;
	uv_timer_t patience;   /* with what is being stopped */
	unsigned long started; /* commands started at its last look */
	int looks;             /* without progress */
	uv_signal_t signals[SERVER_SIGNALS];
	uv_process_t feeder;
	bool pid_written;
};

/* Runs until it is stopped; the exit status of the program. */
int server_run(const struct server_opts *opts);

/*
 * A jail by name. While a stream of a reload is executed the jail it makes
 * is found before the one that runs. NULL: unknown.
 */
struct record *server_jail(const struct server *s, const char *name);

/* The environment of a jail, for jail_new(). */
struct jail_env server_jail_env(struct server *s);

/*
 * Opens the history ("None": no database). -1 when jails are there and it is
 * another file, or when it is of a later version.
 */
int server_set_dbfile(struct server *s, const char *path, struct err *err);
/* Whether commands for IPv6 are to be run. */
bool server_ipv6(const struct server *s);
int server_set_loglevel(struct server *s, const char *word, struct err *err);

/* Stops everything and then the loop. c answers when it is done, or NULL. */
void server_stop(struct server *s, struct call *c);
/* Looks after what is being stopped or reloaded, so that it ends. */
void server_watch(struct server *s);
/* A jail's jail_stop() has ended. */
void server_jail_stopped(struct server *s);
/* Whether any jail has been started. */
bool server_has_running(const struct server *s);

#endif
