/*
 * What the worker may say is a table of the parent: here it is held against
 * every log_msg() in the sources that the worker is made of.
 */
#include <check.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/monitor_impl.h"

static char *
pattern_of(const char *files)
{
	const char *top = getenv("srcdir");

	return xasprintf("%s/%s", top == NULL ? "." : top, files);
}

/* One or more literals: their contents; p moves behind them. */
static void
take_literal(struct buf *out, const char **p)
{
	const char *at = *p;

	buf_reset(out);
	while (*at == '"') {
		for (at++; *at != '"'; at++) {
			ck_assert_int_ne(*at, '\0');
			if (*at == '\\')
				at++;
			buf_addc(out, *at);
		}
		at++;
		at += strspn(at, " \t\n");
	}
	*p = at;
}

/* Every conversion becomes a digit. */
static void
fill_in(struct buf *out, const char *format)
{
	buf_reset(out);
	for (const char *p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_addc(out, *p);
			continue;
		}
		p += 1 + strspn(p + 1, "-+ #0123456789.*lhz");
		buf_addc(out, *p == '%' ? '%' : '1');
	}
}

static void
check_call(const char *file, const char *call)
{
	struct buf name = BUF_INIT, format = BUF_INIT, text = BUF_INIT;

	call = strchr(call, '"');
	ck_assert_ptr_nonnull(call);
	take_literal(&name, &call);
	call += strspn(call, ", \t\n");
	ck_assert_msg(*call == '"', "%s: a text that is no literal", file);
	take_literal(&format, &call);
	fill_in(&text, format.p);
	ck_assert_msg(monitor_knows_text(name.p, text.p),
	    "%s: unknown to the parent: \"%s\"", file, text.p);
	buf_release(&name);
	buf_release(&format);
	buf_release(&text);
}

static size_t
check_file(const char *path)
{
	struct buf source = BUF_INIT;
	const char *at;
	size_t n = 0;

	ck_assert_int_eq(io_read_file(&source, path, 1024 * 1024), 0);
	at = source.p;
	while ((at = strstr(at, "log_msg(")) != NULL) {
		check_call(path, at);
		at++;
		n++;
	}
	buf_release(&source);
	return n;
}

static const char *const sources[] = {"src/sensor/*.c", "src/server/worker*.c"};

START_TEST(every_text_of_the_worker_is_known)
{
	char *pattern = pattern_of(sources[_i]);
	glob_t found;
	size_t n = 0;

	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += check_file(found.gl_pathv[i]);
	ck_assert_uint_gt(n, 0);
	globfree(&found);
	free(pattern);
}
END_TEST

static const struct {
	const char *name;
	const char *text;
} forged[] = {
    {"actions", "[sshd] Ban 192.0.2.1"},
    {"filter", "[sshd] Ban 192.0.2.1"},
    {"filter", "[sshd] Found 192.0.2.1 - 2026-01-01 00:00:00"},
    {"actions", "Cannot read 'x': y"},
    {"filter", "[j] Ban 192.0.2.1 [x] Match without a timestamp: y"},
    {"filter", "[j] Ban 192.0.2.1] Match without a timestamp: y"},
    {"filter", ""},
};

START_TEST(what_the_worker_never_says_is_not_its_to_say)
{
	ck_assert(!monitor_knows_text(forged[_i].name, forged[_i].text));
}
END_TEST

Suite *monitor_text_suite(void);

Suite *
monitor_text_suite(void)
{
	Suite *s = suite_create("monitor_text");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, every_text_of_the_worker_is_known, 0,
	    sizeof(sources) / sizeof(sources[0]));
	tcase_add_loop_test(tc, what_the_worker_never_says_is_not_its_to_say, 0,
	    sizeof(forged) / sizeof(forged[0]));
	suite_add_tcase(s, tc);
	return s;
}
