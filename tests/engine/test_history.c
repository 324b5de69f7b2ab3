#include <check.h>
#include <glob.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/history.h"
#include "fixture.h"

#define NOW 1700000000.0

static char *path;
static struct history *h;

static void
reopen(void)
{
	history_close(h);
	h = history_open(path, NULL, NULL);
	ck_assert_ptr_nonnull(h);
}

static void
setup(void)
{
	fixture_setup();
	path = xasprintf("%s/f.sqlite3", fix.dir);
	clock_set(NOW);
	h = NULL;
}

static void
teardown(void)
{
	history_close(h);
	free(path);
	clock_set(-1);
	fixture_teardown();
}

/* Runs SQL on the file from outside, gives rows as "a|b\n". */
static int
add_row(void *arg, int n, char **values, char **names)
{
	struct buf *out = arg;

	(void)names;
	for (int i = 0; i < n; i++)
		buf_addf(out, "%s%s", i > 0 ? "|" : "",
		    values[i] == NULL ? "" : values[i]);
	buf_addc(out, '\n');
	return 0;
}

static const char *
sql(const char *text)
{
	static struct buf out = BUF_INIT;
	sqlite3 *db;

	buf_reset(&out);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, text, add_row, &out, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	return out.p;
}

static void
ban(const char *jail, const char *id, double time, double bantime, int count)
{
	struct ticket *t = ticket_new(id, strlen(id), time);

	t->bancount = count;
	t->failures = 3;
	value_adds(t->matches, "line");
	history_ban(h, jail, t, bantime);
	ticket_free(t);
}

static void
add_jail(const char *jail)
{
	history_jail_add(h, jail);
	ck_assert_int_eq(history_flush(h), 0);
}

/* fail2ban: sqlite_master of a file made by 1.0.2. */
static const char schema_text[] =
    "CREATE TABLE fail2banDb(version INTEGER)\n"
    "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL "
    "DEFAULT 1)\n"
    "CREATE INDEX jails_name ON jails(name)\n"
    "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, "
    "lastfilepos INTEGER DEFAULT 0, FOREIGN KEY(jail) REFERENCES jails(name) "
    "ON DELETE CASCADE, UNIQUE(jail, path),UNIQUE(jail, path, "
    "firstlinemd5))\n"
    "CREATE INDEX logs_path ON logs(path)\n"
    "CREATE INDEX logs_jail_path ON logs(jail, path)\n"
    "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT "
    "NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, "
    "data JSON, FOREIGN KEY(jail) REFERENCES jails(name) )\n"
    "CREATE INDEX bans_jail_timeofban_ip ON bans(jail, timeofban)\n"
    "CREATE INDEX bans_jail_ip ON bans(jail, ip)\n"
    "CREATE INDEX bans_ip ON bans(ip)\n"
    "CREATE TABLE bips(ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban "
    "INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL "
    "default 1, data JSON, PRIMARY KEY(ip, jail), FOREIGN KEY(jail) "
    "REFERENCES jails(name) )\n"
    "CREATE INDEX bips_timeofban ON bips(timeofban)\n"
    "CREATE INDEX bips_ip ON bips(ip)\n";

static void
check_schema(void)
{
	ck_assert_str_eq(
	    sql("select sql from sqlite_master where sql is not null "
	        "order by case tbl_name when 'fail2banDb' then 1 when "
	        "'jails' then 2 when 'logs' then 3 when 'bans' then 4 else 5 "
	        "end, rowid"),
	    schema_text);
	ck_assert_str_eq(sql("select * from fail2banDb"), "4\n");
}

START_TEST(new_file_has_the_schema_and_is_private)
{
	struct buf want = BUF_INIT;
	struct stat st;

	reopen();
	check_schema();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_str_eq(sql("pragma journal_mode"), "delete\n");
	buf_addf(&want,
	    "INFO database: Connected to fail2ban persistent database '%s'\n"
	    "WARNING database: New database created. Version '4'\n",
	    path);
	ck_assert_str_eq(fixture_log(), want.p);
	reopen();
	buf_reset(&want);
	buf_addf(&want,
	    "INFO database: Connection to database closed.\n"
	    "INFO database: Connected to fail2ban persistent database '%s'\n",
	    path);
	ck_assert_str_eq(fixture_log(), want.p);
	buf_release(&want);
}
END_TEST

START_TEST(missing_directory_is_made_for_the_owner)
{
	char *dir = xasprintf("%s/new", fix.dir);
	struct stat st;

	free(path);
	path = xasprintf("%s/f.sqlite3", dir);
	reopen();
	ck_assert(!history_is_lost(h));
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	free(dir);
}
END_TEST

START_TEST(ban_is_a_row_in_both_tables)
{
	reopen();
	add_jail("j1");
	ban("j1", "192.0.2.1", NOW - 0.4, 600, 1);
	ban("j1", "192.0.2.1", NOW + 10, 1200.5, 2);
	ban("j1", "2001:db8::1", NOW, -1, 1);
	ck_assert_uint_eq(history_queued(h), 3);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert_str_eq(
	    sql("select jail,ip,timeofban,bantime,bancount,typeof(data),data "
	        "from bans"),
	    "j1|192.0.2.1|1700000000|600|1|blob|{\"matches\": [\"line\"], "
	    "\"failures\": 3}\n"
	    "j1|192.0.2.1|1700000010|1200.5|2|blob|{\"matches\": [\"line\"], "
	    "\"failures\": 3}\n"
	    "j1|2001:db8::1|1700000000|-1|1|blob|{\"matches\": [\"line\"], "
	    "\"failures\": 3}\n");
	ck_assert_str_eq(
	    sql("select ip,jail,timeofban,bantime,bancount from bips order by "
	        "ip"),
	    "192.0.2.1|j1|1700000010|1200.5|2\n"
	    "2001:db8::1|j1|1700000000|-1|1\n");
	ck_assert_str_eq(sql("select typeof(bantime) from bans"),
	    "integer\nreal\ninteger\n");
	ck_assert_str_eq(
	    sql("select json_extract(data,'$.failures') from bips"), "3\n3\n");
}
END_TEST

START_TEST(jails_are_enabled_while_they_run)
{
	reopen();
	add_jail("j1");
	add_jail("j2");
	history_jail_stop(h, "j1");
	(void)history_flush(h);
	ck_assert_str_eq(sql("select * from jails"), "j1|0\nj2|1\n");
	reopen();
	ck_assert_str_eq(sql("select * from jails"), "j1|0\nj2|0\n");
	add_jail("j2");
	ck_assert_str_eq(sql("select * from jails"), "j1|0\nj2|1\n");
}
END_TEST

START_TEST(unban_deletes_rows)
{
	reopen();
	add_jail("j1");
	add_jail("j2");
	ban("j1", "a", NOW, 600, 1);
	ban("j1", "b", NOW, 600, 1);
	ban("j2", "a", NOW, 600, 1);
	history_unban(h, "j1", "a", 1);
	(void)history_flush(h);
	ck_assert_str_eq(sql("select jail,ip from bans"), "j1|b\nj2|a\n");
	ck_assert_str_eq(
	    sql("select jail,ip from bips order by 1"), "j1|b\nj2|a\n");
	history_unban_all(h, "j1");
	(void)history_flush(h);
	ck_assert_str_eq(sql("select jail,ip from bips"), "j2|a\n");
}
END_TEST

START_TEST(deleted_jail_row_comes_back_with_a_ban)
{
	reopen();
	add_jail("j1");
	(void)sql("delete from jails");
	ban("j1", "a", NOW, 600, 1);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert_str_eq(sql("select jail,ip from bips"), "j1|a\n");
	ck_assert_uint_eq(history_dropped(h), 0);
}
END_TEST

/* fail2ban: spec 13 section 3, "getBan overall example". */
START_TEST(earlier_bans_are_summed_over_jails)
{
	struct history_row row;

	reopen();
	add_jail("j1");
	add_jail("j2");
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 0);
	for (int queued = 0; queued < 2; queued++) {
		ban("j1", "a", NOW - 50, 700, 2);
		ban("j2", "a", NOW - 10, 800.5, 3);
		if (!queued)
			(void)history_flush(h);
		ck_assert_int_eq(history_find(h, NULL, "a", 1, &row), 1);
		ck_assert_int_eq(row.bancount, 5);
		ck_assert(row.timeofban == NOW - 10);
		ck_assert(row.bantime == 1500.5);
		ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 1);
		ck_assert_int_eq(row.bancount, 2);
		history_unban(h, "j1", "a", 1);
		ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 0);
	}
}
END_TEST

START_TEST(positions_are_kept_by_jail_and_path)
{
	struct history_pos pos = {"abc", 1234}, got;

	reopen();
	add_jail("j1");
	ck_assert(!history_log_get(h, "j1", "/x", &got));
	history_log_set(h, "j1", "/x", &pos);
	ck_assert(history_log_get(h, "j1", "/x", &got));
	ck_assert_str_eq(got.mark, "abc");
	(void)history_flush(h);
	pos.at = 2000;
	history_log_set(h, "j1", "/x", &pos);
	pos.at = 3000;
	history_log_set(h, "j1", "/x", &pos);
	ck_assert_uint_eq(history_queued(h), 1);
	(void)history_flush(h);
	ck_assert(history_log_get(h, "j1", "/x", &got));
	ck_assert(got.at == 3000);
	ck_assert_str_eq(sql("select * from logs"), "j1|/x|abc|3000\n");
}
END_TEST

static struct buf restored = BUF_INIT;

static void
note_restored(void *arg, struct ticket *t)
{
	(void)arg;
	buf_addf(&restored, "%s %.17g %.17g %d;", t->id, t->time - NOW,
	    t->bantime, t->bancount);
	ck_assert(t->restored && t->has_bantime);
	ticket_free(t);
}

/* fail2ban: spec 13 section 3 and 10 section 8. */
static const struct restore_case {
	double bantime;
	bool increment;
	double maxtime;
	const char *want;
} restore_cases[] = {
    {600, false, 0, "b -50 600 2;e -5 600 1;"},
    {600, true, 0, "a -100000 -1 1;b -50 700 2;e -5 600 1;"},
    {600, true, 200, "b -50 200 2;e -5 200 1;"},
    {-1, false, 0, "a -100000 -1 1;b -50 700 2;e -5 -1 1;"},
    {3600, false, 0, "b -50 700 2;e -5 3600 1;"},
};

START_TEST(restores_what_still_runs)
{
	const struct restore_case *c = &restore_cases[_i];
	struct history_restore q = {.jail = "j1", .now = NOW, .maxmatches = 5};

	reopen();
	add_jail("j1");
	add_jail("j2");
	ban("j1", "a", NOW - 100000, -1, 1);
	ban("j1", "b", NOW - 50, 700, 2);
	ban("j1", "c", NOW - 700, 600, 1);
	ban("j2", "d", NOW, 600, 1);
	ban("j1", "e", NOW - 5, -2, 1);
	q.bantime = c->bantime;
	q.increment = c->increment;
	q.maxtime = c->maxtime;
	buf_reset(&restored);
	while (history_restore_some(h, &q, 2, note_restored, NULL) == 1)
		continue;
	ck_assert_str_eq(restored.p, c->want);
}
END_TEST

/* fail2ban: spec 13 section 4. */
START_TEST(purge_keeps_long_and_permanent_bans)
{
	reopen();
	add_jail("j1");
	ban("j1", "a", NOW - 100000, 600, 1);
	ban("j1", "b", NOW - 100000, 86400, 1);
	ban("j1", "c", NOW - 100000, -1, 1);
	ban("j1", "d", NOW - 1000, 600, 1);
	add_jail("j2");
	history_jail_stop(h, "j2");
	history_purge(h);
	(void)history_flush(h);
	ck_assert_str_eq(sql("select ip from bans"), "d\n");
	ck_assert_str_eq(sql("select ip from bips order by ip"), "b\nc\nd\n");
	ck_assert_str_eq(sql("select name from jails"), "j1\n");
}
END_TEST

START_TEST(merged_ticket_has_the_newest_matches_and_all_failures)
{
	struct buf out = BUF_INIT;
	struct ticket *t;
	char line[16];

	reopen();
	add_jail("j1");
	add_jail("j2");
	history_set_maxmatches(h, 3);
	for (int i = 0; i < 4; i++) {
		t = ticket_new("a", 1, NOW + i);
		t->failures = 2;
		(void)snprintf(line, sizeof(line), "m%d", i);
		value_adds(t->matches, line);
		value_set(t->data, "user", value_text(line));
		history_ban(h, i == 3 ? "j2" : "j1", t, 600);
		ticket_free(t);
	}
	t = history_merged(h, NULL, "a", 1);
	ticket_matches(&out, t);
	ck_assert_str_eq(out.p, "m1\nm2\nm3");
	ck_assert_int_eq(t->failures, 8);
	ck_assert_str_eq(value_str(value_get(t->data, "user")), "m0");
	ticket_free(t);
	t = history_merged(h, "j2", "a", 1);
	ck_assert_int_eq(t->failures, 2);
	ticket_free(t);
	ck_assert_ptr_null(history_merged(h, "j2", "b", 1));
	buf_release(&out);
}
END_TEST

START_TEST(locked_file_delays_writes_and_blocks_nobody)
{
	struct history_row row;
	sqlite3 *other;

	reopen();
	add_jail("j1");
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	(void)sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	ban("j1", "a", NOW, 600, 3);
	ck_assert_int_eq(history_flush(h), -1);
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 1);
	ck_assert_int_eq(row.bancount, 3);
	(void)sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	(void)sqlite3_close(other);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert_str_eq(sql("select ip from bips"), "a\n");
}
END_TEST

START_TEST(exclusive_lock_hides_the_file_for_a_moment_only)
{
	struct history_row row;
	sqlite3 *other;

	reopen();
	add_jail("j1");
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	(void)sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), -1);
	(void)sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	(void)sqlite3_close(other);
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 0);
}
END_TEST

/* Old schemas as those versions of fail2ban made them. */
static const struct old_case {
	int version;
	const char *sql;
} old_cases[] = {
    {1, "CREATE TABLE fail2banDb(version INTEGER);"
        "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT "
        "NULL DEFAULT 1);"
        "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, "
        "lastfilepos INTEGER DEFAULT 0, FOREIGN KEY(jail) REFERENCES "
        "jails(name) ON DELETE CASCADE, UNIQUE(jail, path, firstlinemd5));"
        "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT "
        "NULL, data JSON, FOREIGN KEY(jail) REFERENCES jails(name));"},
    {2, "CREATE TABLE fail2banDb(version INTEGER);"
        "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT "
        "NULL DEFAULT 1);CREATE INDEX jails_name ON jails(name);"
        "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, "
        "lastfilepos INTEGER DEFAULT 0, FOREIGN KEY(jail) REFERENCES "
        "jails(name) ON DELETE CASCADE, UNIQUE(jail, path),UNIQUE(jail, path, "
        "firstlinemd5));"
        "CREATE INDEX logs_path ON logs(path);"
        "CREATE INDEX logs_jail_path ON logs(jail, path);"
        "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT "
        "NULL, data JSON, FOREIGN KEY(jail) REFERENCES jails(name));"
        "CREATE INDEX bans_jail_timeofban_ip ON bans(jail, timeofban);"},
    {3, "CREATE TABLE fail2banDb(version INTEGER);"
        "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT "
        "NULL DEFAULT 1);CREATE INDEX jails_name ON jails(name);"
        "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, "
        "lastfilepos INTEGER DEFAULT 0, FOREIGN KEY(jail) REFERENCES "
        "jails(name) ON DELETE CASCADE, UNIQUE(jail, path),UNIQUE(jail, path, "
        "firstlinemd5));"
        "CREATE INDEX logs_path ON logs(path);"
        "CREATE INDEX logs_jail_path ON logs(jail, path);"
        "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT "
        "NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, "
        "data JSON, FOREIGN KEY(jail) REFERENCES jails(name) );"
        "CREATE INDEX bans_jail_timeofban_ip ON bans(jail, timeofban);"
        "CREATE INDEX bans_jail_ip ON bans(jail, ip);"
        "CREATE INDEX bans_ip ON bans(ip);"},
};

static void
make_old(const struct old_case *c)
{
	char *text = xasprintf(
	    "%s INSERT INTO fail2banDb VALUES(%d);"
	    "INSERT INTO jails VALUES('j1', 1);"
	    "INSERT INTO logs VALUES('j1', '/x', 'm', 7);"
	    "INSERT INTO logs VALUES('gone', '/y', 'm', 8);"
	    "INSERT INTO bans(jail, ip, timeofban, data%s) VALUES('j1', "
	    "'7.7.7.7', 1699999990, '{\"matches\":[],\"failures\":4}'%s);",
	    c->sql, c->version, c->version == 3 ? ", bantime" : "",
	    c->version == 3 ? ", -2" : "");

	(void)sql(text);
	free(text);
}

static size_t
count_files(const char *pattern, char **first)
{
	char *full = xasprintf("%s%s", path, pattern);
	glob_t g;
	size_t n;

	(void)glob(full, 0, NULL, &g);
	n = g.gl_pathc;
	if (first != NULL && n > 0)
		*first = xstrdup(g.gl_pathv[0]);
	globfree(&g);
	free(full);
	return n;
}

/* fail2ban: the row that 1.0.2 makes of it. */
START_TEST(old_versions_are_upgraded_with_a_backup)
{
	const struct old_case *c = &old_cases[_i];
	struct history_restore q = {
	    .jail = "j1", .now = NOW, .bantime = 600, .maxmatches = 5};
	char *backup = NULL, *want;

	make_old(c);
	reopen();
	check_schema();
	ck_assert_str_eq(
	    sql("select jail,ip,timeofban,bantime,bancount,data from bans"),
	    "j1|7.7.7.7|1699999990|-2|1|{\"matches\":[],\"failures\":4}\n");
	ck_assert_str_eq(
	    sql("select ip,jail,timeofban,bantime,bancount from bips"),
	    "7.7.7.7|j1|1699999990|-2|1\n");
	ck_assert_str_eq(sql("select * from logs"), "j1|/x|m|7\ngone|/y|m|8\n");
	ck_assert_str_eq(sql("select * from jails"), "j1|0\ngone|0\n");
	ck_assert_str_eq(sql("pragma foreign_key_check"), "");
	ck_assert_uint_eq(count_files(".20231114-221320", &backup), 1);
	want = xasprintf(
	    "INFO database: Connected to fail2ban persistent database '%s'\n"
	    "INFO database: Upgrade database: %s from version '%d'\n"
	    "INFO database:   Database backup created: %s\n"
	    "WARNING database: Database updated from '%d' to '4'\n",
	    path, backup, c->version, backup, c->version);
	ck_assert_str_eq(fixture_log(), want);
	buf_reset(&restored);
	(void)history_restore_some(h, &q, 10, note_restored, NULL);
	ck_assert_str_eq(restored.p, "7.7.7.7 -10 600 1;");
	free(want);
	free(backup);
}
END_TEST

START_TEST(later_version_is_refused)
{
	struct err err = ERR_INIT;

	reopen();
	(void)sql("update fail2banDb set version=5");
	history_close(h);
	h = history_open(path, NULL, &err);
	ck_assert_ptr_null(h);
	ck_assert_str_eq(err_text(&err),
	    "Attempt to travel to future version of database ...how did you "
	    "get here??");
	err_release(&err);
}
END_TEST

static void
overwrite(long at, const char *p, size_t n)
{
	FILE *f = fopen(path, at < 0 ? "wb" : "r+b");

	ck_assert_ptr_nonnull(f);
	if (at > 0)
		ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(no_database_is_moved_away_and_made_anew)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	overwrite(-1, text, sizeof(text));
	reopen();
	check_schema();
	ck_assert(!history_is_lost(h));
	ck_assert_uint_eq(count_files(".2*-*", NULL), 1);
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "INFO database:   Repair seems to be failed, restored 0 "
	    "byte(s).\n"));
}
END_TEST

/* A page of the rows becomes unreadable behind our back. */
START_TEST(file_that_breaks_in_use_is_repaired)
{
	char garbage[4096], id[32];
	int page;

	reopen();
	add_jail("j1");
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(id, sizeof(id), "192.0.%d.%d", i / 200, i % 200);
		ban("j1", id, NOW, 600, 1);
	}
	(void)history_flush(h);
	history_close(h);
	h = NULL;
	page = atoi(sql("select max(rootpage) from sqlite_master"));
	memset(garbage, 0x5a, sizeof(garbage));
	overwrite(4096L * (page + 20), garbage, sizeof(garbage));
	reopen();
	(void)history_flush(h);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(id, sizeof(id), "192.0.%d.%d", i / 200, i % 200);
		history_unban(h, "j1", id, strlen(id));
	}
	(void)history_flush(h);
	ban("j1", "203.0.113.1", NOW, 600, 1);
	(void)history_flush(h);
	ck_assert_str_eq(sql("pragma integrity_check"), "ok\n");
	ck_assert_str_eq(sql("select ip from bips"), "203.0.113.1\n");
	ck_assert_ptr_nonnull(
	    strstr(fixture_log(), "Repair seems to be successful"));
}
END_TEST

START_TEST(removed_file_or_table_is_made_anew)
{
	reopen();
	add_jail("j1");
	if (_i == 0)
		ck_assert_int_eq(unlink(path), 0);
	else
		(void)sql("drop table bips; drop table logs");
	ban("j1", "a", NOW, 600, 1);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert(!history_is_lost(h));
	ck_assert_str_eq(sql("select ip from bips"), "a\n");
}
END_TEST

START_TEST(backups_are_bounded)
{
	for (int i = 0; i < 9; i++) {
		clock_set(NOW + i * 10);
		history_close(h);
		h = NULL;
		overwrite(-1, "broken, and longer than a header", 32);
		reopen();
	}
	ck_assert_uint_eq(count_files(".2*-*", NULL), 5);
	ck_assert_uint_eq(count_files(".20231114-221320", NULL), 0);
}
END_TEST

START_TEST(unusable_path_goes_on_in_memory_loudly)
{
	struct history_row row;

	free(path);
	path = xasprintf("%s/no/such/dir/f.sqlite3", fix.dir);
	reopen();
	ck_assert(history_is_lost(h));
	ck_assert_ptr_nonnull(strstr(fixture_log(), "CRITICAL database: "));
	add_jail("j1");
	ban("j1", "a", NOW, 600, 1);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 1);
}
END_TEST

START_TEST(ten_thousand_bans_are_read_in_one_pass)
{
	struct history_restore q = {
	    .jail = "j1", .now = NOW, .bantime = 600, .maxmatches = 5};
	char id[32];
	double t0;

	reopen();
	add_jail("j1");
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(id, sizeof(id), "192.%d.%d.%d", i / 4000,
		    i / 200 % 20, i % 200);
		ban("j1", id, NOW, 600, 1);
	}
	(void)history_flush(h);
	buf_reset(&restored);
	clock_set(-1);
	t0 = clock_now();
	while (history_restore_some(h, &q, 500, note_restored, NULL) == 1)
		continue;
	ck_assert(clock_now() - t0 < 1);
	ck_assert_uint_gt(restored.n, 100000);
}
END_TEST

Suite *history_suite(void);

Suite *
history_suite(void)
{
	Suite *s = suite_create("history");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, new_file_has_the_schema_and_is_private);
	tcase_add_test(tc, missing_directory_is_made_for_the_owner);
	tcase_add_test(tc, ban_is_a_row_in_both_tables);
	tcase_add_test(tc, jails_are_enabled_while_they_run);
	tcase_add_test(tc, unban_deletes_rows);
	tcase_add_test(tc, deleted_jail_row_comes_back_with_a_ban);
	tcase_add_test(tc, earlier_bans_are_summed_over_jails);
	tcase_add_test(tc, positions_are_kept_by_jail_and_path);
	tcase_add_loop_test(tc, restores_what_still_runs, 0,
	    sizeof(restore_cases) / sizeof(restore_cases[0]));
	tcase_add_test(tc, purge_keeps_long_and_permanent_bans);
	tcase_add_test(
	    tc, merged_ticket_has_the_newest_matches_and_all_failures);
	tcase_add_test(tc, locked_file_delays_writes_and_blocks_nobody);
	tcase_add_test(tc, exclusive_lock_hides_the_file_for_a_moment_only);
	tcase_add_loop_test(tc, old_versions_are_upgraded_with_a_backup, 0,
	    sizeof(old_cases) / sizeof(old_cases[0]));
	tcase_add_test(tc, later_version_is_refused);
	tcase_add_test(tc, no_database_is_moved_away_and_made_anew);
	tcase_add_test(tc, file_that_breaks_in_use_is_repaired);
	tcase_add_loop_test(tc, removed_file_or_table_is_made_anew, 0, 2);
	tcase_add_test(tc, backups_are_bounded);
	tcase_add_test(tc, unusable_path_goes_on_in_memory_loudly);
	tcase_add_test(tc, ten_thousand_bans_are_read_in_one_pass);
	suite_add_tcase(s, tc);
	return s;
}
