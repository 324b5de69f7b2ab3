#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/schema.h"

enum {
	OPEN_WAIT_MS = 500,        /* for others, once at start */
	COPY_BYTES_MAX = 64 << 20, /* of a file that cannot be written */
	FLAGS = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
};

/*
 * fail2ban: the same text byte for byte; tools and upgrades of fail2ban look
 * at it. IF NOT EXISTS is not kept by SQLite.
 */
static const char *const statements[] = {
    "CREATE TABLE IF NOT EXISTS fail2banDb(version INTEGER);",
    "CREATE TABLE IF NOT EXISTS jails(name TEXT NOT NULL UNIQUE, enabled "
    "INTEGER NOT NULL DEFAULT 1);",
    "CREATE INDEX IF NOT EXISTS jails_name ON jails(name);",
    "CREATE TABLE IF NOT EXISTS logs(jail TEXT NOT NULL, path TEXT, "
    "firstlinemd5 TEXT, lastfilepos INTEGER DEFAULT 0, FOREIGN KEY(jail) "
    "REFERENCES jails(name) ON DELETE CASCADE, UNIQUE(jail, path),"
    "UNIQUE(jail, path, firstlinemd5));",
    "CREATE INDEX IF NOT EXISTS logs_path ON logs(path);",
    "CREATE INDEX IF NOT EXISTS logs_jail_path ON logs(jail, path);",
    "CREATE TABLE IF NOT EXISTS bans(jail TEXT NOT NULL, ip TEXT, timeofban "
    "INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL "
    "default 1, data JSON, FOREIGN KEY(jail) REFERENCES jails(name) );",
    "CREATE INDEX IF NOT EXISTS bans_jail_timeofban_ip ON bans(jail, "
    "timeofban);",
    "CREATE INDEX IF NOT EXISTS bans_jail_ip ON bans(jail, ip);",
    "CREATE INDEX IF NOT EXISTS bans_ip ON bans(ip);",
    "CREATE TABLE IF NOT EXISTS bips(ip TEXT NOT NULL, jail TEXT NOT NULL, "
    "timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER "
    "NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail), FOREIGN KEY(jail) "
    "REFERENCES jails(name) );",
    "CREATE INDEX IF NOT EXISTS bips_timeofban ON bips(timeofban);",
    "CREATE INDEX IF NOT EXISTS bips_ip ON bips(ip);",
    "INSERT INTO fail2banDb(version) SELECT 4 WHERE NOT EXISTS (SELECT 1 "
    "FROM fail2banDb);",
};

int
schema_create_inside(sqlite3 *db)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(db, statements[i], NULL, NULL, NULL);
	return rc;
}

int
schema_create(sqlite3 *db)
{
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = schema_create_inside(db);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
schema_connect(sqlite3 **ret, const char *path, int flags)
{
	static const char pragmas[] =
	    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
	    "PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
	    "PRAGMA cache_size=-512; PRAGMA foreign_keys=ON;";
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK) {
		(void)sqlite3_close_v2(db);
		return rc;
	}
	(void)sqlite3_extended_result_codes(db, 0);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_busy_timeout(db, OPEN_WAIT_MS);
	(void)sqlite3_exec(db, pragmas, NULL, NULL, NULL);
	*ret = db;
	return SQLITE_OK;
}

/*
 * The version in the file: 0 when it is new; -1 when it cannot be read, rc
 * says why.
 */
static int
read_version(sqlite3 *db, int *rc)
{
	sqlite3_stmt *st = NULL;
	int version = -1;

	*rc = sqlite3_prepare_v2(
	    db, "SELECT version FROM fail2banDb LIMIT 1", -1, &st, NULL);
	if (*rc == SQLITE_ERROR)
		return 0; /* no such table */
	if (*rc != SQLITE_OK)
		return -1;
	*rc = sqlite3_step(st);
	if (*rc == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	else if (*rc == SQLITE_DONE)
		version = 0;
	(void)sqlite3_finalize(st);
	return version;
}

/* The last level of a missing directory is made, for the owner only. */
static void
make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (path[0] != '/' || slash == path)
		return;
	dir = xmemdup0(path, (size_t)(slash - path));
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		log_msg(LOG_ERROR, "database",
		    "Cannot create the directory %s: %m", dir);
	free(dir);
}

static sqlite3 *
open_memory(void)
{
	sqlite3 *db;

	if (schema_connect(&db, ":memory:", FLAGS) != SQLITE_OK)
		abort(); /* as when malloc() fails: it can only be that */
	return db;
}

static void
warn_lost(const char *path)
{
	log_msg(LOG_CRITICAL, "database",
	    "Database '%s' cannot be used: bans are kept in memory only and "
	    "are forgotten when the server ends. Check the file, its "
	    "directory and the free space, then restart.",
	    path);
}

/* What is in a file that cannot be written still tells whom to ban. */
static sqlite3 *
copy_to_memory(sqlite3 *from)
{
	sqlite3 *db = open_memory();
	sqlite3_backup *b;
	sqlite3_stmt *st = NULL;
	sqlite3_int64 bytes = COPY_BYTES_MAX;

	if (sqlite3_prepare_v2(from,
	        "SELECT page_count * page_size FROM pragma_page_count(), "
	        "pragma_page_size()",
	        -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		bytes = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	b = bytes >= COPY_BYTES_MAX
	        ? NULL
	        : sqlite3_backup_init(db, "main", from, "main");
	if (b != NULL) {
		(void)sqlite3_backup_step(b, -1);
		(void)sqlite3_backup_finish(b);
	}
	(void)sqlite3_close_v2(from);
	return db;
}

static sqlite3 *
use_memory(const char *path, sqlite3 *readable, bool *lost)
{
	sqlite3 *db =
	    readable != NULL ? copy_to_memory(readable) : open_memory();
	int rc;

	warn_lost(path);
	*lost = true;
	if (read_version(db, &rc) != SCHEMA_VERSION) {
		(void)sqlite3_close_v2(db);
		db = open_memory();
	}
	(void)schema_create(db);
	return db;
}

static bool
is_complete(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int n = 0;

	if (sqlite3_prepare_v2(db,
	        "SELECT count(*) FROM sqlite_master WHERE name IN ("
	        "'fail2banDb','jails','jails_name','logs','logs_path',"
	        "'logs_jail_path','bans','bans_jail_timeofban_ip',"
	        "'bans_jail_ip','bans_ip','bips','bips_timeofban','bips_ip')",
	        -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	return n == 13;
}

/* Brings an open file to our version: 0, or an SQLite error. */
static int
bring_up(sqlite3 *db, const char *path, int version)
{
	int rc;

	if (version > 0 && version < SCHEMA_VERSION)
		return schema_upgrade(db, path, version);
	if (version == SCHEMA_VERSION && is_complete(db))
		return SQLITE_OK; /* no write: others may be reading now */
	rc = schema_create(db);
	if (rc == SQLITE_OK && version == 0)
		log_msg(LOG_WARN, "database",
		    "New database created. Version '%d'", SCHEMA_VERSION);
	return rc;
}

sqlite3 *
schema_replace(sqlite3 *db, const char *path, bool *lost)
{
	mode_t old = umask(077);

	log_msg(LOG_ERROR, "database",
	    "Error opening fail2ban persistent database '%s': %s", path,
	    sqlite3_errmsg(db));
	(void)sqlite3_close_v2(db);
	db = schema_repair(path);
	if (db == NULL)
		db = use_memory(path, NULL, lost);
	(void)umask(old);
	return db;
}

static bool
is_damage(int rc)
{
	return rc != SQLITE_BUSY && rc != SQLITE_LOCKED &&
	       rc != SQLITE_CANTOPEN && rc != SQLITE_PERM &&
	       rc != SQLITE_READONLY && rc != SQLITE_FULL && rc != SQLITE_NOMEM;
}

static sqlite3 *
connecting_failed(
    const char *path, const char *why, sqlite3 *readable, bool *lost)
{
	log_msg(LOG_ERROR, "database",
	    "Error connecting to fail2ban persistent database '%s': %s", path,
	    why);
	return use_memory(path, readable, lost);
}

static sqlite3 *
open_file(const char *path, bool *lost, struct err *err)
{
	sqlite3 *db;
	int rc = schema_connect(&db, path, FLAGS), version;

	if (rc != SQLITE_OK)
		return connecting_failed(path, sqlite3_errstr(rc), NULL, lost);
	version = read_version(db, &rc);
	if (version > SCHEMA_VERSION) {
		(void)err_set(err,
		    "Attempt to travel to future version of database ...how "
		    "did you get here??");
		(void)sqlite3_close_v2(db);
		return NULL;
	}
	if (sqlite3_db_readonly(db, "main") == 1)
		return connecting_failed(
		    path, "attempt to write a readonly database", db, lost);
	if (version >= 0) {
		log_msg(LOG_INFO_, "database",
		    "Connected to fail2ban persistent database '%s'", path);
		rc = bring_up(db, path, version);
		if (rc == SQLITE_OK)
			return db;
	}
	if (is_damage(rc))
		return schema_replace(db, path, lost);
	(void)sqlite3_close_v2(db);
	return connecting_failed(path, sqlite3_errstr(rc), NULL, lost);
}

sqlite3 *
schema_open(const char *path, bool *lost, struct err *err)
{
	sqlite3 *db;
	mode_t old;

	*lost = false;
	if (strcmp(path, ":memory:") == 0) {
		db = open_memory();
		(void)schema_create(db);
		return db;
	}
	old = umask(077);
	make_directory(path);
	db = open_file(path, lost, err);
	(void)umask(old);
	return db;
}
