#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/cursor.h"

static int fd;
static struct block block;
static struct codec *codec;
static struct cursor c;

static void
setup(void)
{
	char path[] = "/tmp/cursor.XXXXXX";

	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	(void)unlink(path);
	block_init(&block);
	codec = codec_new("UTF-8");
	cursor_init(&c, fd, 0);
}

static void
teardown(void)
{
	(void)close(fd);
	block_release(&block);
	codec_free(codec);
}

static void
append(const char *text)
{
	(void)lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
}

static void
expect_line(const char *text)
{
	struct cursor_line line;

	ck_assert(cursor_next(&c, &block, codec, &line));
	ck_assert_uint_eq(line.n, strlen(text));
	ck_assert_mem_eq(line.p, text, line.n);
}

static void
expect_none(void)
{
	struct cursor_line line;

	ck_assert(!cursor_next(&c, &block, codec, &line));
}

START_TEST(partial_line_waits_until_it_is_complete)
{
	append("line1\nline2\r\npart");
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	expect_line("line1\n");
	expect_line("line2\r\n");
	expect_none();
	ck_assert_int_eq(c.done, 13);
	append("ial\n");
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	expect_line("partial\n");
	expect_none();
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_END);
}
END_TEST

START_TEST(truncation_is_seen_even_when_the_file_grew_again)
{
	append("one\ntwo\n");
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	expect_line("one\n");
	expect_line("two\n");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_REWRITTEN);
	append("three\nfour\nfive\n");
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_REWRITTEN);
	cursor_rewind(&c);
	ck_assert_uint_eq(c.gen, 1);
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	expect_line("three\n");
}
END_TEST

START_TEST(place_behind_the_end_is_a_rewritten_file)
{
	append("short\n");
	cursor_init(&c, fd, 100);
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_REWRITTEN);
}
END_TEST

START_TEST(rest_of_a_long_line_is_no_line)
{
	struct cursor_line line;
	char *x = malloc(3 * CURSOR_LINE + 1);

	memset(x, 'x', 3 * CURSOR_LINE);
	x[3 * CURSOR_LINE] = '\0';
	append("a\n");
	append(x);
	append("FAIL from 192.0.2.1\nnext\n");
	free(x);
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	expect_line("a\n");
	expect_none();
	ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	ck_assert(cursor_next(&c, &block, codec, &line));
	ck_assert(line.truncated);
	ck_assert_uint_eq(line.n, CURSOR_LINE);
	ck_assert_int_eq(c.done, 2);
	while (!cursor_next(&c, &block, codec, &line))
		ck_assert_int_eq(cursor_fill(&c, fd, &block), CURSOR_DATA);
	ck_assert_mem_eq(line.p, "next\n", 5);
}
END_TEST

/* Dates are the numbers at the start of lines; others have none. */
static bool
date_of(void *arg, const char *line, size_t n, double *time)
{
	(void)arg;
	if (n == 0 || line[0] < '0' || line[0] > '9')
		return false;
	*time = strtod(line, NULL);
	return true;
}

static int64_t
seek(double wanted)
{
	const struct cursor_search s = {.from = 0,
	    .size = lseek(fd, 0, SEEK_END),
	    .wanted = wanted,
	    .date = date_of};

	return cursor_seek(fd, &block, &s);
}

START_TEST(seek_goes_to_the_first_wanted_line)
{
	int64_t first = 0, at;

	for (int i = 0; i < 5000; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "%d some text\n", i);
		if (i == 4400)
			first = lseek(fd, 0, SEEK_END);
		append(line);
	}
	at = seek(4400);
	ck_assert_int_le(at, first);
	ck_assert_int_gt(at, first - 600);
	ck_assert_int_eq(seek(-1), 0);
}
END_TEST

START_TEST(seek_without_dates_starts_at_the_start)
{
	for (int i = 0; i < 2000; i++)
		append("no date here\n");
	ck_assert_int_eq(seek(100), 0);
}
END_TEST

START_TEST(place_of_an_earlier_reader_is_good_while_its_bytes_are_there)
{
	struct cursor next;

	append("one\ntwo\n");
	ck_assert(cursor_resume(&next, fd, 8, "two\n", 4));
	ck_assert_int_eq(cursor_fill(&next, fd, &block), CURSOR_END);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	append("six\nten\nmore\n");
	ck_assert(!cursor_resume(&next, fd, 8, "two\n", 4));
	ck_assert_int_eq(cursor_fill(&next, fd, &block), CURSOR_REWRITTEN);
	ck_assert(cursor_resume(&next, fd, 8, "", 0));
	ck_assert_int_eq(cursor_fill(&next, fd, &block), CURSOR_DATA);
}
END_TEST

START_TEST(place_of_an_earlier_reader_behind_the_end_is_lost)
{
	struct cursor next;

	append("one\n");
	ck_assert(!cursor_resume(&next, fd, 8, "two\n", 4));
	ck_assert_int_eq(cursor_fill(&next, fd, &block), CURSOR_REWRITTEN);
}
END_TEST

Suite *cursor_suite(void);

Suite *
cursor_suite(void)
{
	Suite *s = suite_create("cursor");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, partial_line_waits_until_it_is_complete);
	tcase_add_test(tc, truncation_is_seen_even_when_the_file_grew_again);
	tcase_add_test(tc, place_behind_the_end_is_a_rewritten_file);
	tcase_add_test(tc, rest_of_a_long_line_is_no_line);
	tcase_add_test(
	    tc, place_of_an_earlier_reader_is_good_while_its_bytes_are_there);
	tcase_add_test(tc, place_of_an_earlier_reader_behind_the_end_is_lost);
	tcase_add_test(tc, seek_goes_to_the_first_wanted_line);
	tcase_add_test(tc, seek_without_dates_starts_at_the_start);
	suite_add_tcase(s, tc);
	return s;
}
