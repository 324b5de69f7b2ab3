/*
 * schema - the database file itself: create, open, upgrade, repair
 *
 * Spec 13 sections 1 and 5. Used by history only.
 */
#ifndef ENGINE_SCHEMA_H
#define ENGINE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define SCHEMA_VERSION 4
/* Backups of one database file that are kept. */
#define SCHEMA_BACKUPS_MAX 5

/*
 * Opens the file at path as history_open() says; ":memory:" for none. lost is
 * set when the file could not be used and the database is in memory. NULL
 * only for a later version (reason in err). Close with sqlite3_close_v2().
 */
sqlite3 *schema_open(const char *path, bool *lost, struct err *err);

/*
 * The file of db is damaged, sqlite3_errmsg() says how: closes it and repairs
 * the file. The new database; in memory when that fails, lost is then set.
 */
sqlite3 *schema_replace(sqlite3 *db, const char *path, bool *lost);

/* Creates tables and indices that are missing. 0, or an SQLite error. */
int schema_create(sqlite3 *db);
/* The same as a part of the caller's transaction. */
int schema_create_inside(sqlite3 *db);
/* A handle with the settings of all our connections; flags of SQLite. */
int schema_connect(sqlite3 **ret, const char *path, int flags);

/*
 * A name for a backup of path, "F.YYYYMMDD-HHMMSS", that is not there yet;
 * removes the oldest backups beyond SCHEMA_BACKUPS_MAX - 1.
 */
void schema_backup_name(struct buf *out, const char *path);
/*
 * Moves the broken file away and copies what can be read of it into a new one,
 * row by row. The new database; NULL when none can be made.
 */
sqlite3 *schema_repair(const char *path);
/* From this version (1 ... 3) to SCHEMA_VERSION. 0, or an SQLite error. */
int schema_upgrade(sqlite3 *db, const char *path, int version);

#endif
