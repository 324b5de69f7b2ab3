/*
 * What happens to a database file that is old or broken. Both keep the file
 * as it was under another name; the number of such copies is bounded, since a
 * disk that is full of them is worse than the loss.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/schema.h"

/* ---- names of backups */

static bool
is_backup(const char *name, const char *file)
{
	size_t n = strlen(file);
	const char *p = name + n;

	if (strncmp(name, file, n) != 0 || strlen(p) != 16 || p[0] != '.' ||
	    p[9] != '-')
		return false;
	return strspn(p + 1, "0123456789") == 8 &&
	       strspn(p + 10, "0123456789") == 6;
}

/* Removes the oldest backup when there are max or more; true: one went. */
static bool
remove_oldest(const char *path, size_t max)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? xstrdup(".")
	                          : xmemdup0(path, (size_t)(slash + 1 - path));
	const char *file = slash == NULL ? path : slash + 1;
	DIR *d = opendir(dir);
	char *oldest = NULL;
	struct dirent *e;
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!is_backup(e->d_name, file))
			continue;
		n++;
		if (oldest != NULL && strcmp(e->d_name, oldest) >= 0)
			continue;
		free(oldest);
		oldest = xstrdup(e->d_name);
	}
	if (n >= max && unlinkat(dirfd(d), oldest, 0) == 0)
		log_msg(LOG_INFO_, "database",
		    "  Old database backup removed: %s", oldest);
	else
		n = 0;
	free(oldest);
	if (d != NULL)
		(void)closedir(d);
	free(dir);
	return n >= max;
}

void
schema_backup_name(struct buf *out, const char *path)
{
	size_t from = out->n;

	for (int i = 0; i < 1000 && remove_oldest(path, SCHEMA_BACKUPS_MAX);
	     i++)
		continue;
	for (int i = 0; i < 1000; i++) {
		time_t now = (time_t)clock_now() + i;
		char date[32];
		struct stat st;
		struct tm tm;

		(void)gmtime_r(&now, &tm);
		(void)strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
		buf_truncate(out, from);
		buf_addf(out, "%s.%s", path, date);
		if (lstat(out->p + from, &st) == -1)
			return;
	}
}

/* ---- upgrade */

static int
copy_backup(sqlite3 *db, const char *name)
{
	sqlite3 *to;
	sqlite3_backup *b;
	int rc = schema_connect(
	    &to, name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	if (rc != SQLITE_OK)
		return rc;
	b = sqlite3_backup_init(to, "main", db, "main");
	rc = SQLITE_CANTOPEN;
	if (b != NULL) {
		(void)sqlite3_backup_step(b, -1);
		rc = sqlite3_backup_finish(b);
	}
	(void)sqlite3_close_v2(to);
	if (rc != SQLITE_OK)
		(void)unlink(name);
	return rc;
}

static void
backup(sqlite3 *db, const char *path, int version)
{
	struct buf name = BUF_INIT;
	int rc;

	schema_backup_name(&name, path);
	log_msg(LOG_INFO_, "database", "Upgrade database: %s from version '%d'",
	    name.p, version);
	rc = copy_backup(db, name.p);
	if (rc == SQLITE_OK)
		log_msg(LOG_INFO_, "database", "  Database backup created: %s",
		    name.p);
	else
		log_msg(LOG_WARN, "database",
		    "  Database backup %s failed (%s), upgrading without",
		    name.p, sqlite3_errstr(rc));
	buf_release(&name);
}

/*
 * Steps from below the given version. Rebuilt tables go through a temporary
 * one, so that the stored text of the new one is that of a fresh file.
 */
static const struct step {
	int below;
	const char *before; /* run before the tables are made */
	const char *after;
} steps[] = {
    {2,
        "CREATE TEMP TABLE old_logs AS SELECT jail, path, firstlinemd5, "
        "lastfilepos FROM main.logs; DROP TABLE main.logs;",
        "INSERT OR REPLACE INTO main.logs(jail, path, firstlinemd5, "
        "lastfilepos) SELECT jail, path, firstlinemd5, lastfilepos FROM "
        "old_logs; DROP TABLE old_logs;"},
    {3,
        "CREATE TEMP TABLE old_bans AS SELECT jail, ip, timeofban, data FROM "
        "main.bans ORDER BY rowid; DROP TABLE main.bans;",
        "INSERT INTO main.bans(jail, ip, timeofban, bantime, bancount, data) "
        "SELECT jail, ip, timeofban, -2, 1, data FROM old_bans; "
        "DROP TABLE old_bans;"},
    {4, "",
        "INSERT OR REPLACE INTO main.bips(ip, jail, timeofban, bantime, "
        "bancount, data) SELECT ip, jail, timeofban, bantime, bancount, data "
        "FROM main.bans WHERE ip IS NOT NULL ORDER BY timeofban;"
        /* old versions did not insist on the jail's row, we do */
        "INSERT OR IGNORE INTO main.jails(name, enabled) SELECT jail, 0 FROM "
        "main.bans UNION SELECT jail, 0 FROM main.logs;"},
};

static int
run_steps(sqlite3 *db, int version, bool after)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (version < steps[i].below && rc == SQLITE_OK)
			rc = sqlite3_exec(db,
			    after ? steps[i].after : steps[i].before, NULL,
			    NULL, NULL);
	return rc;
}

int
schema_upgrade(sqlite3 *db, const char *path, int version)
{
	static const char begin[] = "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE";
	int rc;

	backup(db, path, version);
	rc = sqlite3_exec(db, begin, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = run_steps(db, version, false);
	if (rc == SQLITE_OK)
		rc = schema_create_inside(db);
	if (rc == SQLITE_OK)
		rc = run_steps(db, version, true);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
		    "UPDATE fail2banDb SET version = 4;"
		    "COMMIT",
		    NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	(void)sqlite3_exec(db, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		log_msg(LOG_WARN, "database",
		    "Database updated from '%d' to '%d'", version,
		    SCHEMA_VERSION);
	return rc;
}

/* ---- repair */

/* Copied row by row; the first column is bound to the new rowid. */
static const struct table {
	const char *select; /* without comparison and order */
	const char *insert;
} tables[] = {
    {"SELECT rowid, name, enabled FROM jails WHERE rowid ",
        "INSERT OR IGNORE INTO jails(rowid, name, enabled) VALUES(?,?,?)"},
    {"SELECT rowid, jail, path, firstlinemd5, lastfilepos FROM logs WHERE "
     "rowid ",
        "INSERT OR IGNORE INTO logs(rowid, jail, path, firstlinemd5, "
        "lastfilepos) VALUES(?,?,?,?,?)"},
    {"SELECT rowid, jail, ip, timeofban, bantime, bancount, data FROM bans "
     "WHERE rowid ",
        "INSERT OR IGNORE INTO bans(rowid, jail, ip, timeofban, bantime, "
        "bancount, data) VALUES(?,?,?,?,?,?,?)"},
    {"SELECT rowid, ip, jail, timeofban, bantime, bancount, data FROM bips "
     "WHERE rowid ",
        "INSERT OR IGNORE INTO bips(rowid, ip, jail, timeofban, bantime, "
        "bancount, data) VALUES(?,?,?,?,?,?,?)"},
};

static size_t
copy_row(sqlite3_stmt *from, sqlite3_stmt *to)
{
	int rc;

	for (int i = 0; i < sqlite3_column_count(from); i++)
		(void)sqlite3_bind_value(
		    to, i + 1, sqlite3_column_value(from, i));
	rc = sqlite3_step(to);
	(void)sqlite3_reset(to);
	return rc == SQLITE_DONE ? 1 : 0;
}

/*
 * Rows on one side of a rowid; *last is the last one that could be read. True
 * when the end of the table was reached.
 */
static bool
copy_side(sqlite3 *from, const char *sql, sqlite3_stmt *to, sqlite3_int64 *last,
    size_t *rows)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(from, sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(st, 1, *last);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
			*last = sqlite3_column_int64(st, 0);
			*rows += copy_row(st, to);
		}
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

/* Forward until the damage, then backward from the end until it. */
static size_t
copy_table(sqlite3 *from, sqlite3 *to, const struct table *t)
{
	sqlite3_int64 last = INT64_MIN, end = INT64_MAX;
	sqlite3_stmt *insert = NULL;
	struct buf sql = BUF_INIT;
	size_t rows = 0;

	if (sqlite3_prepare_v2(to, t->insert, -1, &insert, NULL) != SQLITE_OK)
		return 0;
	buf_adds(&sql, t->select);
	buf_adds(&sql, "> ? ORDER BY rowid");
	if (!copy_side(from, sql.p, insert, &last, &rows)) {
		buf_reset(&sql);
		buf_adds(&sql, t->select);
		buf_adds(&sql, "< ? ORDER BY rowid DESC");
		(void)copy_side(from, sql.p, insert, &end, &rows);
	}
	buf_release(&sql);
	(void)sqlite3_finalize(insert);
	return rows;
}

static size_t
copy_readable(sqlite3 *from, sqlite3 *to)
{
	size_t rows = 0;

	(void)sqlite3_exec(
	    to, "PRAGMA foreign_keys=OFF; BEGIN", NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		rows += copy_table(from, to, &tables[i]);
	/* rows whose jail was lost would break every later write */
	(void)sqlite3_exec(to,
	    "INSERT OR IGNORE INTO jails(name, enabled) SELECT jail, 0 FROM "
	    "bans UNION SELECT jail, 0 FROM bips UNION SELECT jail, 0 FROM "
	    "logs; COMMIT; PRAGMA foreign_keys=ON",
	    NULL, NULL, NULL);
	return rows;
}

static bool
move_away(const char *path, struct buf *name)
{
	struct buf from = BUF_INIT, to = BUF_INIT;

	schema_backup_name(name, path);
	if (rename(path, name->p) == -1) {
		log_msg(LOG_ERROR, "database",
		    "Cannot move the broken database to %s: %m", name->p);
		return false;
	}
	log_msg(
	    LOG_INFO_, "database", "  Database backup created: %s", name->p);
	buf_addf(&from, "%s-journal", path);
	buf_addf(&to, "%s-journal", name->p);
	if (rename(from.p, to.p) == -1 && errno != ENOENT)
		(void)unlink(from.p);
	buf_release(&from);
	buf_release(&to);
	return true;
}

static long long
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? 0 : (long long)st.st_size;
}

sqlite3 *
schema_repair(const char *path)
{
	struct buf name = BUF_INIT;
	sqlite3 *db = NULL, *old = NULL;
	size_t rows = 0;

	log_msg(LOG_INFO_, "database", "Trying to repair database %s", path);
	if (!move_away(path, &name))
		goto out;
	if (schema_connect(&db, path,
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) != SQLITE_OK)
		goto out;
	if (schema_create(db) != SQLITE_OK) {
		(void)sqlite3_close_v2(db);
		db = NULL;
		goto out;
	}
	if (schema_connect(&old, name.p, SQLITE_OPEN_READWRITE) == SQLITE_OK)
		rows = copy_readable(old, db);
	(void)sqlite3_close_v2(old);
	if (rows > 0)
		log_msg(LOG_INFO_, "database",
		    "  Repair seems to be successful, restored %lld byte(s).",
		    file_size(path));
	else {
		log_msg(LOG_INFO_, "database",
		    "  Repair seems to be failed, restored 0 byte(s).");
		log_msg(LOG_ERROR, "database",
		    "  Error repairing of fail2ban database '%s': Recreate ...",
		    path);
	}
out:
	buf_release(&name);
	return db;
}
