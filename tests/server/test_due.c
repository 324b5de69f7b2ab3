#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "fake.h"
#include "server/due.h"

Suite *due_suite(void);

static struct server *s;
static double start; /* in the real future: the timer does not ring by itself */

static void
setup(void)
{
	start = clock_now() + 1e6;
	clock_set(start);
	s = fake_server();
	ck_assert_int_eq(due_start(s, NULL), 0);
	(void)fake_run(s, "['add', 'x', 'polling']");
	(void)fake_run(s, "['set', 'x', 'bantime', '600']");
	(void)fake_run(s, "['start', 'x']");
}

static void
teardown(void)
{
	due_stop(s);
	fake_server_free(s);
	clock_set(-1);
}

/* What the kernel does with the descriptor when the clock was set. */
static void
clock_was_set(double now)
{
	struct itimerspec past = {.it_value = {.tv_sec = 1}};

	clock_set(now);
	ck_assert_int_eq(
	    timerfd_settime(s->due_fd, TFD_TIMER_ABSTIME, &past, NULL), 0);
	for (int i = 0; i < 5; i++)
		(void)uv_run(s->loop, UV_RUN_NOWAIT);
}

/* Seconds of the real clock until it rings; 0: it does not. */
static double
armed(void)
{
	struct itimerspec t;

	ck_assert_int_eq(timerfd_gettime(s->due_fd, &t), 0);
	return (double)t.it_value.tv_sec + 1e-9 * (double)t.it_value.tv_nsec;
}

static bool
rings(void)
{
	struct pollfd p = {.fd = s->due_fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

START_TEST(nothing_rings_without_a_ban)
{
	ck_assert(armed() == 0);
	(void)fake_run(s, "['set', 'x', 'banip', '192.0.2.1']");
	ck_assert(armed() > 1e6 && armed() < 1e6 + 601);
	(void)fake_run(s, "['set', 'x', 'unbanip', '192.0.2.1']");
	ck_assert(armed() == 0);
	clock_was_set(start + 5);
	ck_assert(armed() == 0 && !rings());
}
END_TEST

START_TEST(a_clock_that_jumps_ahead_ends_bans)
{
	(void)fake_run(s, "['set', 'x', 'banip', '192.0.2.1']");
	clock_set(start + 500);
	(void)fake_run(s, "['set', 'x', 'banip', '192.0.2.2']");
	(void)fake_log();
	clock_was_set(start + 700);
	ck_assert_str_eq(
	    fake_run(s, "['get', 'x', 'banned']"), "['192.0.2.2']");
	ck_assert_ptr_nonnull(strstr(fake_log(), "[x] Unban 192.0.2.1\n"));
	ck_assert(armed() > 1e6 + 1000 && !rings());
	clock_was_set(start + 1e9);
	ck_assert_str_eq(fake_run(s, "['get', 'x', 'banned']"), "[]");
	ck_assert(armed() == 0 && !rings());
}
END_TEST

/* fail2ban: the end of a ban is a time of day, so it is further away then. */
START_TEST(a_clock_that_jumps_back_keeps_them)
{
	(void)fake_run(s, "['set', 'x', 'banip', '192.0.2.1']");
	clock_was_set(start - 86400);
	ck_assert_str_eq(
	    fake_run(s, "['get', 'x', 'banned']"), "['192.0.2.1']");
	ck_assert(armed() > 1e6 && !rings());
	/* a new one ends before it */
	(void)fake_run(s, "['set', 'x', 'banip', '192.0.2.2']");
	ck_assert(armed() < 1e6 - 85000);
	clock_was_set(start + 1);
	ck_assert_str_eq(
	    fake_run(s, "['get', 'x', 'banned']"), "['192.0.2.1']");
	clock_was_set(start + 601);
	ck_assert_str_eq(fake_run(s, "['get', 'x', 'banned']"), "[]");
}
END_TEST

Suite *
due_suite(void)
{
	Suite *suite = suite_create("due");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_rings_without_a_ban);
	tcase_add_test(tc, a_clock_that_jumps_ahead_ends_bans);
	tcase_add_test(tc, a_clock_that_jumps_back_keeps_them);
	suite_add_tcase(suite, tc);
	return suite;
}
