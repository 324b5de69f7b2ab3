#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fake.h"

Suite *command_suite(void);

static struct server *s;

static void
setup(void)
{
	s = fake_server();
}

static void
teardown(void)
{
	fake_server_free(s);
}

struct exchange {
	const char *request;
	const char *answer;
};

static void
play(const struct exchange *x)
{
	for (; x->request != NULL; x++)
		ck_assert_msg(strcmp(fake_run(s, x->request), x->answer) == 0,
		    "%s: got %s, want %s", x->request, fake_run(s, x->request),
		    x->answer);
}

/* fail2ban: answers of 1.1.2-dev; every row starts from a new server. */
static const struct exchange single[] = {
    {"['ping']", "'pong'"},
    {"['ping', 0.1]", "'pong'"},
    {"('ping',)", "'pong'"},
    {"['version']", "'1.1.0'"},
    {"['echo', 'a', 2]", "['a', 2]"},
    {"['status']", "[('Number of jail', 0), ('Jail list', '')]"},
    {"['status', 'x']", "UnknownJailException('x')"},
    {"['status', 'x', 'y', 'z']", "Exception('Invalid command (no status)')"},
    {"['status', '--all']", "[('Number of jail', 0), ('Jail list', ''), {}]"},
    {"['stats']", "{}"},
    {"['banned']", "[]"},
    {"['banned', '192.0.2.1']", "[[]]"},
    {"['unban']", "Exception('Invalid command')"},
    {"['unban', '192.0.2.1']", "0"},
    {"['unban', '--all']", "0"},
    {"['server-status']", "'Server ready'"},
    {"['config-error', 'x']", "None"},
    {"['flushlogs']", "'flushed'"},
    {"['nope']", "Exception('Invalid command')"},
    {"['help']", "Exception('Invalid command')"},
    {"[]", "IndexError('list index out of range')"},
    {"[5]", "Exception('Invalid command')"},
    {"'ping'", "Exception('Invalid command')"},
    {"5", "TypeError(\"'int' object is not subscriptable\")"},
    {"None", "TypeError(\"'NoneType' object is not subscriptable\")"},
    {"['set']", "IndexError('list index out of range')"},
    {"['get']", "IndexError('list index out of range')"},
    {"['get', 'loglevel']", "'INFO'"},
    {"['set', 'loglevel']", "IndexError('list index out of range')"},
    {"['set', 'loglevel', ['INFO']]",
        "TypeError('a text or a number is needed, not a list')"},
    {"['set', 'syslogsocket', {'a': 1}]",
        "TypeError('a text or a number is needed, not a dictionary')"},
    {"['set', 'syslogsocket', '/a\\0b']", "ValueError('embedded null byte')"},
    {"['add', 'a\\0b']", "ValueError('embedded null byte')"},
    {"['set', 'loglevel', 'debug']", "'DEBUG'"},
    {"['set', 'loglevel', '15']", "'15'"},
    {"['set', 'loglevel', 'warn']", "'WARN'"},
    {"['set', 'loglevel', 'NOTSET']", "'NOTSET'"},
    {"['set', 'loglevel', '99999999999']", "'99999999999'"},
    {"['set', 'loglevel', 'foo']", "ValueError(\"Invalid log level 'FOO'\")"},
    {"['set', 'loglevel', 5]", "TypeError('a text is needed, not 5')"},
    {"['get', 'syslogsocket']", "'auto'"},
    {"['get', 'dbfile']", "None"},
    {"['get', 'dbmaxmatches']", "None"},
    {"['set', 'dbmaxmatches', '5']", "None"},
    {"['set', 'dbmaxmatches', 'x']", "None"},
    {"['set', 'dbpurgeage', '1d']", "None"},
    {"['set', 'dbpurgeage', 'x']", "None"},
    {"['set', 'dbfile', 'none']", "None"},
    {"['set', 'allowipv6', 'auto']", "'auto'"},
    {"['get', 'thread']", "{'stacksize': 0}"},
    {"['set', 'thread', '1']",
        "AttributeError(\"'str' object has no attribute 'items'\")"},
    {"['set', 'thread', {'stacksize': 64}]", "None"},
    {"['set', 'thread', {'stacksize': '64'}]", "None"},
    {"['set', 'thread', {}]", "None"},
    {"['set', 'thread', {'stacksize': 8}]",
        "ValueError('size not valid: 8 KiB')"},
    {"['set', 'thread', {'stacksize': 'x'}]",
        "ValueError('stacksize must be a number of KiB')"},
    {"['set', 'thread', {'x': 8}]", "KeyError('unknown option in thread')"},
    {"['get', 'nojail', 'foo']",
        "Exception('Invalid command (no get action or not yet "
        "implemented)')"},
    {"['set', 'nojail', 'foo', '1']",
        "Exception(\"Invalid command 'foo' (no set action or not yet "
        "implemented)\")"},
    {"['set', 'nojail', 'maxretry', '1']", "UnknownJailException('nojail')"},
    {"['set', 'nojail', 'maxretry']", "IndexError('list index out of range')"},
    {"['add', '--all']", "ValueError(\"Reserved name '--all'\")"},
    {"['add', 'j', 'foo']",
        "ValueError(\"Unknown backend foo. Must be among ['pyinotify', "
        "'polling', 'systemd'] or 'auto'\")"},
    {"['add', 'j']", "'j'"},
    {"['start', 'j']", "UnknownJailException('j')"},
    {"['stop', 'j']", "UnknownJailException('j')"},
    {"['sleep', 'x']",
        "ValueError(\"could not convert string to float: 'x'\")"},
    {"['reload', 'x', [], []]", "UnknownJailException('x')"},
    {"['reload', '--all', [], []]", "'OK'"},
    {"['server-stream', []]", "None"},
};

START_TEST(commands_without_jails)
{
	const struct exchange *x = &single[_i];

	ck_assert_str_eq(fake_run(s, x->request), x->answer);
}
END_TEST

/* fail2ban: answers of 1.1.2-dev. */
static const struct exchange jail_options[] = {
    {"['add', 'j', 'polling']", "'j'"},
    {"['status']", "[('Number of jail', 1), ('Jail list', 'j')]"},
    {"['status', 'j']",
        "[('Filter', [('Currently failed', 0), ('Total failed', 0), ('File "
        "list', [])]), ('Actions', [('Currently banned', 0), ('Total "
        "banned', 0), ('Banned IP list', [])])]"},
    {"['status', 'j', 'short']",
        "[('Filter', [('Currently failed', 0), ('Total failed', 0), ('File "
        "list', [])]), ('Actions', [('Currently banned', 0), ('Total "
        "banned', 0)])]"},
    {"['status', 'j', 'stats']", "['polling', (0, 0), (0, 0)]"},
    {"['stats']", "{'j': ['polling', (0, 0), (0, 0)]}"},
    {"['banned']", "[{'j': []}]"},
    {"['banned', '192.0.2.1', '192.0.2.2']", "[[], []]"},
    {"['set', 'j', 'idle', 'on']", "True"},
    {"['set', 'j', 'idle', 'off']", "False"},
    {"['set', 'j', 'idle', 'x']",
        "Exception(\"Invalid idle option, must be 'on' or 'off'\")"},
    {"['set', 'j', 'idle']", "IndexError('list index out of range')"},
    {"['get', 'j', 'usedns']", "'warn'"},
    {"['set', 'j', 'usedns', 'raw']", "'raw'"},
    {"['set', 'j', 'usedns', 'foo']", "'no'"},
    {"['set', 'j', 'usedns', True]", "'yes'"},
    {"['get', 'j', 'maxlines']", "1"},
    {"['set', 'j', 'maxlines', 2]", "2"},
    {"['set', 'j', 'maxlines', '0']",
        "ValueError('maxlines must be integer greater than zero')"},
    {"['set', 'j', 'maxlines', 'x']",
        "ValueError(\"invalid literal for int() with base 10: 'x'\")"},
    {"['set', 'j', 'maxretry', '1_000']", "1000"},
    {"['set', 'j', 'maxretry', 1.5]", "1"},
    {"['set', 'j', 'maxretry', '99999999999']", "2147483647"},
    {"['set', 'j', 'ignoreself', 5]", "True"},
    {"['set', 'j', 'ignoreself', 0]", "False"},
    {"['set', 'j', 'logencoding', 'latin1']", "'latin1'"},
    {"['set', 'j', 'logencoding', 'foo']",
        "LookupError('unknown encoding: foo')"},
    {"['get', 'j', 'logtimezone']", "None"},
    {"['set', 'j', 'logtimezone', 'UTC+0200']", "'UTC+0200'"},
    {"['set', 'j', 'logtimezone', '']", "''"},
    {"['get', 'j', 'logtimezone']", "''"},
    {"['get', 'j', 'ignorecommand']", "False"},
    {"['set', 'j', 'ignorecommand', '']", "''"},
    {"['get', 'j', 'ignorecommand']", "''"},
    {"['get', 'j', 'bantime.increment']", "None"},
    {"['set', 'j', 'bantime.increment', '']", "False"},
    {"['set', 'j', 'banip', 'a\xff']",
        "ValueError(\"'utf-8' codec can't encode character '\\\\udcff' in "
        "position 1: surrogates not allowed\")"},
    {"['set', 'j', 'addignoreip', '1.2.3.4', '\xff']",
        "ValueError(\"'utf-8' codec can't encode character '\\\\udcff' in "
        "position 0: surrogates not allowed\")"},
    {"['get', 'j', 'datepattern']", "(None, 'Default Detectors')"},
    {"['set', 'j', 'datepattern', '^%Y-%m-%d']",
        "('^%Y-%m-%d', '^Year-Month-Day')"},
    {"['set', 'j', 'datepattern', '^EPOCH']", "(None, '{^LN-BEG}Epoch')"},
    {"['set', 'j', 'datepattern', ' ']", "(None, 'Default Detectors')"},
    {"['set', 'j', 'datepattern', 5]", "TypeError('a text is needed, not 5')"},
    {"['get', 'j', 'prefregex']", "''"},
    {"['set', 'j', 'prefregex', '^x<F-CONTENT>.*</F-CONTENT>']",
        "'^x(?P<content>.*)'"},
    {"['set', 'j', 'prefregex', '']", "''"},
    {"['set', 'j', 'addfailregex', 'a <ADDR>']",
        "['a \\\\[?(?:(?:::f{4,6}:)?(?P<ip4>(?:\\\\d{1,3}\\\\.){3}\\\\d{1,3})"
        "|(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):"
        ")))\\\\]?']"},
    {"['set', 'j', 'addfailregex', 'x']",
        "Exception(\"No failure-id group in 'x'\")"},
    {"['set', 'j', 'addfailregex', 654]",
        "TypeError('a text is needed, not 654')"},
    {"['set', 'j', 'addignoreregex', 50]",
        "TypeError('a text is needed, not 50')"},
    {"['multi-set', 'j', 'addignoreregex', [50]]",
        "Exception('a regular expression must be a text')"},
    {"['set', 'j', 'delfailregex', 'abc']",
        "ValueError(\"invalid literal for int() with base 10: 'abc'\")"},
    {"['set', 'j', 'delfailregex', '-1']", "[]"},
    {"['multi-set', 'j', 'addfailregex', ['a <ADDR>', 'b <ADDR>']]", "True"},
    {"['set', 'j', 'addignoreregex', 'x']", "['x']"},
    {"['set', 'j', 'delignoreregex', '0']", "[]"},
    {"['get', 'j', 'logpath']", "[]"},
    {"['set', 'j', 'addlogpath', '/fake/log', 'HEAD']", "['/fake/log']"},
    {"['set', 'j', 'addlogpath', '/no']",
        "FileNotFoundError(2, 'No such file or directory')"},
    {"['set', 'j', 'addlogpath', '/fake/log', 'x']",
        "ValueError(\"File option must be 'head' or 'tail'\")"},
    {"['set', 'j', 'addlogpath', '/fake/log', 'tail', 'x']",
        "ValueError('Only one file can be added at a time')"},
    {"['set', 'j', 'dellogpath', '/fake/log']", "[]"},
    {"['get', 'j', 'journalmatch']", "[]"},
    {"['set', 'j', 'addjournalmatch', 'A=b']", "[]"},
    {"['set', 'j', 'findtime', '1h30m']", "5400"},
    {"['set', 'j', 'banip']", "0"},
    {"['get', 'j', 'banned', '192.0.2.1']", "0"},
    {"['get', 'j', 'banned', '192.0.2.1', 'x']", "[0, 0]"},
    {"['set', 'j', 'unbanip']", "IndexError('list index out of range')"},
    {"['set', 'j', 'unbanip', '192.0.2.1']", "0"},
    {"['set', 'j', 'unbanip', '--report-absent', '192.0.2.1']",
        "ValueError(\"not banned: ['192.0.2.1']\")"},
    {"['set', 'j', 'attempt']",
        "TypeError(\"Filter.addAttempt() missing 1 required positional "
        "argument: 'ip'\")"},
    {"['get', 'j', 'actions']", "[]"},
    {"['set', 'j', 'addaction', 'a']", "'a'"},
    {"['set', 'j', 'addaction', 'a']", "ValueError('Action a already exists')"},
    {"['get', 'j', 'action', 'a', 'actionban']", "''"},
    {"['get', 'j', 'action', 'a', 'foo']",
        "AttributeError(\"'CommandAction' object has no attribute 'foo'\")"},
    {"['get', 'j', 'action', 'b', 'foo']",
        "KeyError('Invalid Action name: b')"},
    {"['set', 'j', 'action', 'a', 'timeout', '2m']", "120"},
    {"['multi-set', 'j', 'action', 'a', [['x', 'y'], ['z', '1']]]", "True"},
    {"['get', 'j', 'action', 'a', 'z']", "'1'"},
    {"['set', 'j', 'delaction', 'a']", "None"},
    {"['add', 'j', 'polling']", "DuplicateJailException('j')"},
    {"['start', 'j']", "None"},
    {"['start', 'j']", "None"},
    {"['stop', 'j']", "None"},
    {"['status', 'j']", "UnknownJailException('j')"},
    {NULL, NULL},
};

START_TEST(commands_of_a_jail)
{
	play(jail_options);
}
END_TEST

START_TEST(journal_jail)
{
	static const struct exchange x[] = {
	    {"['add', 'j', 'systemd']", "'j'"},
	    {"['set', 'j', 'addjournalmatch', 'A=b', 'C=d', '+', 'E=f']",
	        "[['A=b', 'C=d'], ['E=f']]"},
	    {"['status', 'j']",
	        "[('Filter', [('Currently failed', 0), ('Total failed', 0), "
	        "('Journal matches', ['A=b C=d + E=f'])]), ('Actions', "
	        "[('Currently banned', 0), ('Total banned', 0), ('Banned IP "
	        "list', [])])]"},
	    {"['set', 'j', 'deljournalmatch', 'E=f']", "[['A=b', 'C=d']]"},
	    {"['set', 'j', 'deljournalmatch']",
	        "ValueError('Match [] not found')"},
	    {"['set', 'j', 'deljournalmatch', 'x', '+', 'y']",
	        "ValueError(\"Match ['x', '+', 'y'] not found\")"},
	    {"['set', 'j', 'deljournalmatch', 'A=b', 'C=d']", "[]"},
	    {"['get', 'j', 'logpath']", "[]"},
	    {NULL, NULL},
	};

	play(x);
}
END_TEST

START_TEST(failures_are_logged_with_the_request)
{
	(void)fake_run(s, "['get', 'x', 'nope']");
	ck_assert_str_eq(fake_log(),
	    "ERROR Command ['get', 'x', 'nope'] has failed. Received "
	    "Exception('Invalid command (no get action or not yet "
	    "implemented)')\n");
}
END_TEST

/* fail2ban: recorded from 1.0.2. */
START_TEST(at_heavydebug_each_request_is_logged)
{
	log_set_level(LOG_HEAVY);
	(void)fake_run(s, "['ping', 5]");
	log_set_level(LOG_INFO_);
	ck_assert_str_eq(fake_log(), "HEAVY Command: ['ping', 5]\n");
}
END_TEST

static void
on_answer(void *arg, struct value *v, bool failed)
{
	ck_assert(failed == *(bool *)arg);
	value_free(v);
}

START_TEST(readers_may_only_look)
{
	static const struct {
		const char *request;
		bool refused;
	} cases[] = {
	    {"['ping']", false},
	    {"['status']", false},
	    {"['banned']", false},
	    {"['get', 'loglevel']", false},
	    {"['get', 'j', 'banip']", false},
	    {"['get', 'j', 'actions']", false},
	    {"['get', 'j', 'action', 'a', 'actionban']", true},
	    {"['set', 'loglevel', 'INFO']", true},
	    {"['set', 'j', 'banip', '192.0.2.1']", true},
	    {"['multi-set', 'j', 'banip', '192.0.2.1']", true},
	    {"['unban', '--all']", true},
	    {"['stop']", true},
	    {"['reload', '--all', [], []]", true},
	    {"['server-stream', []]", true},
	    {"['config-error', 'x']", true},
	    {"['echo', 'x']", true},
	    {"['sleep', '0']", true},
	    {"['flushlogs']", true},
	};

	(void)fake_run(s, "['add', 'j', 'polling']");
	(void)fake_run(s, "['set', 'j', 'addaction', 'a']");
	(void)fake_run(s, "['set', 'j', 'action', 'a', 'actionban', 'x']");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value *words = fake_parse(cases[i].request);
		bool refused = cases[i].refused;

		command_run(s, words, (struct caller){.flags = CALL_READONLY},
		    on_answer, &refused);
		value_free(words);
	}
}
END_TEST

/* ---- streams */

START_TEST(a_broken_jail_does_not_stop_the_others)
{
	ck_assert_str_eq(
	    fake_run(s,
	        "['server-stream', [['add', 'a', 'polling'], ['set', 'a', "
	        "'addfailregex', 'no group'], ['set', 'a', 'addlogpath', "
	        "'/fake/log', 'head'], ['add', 'b', 'polling'], ['set', 'b', "
	        "'addfailregex', 'x <ADDR>'], ['set', 'b', 'addlogpath', "
	        "'/fake/log', 'head'], ['start', 'a'], ['start', 'b']]]"),
	    "Exception(\"No failure-id group in 'no group'\")");
	ck_assert_str_eq(
	    fake_told(), "rules b 1 UTF-8;log b /fake/log;start b;");
	ck_assert_ptr_nonnull(strstr(fake_run(s, "['status', 'a', 'health']"),
	    "('State', 'broken'), ('Error', \"No failure-id group in 'no "
	    "group'\")"));
	ck_assert(server_jail(s, "b")->started);
	ck_assert(!server_jail(s, "a")->started);
}
END_TEST

START_TEST(rules_go_to_the_monitor_once)
{
	(void)fake_run(s,
	    "['server-stream', [['add', 'b', 'polling'], ['multi-set', 'b', "
	    "'addfailregex', ['x <ADDR>', 'y <ADDR>']], ['set', 'b', "
	    "'addignoreregex', 'z'], ['set', 'b', 'maxretry', 3], ['start', "
	    "'b']]]");
	ck_assert_str_eq(fake_told(), "rules b 2 UTF-8;start b;");
	(void)fake_run(s, "['set', 'b', 'addfailregex', 'w <ADDR>']");
	ck_assert_str_eq(fake_told(), "rules b 3 UTF-8;");
}
END_TEST

#define RUNNING                                                                \
	"['server-stream', [['add', 'a', 'polling'], ['set', 'a', "            \
	"'addfailregex', 'x <ADDR>'], ['set', 'a', 'addlogpath', "             \
	"'/dev/null', 'head'], ['set', 'a', 'maxretry', 3], ['add', 'b', "     \
	"'polling'], ['start', 'a'], ['start', 'b']]]"

START_TEST(reload_keeps_starts_and_stops)
{
	(void)fake_run(s, RUNNING);
	(void)fake_told();
	(void)fake_log();
	ck_assert_str_eq(
	    fake_run(s,
	        "['reload', '--all', [], [['add', 'a', 'polling'], "
	        "['multi-set', 'a', 'addfailregex', ['x <ADDR>', 'y <ADDR>']], "
	        "['set', 'a', 'maxretry', 5], ['add', 'c', 'polling'], "
	        "['start', 'a'], ['start', 'c']]]"),
	    "'OK'");
	ck_assert_str_eq(fake_run(s, "['get', 'a', 'maxretry']"), "5");
	ck_assert_ptr_null(server_jail(s, "b"));
	ck_assert(server_jail(s, "c")->started);
	ck_assert_str_eq(fake_told(),
	    "del b;rules a 2 UTF-8;dellog a /dev/null;rules c 0 UTF-8;start "
	    "c;");
	ck_assert_str_eq(fake_log(), "INFO Reload all jails\n"
	                             "INFO Reload jail 'a'\n"
	                             "INFO   maxRetry: 5\n"
	                             "INFO Creating new jail 'c'\n"
	                             "INFO Jail 'c' uses poller {}\n"
	                             "INFO Initiated 'polling' backend\n"
	                             "INFO Jail 'b' stopped\n"
	                             "INFO Jail 'a' reloaded\n"
	                             "INFO Jail 'c' started\n"
	                             "INFO Reload finished.\n");
}
END_TEST

/* Streams of which one command fails, each must leave everything as it is. */
static const char *const failing[] = {
    ("[['add', 'a', 'polling'], ['set', 'a', 'maxretry', 9], ['set', 'a', "
     "'addfailregex', 'no group'], ['start', 'a']]"),
    "[['set', 'loglevel', 'DEBUG'], ['set', 'a', 'nope', 1]]",
    "[['add', 'c', 'polling'], ['set', 'c', 'addlogpath', '/no', 'head']]",
    "[['add', 'c', 'nope']]",
    "[['add', 'a', 'polling'], ['add', 'a', 'polling']]",
    "[['add', 'a', 'systemd'], ['set', 'a', 'maxretry', 'x']]",
    "[['set', 'loglevel', 'nope']]",
};

START_TEST(a_reload_that_fails_changes_nothing)
{
	char *request;

	(void)fake_run(s, RUNNING);
	(void)fake_told();
	request = malloc(strlen(failing[_i]) + 50);
	(void)strcpy(request, "['reload', '--all', [], ");
	(void)strcat(request, failing[_i]);
	(void)strcat(request, "]");
	ck_assert_str_ne(fake_run(s, request), "'OK'");
	free(request);
	ck_assert_str_eq(fake_told(), "");
	ck_assert_str_eq(fake_run(s, "['status']"),
	    "[('Number of jail', 2), ('Jail list', 'a, b')]");
	ck_assert_str_eq(fake_run(s, "['get', 'a', 'maxretry']"), "3");
	ck_assert_str_eq(fake_run(s, "['get', 'loglevel']"), "'INFO'");
	ck_assert_str_eq(
	    fake_run(s, "['get', 'a', 'logpath']"), "['/dev/null']");
	ck_assert_uint_eq(server_jail(s, "a")->rules.spec.nfail, 1);
	ck_assert(server_jail(s, "a")->started);
	/* and the next one works */
	ck_assert_str_eq(fake_run(s, "['reload', '--all', [], [['add', 'a', "
	                             "'polling'], ['start', 'a']]]"),
	    "'OK'");
	ck_assert_str_eq(fake_run(s, "['status']"),
	    "[('Number of jail', 1), ('Jail list', 'a')]");
}
END_TEST

START_TEST(another_backend_restarts_the_jail)
{
	(void)fake_run(s, RUNNING);
	(void)fake_told();
	(void)fake_log();
	ck_assert_str_eq(
	    fake_run(s,
	        "['reload', 'a', [], [['add', 'a', 'pyinotify'], ['start', "
	        "'a']]]"),
	    "'OK'");
	ck_assert_str_eq(
	    fake_told(), "dellog a /dev/null;del a;rules a 0 UTF-8;start a;");
	ck_assert_ptr_nonnull(strstr(fake_log(),
	    "INFO Restart jail 'a' (reason: 'polling' != 'pyinotify')\n"));
	ck_assert_str_eq(fake_run(s, "['stats']"),
	    "{'a': ['pyinotify', (0, 0), (0, 0)], 'b': ['polling', (0, 0), "
	    "(0, 0)]}");
}
END_TEST

START_TEST(reload_of_one_jail_leaves_the_others)
{
	(void)fake_run(s, RUNNING);
	(void)fake_run(s, "['reload', 'a', ['--restart'], [['add', 'a', "
	                  "'polling'], ['start', 'a']]]");
	ck_assert_str_eq(fake_run(s, "['status']"),
	    "[('Number of jail', 2), ('Jail list', 'a, b')]");
	ck_assert_str_eq(
	    fake_run(s, "['reload', 'zz', ['--if-exists'], []]"), "'OK'");
	(void)fake_run(s, "['reload', 'a', [], []]");
	ck_assert_str_eq(fake_run(s, "['status']"),
	    "[('Number of jail', 1), ('Jail list', 'b')]");
}
END_TEST

START_TEST(a_jail_with_wrong_configuration_goes_on)
{
	(void)fake_run(s, RUNNING);
	ck_assert_str_eq(
	    fake_run(s,
	        "['reload', '--all', [], [['config-error', \"Jail 'a' skipped, "
	        "because of wrong configuration: x\"]]]"),
	    "'OK'");
	ck_assert_str_eq(fake_run(s, "['status']"),
	    "[('Number of jail', 1), ('Jail list', 'a')]");
}
END_TEST

Suite *
command_suite(void)
{
	Suite *suite = suite_create("command");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, commands_without_jails, 0, sizeof(single) / sizeof(single[0]));
	tcase_add_test(tc, commands_of_a_jail);
	tcase_add_test(tc, journal_jail);
	tcase_add_test(tc, failures_are_logged_with_the_request);
	tcase_add_test(tc, at_heavydebug_each_request_is_logged);
	tcase_add_test(tc, readers_may_only_look);
	tcase_add_test(tc, a_broken_jail_does_not_stop_the_others);
	tcase_add_test(tc, rules_go_to_the_monitor_once);
	tcase_add_test(tc, reload_keeps_starts_and_stops);
	tcase_add_loop_test(tc, a_reload_that_fails_changes_nothing, 0,
	    sizeof(failing) / sizeof(failing[0]));
	tcase_add_test(tc, another_backend_restarts_the_jail);
	tcase_add_test(tc, reload_of_one_jail_leaves_the_others);
	tcase_add_test(tc, a_jail_with_wrong_configuration_goes_on);
	suite_add_tcase(suite, tc);
	return suite;
}
