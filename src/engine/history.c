/*
 * Writes wait in a queue, so that one transaction a turn of the loop serves
 * all bans of that turn and a locked file costs nobody anything. What SQLite
 * keeps of a killed process is enough (synchronous off); a loss of power is
 * what it is for fail2ban.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/historydb.h"
#include "engine/schema.h"
#include "engine/ticketjson.h"

enum {
	QUEUE_MAX = 20000,
	RETRY_MIN_MS = 20,
	RETRY_MAX_MS = 1000,
	LAZY_MS = 10000, /* log positions alone */
	READ_TRIES = 6,  /* of 1 ms, while others hold the file */
	CLOSE_WAIT_MS = 1000,
	PURGE_MS = 3600000,
};

static void
op_free(struct history_op *op)
{
	free(op->jail);
	free(op->id);
	buf_release(&op->data);
	free(op);
}

static void
queue_cut(struct history *h, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		op_free(h->ops[i]);
	memmove(
	    h->ops + at, h->ops + at + n, (h->n - at - n) * sizeof(*h->ops));
	h->n -= n;
}

static void
on_timer(uv_timer_t *timer)
{
	(void)history_flush(timer->data);
}

/* Starts the timer unless it comes earlier already. */
static void
flush_within(struct history *h, int ms)
{
	if (!h->has_timer || h->closing)
		return;
	if (uv_is_active((uv_handle_t *)&h->timer) &&
	    uv_timer_get_due_in(&h->timer) <= (uint64_t)ms)
		return;
	(void)uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
}

static struct history_op *
op_new(enum history_kind kind, const char *jail, const char *id, size_t n)
{
	struct history_op *op = xcalloc(1, sizeof(*op));

	op->kind = kind;
	op->jail = jail == NULL ? NULL : xstrdup(jail);
	op->id = id == NULL ? NULL : xmemdup0(id, n);
	op->id_n = n;
	buf_init(&op->data);
	return op;
}

/*
 * When the file stays locked for hours the oldest writes are given up; the
 * bans themselves are not concerned.
 */
static void
enqueue(struct history *h, struct history_op *op)
{
	if (h->n >= QUEUE_MAX) {
		if (h->dropped++ % 1000 == 0)
			log_msg(LOG_ERROR, "database",
			    "Database '%s' cannot be written for too long "
			    "(%s): %lu change(s) are lost",
			    h->path, sqlite3_errstr(h->why), h->dropped);
		queue_cut(h, 0, 1);
	}
	GROW(h->ops, h->n, h->cap);
	h->ops[h->n++] = op;
	if (h->retry_ms == 0)
		flush_within(h, op->kind == HISTORY_LOG ? LAZY_MS : 0);
}

/* ---- open and close */

static void
on_purge(uv_timer_t *timer)
{
	history_purge(timer->data);
}

/* They do not keep the loop alive. */
static void
start_timers(struct history *h, uv_loop_t *loop)
{
	(void)uv_timer_init(loop, &h->timer);
	(void)uv_timer_init(loop, &h->purge);
	uv_unref((uv_handle_t *)&h->timer);
	uv_unref((uv_handle_t *)&h->purge);
	h->timer.data = h->purge.data = h;
	(void)uv_timer_start(&h->purge, on_purge, PURGE_MS, PURGE_MS);
	h->handles = 2;
	h->has_timer = true;
}

struct history *
history_open(const char *path, uv_loop_t *loop, struct err *err)
{
	bool lost;
	sqlite3 *db = schema_open(path, &lost, err);
	struct history *h;

	if (db == NULL)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	h->db = db;
	h->lost = lost;
	h->path = xstrdup(path);
	h->maxmatches = 10;
	h->purgeage = 86400;
	(void)sqlite3_busy_timeout(db, 0);
	if (loop != NULL)
		start_timers(h, loop);
	enqueue(h, op_new(HISTORY_JAIL_STOP, NULL, NULL, 0));
	(void)history_flush(h);
	return h;
}

static void
finalize_all(struct history *h)
{
	for (int i = 0; i < SQL_MAX; i++) {
		(void)sqlite3_finalize(h->sql[i]);
		h->sql[i] = NULL;
	}
}

static void
destroy(struct history *h)
{
	free(h->ops);
	free(h->path);
	free(h);
}

static void
on_closed(uv_handle_t *timer)
{
	struct history *h = timer->data;

	if (--h->handles == 0)
		destroy(h);
}

void
history_close(struct history *h)
{
	if (h == NULL)
		return;
	h->closing = true;
	(void)sqlite3_busy_timeout(h->db, CLOSE_WAIT_MS);
	if (history_flush(h) == -1)
		log_msg(LOG_ERROR, "database",
		    "Database '%s' cannot be written (%s): %zu change(s) are "
		    "lost",
		    h->path, sqlite3_errstr(h->why), h->n);
	queue_cut(h, 0, h->n);
	finalize_all(h);
	(void)sqlite3_close_v2(h->db);
	log_msg(LOG_INFO_, "database", "Connection to database closed.");
	if (!h->has_timer) {
		destroy(h);
		return;
	}
	uv_close((uv_handle_t *)&h->timer, on_closed);
	uv_close((uv_handle_t *)&h->purge, on_closed);
}

const char *
history_path(const struct history *h)
{
	return h->path;
}

bool
history_is_lost(const struct history *h)
{
	return h->lost;
}

size_t
history_queued(const struct history *h)
{
	return h->n;
}

unsigned long
history_dropped(const struct history *h)
{
	return h->dropped;
}

void
history_set_maxmatches(struct history *h, int n)
{
	h->maxmatches = n;
}

int
history_maxmatches(const struct history *h)
{
	return h->maxmatches;
}

void
history_set_purgeage(struct history *h, double seconds)
{
	h->purgeage = seconds;
}

double
history_purgeage(const struct history *h)
{
	return h->purgeage;
}

/* ---- statements */

static const char *const sql_texts[SQL_MAX] = {
    [SQL_JAIL_ADD] = "INSERT INTO jails(name, enabled) VALUES(?1, 1) ON "
                     "CONFLICT(name) DO UPDATE SET enabled=1 WHERE enabled<>1",
    [SQL_JAIL_KNOWN] = "INSERT OR IGNORE INTO jails(name) VALUES(?1)",
    [SQL_JAIL_STOP] = "UPDATE jails SET enabled=0 WHERE enabled<>0 AND "
                      "(?1 IS NULL OR name=?1)",
    [SQL_LOG] = "INSERT OR REPLACE INTO logs(jail, path, firstlinemd5, "
                "lastfilepos) VALUES(?1, ?2, ?3, ?4)",
    [SQL_BAN] = "INSERT INTO bans(jail, ip, timeofban, bantime, bancount, "
                "data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_BIP] = "INSERT OR REPLACE INTO bips(jail, ip, timeofban, bantime, "
                "bancount, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_UNBAN] = "DELETE FROM bans WHERE jail=?1 AND ip=?2",
    [SQL_UNBIP] = "DELETE FROM bips WHERE jail=?1 AND ip=?2",
    [SQL_UNBAN_ALL] = "DELETE FROM bans WHERE jail=?1",
    [SQL_UNBIP_ALL] = "DELETE FROM bips WHERE jail=?1",
    [SQL_PURGE_BANS] = "DELETE FROM bans WHERE rowid IN (SELECT b.rowid FROM "
                       "jails j CROSS JOIN bans b WHERE b.jail=j.name AND "
                       "b.timeofban<?1 LIMIT ?2)",
    [SQL_PURGE_BIPS] = "DELETE FROM bips WHERE rowid IN (SELECT rowid FROM "
                       "bips WHERE timeofban<?1 AND bantime<>-1 AND "
                       "timeofban+3*bantime<?1 LIMIT ?2)",
    [SQL_PURGE_JAILS] = "DELETE FROM jails WHERE enabled=0 AND NOT EXISTS "
                        "(SELECT 1 FROM bans WHERE jail=jails.name) AND NOT "
                        "EXISTS (SELECT 1 FROM bips WHERE jail=jails.name)",
    [SQL_LOG_GET] = "SELECT firstlinemd5, lastfilepos FROM logs WHERE jail=?1 "
                    "AND path=?2",
    [SQL_FIND] = "SELECT jail, bancount, timeofban, bantime FROM bips WHERE "
                 "ip=?1",
    [SQL_RESTORE] = "SELECT rowid, ip, timeofban, bantime, bancount, data "
                    "FROM bips WHERE rowid>?1 AND rowid<=?2 AND jail=?3 AND "
                    "(timeofban+bantime>?4 OR bantime<=-1) AND timeofban>?5 "
                    "ORDER BY rowid LIMIT ?6",
    [SQL_RESTORE_END] = "SELECT max(rowid) FROM bips",
    [SQL_MERGED] = "SELECT timeofban, data FROM bans WHERE ip=?1 AND (?2 IS "
                   "NULL OR jail=?2) ORDER BY timeofban DESC, rowid DESC LIMIT "
                   "?3",
};

void
history_error(struct history *h, const char *what)
{
	log_msg(LOG_ERROR, "database", "%s failed: %s (database '%s')", what,
	    sqlite3_errmsg(h->db), h->path);
}

sqlite3_stmt *
history_sql(struct history *h, enum history_sql which)
{
	sqlite3_stmt **st = &h->sql[which];
	int rc;

	if (*st != NULL) {
		(void)sqlite3_reset(*st);
		(void)sqlite3_clear_bindings(*st);
		return *st;
	}
	for (int i = 0;; i++) {
		rc = sqlite3_prepare_v3(h->db, sql_texts[which], -1,
		    SQLITE_PREPARE_PERSISTENT, st, NULL);
		if (rc != SQLITE_BUSY || i == READ_TRIES)
			break;
		(void)sqlite3_sleep(1);
	}
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		history_error(h, sql_texts[which]);
	return rc == SQLITE_OK ? *st : NULL;
}

int
history_step(struct history *h, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	(void)h;
	for (int i = 0; rc == SQLITE_BUSY && i < READ_TRIES; i++) {
		(void)sqlite3_reset(st);
		(void)sqlite3_sleep(1);
		rc = sqlite3_step(st);
	}
	return rc;
}

/* ---- the queue */

static int
apply_all(struct history *h)
{
	int rc = sqlite3_exec(h->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (size_t i = 0; i < h->n && rc == SQLITE_OK; i++) {
		rc = history_apply(h, h->ops[i]);
		if (rc != SQLITE_CONSTRAINT && rc != SQLITE_MISMATCH &&
		    rc != SQLITE_TOOBIG)
			continue;
		/* something is wrong with this one alone */
		history_error(h, "A write");
		h->dropped++;
		rc = SQLITE_OK;
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(h->db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(h->db))
		(void)sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* A file that was damaged while in use is repaired as at start, but once. */
static bool
replace_file(struct history *h)
{
	if (h->reopened || h->lost)
		return false;
	h->reopened = true;
	finalize_all(h);
	h->db = schema_replace(h->db, h->path, &h->lost);
	(void)sqlite3_busy_timeout(h->db, 0);
	return true;
}

/* Somebody removed or moved the file: a new one takes its place. */
static bool
open_again(struct history *h)
{
	bool lost;
	sqlite3 *db;

	if (h->lost)
		return false;
	db = schema_open(h->path, &lost, NULL);
	if (db == NULL)
		return false;
	finalize_all(h);
	(void)sqlite3_close_v2(h->db);
	h->db = db;
	h->lost = lost;
	(void)sqlite3_busy_timeout(db, 0);
	return true;
}

/*
 * Whether something could be done about the error. Rows of jails that are
 * missing then come back with the first write that misses them.
 */
static bool
mend(struct history *h, int rc)
{
	if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
		return replace_file(h);
	if (rc == SQLITE_READONLY)
		return open_again(h);
	/* a table may have been dropped by hand */
	return rc == SQLITE_ERROR && schema_create(h->db) == SQLITE_OK;
}

static int
wait_for_others(struct history *h, int rc)
{
	h->why = rc;
	if (rc != SQLITE_BUSY && rc != SQLITE_LOCKED && h->retry_ms == 0)
		history_error(h, "Writing");
	h->retry_ms *= 2;
	if (h->retry_ms < RETRY_MIN_MS)
		h->retry_ms = RETRY_MIN_MS;
	if (h->retry_ms > RETRY_MAX_MS)
		h->retry_ms = RETRY_MAX_MS;
	if (h->has_timer)
		(void)uv_timer_stop(&h->timer);
	flush_within(h, h->retry_ms);
	return -1;
}

int
history_flush(struct history *h)
{
	int rc;

	if (h->n == 0)
		return 0;
	rc = apply_all(h);
	if (rc != SQLITE_OK && h->retry_ms == 0 && mend(h, rc))
		rc = apply_all(h);
	if (rc != SQLITE_OK)
		return wait_for_others(h, rc);
	queue_cut(h, 0, h->n);
	h->retry_ms = 0;
	if (h->has_timer)
		(void)uv_timer_stop(&h->timer);
	if (h->purge_more) {
		h->purge_more = false;
		history_purge(h);
	}
	return 0;
}

/* ---- writes */

void
history_jail_add(struct history *h, const char *jail)
{
	enqueue(h, op_new(HISTORY_JAIL_ADD, jail, NULL, 0));
}

void
history_jail_stop(struct history *h, const char *jail)
{
	enqueue(h, op_new(HISTORY_JAIL_STOP, jail, NULL, 0));
}

void
history_log_set(struct history *h, const char *jail, const char *path,
    const struct history_pos *pos)
{
	struct history_op *op;

	/* only the last of several positions is worth writing */
	for (size_t i = h->n; i-- > 0;)
		if (h->ops[i]->kind == HISTORY_LOG &&
		    strcmp(h->ops[i]->jail, jail) == 0 &&
		    strcmp(h->ops[i]->id, path) == 0) {
			queue_cut(h, i, 1);
			break;
		}
	op = op_new(HISTORY_LOG, jail, path, strlen(path));
	op->pos = *pos;
	enqueue(h, op);
}

void
history_ban(
    struct history *h, const char *jail, const struct ticket *t, double bantime)
{
	struct history_op *op = op_new(HISTORY_BAN, jail, t->id, t->id_n);

	op->time = nearbyint(t->time);
	op->bantime = bantime;
	op->bancount = t->bancount;
	ticketjson_write(&op->data, t, h->maxmatches);
	enqueue(h, op);
}

void
history_unban(struct history *h, const char *jail, const char *id, size_t n)
{
	enqueue(h, op_new(HISTORY_UNBAN, jail, id, n));
}

void
history_unban_all(struct history *h, const char *jail)
{
	enqueue(h, op_new(HISTORY_UNBAN_ALL, jail, NULL, 0));
}

void
history_purge(struct history *h)
{
	struct history_op *op = op_new(HISTORY_PURGE, NULL, NULL, 0);

	op->time = clock_now() - h->purgeage;
	enqueue(h, op);
}
