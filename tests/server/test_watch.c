#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/watch.h"

static uv_loop_t loop;
static struct watch *w;
static char dir[64];
static char *path; /* dir/a/log */
static unsigned changed, renamed, created;
static char last[256];

static void
on_changed(void *arg, const char *pattern)
{
	(void)arg;
	changed++;
	(void)snprintf(last, sizeof(last), "%s", pattern);
}

static void
on_sibling(void *arg, const char *pattern, const char *sibling, bool moved)
{
	(void)arg;
	(void)pattern;
	renamed += moved;
	created += !moved;
	(void)snprintf(last, sizeof(last), "%s", sibling);
}

static const struct watch_ops ops = {
    .changed = on_changed,
    .sibling = on_sibling,
};

static void
make_dir(const char *name)
{
	char *p = xasprintf("%s/%s", dir, name);

	ck_assert_int_eq(mkdir(p, 0755), 0);
	free(p);
}

static void
make_file(const char *name)
{
	char *p = xasprintf("%s/%s", dir, name);
	int fd = open(p, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	free(p);
}

static void
move(const char *from, const char *to)
{
	char *a = xasprintf("%s/%s", dir, from);
	char *b = xasprintf("%s/%s", dir, to);

	ck_assert_int_eq(rename(a, b), 0);
	free(a);
	free(b);
}

static void
setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/watch.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/a/log", dir);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	w = watch_new(&loop, &ops, NULL, NULL);
	ck_assert_ptr_nonnull(w);
	changed = renamed = created = 0;
}

static void
teardown(void)
{
	char *command = xasprintf("rm -rf '%s'", dir);

	watch_free(w);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert_int_eq(system(command), 0);
	free(command);
	free(path);
}

START_TEST(file_in_a_directory_to_come_is_seen)
{
	watch_add(w, path);
	make_dir("a");
	watch_drain(w);
	ck_assert_uint_ge(changed, 1);
	changed = 0;
	make_file("a/other");
	watch_drain(w);
	ck_assert_uint_eq(changed, 0);
	make_file("a/log");
	watch_drain(w);
	ck_assert_uint_eq(changed, 1);
	ck_assert_str_eq(last, path);
}
END_TEST

START_TEST(rotation_by_renaming_tells_both_files)
{
	char *to = xasprintf("%s/a/elsewhere", dir);

	make_dir("a");
	make_file("a/log");
	watch_add(w, path);
	ck_assert_int_eq(rename(path, to), 0);
	make_file("a/log");
	watch_drain(w);
	ck_assert_uint_eq(renamed, 1);
	ck_assert_uint_eq(changed, 1);
	free(to);
}
END_TEST

START_TEST(copy_beside_is_told_but_not_when_packed)
{
	make_dir("a");
	make_file("a/log");
	watch_add(w, path);
	make_file("a/log.1");
	watch_drain(w);
	ck_assert_uint_eq(created, 1);
	make_file("a/log.2.gz");
	make_file("a/logger");
	watch_drain(w);
	ck_assert_uint_eq(created, 1);
}
END_TEST

START_TEST(glob_grows_over_directories)
{
	char *glob = xasprintf("%s/v*/x*.log", dir);

	watch_add(w, glob);
	make_dir("v1");
	watch_drain(w);
	changed = 0;
	make_file("v1/y.log");
	watch_drain(w);
	ck_assert_uint_eq(changed, 0);
	make_file("v1/x1.log");
	watch_drain(w);
	ck_assert_uint_eq(changed, 1);
	free(glob);
}
END_TEST

START_TEST(directory_made_anew_is_watched_again)
{
	char *from = xasprintf("%s/a", dir);
	char *to = xasprintf("%s/b", dir);

	make_dir("a");
	make_file("a/log");
	watch_add(w, path);
	ck_assert_int_eq(rename(from, to), 0);
	watch_drain(w);
	make_dir("a");
	watch_drain(w);
	changed = 0;
	make_file("a/log");
	watch_drain(w);
	ck_assert_uint_eq(changed, 1);
	free(from);
	free(to);
}
END_TEST

static void
expect_last(const char *name)
{
	char *p = xasprintf("%s/%s", dir, name);

	ck_assert_str_eq(last, p);
	free(p);
}

/* What was the log two rotations ago is found under its present name. */
START_TEST(old_logs_are_followed_through_further_renames)
{
	make_dir("a");
	make_file("a/log");
	watch_add(w, path);
	move("a/log", "a/log.1");
	make_file("a/log");
	move("a/log.1", "a/log.2");
	move("a/log", "a/log.1");
	move("a/log.2", "a/log.3");
	watch_drain(w);
	ck_assert_uint_eq(renamed, 2);
	ck_assert_uint_eq(changed, 1);
	renamed = 0;
	move("a/log.3", "a/log.4");
	watch_drain(w);
	ck_assert_uint_eq(renamed, 0); /* it was told */
}
END_TEST

START_TEST(copies_are_followed_too_until_another_takes_their_name)
{
	make_dir("a");
	make_file("a/log");
	watch_add(w, path);
	make_file("a/log.1");
	move("a/log.1", "a/log.2");
	make_file("a/log.1");
	move("a/log.1", "a/log.2");
	watch_drain(w);
	ck_assert_uint_eq(created, 1);
	expect_last("a/log.2");
}
END_TEST

START_TEST(folder_of_the_folder_is_replaced)
{
	char *deep = xasprintf("%s/a/b/log", dir);

	make_dir("a");
	make_dir("a/b");
	make_file("a/b/log");
	watch_add(w, deep);
	move("a", "away");
	make_dir("a");
	make_dir("a/b");
	watch_drain(w);
	changed = 0;
	make_file("a/b/log");
	watch_drain(w);
	ck_assert_uint_eq(changed, 1);
	free(deep);
}
END_TEST

Suite *watch_suite(void);

Suite *
watch_suite(void)
{
	Suite *s = suite_create("watch");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, file_in_a_directory_to_come_is_seen);
	tcase_add_test(tc, rotation_by_renaming_tells_both_files);
	tcase_add_test(tc, copy_beside_is_told_but_not_when_packed);
	tcase_add_test(tc, glob_grows_over_directories);
	tcase_add_test(tc, directory_made_anew_is_watched_again);
	tcase_add_test(tc, old_logs_are_followed_through_further_renames);
	tcase_add_test(
	    tc, copies_are_followed_too_until_another_takes_their_name);
	tcase_add_test(tc, folder_of_the_folder_is_replaced);
	suite_add_tcase(s, tc);
	return s;
}
