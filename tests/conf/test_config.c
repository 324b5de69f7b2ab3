/*
 * Runs the files of tests/conf-cases: "### FILE name" starts a file of the
 * configuration, "### LOG name" makes a log, "### STREAM" is what -d prints.
 * @DIR@ is the directory of the case. The first line says where the stream
 * was taken from.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/config.h"
#include "quiet.h"

#define MAX_CASES 200

static char *cases[MAX_CASES];
static int ncases;
static char dir[] = "/tmp/cfail2ban-conf.XXXXXX";

static void
setup(void)
{
	strcpy(strrchr(dir, '.') + 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	quiet_log();
}

static void
teardown(void)
{
	char *cmd = xasprintf("rm -rf '%s'", dir);

	ck_assert_int_eq(system(cmd), 0);
	free(cmd);
	log_set_sink(NULL, NULL);
}

static void
put(const char *name, const struct buf *text)
{
	char *path = xasprintf("%s/%s", dir, name), *slash = path;
	FILE *f;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text->p, 1, text->n, f), text->n);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static void
replace_dir(struct buf *text)
{
	char *at;

	while ((at = strstr(text->p, "@DIR@")) != NULL)
		buf_splice(text, (size_t)(at - text->p), 5, dir, strlen(dir));
}

/* Makes the files of a case; what -d shall print goes to stream. */
static void
unpack(struct buf *stream, struct buf *text)
{
	char *name = NULL, *rest = text->p, *line;
	struct buf body = BUF_INIT;
	bool in_stream = false;

	while ((line = strsep(&rest, "\n")) != NULL) {
		bool heading = strncmp(line, "### ", 4) == 0;

		if (heading && name != NULL) {
			put(name, &body);
			name = NULL;
			buf_reset(&body);
		}
		if (strncmp(line, "### FILE ", 9) == 0)
			name = line + 9;
		else if (strncmp(line, "### LOG ", 8) == 0) {
			char *log = xasprintf("log/%s", line + 8);

			put(log, &body);
			free(log);
		} else if (strcmp(line, "### STREAM") == 0)
			in_stream = true;
		else if (name != NULL || in_stream)
			buf_addf(in_stream ? stream : &body, "%s%s", line,
			    rest == NULL ? "" : "\n");
	}
	buf_release(&body);
}

static void
load(struct buf *text, const char *name)
{
	const char *top = getenv("srcdir");
	char *path =
	    xasprintf("%s/tests/conf-cases/%s", top == NULL ? "." : top, name);

	ck_assert_int_eq(io_read_file(text, path, 1 << 20), 0);
	free(path);
}

START_TEST(case_gives_its_stream)
{
	struct buf text = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
	struct config_opts o = {.dir = dir, .dump = true};
	struct value *stream = NULL;
	int bad;

	load(&text, cases[_i]);
	replace_dir(&text);
	unpack(&want, &text);
	(void)config_load(&stream, &bad, &o);
	ck_assert_msg(stream != NULL, "%s fails", cases[_i]);
	for (size_t i = 0; i < stream->n; i++) {
		value_repr(&got, stream->items[i]);
		buf_addc(&got, '\n');
	}
	ck_assert_msg(strcmp(got.p, want.p) == 0, "%s:\n%s\n--- not\n%s",
	    cases[_i], got.p, want.p);
	value_free(stream);
	buf_release(&text);
	buf_release(&want);
	buf_release(&got);
}
END_TEST

static void
write_file(const char *name, const char *text)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, text);
	replace_dir(&b);
	put(name, &b);
	buf_release(&b);
}

/* Each row: a jail.local, and what stands in the warnings (NULL: none). */
static const struct lint_case {
	const char *jail;
	const char *filter;
	const char *warning;
} lint_cases[] = {
    {"[j]\nenabled = true\nfilter = f\n", "failregex = <HOST>\n", NULL},
    {"[j]\nenable = true\n", "",
        "jail.local:2: warning: option 'enable' in [j] is unknown and has no "
        "effect; did you mean 'enabled'"},
    {"[j]\nmaxretries = 3\n", "", "did you mean 'maxretry'"},
    {"[j]\nenabled = true\nignoreip = 192.168.0.0/33\n", "",
        "jail.local:3: warning: option 'ignoreip': '192.168.0.0/33' is no "
        "network"},
    {"[j]\nenabled = true\nbackend = sistemd\n", "",
        "jail.local:3: warning: option 'backend': 'sistemd' is no backend"},
    {"[j]\nenabled = true\nbantime = 1 hour foo\n", "",
        "jail.local:3: warning: option 'bantime': '1 hour foo' is no time"},
    {"[j]\nenabled = yess\n", "", "'yess' counts as false"},
    {"[j]\nenabled = true\nfilter = f[mode=agressive]\n",
        "failregex = <m-<mode>> <HOST>\nm-normal = a\nm-aggressive = b\n",
        "'agressive' is no mode of this filter; there are normal, aggressive"},
    {"[j]\nenabled = true\nfilter = f\n", "failregex = ^no host$\n",
        "filter.d/f.conf:2: warning: option 'failregex': no address tag"},
    {"[j]\nenabled = true\nfilter = f\nbackend = systemd\nlogpath = /x\n",
        "failregex = <HOST>\n", "option 'logpath' of jail 'j' has no effect"},
    {"[recidive]\nenabled = true\nfilter = recidive\nbackend = systemd\n", "",
        "jail 'recidive' reads the journal, but fail2ban logs to /var/log/f"},
    {"[Includes]\nbefore = x\n", "", "write [INCLUDES]"},
    {"[j]\nenabled = false\n",
        "failregex = ^%(__prefix_line)serror: kex_exchange_identification: "
        "closed by .* $$preauth$$$\n",
        "before = common.conf\" are missing"},
    {"[j]\nenabled = false\n",
        "failregex = ^error: kex_exchange_identification: .* $$preauth$$$\n",
        "\"$$preauth$$$\" is no syntax of fail2ban"},
    {"[j]\nenabled = false\n",
        "failregex = ^error: kex_exchange_identification: .*$\n", "sshd-kex"},
};

START_TEST(lint_names_file_and_line)
{
	const struct lint_case *c = &lint_cases[_i];
	struct config_opts o = {.dir = dir, .test = true};
	struct err err = ERR_INIT;
	char *filter = xasprintf("[Definition]\n%s", c->filter);
	int n;

	write_file("fail2ban.conf", "[Definition]\nloglevel = INFO\n");
	write_file("jail.local", c->jail);
	write_file("filter.d/f.conf", filter);
	n = config_lint(&o, &err);
	if (c->warning == NULL)
		ck_assert_msg(n == 0, "%s", err_text(&err));
	else
		ck_assert_msg(strstr(err_text(&err), c->warning) != NULL,
		    "no '%s' in:\n%s", c->warning, err_text(&err));
	err_release(&err);
	free(filter);
}
END_TEST

/* fail2ban: one file that is no text spoils the jails of 1.1.1. */
START_TEST(unreadable_file_counts_by_vintage)
{
	struct config_opts o = {.dir = dir, .dump = true};
	struct value *stream = NULL;
	int bad;

	write_file("fail2ban.conf", "[Definition]\nallowipv6 = auto\n");
	write_file("jail.conf", "[j]\nbantime = 1\n");
	write_file("jail.local", "[j]\nbantime = \xff\n");
	ck_assert_int_eq(config_load(&stream, &bad, &o), 0);
	value_free(stream);
	write_file("paths-any.conf", "[DEFAULT]\n# x\nbanaction = f\n");
	ck_assert_int_eq(config_load(&stream, &bad, &o), -1);
	ck_assert_ptr_null(stream);
	write_file("paths-any.conf", "[DEFAULT]\n#banaction = f\nbanactions=1");
	ck_assert_int_eq(config_load(&stream, &bad, &o), 0);
	value_free(stream);
}
END_TEST

/* What a distribution ships is no mistake of the user's. */
START_TEST(lint_is_silent_about_shipped_files)
{
	struct config_opts o = {.dir = dir, .test = true};
	struct err err = ERR_INIT;

	write_file("fail2ban.conf", "[Definition]\nloglevel = INFO\n");
	write_file("jail.conf", "[j]\nlogpath = /var/log/auth.log\n");
	write_file("jail.local",
	    "[j]\nenabled = true\nbackend = systemd\nfilter = f\naction = m\n");
	write_file("filter.d/f.conf", "[Definition]\nfailregex = <HOST>\n");
	write_file("action.d/m.conf",
	    "[Definition]\nactionban = echo \"From: <who> <<sender>>\"\n"
	    "[Init]\nwho = x\nsender = me\n");
	ck_assert_msg(config_lint(&o, &err) == 0, "%s", err_text(&err));
	write_file("action.d/m.conf",
	    "[Definition]\nactionban = echo \"From: <who> <sender>\"\n"
	    "[Init]\nwho = x\n");
	ck_assert_int_eq(config_lint(&o, &err), 1);
	ck_assert_ptr_nonnull(
	    strstr(err_text(&err), "<sender> is not defined"));
	err_release(&err);
}
END_TEST

START_TEST(missing_log_is_waited_for_when_asked)
{
	struct config_opts o = {.dir = dir, .wait_for_logs = true};
	struct value *stream = NULL;
	struct buf text = BUF_INIT;
	int bad;

	write_file("fail2ban.conf", "[Definition]\nloglevel = INFO\n");
	write_file("jail.conf",
	    "[j]\nenabled = true\nbackend = polling\nlogpath = @DIR@/x tail\n");
	ck_assert_int_eq(config_load(&stream, &bad, &o), 0);
	for (size_t i = 0; i < stream->n; i++)
		value_repr(&text, stream->items[i]);
	ck_assert_ptr_nonnull(strstr(text.p, "['set', 'j', 'awaitlogpath', '"));
	ck_assert_ptr_nonnull(strstr(text.p, "/x', 'tail']"));
	value_free(stream);
	o.wait_for_logs = false;
	ck_assert_int_eq(config_load(&stream, &bad, &o), -1);
	value_free(stream);
	buf_release(&text);
}
END_TEST

/* Whatever is wrong in one jail, with a good one beside it. */
static const char *const broken_jails[] = {
    "bantime = %(nowhere)s\n",
    "filter = missing\n",
    "filter = junk\n",
    "journalmatch = \"\n",
    "action = loop\n",
    "action = missing\n",
    "logpath = @DIR@/missing\n",
};

START_TEST(one_broken_jail_stops_no_other_unless_it_is_a_test)
{
	struct config_opts o = {.dir = dir};
	struct value *stream = NULL;
	struct buf text = BUF_INIT, jails = BUF_INIT;
	int bad;

	buf_addf(&jails,
	    "[good]\nenabled = true\n[bad]\nenabled = true\nbackend = polling\n"
	    "%s",
	    broken_jails[_i]);
	write_file("fail2ban.conf", "[Definition]\nloglevel = INFO\n");
	write_file("filter.d/junk.conf", "no section\n");
	write_file(
	    "action.d/loop.conf", "[Definition]\nactionban = <actionban>\n");
	write_file("jail.conf", jails.p);
	ck_assert_int_eq(config_load(&stream, &bad, &o), 0);
	for (size_t i = 0; i < stream->n; i++)
		value_repr(&text, stream->items[i]);
	ck_assert_ptr_nonnull(strstr(text.p, "['start', 'good']"));
	ck_assert_ptr_null(strstr(text.p, "['start', 'bad']"));
	ck_assert_ptr_nonnull(strstr(text.p, "['config-error', "));
	ck_assert_int_eq(bad, 1);
	value_free(stream);
	o.test = true;
	ck_assert_int_eq(config_load(&stream, &bad, &o), -1);
	value_free(stream);
	buf_release(&text);
	buf_release(&jails);
}
END_TEST

/* Each row: the rest of a jail from line 6 on, and where its error is. */
static const struct place_case {
	const char *jail;
	const char *place;
} place_cases[] = {
    {"bantime = 1\nfindtime = %(nowhere)s\n", "jail.conf:7)"},
    {"findtime = 5%\n", "jail.conf:6)"},
    {"filter = loop\n", "filter.d/loop.conf:4)"},
    {"filter = key\n", "filter.d/key.conf:2)"},
    {"action = loop\n", "action.d/loop.conf:3)"},
    {"action = key\n", "action.d/key.conf:2)"},
};

static void
keep(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)level;
	(void)name;
	buf_add(arg, msg, n);
	buf_addc(arg, '\n');
}

START_TEST(broken_value_is_said_with_its_place)
{
	const struct place_case *c = &place_cases[_i];
	struct config_opts o = {.dir = dir};
	struct value *stream = NULL;
	struct buf log = BUF_INIT, jails = BUF_INIT;
	int bad;

	buf_addf(&jails,
	    "[good]\nenabled = true\n[bad]\nenabled = true\nbackend = polling\n"
	    "%s",
	    c->jail);
	write_file("fail2ban.conf", "[Definition]\nloglevel = INFO\n");
	write_file("filter.d/loop.conf",
	    "[Definition]\na = <b>\nb = <a>\nfailregex = <a>\n");
	write_file("filter.d/key.conf", "[Definition]\nfailregex = %(x)s\n");
	write_file(
	    "action.d/loop.conf", "[Definition]\n\nactionban = <actionban>\n");
	write_file("action.d/key.conf", "[Definition]\nactionban = %(x)s\n");
	write_file("jail.conf", jails.p);
	log_set_sink(keep, &log);
	ck_assert_int_eq(config_load(&stream, &bad, &o), 0);
	value_free(stream);
	ck_assert_msg(strstr(log.p, c->place) != NULL, "%s", log.p);
	buf_reset(&log);
	o.test = true;
	ck_assert_int_eq(config_load(&stream, &bad, &o), -1);
	ck_assert_msg(strstr(log.p, c->place) != NULL, "%s", log.p);
	buf_reset(&log);
	o.test = false;
	o.dump = true;
	ck_assert_int_eq(config_load(&stream, &bad, &o), -1);
	ck_assert_msg(strstr(log.p, c->place) == NULL, "%s", log.p);
	quiet_log();
	buf_release(&log);
	buf_release(&jails);
}
END_TEST

START_TEST(filter_of_a_file_knows_its_own_options_only)
{
	struct value *filter = NULL, *opts = value_dict();
	struct buf text = BUF_INIT;
	char *path = xasprintf("%s/f.conf", dir);

	write_file("f.conf", "[Definition]\nfailregex = <x> <HOST>\n"
	                     " second <HOST>\nx = 1\nmaxlines = 2\n");
	value_set(opts, "x", value_text("2"));
	ck_assert_int_eq(config_filter_load(&filter, CONFIG_FILTER_FILE, dir,
	                     path, opts, NULL),
	    0);
	value_repr(&text, value_get(filter, "failregex"));
	ck_assert_str_eq(text.p, "['2 <HOST>', 'second <HOST>']");
	ck_assert_int_eq((int)value_get(filter, "maxlines")->i, 2);
	buf_reset(&text);
	value_repr(&text, value_get(filter, "options"));
	ck_assert_str_eq(text.p, "{'logtype': 'file', 'x': '2'}");
	buf_release(&text);
	value_free(filter);
	value_free(opts);
	free(path);
}
END_TEST

static void
find_cases(void)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/tests/conf-cases", top == NULL ? "." : top);
	DIR *d = opendir(path);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && ncases < MAX_CASES)
			cases[ncases++] = xstrdup(e->d_name);
	if (d != NULL)
		(void)closedir(d);
	free(path);
}

Suite *config_suite(void);

Suite *
config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *tc = tcase_create("core");

	find_cases();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, case_gives_its_stream, 0, ncases);
	tcase_add_loop_test(tc, lint_names_file_and_line, 0,
	    sizeof(lint_cases) / sizeof(lint_cases[0]));
	tcase_add_test(tc, unreadable_file_counts_by_vintage);
	tcase_add_test(tc, lint_is_silent_about_shipped_files);
	tcase_add_test(tc, missing_log_is_waited_for_when_asked);
	tcase_add_loop_test(tc,
	    one_broken_jail_stops_no_other_unless_it_is_a_test, 0,
	    sizeof(broken_jails) / sizeof(broken_jails[0]));
	tcase_add_loop_test(tc, broken_value_is_said_with_its_place, 0,
	    sizeof(place_cases) / sizeof(place_cases[0]));
	tcase_add_test(tc, filter_of_a_file_knows_its_own_options_only);
	suite_add_tcase(s, tc);
	return s;
}
