#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bans.h"

static struct bans *bans;

static void
setup(void)
{
	bans = bans_new();
	bans_set_bantime(bans, 60);
}

static void
teardown(void)
{
	bans_free(bans);
}

#define NONE (-99)

static enum bans_result
add(const char *id, double time, double bantime, double now)
{
	struct ticket *t = ticket_new(id, strlen(id), time);
	enum bans_result r;

	t->has_bantime = bantime != NONE;
	t->bantime = bantime;
	r = bans_add(bans, &t, now);
	ck_assert_int_eq(t == NULL, r == BANS_ADDED);
	ticket_free(t);
	return r;
}

/* fail2ban: spec 10 section 5, jail bantime 60. */
static const struct known_case {
	double old_bantime;
	double time;
	double bantime;
	double want; /* own ban time afterwards */
} known_cases[] = {
    {NONE, 1010, NONE, 70},
    {70, 1010, 100, 110},
    {-1, 1100, NONE, -1},
    {NONE, 1020, -1, -1},
    {NONE, 990, NONE, NONE}, /* earlier end: unchanged */
    {NONE, 990, 100, 100},
};

START_TEST(known_id_is_prolonged)
{
	const struct known_case *c = &known_cases[_i];
	const struct ticket *t;

	ck_assert_int_eq(add("a", 1000, c->old_bantime, 1000), BANS_ADDED);
	ck_assert_int_eq(add("a", c->time, c->bantime, 1000), BANS_KNOWN);
	t = bans_find(bans, "a", 1);
	ck_assert(t->time == 1000);
	ck_assert(t->has_bantime == (c->want != NONE));
	if (t->has_bantime)
		ck_assert(t->bantime == c->want);
	ck_assert_uint_eq(bans_total(bans), 1);
	ck_assert_int_eq(t->bancount, 1);
}
END_TEST

START_TEST(past_end_is_refused_and_end_now_is_not)
{
	ck_assert_int_eq(add("a", 940, NONE, 1000), BANS_ADDED);
	ck_assert_int_eq(add("b", 939, NONE, 1000), BANS_EXPIRED);
	ck_assert_int_eq(add("c", 1000, -5, 1000), BANS_EXPIRED);
	ck_assert_int_eq(add("d", 10, -1, 1000), BANS_ADDED);
}
END_TEST

static void
check_ended(double now, const char *id)
{
	struct ticket *t = bans_take_ended(bans, now);

	if (id == NULL) {
		ck_assert_ptr_null(t);
		return;
	}
	ck_assert_ptr_nonnull(t);
	ck_assert_str_eq(t->id, id);
	ticket_free(t);
}

START_TEST(bans_end_strictly_after_their_end)
{
	(void)add("a", 1000, NONE, 1000);
	(void)add("b", 1000, 30, 1000);
	(void)add("c", 1000, -1, 1000);
	ck_assert(bans_next_end(bans) == 1030);
	check_ended(1030, NULL);
	check_ended(1030.5, "b");
	check_ended(1030.5, NULL);
	ck_assert(bans_next_end(bans) == 1060);
	check_ended(1060.5, "a");
	ck_assert(isinf(bans_next_end(bans)));
	check_ended(1e15, NULL);
	ck_assert_uint_eq(bans_count(bans), 1);
}
END_TEST

START_TEST(running_bans_follow_the_bantime_of_the_jail)
{
	(void)add("a", 1000, NONE, 1000);
	bans_set_bantime(bans, 3600);
	ck_assert(bans_next_end(bans) == 4600);
	bans_set_bantime(bans, -1);
	ck_assert(isinf(bans_next_end(bans)));
	bans_set_bantime(bans, 10);
	check_ended(1011, "a");
}
END_TEST

START_TEST(lists_are_by_insertion_and_by_end)
{
	struct ticket **list;

	(void)add("a", 1000, -1, 1000);
	(void)add("b", 1000, 90, 1000);
	(void)add("c", 1000, NONE, 1000);
	list = bans_list(bans);
	ck_assert_str_eq(list[0]->id, "a");
	ck_assert_str_eq(list[2]->id, "c");
	free(list);
	list = bans_list_by_end(bans);
	ck_assert_str_eq(list[0]->id, "c");
	ck_assert_str_eq(list[1]->id, "b");
	ck_assert_str_eq(list[2]->id, "a");
	free(list);
}
END_TEST

START_TEST(many_bans_end_in_order)
{
	char id[16];
	double last = 0;
	struct ticket *t;

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		(void)add(
		    id, 1000 + i * 37 % 1000, i % 3 == 0 ? 40 : NONE, 1000);
	}
	while ((t = bans_take_ended(bans, 1e9)) != NULL) {
		ck_assert(ticket_end(t, 60) >= last);
		last = ticket_end(t, 60);
		ticket_free(t);
	}
	ck_assert_uint_eq(bans_count(bans), 0);
}
END_TEST

START_TEST(count_of_bans_does_not_overflow)
{
	struct ticket *t = ticket_new("a", 1, 1000);

	t->bancount = TICKET_COUNT_MAX;
	ck_assert_int_eq(bans_add(bans, &t, 1000), BANS_ADDED);
	ck_assert_int_eq(bans_find(bans, "a", 1)->bancount, TICKET_COUNT_MAX);
	ck_assert_int_eq(ticket_bounded(-1), 0);
	ck_assert_int_eq(ticket_bounded(7), 7);
}
END_TEST

Suite *bans_suite(void);

Suite *
bans_suite(void)
{
	Suite *s = suite_create("bans");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, known_id_is_prolonged, 0,
	    sizeof(known_cases) / sizeof(known_cases[0]));
	tcase_add_test(tc, past_end_is_refused_and_end_now_is_not);
	tcase_add_test(tc, bans_end_strictly_after_their_end);
	tcase_add_test(tc, running_bans_follow_the_bantime_of_the_jail);
	tcase_add_test(tc, lists_are_by_insertion_and_by_end);
	tcase_add_test(tc, many_bans_end_in_order);
	tcase_add_test(tc, count_of_bans_does_not_overflow);
	suite_add_tcase(s, tc);
	return s;
}
