#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "historyfix.h"

START_TEST(ban_is_a_row_in_both_tables)
{
	reopen();
	add_jail("j1");
	add_ban("j1", "192.0.2.1", NOW - 0.4, 600, 1);
	add_ban("j1", "192.0.2.1", NOW + 10, 1200.5, 2);
	add_ban("j1", "2001:db8::1", NOW, -1, 1);
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
	add_ban("j1", "a", NOW, 600, 1);
	add_ban("j1", "b", NOW, 600, 1);
	add_ban("j2", "a", NOW, 600, 1);
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
	add_ban("j1", "a", NOW, 600, 1);
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
		add_ban("j1", "a", NOW - 50, 700, 2);
		add_ban("j2", "a", NOW - 10, 800.5, 3);
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

START_TEST(counts_of_a_hostile_file_are_bounded)
{
	struct history_restore q = {
	    .jail = "j1", .now = NOW, .bantime = 600, .maxmatches = 10};
	struct history_row row;
	struct ticket *t;

	reopen();
	for (int i = 1; i <= 4; i++) {
		char text[400];

		(void)snprintf(text, sizeof(text),
		    "INSERT INTO jails VALUES('j%d', 1);"
		    "INSERT INTO bips VALUES('a', 'j%d', %.0f, 600, "
		    "9223372036854775807, '{\"failures\": 999999999}');"
		    "INSERT INTO bans SELECT jail, ip, timeofban, bantime, "
		    "bancount, data FROM bips WHERE jail = 'j%d'",
		    i, i, NOW - 5, i);
		(void)sql(text);
	}
	(void)sql("INSERT INTO bips VALUES('b', 'j1', 1, 600, -7, NULL)");
	ck_assert_int_eq(history_find(h, NULL, "a", 1, &row), 1);
	ck_assert_int_eq(row.bancount, TICKET_COUNT_MAX);
	ck_assert_int_eq(history_find(h, "j1", "b", 1, &row), 1);
	ck_assert_int_eq(row.bancount, 0);
	ck_assert_int_eq(
	    history_restore_some(h, &q, 10, note_restored, NULL), 0);
	ck_assert_str_eq(restored.p, "a -5 600 1000000000;");
	t = history_merged(h, NULL, "a", 1);
	ck_assert_int_eq(t->failures, TICKET_COUNT_MAX);
	ticket_free(t);
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
	add_ban("j1", "a", NOW - 100000, -1, 1);
	add_ban("j1", "b", NOW - 50, 700, 2);
	add_ban("j1", "c", NOW - 700, 600, 1);
	add_ban("j2", "d", NOW, 600, 1);
	add_ban("j1", "e", NOW - 5, -2, 1);
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
	add_ban("j1", "a", NOW - 100000, 600, 1);
	add_ban("j1", "b", NOW - 100000, 86400, 1);
	add_ban("j1", "c", NOW - 100000, -1, 1);
	add_ban("j1", "d", NOW - 1000, 600, 1);
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
	add_ban("j1", "a", NOW, 600, 3);
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
		add_ban("j1", id, NOW, 600, 1);
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

	tcase_add_checked_fixture(tc, history_setup, history_teardown);
	tcase_add_test(tc, ban_is_a_row_in_both_tables);
	tcase_add_test(tc, jails_are_enabled_while_they_run);
	tcase_add_test(tc, unban_deletes_rows);
	tcase_add_test(tc, deleted_jail_row_comes_back_with_a_ban);
	tcase_add_test(tc, earlier_bans_are_summed_over_jails);
	tcase_add_test(tc, counts_of_a_hostile_file_are_bounded);
	tcase_add_test(tc, positions_are_kept_by_jail_and_path);
	tcase_add_loop_test(tc, restores_what_still_runs, 0,
	    sizeof(restore_cases) / sizeof(restore_cases[0]));
	tcase_add_test(tc, purge_keeps_long_and_permanent_bans);
	tcase_add_test(
	    tc, merged_ticket_has_the_newest_matches_and_all_failures);
	tcase_add_test(tc, locked_file_delays_writes_and_blocks_nobody);
	tcase_add_test(tc, exclusive_lock_hides_the_file_for_a_moment_only);
	tcase_add_test(tc, ten_thousand_bans_are_read_in_one_pass);
	suite_add_tcase(s, tc);
	return s;
}
