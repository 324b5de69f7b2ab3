#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/buf.h"
#include "base/io.h"
#include "conf/option.h"

static struct buf page;

static void
setup(void)
{
	const char *srcdir = getenv("srcdir");
	struct buf path = BUF_INIT;

	page = (struct buf)BUF_INIT;
	buf_addf(&path, "%s/man/jail.conf.5", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(io_read_file(&page, path.p, 1 << 20), 0);
	buf_release(&path);
}

static void
teardown(void)
{
	buf_release(&page);
}

/* Is it one of the words of an item, ".It Ic name , other"? */
static bool
has_item(const char *name)
{
	const char *item = page.p;
	size_t n = strlen(name);

	while ((item = strstr(item, "\n.It Ic ")) != NULL) {
		const char *end = strchr(++item, '\n');

		for (const char *p = item;
		     (p = strstr(p, name)) != NULL && p < end; p++)
			if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n'))
				return true;
	}
	return false;
}

static void
check_table(const struct option_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		ck_assert_msg(has_item(t->rows[i].name),
		    "jail.conf(5) lacks %s", t->rows[i].name);
}

START_TEST(manual_page_has_every_option)
{
	/* parameters of an action that mean something to the server */
	static const char *const ours[] = {
	    "actionban_bulk", "actionunban_bulk", "timeout"};

	check_table(&option_jail_first);
	check_table(&option_jail);
	check_table(&option_filter);
	check_table(&option_action);
	check_table(&option_server);
	check_table(&option_early);
	check_table(&option_client);
	check_table(&option_thread);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		ck_assert_msg(
		    has_item(ours[i]), "jail.conf(5) lacks %s", ours[i]);
}
END_TEST

Suite *option_suite(void);

Suite *
option_suite(void)
{
	Suite *s = suite_create("option");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, manual_page_has_every_option);
	suite_add_tcase(s, tc);
	return s;
}
