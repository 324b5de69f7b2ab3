/*
 * What the writes of the queue do in the database.
 */
#include <math.h>

#include "engine/historydb.h"

enum {
	PURGE_ROWS = 2000, /* a transaction; the rest goes with the next */
};

/* Runs a statement that gives no rows; st may be NULL. */
static int
finish(struct history *h, sqlite3_stmt *st)
{
	int rc;

	if (st == NULL)
		return sqlite3_errcode(h->db); /* of preparing it */
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void
bind_text(sqlite3_stmt *st, int at, const char *p, int n)
{
	(void)sqlite3_bind_text(st, at, p, n, SQLITE_STATIC);
}

/* fail2ban: whole numbers are stored as integers, others as they are. */
static void
bind_number(sqlite3_stmt *st, int at, double f)
{
	if (f == floor(f) && fabs(f) < 9e15)
		(void)sqlite3_bind_int64(st, at, (sqlite3_int64)f);
	else
		(void)sqlite3_bind_double(st, at, f);
}

static int
run_jail(struct history *h, enum history_sql which, const char *jail)
{
	sqlite3_stmt *st = history_sql(h, which);

	if (st != NULL && jail != NULL)
		bind_text(st, 1, jail, -1);
	return finish(h, st);
}

static int
run_id(struct history *h, enum history_sql which, const struct history_op *op)
{
	sqlite3_stmt *st = history_sql(h, which);

	if (st != NULL) {
		bind_text(st, 1, op->jail, -1);
		bind_text(st, 2, op->id, (int)op->id_n);
	}
	return finish(h, st);
}

static int
run_log(struct history *h, const struct history_op *op)
{
	sqlite3_stmt *st = history_sql(h, SQL_LOG);

	if (st != NULL) {
		bind_text(st, 1, op->jail, -1);
		bind_text(st, 2, op->id, (int)op->id_n);
		if (op->pos.mark[0] != '\0')
			bind_text(st, 3, op->pos.mark, -1);
		bind_number(st, 4, op->pos.at);
	}
	return finish(h, st);
}

static int
run_ban(struct history *h, enum history_sql which, const struct history_op *op)
{
	sqlite3_stmt *st = history_sql(h, which);

	if (st != NULL) {
		bind_text(st, 1, op->jail, -1);
		bind_text(st, 2, op->id, (int)op->id_n);
		bind_number(st, 3, op->time);
		bind_number(st, 4, op->bantime);
		(void)sqlite3_bind_int(st, 5, op->bancount);
		(void)sqlite3_bind_blob(
		    st, 6, op->data.p, (int)op->data.n, SQLITE_STATIC);
	}
	return finish(h, st);
}

static int
run_purge(struct history *h, enum history_sql which, double before, bool *more)
{
	sqlite3_stmt *st = history_sql(h, which);
	int rc;

	if (st != NULL) {
		(void)sqlite3_bind_double(st, 1, before);
		(void)sqlite3_bind_int(st, 2, PURGE_ROWS);
	}
	rc = finish(h, st);
	if (rc == SQLITE_OK && sqlite3_changes(h->db) == PURGE_ROWS)
		*more = true;
	return rc;
}

static int
apply_purge(struct history *h, const struct history_op *op)
{
	bool more = false;
	int rc = run_purge(h, SQL_PURGE_BANS, op->time, &more);

	if (rc == SQLITE_OK)
		rc = run_purge(h, SQL_PURGE_BIPS, op->time, &more);
	if (rc == SQLITE_OK)
		rc = run_jail(h, SQL_PURGE_JAILS, NULL);
	if (rc == SQLITE_OK && more)
		h->purge_more = true;
	return rc;
}

static int
apply_once(struct history *h, const struct history_op *op)
{
	int rc = SQLITE_OK;

	switch (op->kind) {
	case HISTORY_JAIL_ADD:
		return run_jail(h, SQL_JAIL_ADD, op->jail);
	case HISTORY_JAIL_STOP:
		return run_jail(h, SQL_JAIL_STOP, op->jail);
	case HISTORY_LOG:
		return run_log(h, op);
	case HISTORY_BAN:
		rc = run_ban(h, SQL_BAN, op);
		return rc != SQLITE_OK ? rc : run_ban(h, SQL_BIP, op);
	case HISTORY_UNBAN:
		rc = run_id(h, SQL_UNBAN, op);
		return rc != SQLITE_OK ? rc : run_id(h, SQL_UNBIP, op);
	case HISTORY_UNBAN_ALL:
		rc = run_jail(h, SQL_UNBAN_ALL, op->jail);
		return rc != SQLITE_OK ? rc
		                       : run_jail(h, SQL_UNBIP_ALL, op->jail);
	case HISTORY_PURGE:
		return apply_purge(h, op);
	}
	return rc;
}

/* The row of the jail may have been deleted by hand: it is made again. */
int
history_apply(struct history *h, const struct history_op *op)
{
	int rc = apply_once(h, op);

	if (rc != SQLITE_CONSTRAINT || op->jail == NULL)
		return rc;
	rc = run_jail(h, SQL_JAIL_KNOWN, op->jail);
	return rc == SQLITE_OK ? apply_once(h, op) : rc;
}
