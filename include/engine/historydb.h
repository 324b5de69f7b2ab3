/*
 * historydb - what the parts of history share; nobody else includes it
 */
#ifndef ENGINE_HISTORYDB_H
#define ENGINE_HISTORYDB_H

#include <sqlite3.h>

#include "engine/history.h"

enum history_kind {
	HISTORY_JAIL_ADD,
	HISTORY_JAIL_STOP,
	HISTORY_LOG,
	HISTORY_BAN,
	HISTORY_UNBAN,
	HISTORY_UNBAN_ALL,
	HISTORY_PURGE,
};

/* A write that waits. Texts are owned. */
struct history_op {
	enum history_kind kind;
	char *jail;
	char *id; /* BAN, UNBAN: id; LOG: path */
	size_t id_n;
	double time; /* BAN, PURGE: limit */
	double bantime;
	int bancount;
	struct buf data; /* BAN: JSON */
	struct history_pos pos;
};

/* Prepared when first used, kept. */
enum history_sql {
	SQL_JAIL_ADD,
	SQL_JAIL_KNOWN,
	SQL_JAIL_STOP,
	SQL_LOG,
	SQL_BAN,
	SQL_BIP,
	SQL_UNBAN,
	SQL_UNBIP,
	SQL_UNBAN_ALL,
	SQL_UNBIP_ALL,
	SQL_PURGE_BANS,
	SQL_PURGE_BIPS,
	SQL_PURGE_JAILS,
	SQL_LOG_GET,
	SQL_FIND,
	SQL_RESTORE,
	SQL_RESTORE_END,
	SQL_MERGED,
	SQL_MAX,
};

struct history {
	sqlite3 *db;
	sqlite3_stmt *sql[SQL_MAX];
	char *path;
	bool lost;
	bool reopened; /* after damage at run time; once only */
	int maxmatches;
	double purgeage;

	struct history_op **ops; /* oldest first, owned */
	size_t n;
	size_t cap;
	unsigned long dropped;

	bool has_timer;
	uv_timer_t timer; /* the queue is tried again */
	uv_timer_t purge; /* hourly */
	int handles;      /* not closed yet */
	bool purge_more;  /* the last purge left rows */
	int why;          /* SQLite's code of the last failure */
	int retry_ms;     /* next wait for a locked file, 0: not locked */
	bool closing;
};

/* The statement, reset; NULL when it cannot be prepared (logged). */
sqlite3_stmt *history_sql(struct history *h, enum history_sql which);
/*
 * sqlite3_step() for reads: waits some milliseconds for a locked file, then
 * gives SQLITE_BUSY.
 */
int history_step(struct history *h, sqlite3_stmt *st);
/* Logs an error of the database once it is known what failed. */
void history_error(struct history *h, const char *what);

/* Does one write inside the transaction. Returns an SQLite result. */
int history_apply(struct history *h, const struct history_op *op);

#endif
