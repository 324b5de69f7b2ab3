#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "historyfix.h"

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
		add_ban("j1", id, NOW, 600, 1);
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
	add_ban("j1", "203.0.113.1", NOW, 600, 1);
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
	add_ban("j1", "a", NOW, 600, 1);
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
	add_ban("j1", "a", NOW, 600, 1);
	ck_assert_int_eq(history_flush(h), 0);
	ck_assert_int_eq(history_find(h, "j1", "a", 1, &row), 1);
}
END_TEST

Suite *schema_suite(void);

Suite *
schema_suite(void)
{
	Suite *s = suite_create("schema");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, history_setup, history_teardown);
	tcase_add_test(tc, new_file_has_the_schema_and_is_private);
	tcase_add_test(tc, missing_directory_is_made_for_the_owner);
	tcase_add_loop_test(tc, old_versions_are_upgraded_with_a_backup, 0,
	    sizeof(old_cases) / sizeof(old_cases[0]));
	tcase_add_test(tc, later_version_is_refused);
	tcase_add_test(tc, no_database_is_moved_away_and_made_anew);
	tcase_add_test(tc, file_that_breaks_in_use_is_repaired);
	tcase_add_loop_test(tc, removed_file_or_table_is_made_anew, 0, 2);
	tcase_add_test(tc, backups_are_bounded);
	tcase_add_test(tc, unusable_path_goes_on_in_memory_loudly);
	suite_add_tcase(s, tc);
	return s;
}
