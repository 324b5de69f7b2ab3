#include "engine/action.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "fixture.h"

static struct actionset *s;
static struct action *a;
static struct err err;
static struct buf answers; /* "1" or "0" for each operation that ended */
static int epoch;
static bool ipv6;
static struct {
	void (*cb)(void *arg, const char *name);
	void *arg;
	int asked;
} lookup;

static bool
env_tag(void *arg, const char *name, const struct ticket *t, struct buf *out)
{
	(void)arg;
	(void)t;
	buf_adds(out, strcmp(name, "bantime") == 0 ? "600" : "7");
	return true;
}

static void
env_resolve(void *arg, const struct addr *addr,
    void (*cb)(void *cb_arg, const char *name), void *cb_arg)
{
	(void)arg;
	(void)addr;
	lookup.cb = cb;
	lookup.arg = cb_arg;
	lookup.asked++;
}

static bool
env_ipv6(void *arg)
{
	(void)arg;
	return ipv6;
}

static int
env_next_epoch(void *arg)
{
	(void)arg;
	return ++epoch;
}

static int
env_epoch(void *arg)
{
	(void)arg;
	return epoch;
}

static const struct action_env env = {
    .jail = "J",
    .tag = env_tag,
    .resolve = env_resolve,
    .ipv6 = env_ipv6,
    .next_epoch = env_next_epoch,
    .epoch = env_epoch,
};

static void
setup(void)
{
	fixture_setup();
	err = (struct err)ERR_INIT;
	buf_init(&answers);
	epoch = 0;
	ipv6 = true;
	memset(&lookup, 0, sizeof(lookup));
	s = actionset_new(&env, fix.runner);
}

static void
teardown(void)
{
	actionset_free(s);
	fixture_teardown();
	err_release(&err);
	buf_release(&answers);
}

static void
answered(void *arg, bool ok)
{
	(void)arg;
	buf_addc(&answers, ok ? '1' : '0');
}

static struct action *
add(const char *name)
{
	struct action *new = actionset_add(s, name, NULL, NULL, &err);

	ck_assert_ptr_nonnull(new);
	return new;
}

static void
set(const char *property, const char *value)
{
	struct value *v = value_text(value);

	ck_assert_int_eq(action_set(a, property, v, &err), 0);
	value_free(v);
}

/* An action that writes down what it does; what: commands, blank between. */
static void
tracing(const char *what)
{
	static const char *const names[] = {"start", "stop", "check", "repair",
	    "ban", "reban", "unban", "prolong", "flush", "reload"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *word = xasprintf(" %s ", names[i]);
		char *property = xasprintf("action%s", names[i]);
		char *command = xasprintf(
		    "echo %s f=<family> <ip> >>$TRACE; test ! -e $DIR/no-%s",
		    names[i], names[i]);

		if (strstr(what, word) != NULL)
			set(property, command);
		free(word);
		free(property);
		free(command);
	}
}

#define ALL " start stop check ban unban flush reload "

static void
conditional(void)
{
	set("x", "4");
	set("x?family=inet6", "6");
}

/* Commands of this name fail from now on, or no longer. */
static void
breaks(const char *name, bool yes)
{
	char *path = xasprintf("%s/no-%s", fix.dir, name);

	if (yes)
		fclose(fopen(path, "w"));
	else
		(void)unlink(path);
	free(path);
}

/* The environment is broken until start or repair make it whole. */
static void
environment(const char *ban)
{
	set("actionstart", "echo start f=<family> >>$TRACE; touch $DIR/env");
	set("actioncheck", "echo check f=<family> >>$TRACE; test -e $DIR/env");
	set("actionstop", "echo stop f=<family> >>$TRACE; rm -f $DIR/env");
	set(ban, "echo ban <ip> >>$TRACE; test -e $DIR/env");
}

static void
broken(void)
{
	char *path = xasprintf("%s/env", fix.dir);

	(void)unlink(path);
	free(path);
}

static struct ticket *
ticket(const char *id)
{
	struct ticket *t = ticket_new(id, strlen(id), 1795340016.5);

	t->bantime = 600;
	t->has_bantime = true;
	t->bancount = 1;
	return t;
}

static void
ban(const char *id)
{
	struct ticket *t = ticket(id);

	actionset_ban(s, t, LANE_LIVE, answered, NULL);
	ticket_free(t);
}

static void
unban(const char *id)
{
	struct ticket *t = ticket(id);

	actionset_unban(s, t, answered, NULL);
	ticket_free(t);
}

static void
flush(const char *id1, const char *id2, bool stopping)
{
	struct ticket *t[2] = {ticket(id1), ticket(id2)};

	actionset_flush(
	    s, (const struct ticket *const *)t, 2, stopping, answered, NULL);
	ticket_free(t[0]);
	ticket_free(t[1]);
}

static void
expect_trace(const char *want)
{
	fixture_run();
	ck_assert_str_eq(fixture_trace(), want);
}

static void
expect_log(const char *want)
{
	const char *log = fixture_log();
	struct buf b = BUF_INIT;

	/* what utils says about each command is the runner's business */
	for (const char *line = log; *line != '\0';) {
		size_t n = strcspn(line, "\n") + 1;

		if (strncmp(line, "ERROR utils", 11) != 0)
			buf_add(&b, line, n);
		line += n;
	}
	ck_assert_str_eq(b.p, want);
	buf_release(&b);
}

/* ---- traces recorded from fail2ban 1.0.2 */

START_TEST(on_demand_without_conditions_starts_for_the_family_of_the_ban)
{
	a = add("A");
	tracing(ALL);
	set("actionstart_on_demand", "true");
	actionset_start(s, answered, NULL);
	ban("192.0.2.1");
	ban("192.0.2.2");
	ban("2001:db8::1");
	ban("raw");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\n"
	             "start f=inet6\nban f=inet6 2001:db8::1\n"
	             "start f=\nban f=None raw\n");
	actionset_check(s, NULL, NULL);
	expect_trace("check f=inet4\ncheck f=inet6\ncheck f=\ncheck f=None\n");
	flush("192.0.2.1", "raw", true);
	expect_trace("flush f=inet4\nflush f=inet6\nflush f=None\n");
	actionset_stop(s, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\nstop f=\nstop f=None\n");
	ck_assert_str_eq(answers.p, "1111111");
}
END_TEST

START_TEST(not_on_demand_without_conditions_starts_once)
{
	a = add("A");
	tracing(ALL);
	actionset_start(s, answered, NULL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	expect_trace("start f=\nban f=inet4 192.0.2.1\n"
	             "ban f=inet6 2001:db8::1\n");
	actionset_stop(s, answered, NULL);
	expect_trace("stop f=\nstop f=inet4\nstop f=inet6\n");
}
END_TEST

START_TEST(not_on_demand_with_conditions_starts_both_families)
{
	a = add("A");
	tracing(ALL);
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(s, answered, NULL);
	ban("192.0.2.1");
	expect_trace("start f=inet4\nstart f=inet6\nban f=inet4 192.0.2.1\n");
	flush("192.0.2.1", "192.0.2.2", false);
	expect_trace("flush f=inet4\n");
	actionset_stop(s, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\n");
}
END_TEST

START_TEST(without_ipv6_only_the_other_family_starts)
{
	ipv6 = false;
	a = add("A");
	tracing(ALL);
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(s, answered, NULL);
	expect_trace("start f=inet4\n");
}
END_TEST

START_TEST(conditions_alone_make_it_on_demand)
{
	a = add("A");
	tracing(ALL);
	conditional();
	actionset_start(s, answered, NULL);
	expect_trace("");
	ban("192.0.2.1");
	ban("192.0.2.2");
	ban("2001:db8::1");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\n"
	             "start f=inet6\nban f=inet6 2001:db8::1\n");
}
END_TEST

START_TEST(a_raw_id_starts_all_families)
{
	a = add("A");
	tracing(ALL);
	conditional();
	ban("raw");
	expect_trace("start f=inet4\nstart f=inet6\nban f=None raw\n");
}
END_TEST

START_TEST(identical_commands_run_once)
{
	a = add("A");
	conditional();
	set("actionstart", "echo start >>$TRACE");
	set("actionstop", "echo stop >>$TRACE");
	set("actionstart_on_demand", "0");
	actionset_start(s, answered, NULL);
	expect_trace("start\n");
	actionset_stop(s, answered, NULL);
	expect_trace("stop\n");
}
END_TEST

START_TEST(a_failing_ban_restores_the_environment_and_tries_again)
{
	a = add("A");
	conditional();
	environment("actionban");
	ban("192.0.2.1");
	expect_trace("start f=inet4\nban 192.0.2.1\n");
	broken();
	ban("192.0.2.3");
	expect_trace("ban 192.0.2.3\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\nban 192.0.2.3\n");
	expect_log("ERROR CommandAction: Invariant check failed. Trying to "
	           "restore a sane environment\n");
	ck_assert_int_eq(epoch, 1);
	ck_assert_str_eq(answers.p, "11");
}
END_TEST

START_TEST(repair_replaces_stop_and_start)
{
	a = add("A");
	conditional();
	environment("actionban");
	set("actionrepair", "echo repair f=<family> x=<x> >>$TRACE; "
	                    "touch $DIR/env");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	broken();
	ban("192.0.2.2");
	expect_trace("ban 192.0.2.2\ncheck f=inet4\nrepair f=inet4 x=4\n"
	             "check f=inet4\nban 192.0.2.2\n");
}
END_TEST

START_TEST(a_failing_repair_leaves_it_broken)
{
	a = add("A");
	tracing(" start stop check repair ban ");
	breaks("ban", true);
	breaks("check", true);
	breaks("repair", true);
	ban("192.0.2.1");
	expect_trace("ban f=inet4 192.0.2.1\ncheck f=inet4\nrepair f=inet4\n");
	expect_log(
	    "ERROR CommandAction: Invariant check failed. Trying to restore a "
	    "sane environment\n"
	    "CRITICAL CommandAction: Unable to restore environment\n"
	    "ERROR actions: Failed to execute ban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error banning 192.0.2.1\n");
	ck_assert_str_eq(answers.p, "0");
}
END_TEST

START_TEST(a_check_that_fails_again_ends_it)
{
	a = add("A");
	conditional();
	tracing(" start stop check ban ");
	breaks("ban", true);
	breaks("check", true);
	ban("192.0.2.1");
	expect_trace("start f=inet4\nban f=inet4 192.0.2.1\ncheck f=inet4\n"
	             "stop f=inet4\nstart f=inet4\ncheck f=inet4\n");
}
END_TEST

START_TEST(a_start_that_fails_in_repair_ends_it)
{
	a = add("A");
	conditional();
	tracing(" start stop check ban ");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	breaks("ban", true);
	breaks("check", true);
	breaks("start", true);
	ban("192.0.2.2");
	expect_trace("ban f=inet4 192.0.2.2\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\n");
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "Error starting action Jail('J')/A: 'Script error'\n"));
}
END_TEST

START_TEST(a_good_check_lets_it_try_once_more)
{
	a = add("A");
	tracing(" check ban ");
	breaks("ban", true);
	ban("192.0.2.1");
	expect_trace(
	    "ban f=inet4 192.0.2.1\ncheck f=inet4\nban f=inet4 192.0.2.1\n");
}
END_TEST

START_TEST(without_check_a_failing_ban_runs_twice)
{
	a = add("A");
	tracing(" ban ");
	breaks("ban", true);
	ban("192.0.2.1");
	expect_trace("ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.1\n");
	ck_assert_str_eq(answers.p, "0");
}
END_TEST

START_TEST(a_failing_start_on_demand_is_the_reason)
{
	a = add("brk");
	conditional();
	tracing(" start ban ");
	breaks("start", true);
	ban("192.0.2.1");
	expect_trace("start f=inet4\n");
	expect_log(
	    "ERROR actions: Failed to execute ban jail 'J' action 'brk' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error starting action Jail('J')/brk: "
	    "'Script error'\n");
}
END_TEST

START_TEST(a_failing_start_is_logged)
{
	a = add("A");
	tracing(" start ");
	breaks("start", true);
	actionset_start(s, answered, NULL);
	expect_trace("start f=\n");
	expect_log("ERROR actions: Failed to start jail 'J' action 'A': Error "
	           "starting action Jail('J')/A: 'Script error'\n");
	ck_assert_str_eq(answers.p, "0");
}
END_TEST

START_TEST(an_unban_in_a_broken_environment_is_impossible)
{
	a = add("A");
	conditional();
	tracing(" start ban unban check ");
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	breaks("unban", true);
	breaks("check", true);
	unban("192.0.2.1");
	expect_trace("unban f=inet4 192.0.2.1\ncheck f=inet4\n");
	expect_log(
	    "ERROR CommandAction: Invariant check failed. Unban is "
	    "impossible.\n"
	    "ERROR actions: Failed to execute unban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '192.0.2.1', 'family': 'inet4', 'fid': "
	    "'192.0.2.1'})': Error unbanning 192.0.2.1\n");
	ck_assert_int_eq(epoch, 0);
}
END_TEST

START_TEST(repair_on_unban_must_be_asked_for)
{
	a = add("A");
	environment("actionunban");
	set("actionban", "true");
	set("actionrepair_on_unban", "1");
	actionset_start(s, NULL, NULL);
	ban("192.0.2.1");
	fixture_run();
	(void)fixture_trace();
	broken();
	unban("192.0.2.1");
	expect_trace("ban 192.0.2.1\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\nban 192.0.2.1\n");
}
END_TEST

START_TEST(an_unban_needs_items_of_its_family)
{
	a = add("A");
	tracing(" ban unban ");
	unban("192.0.2.1");
	expect_trace("");
	ban("192.0.2.1");
	unban("2001:db8::1");
	unban("192.0.2.9");
	expect_trace("ban f=inet4 192.0.2.1\nunban f=inet4 192.0.2.9\n");
}
END_TEST

START_TEST(a_failing_flush_at_run_time_repairs)
{
	a = add("A");
	conditional();
	environment("actionban");
	set("actionflush", "echo flush <family> >>$TRACE; false");
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	broken();
	flush("192.0.2.1", "2001:db8::1", false);
	expect_trace("flush inet4\nflush inet6\ncheck f=inet4\nstop f=inet4\n"
	             "start f=inet4\ncheck f=inet4\ncheck f=inet6\n");
	expect_log(
	    "NOTICE actions: [J] Flush ticket(s) with A\n"
	    "ERROR actions: Failed to flush bans in jail 'J' action 'A': Error "
	    "flushing action Jail('J')/A: 'Script error'\n"
	    "INFO actions: No flush occurred, do consistency check\n"
	    "ERROR CommandAction: Invariant check failed. Trying to restore a "
	    "sane environment\n"
	    "NOTICE actions: [J] Unban 192.0.2.1\n"
	    "NOTICE actions: [J] Unban 2001:db8::1\n");
}
END_TEST

START_TEST(a_failing_flush_at_shutdown_does_not_repair)
{
	a = add("A");
	conditional();
	tracing(ALL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	breaks("flush", true);
	breaks("check", true);
	flush("192.0.2.1", "2001:db8::1", true);
	actionset_stop(s, answered, NULL);
	expect_trace("flush f=inet4\nflush f=inet6\ncheck f=inet4\n"
	             "check f=inet6\nstop f=inet4\nstop f=inet6\n");
	expect_log(
	    "NOTICE actions: [J] Flush ticket(s) with A\n"
	    "ERROR actions: Failed to flush bans in jail 'J' action 'A': Error "
	    "flushing action Jail('J')/A: 'Script error'\n"
	    "INFO actions: No flush occurred, do consistency check\n"
	    "ERROR CommandAction: Invariant check failed. Flush is "
	    "impossible.\n"
	    "ERROR CommandAction: Invariant check failed. Flush is "
	    "impossible.\n"
	    "NOTICE actions: [J] Repeal Ban 192.0.2.1\n"
	    "NOTICE actions: [J] Repeal Ban 2001:db8::1\n");
}
END_TEST

START_TEST(without_flush_each_ticket_is_unbanned)
{
	a = add("A");
	tracing(" start stop ban unban ");
	conditional();
	set("actionstart_on_demand", "0");
	actionset_start(s, NULL, NULL);
	a = add("B");
	tracing(" flush ban unban ");
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	flush("192.0.2.1", "2001:db8::1", true);
	actionset_stop(s, answered, NULL);
	expect_trace("flush f=inet4\nflush f=inet6\nunban f=inet4 192.0.2.1\n"
	             "unban f=inet6 2001:db8::1\nstop f=inet4\nstop f=inet6\n");
	ck_assert_str_eq(answers.p, "1111");
}
END_TEST

START_TEST(a_failing_stop_is_logged_once)
{
	a = add("A");
	conditional();
	tracing(ALL);
	ban("192.0.2.1");
	ban("2001:db8::1");
	fixture_run();
	(void)fixture_trace();
	breaks("stop", true);
	actionset_stop(s, answered, NULL);
	expect_trace("stop f=inet4\nstop f=inet6\n");
	expect_log("ERROR actions: Failed to stop jail 'J' action 'A': Error "
	           "stopping action Jail('J')/A: 'Script error'\n");
}
END_TEST

START_TEST(norestored_skips_ban_and_prolong_of_restored_tickets)
{
	struct ticket *t = ticket("1.2.3.4");

	a = add("A");
	tracing(" ban prolong ");
	set("norestored", "1");
	t->restored = true;
	actionset_ban(s, t, LANE_RESTORE, answered, NULL);
	actionset_prolong(s, t, answered, NULL);
	expect_trace("");
	t->restored = false;
	actionset_prolong(s, t, answered, NULL);
	expect_trace("prolong f=inet4 1.2.3.4\n");
	ck_assert_str_eq(answers.p, "111");
	ticket_free(t);
}
END_TEST

START_TEST(a_failing_prolong_checks_and_tries_again)
{
	struct ticket *t = ticket("1.2.3.5");

	a = add("A");
	tracing(" ban prolong check ");
	breaks("prolong", true);
	actionset_prolong(s, t, answered, NULL);
	expect_trace("prolong f=inet4 1.2.3.5\ncheck f=inet4\n"
	             "prolong f=inet4 1.2.3.5\n");
	expect_log(
	    "ERROR actions: Failed to execute ban jail 'J' action 'A' info "
	    "'ActionInfo({'ip': '1.2.3.5', 'family': 'inet4', 'fid': "
	    "'1.2.3.5'})': Error prolonging 1.2.3.5\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_reban_is_for_the_repaired_actions_only)
{
	struct ticket *t = ticket("192.0.2.1");

	a = add("other");
	tracing(" ban ");
	a = add("inv");
	conditional();
	environment("actionban");
	actionset_ban(s, t, LANE_LIVE, answered, NULL);
	fixture_run();
	broken();
	ban("192.0.2.2");
	fixture_run();
	(void)fixture_trace();
	(void)fixture_log();
	actionset_reban(s, t, answered, NULL);
	expect_trace("ban 192.0.2.1\n");
	expect_log("NOTICE actions: [J] Reban 192.0.2.1, action 'inv'\n");
	t->epoch = epoch;
	actionset_reban(s, t, answered, NULL);
	expect_trace("ban f=inet4 192.0.2.1\nban 192.0.2.1\n");
	expect_log("NOTICE actions: [J] Reban 192.0.2.1\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_reban_has_a_command_of_its_own)
{
	struct ticket *t = ticket("192.0.2.1");

	a = add("A");
	tracing(" ban reban ");
	actionset_reban(s, t, answered, NULL);
	expect_trace("reban f=inet4 192.0.2.1\n");
	breaks("reban", true);
	actionset_reban(s, t, answered, NULL);
	fixture_run();
	ck_assert_ptr_nonnull(strstr(
	    fixture_log(), "Failed to execute reban jail 'J' action 'A' info"));
	ticket_free(t);
}
END_TEST

/* ---- ours */

START_TEST(a_failing_action_does_not_stop_the_next)
{
	a = add("A");
	tracing(" ban ");
	breaks("ban", true);
	a = add("B");
	set("actionban", "echo B <ip> >>$TRACE");
	ban("192.0.2.1");
	expect_trace(
	    "ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.1\nB 192.0.2.1\n");
	ck_assert_str_eq(answers.p, "0");
}
END_TEST

START_TEST(actions_are_stopped_in_reverse_order)
{
	a = add("A");
	set("actionstart", "echo start A >>$TRACE");
	set("actionstop", "echo stop A >>$TRACE");
	a = add("B");
	set("actionstart", "echo start B >>$TRACE");
	set("actionstop", "echo stop B >>$TRACE");
	actionset_start(s, NULL, NULL);
	actionset_stop(s, NULL, NULL);
	expect_trace("start A\nstart B\nstop B\nstop A\n");
}
END_TEST

START_TEST(live_bans_go_before_restored_ones)
{
	struct ticket *old = ticket("192.0.2.1");

	a = add("A");
	tracing(" ban ");
	for (char c = '1'; c <= '3'; c++) {
		struct ticket *t;
		char id[] = "192.0.2.x";

		id[8] = c;
		t = ticket(id);
		actionset_ban(s, t, LANE_RESTORE, answered, NULL);
		ticket_free(t);
	}
	ban("192.0.2.9");
	expect_trace("ban f=inet4 192.0.2.9\nban f=inet4 192.0.2.1\n"
	             "ban f=inet4 192.0.2.2\nban f=inet4 192.0.2.3\n");
	ticket_free(old);
}
END_TEST

START_TEST(an_unban_of_a_queued_ban_cancels_both)
{
	a = add("A");
	tracing(" ban unban ");
	ban("192.0.2.1");
	ban("192.0.2.2");
	unban("192.0.2.2");
	ban("192.0.2.2");
	expect_trace("ban f=inet4 192.0.2.1\nban f=inet4 192.0.2.2\n");
	ck_assert_str_eq(answers.p, "1111");
}
END_TEST

START_TEST(a_prolong_of_a_queued_ban_changes_it)
{
	struct ticket *t = ticket("192.0.2.1");

	a = add("A");
	set("actionban", "echo ban <bantime> >>$TRACE");
	set("actionprolong", "echo prolong <bantime> >>$TRACE");
	actionset_ban(s, t, LANE_RESTORE, answered, NULL);
	t->bantime = 1200;
	actionset_prolong(s, t, answered, NULL);
	expect_trace("ban 1200\n");
	ticket_free(t);
}
END_TEST

START_TEST(a_flush_drops_what_was_to_be_restored)
{
	struct ticket *t = ticket("192.0.2.1");

	a = add("A");
	tracing(ALL);
	actionset_ban(s, t, LANE_RESTORE, answered, NULL);
	flush("192.0.2.1", "192.0.2.2", true);
	ban("192.0.2.3");
	expect_trace("ban f=inet4 192.0.2.3\n");
	ticket_free(t);
}
END_TEST

START_TEST(names_are_looked_up_once_a_ban)
{
	a = add("A");
	set("actionban", "echo A <ip-host> >>$TRACE");
	a = add("B");
	set("actionban", "echo B <ip-host> >>$TRACE");
	ban("192.0.2.1");
	expect_trace("");
	ck_assert_int_eq(lookup.asked, 1);
	lookup.cb(lookup.arg, "host.example.org");
	expect_trace("A host.example.org\nB host.example.org\n");
	ck_assert_int_eq(lookup.asked, 1);
	ban("192.0.2.2");
	fixture_run();
	lookup.cb(lookup.arg, NULL);
	expect_trace("A None\nB None\n");
	ban("raw");
	expect_trace("A None\nB None\n");
	ck_assert_int_eq(lookup.asked, 2);
}
END_TEST

START_TEST(a_name_that_comes_after_the_end_is_harmless)
{
	a = add("A");
	set("actionban", "echo <ip-host> >>$TRACE");
	ban("192.0.2.1");
	fixture_run();
	actionset_free(s);
	lookup.cb(lookup.arg, "late.example.org");
	fixture_run();
	s = actionset_new(&env, fix.runner);
}
END_TEST

START_TEST(a_property_that_changes_counts_from_the_next_command)
{
	a = add("A");
	set("actionban", "echo <x> >>$TRACE");
	set("x", "one");
	ban("192.0.2.1");
	expect_trace("one\n");
	set("x", "two");
	ban("192.0.2.2");
	expect_trace("two\n");
}
END_TEST

START_TEST(families_have_properties_of_their_own)
{
	a = add("cnd");
	set("actionban", "echo v4 <ip> dx <y> <timeout> >>$TRACE");
	set("actionban?family=inet6", "echo v6 <ip> <y><br> >>$TRACE");
	set("y", "iy");
	set("y?family=inet6", "iy6");
	ban("192.0.2.1");
	ban("2001:db8::1");
	ban("raw");
	expect_trace("v4 192.0.2.1 dx iy 60\nv4 raw dx iy 60\n");
	fixture_log();
}
END_TEST

START_TEST(a_self_reference_is_an_error_of_that_command_only)
{
	a = add("A");
	set("actionban", "echo <p> >>$TRACE");
	set("p", "<q>");
	set("q", "<p>");
	ban("192.0.2.1");
	expect_trace("");
	ck_assert_ptr_nonnull(strstr(fixture_log(),
	    "properties contain self referencing definitions and cannot be "
	    "resolved"));
}
END_TEST

START_TEST(values_reach_the_command_as_they_are)
{
	struct ticket *t = ticket("192.0.2.1");

	a = add("A");
	set("actionban", "printf '%s\\n' \"<matches>\" >>$TRACE");
	value_adds(t->matches, "`id`; $(rm -rf /)");
	value_adds(t->matches, "it's <ip> \"x\"");
	actionset_ban(s, t, LANE_LIVE, answered, NULL);
	expect_trace("`id`; $(rm -rf /)\nit's <ip> \"x\"\n");
	ticket_free(t);
}
END_TEST

START_TEST(freeing_while_a_command_runs_kills_it)
{
	a = add("A");
	set("actionban", "echo begun >>$TRACE; sleep 60; echo end >>$TRACE");
	ban("192.0.2.1");
	ban("192.0.2.2");
	for (int i = 0; i < 50; i++)
		(void)uv_run(&fix.loop, UV_RUN_NOWAIT);
	actionset_free(s);
	fixture_run();
	ck_assert_str_eq(answers.p, "");
	s = actionset_new(&env, fix.runner);
}
END_TEST

static void
free_the_set(void *arg, bool ok)
{
	(void)arg;
	(void)ok;
	actionset_free(s);
	s = NULL;
}

START_TEST(the_set_may_be_freed_by_who_is_told_of_its_end)
{
	a = add("A");
	tracing(" start stop ");
	actionset_start(s, NULL, NULL);
	actionset_stop(s, free_the_set, NULL);
	ban("192.0.2.1");
	expect_trace("start f=\nstop f=\n");
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(nothing_is_answered_from_inside_the_call)
{
	a = add("A");
	conditional();
	actionset_start(s, answered, NULL);
	ban("192.0.2.1");
	ck_assert_str_eq(answers.p, "");
	fixture_run();
	ck_assert_str_eq(answers.p, "11");
}
END_TEST

/* ---- properties */

START_TEST(an_action_is_there_once)
{
	a = add("A");
	ck_assert_ptr_null(actionset_add(s, "A", NULL, NULL, &err));
	ck_assert_str_eq(err_text(&err), "Action A already exists");
	err_reset(&err);
	ck_assert_int_eq(actionset_del(s, "nope", &err), -1);
	ck_assert_str_eq(err_text(&err), "'Invalid Action name: nope'");
	ck_assert_int_eq(actionset_del(s, "A", &err), 0);
	ck_assert_uint_eq(actionset_count(s), 0);
	ck_assert_ptr_null(actionset_find(s, "A"));
}
END_TEST

/* fail2ban: "get J actionproperties A", spec 15 section 6. */
START_TEST(properties_are_those_of_fail2ban)
{
	struct buf b = BUF_INIT;
	struct value *list;

	a = add("rec");
	set("actionprolong", "x");
	set("actname", "rec");
	set("name", "t1");
	set("out", "/tmp/x");
	set("bantime", "7");
	list = action_properties(a);
	value_repr(&b, list);
	ck_assert_str_eq(b.p,
	    "['ESCAPE_CRE', 'ESCAPE_VN_CRE', 'actionban', 'actioncheck', "
	    "'actionflush', 'actionprolong', 'actionreban', 'actionreload', "
	    "'actionrepair', 'actionstart', 'actionstop', 'actionunban', "
	    "'actname', 'banEpoch', 'name', 'out', 'timeout']");
	value_free(list);
	buf_reset(&b);
	list = action_methods(a);
	value_repr(&b, list);
	ck_assert_str_eq(b.p,
	    "['ban', 'clearAllParams', 'consistencyCheck', 'escapeTag', "
	    "'executeCmd', 'flush', 'invalidateBanEpoch', 'prolong', 'reban', "
	    "'reload', 'replaceDynamicTags', 'replaceTag', 'start', 'stop', "
	    "'unban']");
	value_free(list);
	buf_release(&b);
}
END_TEST

/* fail2ban: recorded from 1.0.2. */
static const struct property_case {
	const char *name;
	const char *value;
	const char *repr; /* NULL: no such attribute */
} property_cases[] = {
    {"timeout", "2m", "120"},
    {"timeout", "1.5", "1.5"},
    {"actionban", "x", "'x'"},
    {"norestored", "1", "'1'"},
    {"banEpoch", "5", "0"},
    {"bantime", "7", NULL},
    {"foo", "bar", "'bar'"},
};

START_TEST(properties_are_set_and_got)
{
	const struct property_case *c = &property_cases[_i];
	struct buf b = BUF_INIT;
	const struct value *v;

	a = add("A");
	set(c->name, c->value);
	v = action_get(a, c->name, &err);
	if (c->repr == NULL) {
		ck_assert_ptr_null(v);
		ck_assert_str_eq(err_text(&err),
		    "'CommandAction' object has no attribute 'bantime'");
	} else {
		ck_assert_ptr_nonnull(v);
		value_repr(&b, v);
		ck_assert_str_eq(b.p, c->repr);
	}
	buf_release(&b);
}
END_TEST

START_TEST(only_one_python_action_runs)
{
	ck_assert_ptr_null(actionset_add(
	    s, "py", "/etc/fail2ban/action.d/badips.py", "{}", &err));
	ck_assert_ptr_nonnull(
	    strstr(err_text(&err), "/etc/fail2ban/action.d/badips.py is a "
	                           "Python action, which cannot be run"));
	err_reset(&err);
	ck_assert_ptr_nonnull(actionset_add(s, "smtp",
	    "/etc/fail2ban/action.d/smtp.py", "{\"host\": \"h:25\"}", &err));
	ck_assert_ptr_null(
	    actionset_add(s, "smtp2", "smtp.py", "{\"foo\": \"x\"}", &err));
	ck_assert_ptr_nonnull(strstr(err_text(&err), "'foo'"));
	ck_assert_uint_eq(actionset_count(s), 1);
}
END_TEST

/* ---- methods */

static struct buf called;

static void
call_done(void *arg, struct value *result, const char *error)
{
	(void)arg;
	if (error != NULL)
		buf_addf(&called, "error: %s", error);
	else
		value_repr(&called, result);
	value_free(result);
}

static const struct call_case {
	const char *method;
	const char *json;
	const char *result;
	const char *trace;
} call_cases[] = {
    {"start", NULL, "True", "start f=\n"},
    {"stop", NULL, "True", ""},
    {"flush", NULL, "True", ""},
    {"reload", NULL, "True", ""},
    {"consistencyCheck", "", "True", ""},
    {"ban", "{\"aInfo\":{\"ip\":\"1.2.3.4\"}}", "None",
        "ban f=inet4 1.2.3.4\n"},
    {"unban", "{\"aInfo\":{\"ip\":\"1.2.3.4\"}}", "None", ""},
    {"executeCmd", "{\"realCmd\": \"echo 1 >>$TRACE\"}", "True", "1\n"},
    {"executeCmd", "{\"realCmd\": \"exit 1\"}", "False", ""},
    {"escapeTag", "{\"value\": \"a'b\"}", "\"a\\\\'b\"", ""},
    {"replaceTag", "{\"query\": \"<a> <b>\", \"aInfo\": {\"a\": \"1\"}}",
        "'1 <b>'", ""},
    {"replaceDynamicTags",
        "{\"realCmd\": \"<a> x\", \"aInfo\": {\"a\": \"1;\"}}",
        "['f2bV_a=$0 \\n$f2bV_a x', '1;']", ""},
    {"clearAllParams", NULL, "None", ""},
};

START_TEST(methods_answer_as_those_of_fail2ban)
{
	const struct call_case *c = &call_cases[_i];

	buf_init(&called);
	a = add("A");
	tracing(" start stop ban unban ");
	ck_assert_int_eq(
	    action_call(a, c->method, c->json, call_done, NULL, &err), 0);
	ck_assert_str_eq(called.p, "");
	expect_trace(c->trace);
	ck_assert_str_eq(called.p, c->result);
	buf_release(&called);
}
END_TEST

START_TEST(a_method_tells_its_error)
{
	buf_init(&called);
	a = add("A");
	tracing(" ban ");
	breaks("ban", true);
	ck_assert_int_eq(action_call(a, "ban", "{\"aInfo\":{\"ip\":\"1\"}}",
	                     call_done, NULL, &err),
	    0);
	fixture_run();
	ck_assert_str_eq(called.p, "error: Error banning 1");
	ck_assert_int_eq(
	    action_call(a, "nometh", NULL, call_done, NULL, &err), -1);
	ck_assert_str_eq(
	    err_text(&err), "'CommandAction' object has no attribute 'nometh'");
	err_reset(&err);
	ck_assert_int_eq(
	    action_call(a, "ban", "{x", call_done, NULL, &err), -1);
	err_reset(&err);
	ck_assert_int_eq(
	    action_call(a, "ban", "{}", call_done, NULL, &err), -1);
	buf_release(&called);
}
END_TEST

/* ---- reload */

static void
commit(const char *id1, const char *id2)
{
	struct ticket *t[2] = {ticket(id1), ticket(id2)};

	actionset_reload_commit(
	    s, (const struct ticket *const *)t, 2, answered, NULL);
	ticket_free(t[0]);
	ticket_free(t[1]);
}

static void
named(const char *name)
{
	static const char *const cmds[] = {
	    "start", "stop", "ban", "unban", "reload"};

	a = add(name);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		char *property = xasprintf("action%s", cmds[i]);
		char *command =
		    xasprintf("echo %s %s <ip> >>$TRACE", cmds[i], name);

		set(property, command);
		free(property);
		free(command);
	}
}

START_TEST(reload_keeps_adds_and_removes)
{
	named("keep");
	named("drop");
	actionset_start(s, answered, NULL);
	ban("192.0.2.1");
	ban("192.0.2.2");
	fixture_run();
	(void)fixture_trace();
	(void)fixture_log();
	actionset_reload_begin(s);
	named("keep");
	named("new");
	commit("192.0.2.1", "192.0.2.2");
	ban("192.0.2.3");
	expect_trace("unban drop 192.0.2.1\nunban drop 192.0.2.2\n"
	             "reload keep\nstop drop\nstart new\n"
	             "ban new 192.0.2.1\nban new 192.0.2.2\n"
	             "ban keep 192.0.2.3\nban new 192.0.2.3\n");
	expect_log("");
	ck_assert_uint_eq(actionset_count(s), 2);
	ck_assert_str_eq(action_name(actionset_at(s, 1)), "new");
	ck_assert_ptr_null(actionset_find(s, "drop"));
}
END_TEST

START_TEST(reload_clears_properties_that_are_not_set_again)
{
	a = add("A");
	set("actionban", "echo <x> >>$TRACE");
	set("x", "old");
	actionset_reload_begin(s);
	a = add("A");
	set("actionban", "echo new <x> >>$TRACE");
	ban("192.0.2.1");
	expect_trace("old\n");
	commit("192.0.2.1", "192.0.2.2");
	ban("192.0.2.5");
	fixture_run();
	ck_assert_str_eq(answers.p, "110");
	ck_assert_ptr_null(action_get(a, "x", &err));
}
END_TEST

START_TEST(an_aborted_reload_changes_nothing)
{
	named("A");
	actionset_reload_begin(s);
	named("B");
	actionset_reload_abort(s);
	ck_assert_uint_eq(actionset_count(s), 1);
	ban("192.0.2.1");
	expect_trace("ban A 192.0.2.1\n");
}
END_TEST

START_TEST(restored_bans_in_the_queue_reach_a_new_action_once)
{
	struct ticket *t = ticket("192.0.2.1");

	named("A");
	actionset_ban(s, t, LANE_RESTORE, answered, NULL);
	actionset_reload_begin(s);
	named("A");
	named("B");
	commit("192.0.2.1", "192.0.2.2");
	expect_trace("start B\nban B 192.0.2.2\n"
	             "ban A 192.0.2.1\nban B 192.0.2.1\n");
	ticket_free(t);
}
END_TEST

START_TEST(deleting_an_action_that_is_at_work_is_harmless)
{
	named("A");
	named("B");
	ban("192.0.2.1");
	ban("192.0.2.2");
	for (int i = 0; i < 3; i++)
		(void)uv_run(&fix.loop, UV_RUN_NOWAIT);
	ck_assert_int_eq(actionset_del(s, "A", &err), 0);
	expect_trace("ban A 192.0.2.1\nban B 192.0.2.1\nban B 192.0.2.2\n");
}
END_TEST

Suite *action_suite(void);

static void
add_traces(TCase *tc)
{
	tcase_add_test(
	    tc, on_demand_without_conditions_starts_for_the_family_of_the_ban);
	tcase_add_test(tc, not_on_demand_without_conditions_starts_once);
	tcase_add_test(tc, not_on_demand_with_conditions_starts_both_families);
	tcase_add_test(tc, without_ipv6_only_the_other_family_starts);
	tcase_add_test(tc, conditions_alone_make_it_on_demand);
	tcase_add_test(tc, a_raw_id_starts_all_families);
	tcase_add_test(tc, identical_commands_run_once);
	tcase_add_test(
	    tc, a_failing_ban_restores_the_environment_and_tries_again);
	tcase_add_test(tc, repair_replaces_stop_and_start);
	tcase_add_test(tc, a_failing_repair_leaves_it_broken);
	tcase_add_test(tc, a_check_that_fails_again_ends_it);
	tcase_add_test(tc, a_start_that_fails_in_repair_ends_it);
	tcase_add_test(tc, a_good_check_lets_it_try_once_more);
	tcase_add_test(tc, without_check_a_failing_ban_runs_twice);
	tcase_add_test(tc, a_failing_start_on_demand_is_the_reason);
	tcase_add_test(tc, a_failing_start_is_logged);
	tcase_add_test(tc, an_unban_in_a_broken_environment_is_impossible);
	tcase_add_test(tc, repair_on_unban_must_be_asked_for);
	tcase_add_test(tc, an_unban_needs_items_of_its_family);
	tcase_add_test(tc, a_failing_flush_at_run_time_repairs);
	tcase_add_test(tc, a_failing_flush_at_shutdown_does_not_repair);
	tcase_add_test(tc, without_flush_each_ticket_is_unbanned);
	tcase_add_test(tc, a_failing_stop_is_logged_once);
	tcase_add_test(
	    tc, norestored_skips_ban_and_prolong_of_restored_tickets);
	tcase_add_test(tc, a_failing_prolong_checks_and_tries_again);
	tcase_add_test(tc, a_reban_is_for_the_repaired_actions_only);
	tcase_add_test(tc, a_reban_has_a_command_of_its_own);
}

static void
add_queue(TCase *tc)
{
	tcase_add_test(tc, a_failing_action_does_not_stop_the_next);
	tcase_add_test(tc, actions_are_stopped_in_reverse_order);
	tcase_add_test(tc, live_bans_go_before_restored_ones);
	tcase_add_test(tc, an_unban_of_a_queued_ban_cancels_both);
	tcase_add_test(tc, a_prolong_of_a_queued_ban_changes_it);
	tcase_add_test(tc, a_flush_drops_what_was_to_be_restored);
	tcase_add_test(tc, names_are_looked_up_once_a_ban);
	tcase_add_test(tc, a_name_that_comes_after_the_end_is_harmless);
	tcase_add_test(
	    tc, a_property_that_changes_counts_from_the_next_command);
	tcase_add_test(tc, families_have_properties_of_their_own);
	tcase_add_test(tc, a_self_reference_is_an_error_of_that_command_only);
	tcase_add_test(tc, values_reach_the_command_as_they_are);
	tcase_add_test(tc, freeing_while_a_command_runs_kills_it);
	tcase_add_test(tc, the_set_may_be_freed_by_who_is_told_of_its_end);
	tcase_add_test(tc, nothing_is_answered_from_inside_the_call);
}

static void
add_commands(TCase *tc)
{
	tcase_add_test(tc, an_action_is_there_once);
	tcase_add_test(tc, properties_are_those_of_fail2ban);
	tcase_add_loop_test(tc, properties_are_set_and_got, 0,
	    sizeof(property_cases) / sizeof(property_cases[0]));
	tcase_add_test(tc, only_one_python_action_runs);
	tcase_add_loop_test(tc, methods_answer_as_those_of_fail2ban, 0,
	    sizeof(call_cases) / sizeof(call_cases[0]));
	tcase_add_test(tc, a_method_tells_its_error);
	tcase_add_test(tc, reload_keeps_adds_and_removes);
	tcase_add_test(tc, reload_clears_properties_that_are_not_set_again);
	tcase_add_test(tc, an_aborted_reload_changes_nothing);
	tcase_add_test(tc, restored_bans_in_the_queue_reach_a_new_action_once);
	tcase_add_test(tc, deleting_an_action_that_is_at_work_is_harmless);
}

Suite *
action_suite(void)
{
	Suite *suite = suite_create("action");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	add_traces(tc);
	add_queue(tc);
	add_commands(tc);
	suite_add_tcase(suite, tc);
	return suite;
}
