/*
 * Messages that no good worker sends: the monitor is given them as they
 * would come out of the channel.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "nobody.h"

static uv_loop_t loop;
static struct monitor *m;
static char path[] = "/tmp/monitor-receive-XXXXXX";
static unsigned failures, positions;
static double position;
static int far_end; /* nobody reads it */

static void
on_failure(void *arg, const char *jail, const struct failure *f)
{
	(void)arg;
	(void)jail;
	(void)f;
	failures++;
}

static void
on_position(
    void *arg, const char *jail, const char *log, const struct monitor_pos *pos)
{
	(void)arg;
	(void)jail;
	(void)log;
	positions++;
	position = pos->at;
}

static const struct monitor_ops ops = {
    .failure = on_failure,
    .position = on_position,
    .stored = nobody_stored,
};

/* Ids: jail 1, log 2, source 3. */
static void
setup(void)
{
	struct filterspec spec;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "one line\ntwo line\n", 18), 18);
	(void)close(fd);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	m = monitor_new(&loop, &ops, NULL, NULL);
	ck_assert_ptr_nonnull(m);
	filterspec_init(&spec);
	ck_assert_int_eq(monitor_jail_set(m, "j", &spec, "UTF-8", NULL), 0);
	filterspec_release(&spec);
	ck_assert_int_eq(monitor_add_log(m, "j", path, false, NULL), 0);
	m->encodings = value_list();
	far_end = nobody_connect(m);
	ck_assert_int_ge(far_end, 0);
	failures = positions = 0;
}

static void
teardown(void)
{
	monitor_free(m);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	(void)close(far_end);
	(void)unlink(path);
}

/* Whether the message was accepted. */
static bool
receive(unsigned type, struct buf *b)
{
	struct unpack u;

	unpack_init(&u, b->p, b->n);
	monitor_message(m, type, &u, -1);
	buf_release(b);
	return unpack_done(&u);
}

static void
pack_where(struct buf *b, uint32_t gen, uint64_t at)
{
	pack_u32(b, 1);
	pack_u32(b, 2);
	pack_u32(b, 3);
	pack_u32(b, gen);
	pack_u64(b, at);
	pack_bytes(b, "", 0);
}

static bool
tell_position(uint32_t gen, uint64_t at)
{
	struct buf b = BUF_INIT;

	pack_where(&b, gen, at);
	pack_u32(&b, 0);
	return receive(FROM_POSITION, &b);
}

static bool
tell_failure_with(
    uint32_t gen, uint64_t at, const struct value *id, double time)
{
	struct value *data = value_dict(), *matches = value_list();
	struct buf b = BUF_INIT;
	bool ok;

	pack_where(&b, gen, at);
	pack_u32(&b, 0);
	pack_u8(&b, 0);
	pack_u32(&b, 1);
	pack_double(&b, time);
	pack_value(&b, id);
	pack_value(&b, data);
	pack_value(&b, matches);
	ok = receive(FROM_FAILURE, &b);
	value_free(data);
	value_free(matches);
	return ok;
}

static bool
tell_failure(uint32_t gen, uint64_t at)
{
	struct value *id = value_text("192.0.2.1");
	bool ok = tell_failure_with(gen, at, id, 1e9);

	value_free(id);
	return ok;
}

START_TEST(failure_is_counted_once)
{
	ck_assert(tell_failure(0, 9));
	ck_assert(tell_failure(0, 9));
	ck_assert_uint_eq(failures, 1);
	ck_assert(tell_failure(0, 18));
	ck_assert_uint_eq(failures, 2);
}
END_TEST

START_TEST(place_beyond_the_file_hides_nothing)
{
	ck_assert(tell_failure(0, INT64_MAX));
	ck_assert_uint_eq(failures, 1);
	ck_assert(tell_position(0, INT64_MAX));
	ck_assert_uint_eq(positions, 0);
	ck_assert(tell_failure(0, 9));
	ck_assert_uint_eq(failures, 2);
	ck_assert(tell_position(0, 18));
	ck_assert_uint_eq(positions, 1);
	ck_assert_double_eq(position, 18);
}
END_TEST

START_TEST(no_generation_is_the_last)
{
	ck_assert(tell_failure(0x7fffffff, 9));
	ck_assert(tell_failure(0xfffffffe, 9));
	ck_assert(tell_failure(0xffffffff, 9));
	ck_assert(tell_failure(0, 9));
	ck_assert(tell_failure(1, 9));
	ck_assert_uint_eq(failures, 5);
	ck_assert(tell_failure(0, 18)); /* old now */
	ck_assert_uint_eq(failures, 5);
}
END_TEST

START_TEST(odd_times_are_refused)
{
	static const double times[] = {-1, 1e11, (double)INFINITY, (double)NAN};
	struct value *id = value_text("192.0.2.1");

	ck_assert(!tell_failure_with(0, 9, id, times[_i]));
	ck_assert_uint_eq(failures, 0);
	value_free(id);
}
END_TEST

/* A byte of the message is a hundred in memory. */
START_TEST(id_of_a_million_parts_is_refused)
{
	struct value *id = value_tuple();

	for (int i = 0; i < 1100000; i++)
		(void)value_add(id, value_none());
	ck_assert(!tell_failure_with(0, 9, id, 1e9));
	ck_assert_uint_eq(failures, 0);
	value_free(id);
}
END_TEST

START_TEST(who_reads_no_answers_gets_no_more)
{
	bool ok = true;

	for (int i = 0; ok && i < 10000000; i++) {
		struct buf b = BUF_INIT;

		pack_u32(&b, 2);
		pack_u32(&b, 3);
		pack_u8(&b, 0);
		ok = receive(FROM_REWRITTEN, &b);
	}
	ck_assert(!ok);
}
END_TEST

START_TEST(journal_of_the_future_hides_nothing)
{
	struct mjail *j = monitor_jail(m, "j");
	double now = clock_now();

	ck_assert(monitor_journal_is_new(j, now + 1e6));
	ck_assert_double_eq(j->newest, 0);
	ck_assert(monitor_journal_is_new(j, now));
	ck_assert_double_eq(j->newest, now);
}
END_TEST

START_TEST(line_begins_with_a_jail_that_there_is)
{
	ck_assert(monitor_names_jail(m, "[j] Match without a timestamp: x"));
	ck_assert(monitor_names_jail(m, "Unable to read: x"));
	ck_assert(!monitor_names_jail(m, "[x] Match without a timestamp: x"));
}
END_TEST

Suite *receive_suite(void);

Suite *
receive_suite(void)
{
	Suite *s = suite_create("receive");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, failure_is_counted_once);
	tcase_add_test(tc, place_beyond_the_file_hides_nothing);
	tcase_add_test(tc, no_generation_is_the_last);
	tcase_add_loop_test(tc, odd_times_are_refused, 0, 4);
	tcase_add_test(tc, id_of_a_million_parts_is_refused);
	tcase_add_test(tc, who_reads_no_answers_gets_no_more);
	tcase_add_test(tc, journal_of_the_future_hides_nothing);
	tcase_add_test(tc, line_begins_with_a_jail_that_there_is);
	suite_add_tcase(s, tc);
	return s;
}
