#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "tools/usage.h"

/* What usage_print() writes. */
static char *
printed(void)
{
	FILE *f = tmpfile();
	char *text = calloc(1, 65536);

	ck_assert_ptr_nonnull(f);
	(void)fflush(stdout);
	ck_assert_int_eq(dup2(fileno(f), STDOUT_FILENO), STDOUT_FILENO);
	usage_print("fail2ban-client");
	(void)fflush(stdout);
	rewind(f);
	ck_assert_uint_gt(fread(text, 1, 65535, f), 1000);
	(void)fclose(f);
	return text;
}

START_TEST(layout_is_what_completions_cut)
{
	char *text = printed(), *line, *rest = text;
	int commands = 0;

	ck_assert_ptr_eq(text,
	    strstr(text,
	        "Usage: fail2ban-client [OPTIONS] <COMMAND>\n\nFail2Ban v"));
	ck_assert_ptr_nonnull(strstr(text, "\n\nOptions:\n    -c, --conf"));
	ck_assert_ptr_nonnull(strstr(text,
	    "\n\nCommand:\n                                             "
	    "BASIC\n    start                                    start"));
	ck_assert_ptr_nonnull(strstr(text,
	    "\n    reload [--restart] [--unban] [--if-exists] <JAIL>\n"
	    "                                             "));
	rest = strstr(text, "\nCommand:") + 1;
	while ((line = strsep(&rest, "\n")) != NULL) {
		ck_assert_msg(
		    strlen(line) <= 79 || strncmp(line, "    set", 7) == 0,
		    "%s", line);
		commands += strncmp(line, "    ", 4) == 0 && line[4] != ' ';
	}
	ck_assert_int_gt(commands, 90);
	free(text);
}
END_TEST

START_TEST(every_row_says_something)
{
	ck_assert_ptr_null(usage_commands[0].text);
	for (size_t i = 0; i < usage_commands_n; i++) {
		const char *text = usage_commands[i].text;

		ck_assert_str_ne(usage_commands[i].syntax, "");
		if (text != NULL)
			ck_assert_str_ne(text, "");
	}
	for (size_t i = 0; i < usage_options_n; i++)
		ck_assert_int_eq(usage_options[i].names[0], '-');
}
END_TEST

/* Whether the page has an item with just this title. */
static bool
has_item(const struct buf *page, const char *title)
{
	struct buf item = BUF_INIT;
	bool has;

	buf_addf(&item, "\n.It Li \"%s\"\n", title);
	has = strstr(page->p, item.p) != NULL;
	buf_release(&item);
	return has;
}

START_TEST(manual_page_knows_every_row)
{
	const char *srcdir = getenv("srcdir");
	struct buf page = BUF_INIT, path = BUF_INIT;

	buf_addf(
	    &path, "%s/man/fail2ban-client.1", srcdir != NULL ? srcdir : ".");
	ck_assert_int_eq(io_read_file(&page, path.p, 1 << 20), 0);
	for (size_t i = 0; i < usage_options_n; i++)
		ck_assert_msg(has_item(&page, usage_options[i].names), "%s",
		    usage_options[i].names);
	for (size_t i = 0; i < usage_commands_n; i++)
		if (usage_commands[i].text != NULL)
			ck_assert_msg(has_item(&page, usage_commands[i].syntax),
			    "%s", usage_commands[i].syntax);
	buf_release(&page);
	buf_release(&path);
}
END_TEST

Suite *usage_suite(void);

Suite *
usage_suite(void)
{
	Suite *s = suite_create("usage");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, layout_is_what_completions_cut);
	tcase_add_test(tc, every_row_says_something);
	tcase_add_test(tc, manual_page_knows_every_row);
	suite_add_tcase(s, tc);
	return s;
}
