#include <check.h>

#include "literal.h"
#include "tools/render.h"
#include "tools/words.h"

/* fail2ban: answers and texts of its client (spec 15) */
static const struct answer_case {
	const char *command;
	const char *answer;
	const char *text;
} answer_cases[] = {
    {"ping", "'pong'", "Server replied: pong"},
    {"ping 0.5", "'pong'", "Server replied: pong"},
    {"version", "'1.1.0'", "1.1.0"},
    {"echo a b", "['a', 'b']", "a b"},
    {"echo", "[]", ""},
    {"banned", "[{'t1': ['192.0.2.1', '2001:db8::1']}, {'t2': []}]",
        "[{'t1': ['192.0.2.1', '2001:db8::1']}, {'t2': []}]"},
    {"banned 192.0.2.1", "[['t1']]", "[['t1']]"},
    {"unban --all", "4", "4"},
    {"reload", "'OK'", "OK"},
    {"stop", "None", "Shutdown successful"},
    {"stop --all", "None", "Jail stopped"},
    {"stop t1", "None", "Jail stopped"},
    {"start t1", "None", "Jail started"},
    {"add t1 polling", "'t1'", "Added jail t1"},
    {"flushlogs", "'rolled over'", "logs: rolled over"},
    {"sleep 1", "None", "None"},
    {"server-status", "'Server ready'", "Server ready"},
    {"multi-set t1 action a x", "True", "True"},
    {"get loglevel", "'INFO'", "Current logging level is 'INFO'"},
    {"set loglevel 15", "'15'", "Current logging level is '15'"},
    {"get logtarget", "'/var/log/fail2ban.log'",
        "Current logging target is:\n`- /var/log/fail2ban.log"},
    {"set syslogsocket auto", "'auto'", "Current syslog socket is:\n`- auto"},
    {"get dbfile", "'/p'", "Current database file is:\n`- /p"},
    {"set dbfile None", "None", "Database currently disabled"},
    {"get dbmaxmatches", "10", "10"},
    {"get dbpurgeage", "86400",
        "Current database purge age is:\n`- 86400seconds"},
    {"set dbpurgeage 1", "None", "Database currently disabled"},
    {"get thread", "{'stacksize': 0}", "{'stacksize': 0}"},
    {"get t1 logencoding", "'UTF-8'", "Current log encoding is set to:\nUTF-8"},
    {"get t1 datepattern", "(None, '^{EPOCH}')",
        "Current date pattern set to: ^{EPOCH}"},
    {"set t1 datepattern x", "('%Y-%m', 'Year-Month')",
        "Current date pattern set to: %Y-%m (Year-Month)"},
    {"get t1 datepattern", "None",
        "Current date pattern set to: Not set/required"},
    {"get t1 logtimezone", "None", "None"},
    {"get t1 ignoreself", "True", "True"},
    {"get t1 ignoreip", "[]", "No IP address/network is ignored"},
    {"set t1 addignoreip x", "['192.0.2.0/24', '::1']",
        "These IP addresses/networks are ignored:\n|- 192.0.2.0/24\n"
        "`- ::1"},
    {"set t1 delignoreip x", "['::1']",
        "These IP addresses/networks are ignored:\n`- ::1"},
    {"get t1 ignorecommand", "''", ""},
    {"get t1 ignorecache", "['<ip>', 10, 60]", "['<ip>', 10, 60]"},
    {"get t1 failregex", "['^a', '^b']",
        "The following regular expression are defined:\n|- [0]: ^a\n"
        "`- [1]: ^b"},
    {"set t1 delignoreregex 0", "[]", "No regular expression is defined"},
    {"get t1 logpath", "['/a', '/b']",
        "Current monitored log file(s):\n|- /a\n`- /b"},
    {"set t1 dellogpath /a", "[]", "No file is currently monitored"},
    {"get t1 journalmatch", "[['A=b', 'C=d'], ['E=f']]",
        "Current match filter:\nA=b C=d + E=f"},
    {"set t1 deljournalmatch", "[]", "No journal match filter set"},
    {"get t1 banip", "['192.0.2.1', '::1']", "192.0.2.1 ::1"},
    {"get t1 banip |", "['192.0.2.1', '::1']", "192.0.2.1|::1"},
    {"get t1 banip --with-time", "['192.0.2.1 \tx', '::1 \ty']",
        "192.0.2.1 \tx\n::1 \ty"},
    {"get t1 banip", "[]", ""},
    {"set t1 banip 192.0.2.1", "2", "2"},
    {"get t1 banned", "['192.0.2.1']", "['192.0.2.1']"},
    {"get t1 banned 192.0.2.1 ::1", "[1, 0]", "[1, 0]"},
    {"get t1 actions", "['rec', 'two']",
        "The jail t1 has the following actions:\nrec, two"},
    {"get t1 actions", "[]", "No actions for jail t1"},
    {"set t1 addaction A", "'A'", "A"},
    {"set t1 delaction A", "None", "None"},
    {"get t1 action A actionban", "'echo <ip>'", "echo <ip>"},
    {"get t1 actionproperties A", "['actionban', 'timeout']",
        "The jail t1 action A has the following properties:\n"
        "actionban, timeout"},
    {"get t1 actionmethods A", "['ban', 'unban']",
        "The jail t1 action A has the following methods:\nban, unban"},
    {"get t1 actionmethods A", "[]", "No methods for jail t1 action A"},
    {"get t1 actionproperties A", "[]", "No properties for jail t1 action A"},
    {"get t1 bantime.rndtime", "1.5", "1.5"},
    {"status", "[('Number of jail', 2), ('Jail list', 't1, t2')]",
        "Status\n|- Number of jail:\t2\n`- Jail list:\tt1, t2"},
    {"status t1",
        "[('Filter', [('Currently failed', 0), ('Total failed', 0), "
        "('File list', ['/a', '/b'])]), ('Actions', [('Currently banned', 2), "
        "('Total banned', 2), ('Banned IP list', ['192.0.2.1', '::1'])])]",
        "Status for the jail: t1\n|- Filter\n|  |- Currently failed:\t0\n"
        "|  |- Total failed:\t0\n|  `- File list:\t/a /b\n`- Actions\n"
        "   |- Currently banned:\t2\n   |- Total banned:\t2\n"
        "   `- Banned IP list:\t192.0.2.1 ::1"},
    {"status t1 short",
        "[('Filter', [('Journal matches', ['A=b + C=d'])]), "
        "('Actions', [('Banned IP list', [])])]",
        "Status for the jail: t1\n|- Filter\n"
        "|  `- Journal matches:\tA=b + C=d\n`- Actions\n"
        "   `- Banned IP list:\t"},
    {"status --all",
        "[('Number of jail', 2), ('Jail list', 't1, t2'), "
        "{'t1': [('Filter', [('a', 0)]), ('Actions', [('b', ['x'])])], "
        "'t2': [('Filter', [('a', 0)]), ('Actions', [('b', [])])]}]",
        "Status\n|- Number of jail:\t2\n|- Jail list:\tt1, t2\n"
        "`- Status for the jails:\n   |- Jail: t1\n   |  |- Filter\n"
        "   |  |  `- a:\t0\n   |  `- Actions\n   |     `- b:\tx\n"
        "   `- Jail: t2\n      |- Filter\n      |  `- a:\t0\n"
        "      `- Actions\n         `- b:\t"},
    {"status t1 health", "[('Worker', [('Lines', 5)]), ('State', 'good')]",
        "Status for the jail: t1\n|- Worker\n|  `- Lines:\t5\n"
        "`- State:\tgood"},
    {"stats", "{}", "No jails found."},
    {"statistic", "{'t1': ['polling', (0, 0), (2, 2)]}",
        "{'t1': ['polling', (0, 0), (2, 2)]}"},
    /* answers of a shape that nobody promised */
    {"get t1 failregex", "None", "None"},
    {"get t1 banip", "5", "5"},
    {"status", "'x'", "x"},
    {"status t1", "[('a', 1), 5]", "[('a', 1), 5]"},
    {"status t1 stats", "[1, 2]", "[1, 2]"},
    {"stats", "{'t1': [1]}", "{'t1': [1]}"},
    {"get t1 datepattern", "['x']", "['x']"},
};

START_TEST(answers_print_as_fail2bans_do)
{
	const struct answer_case *c = &answer_cases[_i];
	struct value *v = literal(c->answer), *command = value_list();
	struct buf b = BUF_INIT;

	ck_assert_int_eq(words_split(command, c->command, NULL), 0);
	render_answer(&b, command, v, true);
	ck_assert_str_eq(b.p, c->text);
	buf_release(&b);
	value_free(command);
	value_free(v);
}
END_TEST

static void
check_stats(const char *stats, bool utf8, const char *text)
{
	struct value *v = literal(stats);
	struct buf b = BUF_INIT;

	ck_assert(render_is_stats(v));
	render_stats(&b, v, utf8);
	ck_assert_str_eq(b.p, text);
	buf_release(&b);
	value_free(v);
}

/* fail2ban: recorded */
START_TEST(table_of_stats)
{
	check_stats("{'t1': ['polling', (0, 0), (2, 2)]}", true,
	    "          ║          ║ Filter    ║ Actions  \n"
	    " Jail     ║ Backend  ╟───────────╫───────────\n"
	    "          ║          ║ cur │ tot ║ cur │ tot\n"
	    "══════════╬══════════╬═══════════╬═══════════\n"
	    " t1       ║ polling  ║   0 │   0 ║   2 │   2\n"
	    "══════════╩══════════╩═══════════╩═══════════");
	check_stats("{'t1': ['polling', (0, 0), (2, 2)], "
	            "'a-longer-name': ['x', (1234, 1), (0, 12345)]}",
	    false,
	    "               |          | Filter     | Actions    \n"
	    " Jail          | Backend  |------------x-------------\n"
	    "               |          |  cur | tot | cur |   tot\n"
	    "---------------x----------x------------x-------------\n"
	    " t1            | polling  |    0 |   0 |   2 |     2\n"
	    " a-longer-name | x        | 1234 |   1 |   0 | 12345\n"
	    "-----------------------------------------------------");
}
END_TEST

START_TEST(stats_of_one_jail_are_a_table)
{
	struct value *v = literal("['polling', (0, 0), (2, 2)]");
	struct value *command = literal("['status', 't1', 'stats']");
	struct value *all = literal("{'t1': ['polling', (0, 0), (2, 2)]}");
	struct buf b = BUF_INIT, table = BUF_INIT;

	render_answer(&b, command, v, true);
	render_stats(&table, all, true);
	ck_assert_str_eq(b.p, table.p);
	buf_release(&b);
	buf_release(&table);
	value_free(v);
	value_free(all);
	value_free(command);
}
END_TEST

/* fail2ban: what its client was seen to say */
static const struct error_case {
	const char *exception;
	const char *text;
	const char *args;
} error_cases[] = {
    {"fail2ban.exceptions.UnknownJailException('nojail')",
        "Sorry but the jail 'nojail' does not exist", "('nojail',)"},
    {"fail2ban.exceptions.DuplicateJailException('t1')",
        "The jail 't1' already exists", "('t1',)"},
    {"builtins.IndexError('list index out of range')",
        "Sorry but the command is invalid", "('list index out of range',)"},
    {"builtins.Exception('Invalid command')", "Invalid command",
        "('Invalid command',)"},
    {"builtins.KeyError('Invalid Action name: x')", "'Invalid Action name: x'",
        "('Invalid Action name: x',)"},
    {"builtins.KeyError(0)", "0", "(0,)"},
    {"builtins.FileNotFoundError(2, 'No such file or directory', '/x')",
        "[Errno 2] No such file or directory: '/x'",
        "(2, 'No such file or directory')"},
    {"builtins.PermissionError(13, 'Permission denied')",
        "[Errno 13] Permission denied", "(13, 'Permission denied')"},
    {"builtins.SyntaxError('invalid syntax', ('<string>', 1, 4, 'x'))",
        "invalid syntax (<string>, line 1)",
        "('invalid syntax', ('<string>', 1, 4, 'x'))"},
    {"builtins.ValueError()", "", "()"},
    {"builtins.ValueError('a', 5)", "('a', 5)", "('a', 5)"},
    {"ValueError('a')", "a", "('a',)"},
    {"'text'", "text", "'text'"},
    {"None", "None", "None"},
};

START_TEST(errors_print_as_fail2bans_do)
{
	const struct error_case *c = &error_cases[_i];
	struct value *e = literal(c->exception);
	struct buf text = BUF_INIT, args = BUF_INIT;

	render_error(&text, e);
	render_args(&args, e);
	ck_assert_str_eq(text.p, c->text);
	ck_assert_str_eq(args.p, c->args);
	buf_release(&text);
	buf_release(&args);
	value_free(e);
}
END_TEST

Suite *render_suite(void);

Suite *
render_suite(void)
{
	Suite *s = suite_create("render");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, answers_print_as_fail2bans_do, 0,
	    sizeof(answer_cases) / sizeof(answer_cases[0]));
	tcase_add_test(tc, table_of_stats);
	tcase_add_test(tc, stats_of_one_jail_are_a_table);
	tcase_add_loop_test(tc, errors_print_as_fail2bans_do, 0,
	    sizeof(error_cases) / sizeof(error_cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
