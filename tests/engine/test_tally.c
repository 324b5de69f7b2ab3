#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/tally.h"

static struct tally *tally;

static void
setup(void)
{
	tally = tally_new();
}

static void
teardown(void)
{
	tally_free(tally);
}

static struct ticket *
ticket(const char *id, double time, const char *line)
{
	struct ticket *t = ticket_new(id, strlen(id), time);

	if (line != NULL) {
		struct value *m = value_add(t->matches, value_list());

		value_adds(m, "");
		value_adds(m, "12:00");
		value_adds(m, line);
	}
	return t;
}

static int
add_ticket(struct ticket *t, int weight)
{
	struct buf scratch = BUF_INIT;
	struct offence of = {
	    .id = t->id, .id_n = t->id_n, .time = t->time, .weight = weight};
	int retry;

	ticket_parts(t, &scratch, &of.matches, &of.data);
	retry = tally_add(tally, &of);
	buf_release(&scratch);
	ticket_free(t);
	return retry;
}

static int
add(const char *id, double time)
{
	return add_ticket(ticket(id, time, NULL), 1);
}

static void
add_line(const char *id, double time, const char *line)
{
	(void)add_ticket(ticket(id, time, line), 1);
}

/* fail2ban: spec 10 section 3. 0 in counts: maxretry is reached. */
static const struct window_case {
	int maxretry;
	double times[12];
	int counts[12];
} window_cases[] = {
    {3, {0, 100, 200, -1}, {1, 2, 0}},
    {3, {0, 300, 600, -1}, {1, 2, 0}},
    {3, {0, 300, 601, -1}, {1, 2, 0}},
    {3, {0, 300, 900, -1}, {1, 2, 2}},
    {99, {0, 300, 1100, -1}, {1, 2, 2}},
    {3, {0, 500, 1000, 1500, 2000, 2500, -1}, {1, 2, 2, 2, 2, 2}},
    {3, {0, 400, 800, 1200, 1600, 2000, -1}, {1, 2, 0, 1, 2, 0}},
    {3, {1000, 500, 100, -1}, {1, 2, 0}},
    {3, {10000, 1, 2, -1}, {1, 2, 0}},
    {99, {0, 1199, -1}, {1, 2}},
    {99, {0, 1200, -1}, {1, 1}},
    {99, {0, 1201, -1}, {1, 1}},
    {99, {0, 0, 0, 0, 0, 800, -1}, {1, 2, 3, 4, 5, 5}},
    {99, {0, 0, 0, 0, 0, 1000, -1}, {1, 2, 3, 4, 5, 4}},
    {99, {0, 10, 20, 30, 700, 1400, -1}, {1, 2, 3, 4, 4, 3}},
    {99, {0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, -1},
        {1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7}},
};

START_TEST(window_slides_by_mean_rate)
{
	const struct window_case *c = &window_cases[_i];
	struct ticket *t;

	for (int i = 0; c->times[i] != -1; i++) {
		int count = add("192.0.2.1", 1000000 + c->times[i]);

		if (c->counts[i] != 0) {
			ck_assert_int_eq(count, c->counts[i]);
			continue;
		}
		ck_assert_int_ge(count, c->maxretry);
		t = tally_take(tally, "192.0.2.1", 9);
		ck_assert_ptr_nonnull(t);
		ticket_free(t);
		ck_assert_uint_eq(tally_count(tally), 0);
	}
}
END_TEST

START_TEST(ban_has_the_time_of_the_latest_failure)
{
	struct ticket *t;

	(void)add("a", 1000);
	(void)add("a", 500);
	(void)add("a", 100);
	t = tally_take(tally, "a", 1);
	ck_assert(t->time == 1000);
	ck_assert_int_eq(t->failures, 3);
	ticket_free(t);
}
END_TEST

START_TEST(failures_are_real_whatever_the_estimate)
{
	struct ticket *t;

	for (int i = 0; i <= 10; i++)
		(void)add("a", 1000 + 100 * i);
	t = tally_take(tally, "a", 1);
	ck_assert_int_eq(t->failures, 11);
	ck_assert_int_eq(t->retry, 7);
	ticket_free(t);
	ck_assert_uint_eq(tally_total(tally), 11);
}
END_TEST

START_TEST(only_the_last_matches_stay)
{
	struct ticket *t;
	struct buf out = BUF_INIT;
	char line[16];

	tally_set_maxmatches(tally, 3);
	for (int i = 0; i < 6; i++) {
		(void)snprintf(line, sizeof(line), "m%d", i);
		add_line("a", 1000, line);
	}
	t = tally_take(tally, "a", 1);
	ticket_matches(&out, t);
	ck_assert_str_eq(out.p, "12:00m3\n12:00m4\n12:00m5");
	buf_release(&out);
	ticket_free(t);
}
END_TEST

START_TEST(first_match_is_a_list_and_later_ones_text)
{
	struct ticket *t;
	struct buf out = BUF_INIT;

	add_line("a", 1000, "x");
	add_line("a", 1000, "y");
	t = tally_take(tally, "a", 1);
	value_repr(&out, t->matches);
	ck_assert_str_eq(out.p, "[['', '12:00', 'x'], '12:00y']");
	buf_release(&out);
	ticket_free(t);
}
END_TEST

START_TEST(no_matches_when_maxmatches_is_0)
{
	struct ticket *t;

	tally_set_maxmatches(tally, 0);
	add_line("a", 1000, "x");
	add_line("a", 1000, "y");
	t = tally_take(tally, "a", 1);
	ck_assert_uint_eq(t->matches->n, 0);
	ticket_free(t);
}
END_TEST

START_TEST(first_captures_win)
{
	struct ticket *t = ticket("a", 1000, NULL);

	value_set(t->data, "user", value_text("root"));
	(void)add_ticket(t, 1);
	t = ticket("a", 1001, NULL);
	value_set(t->data, "user", value_text("bin"));
	(void)add_ticket(t, 1);
	t = tally_take(tally, "a", 1);
	ck_assert_str_eq(value_str(value_get(t->data, "user")), "root");
	ticket_free(t);
}
END_TEST

static struct ticket *
four_matches(void)
{
	struct ticket *t = ticket("a", 1000, "0");

	for (int i = 1; i < 4; i++)
		value_adds(t->matches, "x");
	return t;
}

/* fail2ban: insert with count 4 and 4 matches, maxmatches 3. */
START_TEST(weight_counts_but_is_one_failure)
{
	struct ticket *t;

	tally_set_maxmatches(tally, 3);
	ck_assert_int_eq(add_ticket(four_matches(), 4), 4);
	t = tally_take(tally, "a", 1);
	ck_assert_uint_eq(t->matches->n, 4);
	ck_assert_int_eq(t->failures, 1);
	ticket_free(t);
	ck_assert_int_eq(add_ticket(four_matches(), 4), 4);
	ck_assert_int_eq(add_ticket(ticket("a", 1000, "4"), 1), 5);
	t = tally_take(tally, "a", 1);
	ck_assert_uint_eq(t->matches->n, 3);
	ck_assert_int_eq(t->failures, 2);
	ticket_free(t);
}
END_TEST

/* Far more than memory is meant to hold. */
static void
flood(const char *folder, int ids)
{
	char id[16], line[40];

	tally_set_folder(tally, folder);
	tally_set_maxmatches(tally, 5);
	for (int i = 0; i < 8 * ids; i++) {
		struct ticket *t;

		(void)snprintf(id, sizeof(id), "id%d", i % ids);
		(void)snprintf(line, sizeof(line), "%030d", i);
		t = ticket(id, 1000, line);
		value_set(t->data, "n", value_int(i));
		ck_assert_int_eq(add_ticket(t, 1), i / ids + 1);
	}
}

static void
assert_flood(int ids, size_t known)
{
	char id[16], text[200];

	for (int i = 0; i < ids; i++) {
		struct buf out = BUF_INIT;
		struct ticket *t;
		int n = snprintf(id, sizeof(id), "id%d", i);

		t = tally_take(tally, id, (size_t)n);
		ticket_matches(&out, t);
		ck_assert_uint_eq(t->matches->n, known);
		(void)snprintf(text, sizeof(text),
		    "12:00%030d\n12:00%030d\n12:00%030d\n12:00%030d\n"
		    "12:00%030d",
		    3 * ids + i, 4 * ids + i, 5 * ids + i, 6 * ids + i,
		    7 * ids + i);
		ck_assert_str_eq(out.p, text);
		ck_assert_int_eq(value_get(t->data, "n")->i, i);
		ck_assert_int_eq(t->failures, 8);
		buf_release(&out);
		ticket_free(t);
	}
}

START_TEST(many_matches_are_the_same_from_the_spool)
{
	flood("/tmp", 2000);
	assert_flood(2000, 5);
	ck_assert_uint_eq(tally_count(tally), 0);
	flood("/tmp", 1000); /* a new spool */
	assert_flood(1000, 5);
}
END_TEST

START_TEST(many_matches_stay_in_memory_without_a_folder)
{
	flood(NULL, 2000);
	assert_flood(2000, 5);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_no_harm)
{
	flood("/nonexistent", 2000);
	assert_flood(2000, 5);
}
END_TEST

START_TEST(known_offender_weighs_more)
{
	ck_assert_int_eq(tally_weigh(tally, "a", 1, 2, 2), 0);
	(void)add("a", 1000);
	ck_assert_int_eq(tally_weigh(tally, "a", 1, 2, 2), 3);
	ck_assert_uint_eq(tally_total(tally), 1);
}
END_TEST

START_TEST(old_ones_are_forgotten_at_findtime)
{
	(void)add("a", 1000);
	tally_prune(tally, 1599.9);
	ck_assert_uint_eq(tally_count(tally), 1);
	tally_prune(tally, 1600);
	ck_assert_uint_eq(tally_count(tally), 0);
	ck_assert_uint_eq(tally_evicted(tally), 0);
}
END_TEST

START_TEST(bound_on_ids_evicts_the_oldest)
{
	tally_set_bounds(tally, 2, 1000000);
	(void)add("a", 1000);
	(void)add("b", 900);
	(void)add("c", 800); /* a late line is not its own victim */
	ck_assert_uint_eq(tally_count(tally), 2);
	ck_assert_uint_eq(tally_evicted(tally), 1);
	ck_assert_int_eq(add("c", 800), 2);
	ck_assert_int_eq(add("a", 1000), 2);
}
END_TEST

START_TEST(bound_on_bytes_keeps_the_one_just_seen)
{
	tally_set_bounds(tally, 100, 1);
	add_line("a", 1000, "xxx");
	add_line("b", 1000, "yyy");
	ck_assert_uint_eq(tally_count(tally), 1);
	ck_assert_uint_eq(tally_evicted(tally), 1);
	ck_assert_int_eq(add("b", 1000), 2);
}
END_TEST

Suite *tally_suite(void);

Suite *
tally_suite(void)
{
	Suite *s = suite_create("tally");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, window_slides_by_mean_rate, 0,
	    sizeof(window_cases) / sizeof(window_cases[0]));
	tcase_add_test(tc, ban_has_the_time_of_the_latest_failure);
	tcase_add_test(tc, failures_are_real_whatever_the_estimate);
	tcase_add_test(tc, only_the_last_matches_stay);
	tcase_add_test(tc, first_match_is_a_list_and_later_ones_text);
	tcase_add_test(tc, no_matches_when_maxmatches_is_0);
	tcase_add_test(tc, first_captures_win);
	tcase_add_test(tc, weight_counts_but_is_one_failure);
	tcase_add_test(tc, many_matches_are_the_same_from_the_spool);
	tcase_add_test(tc, many_matches_stay_in_memory_without_a_folder);
	tcase_add_test(tc, a_folder_that_is_not_there_is_no_harm);
	tcase_add_test(tc, known_offender_weighs_more);
	tcase_add_test(tc, old_ones_are_forgotten_at_findtime);
	tcase_add_test(tc, bound_on_ids_evicts_the_oldest);
	tcase_add_test(tc, bound_on_bytes_keeps_the_one_just_seen);
	suite_add_tcase(s, tc);
	return s;
}
