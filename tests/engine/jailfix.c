#include "jailfix.h"

#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

struct jailfix jf;
static char *path;
static struct buf given;

static void
resolve(void *arg, const char *name, resolved_fn fn, void *fn_arg)
{
	struct value *v = value_list();

	(void)arg;
	jf.questions++;
	if (strncmp(name, "slow.", 5) == 0) {
		jf.asked.fn = fn;
		jf.asked.arg = fn_arg;
	} else if (strcmp(name, "two.example") == 0) {
		value_adds(v, "192.0.2.41");
		value_adds(v, "2001:db8::41");
		fn(fn_arg, v, NULL);
	} else
		fn(fn_arg, v,
		    strcmp(name, "bad.example") == 0 ? "unknown" : NULL);
	value_free(v);
}

static void
resolve_cancel(void *arg, void *fn_arg)
{
	(void)arg;
	if (jf.asked.arg == fn_arg)
		jf.asked.fn = NULL;
}

void
jailfix_resolve(const char *addr)
{
	struct value *v = value_list();
	resolved_fn fn = jf.asked.fn;

	ck_assert_ptr_nonnull(fn);
	jf.asked.fn = NULL;
	value_adds(v, addr);
	fn(jf.asked.arg, v, NULL);
	value_free(v);
	fixture_run();
}

static void
reverse(void *arg, const struct addr *a,
    void (*fn)(void *fn_arg, const char *name), void *fn_arg)
{
	(void)arg;
	(void)a;
	fn(fn_arg, NULL);
}

static bool
ipv6(void *arg)
{
	(void)arg;
	return true;
}

static void
drained(void *arg, struct jail *j)
{
	(void)arg;
	ck_assert(!jail_full(j));
	jf.drained++;
}

static void
due(void *arg, struct jail *j)
{
	(void)arg;
	(void)j;
	jf.due++;
}

static void
action_set_text(struct action *a, const char *name, const char *text)
{
	struct value *v = value_text(text);

	ck_assert_int_eq(action_set(a, name, v, NULL), 0);
	value_free(v);
}

static void
open_all(void)
{
	const struct jail_env env = {
	    .loop = &fix.loop,
	    .runner = fix.runner,
	    .resolve = resolve,
	    .resolve_cancel = resolve_cancel,
	    .reverse = reverse,
	    .ipv6 = ipv6,
	    .drained = drained,
	    .due = due,
	    .history = history_open(path, &fix.loop, NULL),
	    .waiting_bytes = &jf.waiting_bytes,
	};
	struct action *a;

	jf.history = env.history;
	jf.jail = jail_new("j", &env);
	a = actionset_add(jail_actions(jf.jail), "rec", NULL, NULL, NULL);
	action_set_text(a, "actionstart", "echo start >>$TRACE");
	action_set_text(a, "actionstop", "echo stop >>$TRACE");
	action_set_text(
	    a, "actionban", "echo ban <ip> <bantime> <bancount> >>$TRACE");
	action_set_text(a, "actionunban", "echo unban <ip> >>$TRACE");
}

static void
close_all(void)
{
	jail_free(jf.jail);
	history_close(jf.history);
	fixture_run();
}

void
jailfix_setup(void)
{
	fixture_setup();
	memset(&jf, 0, sizeof(jf));
	buf_init(&jf.answers);
	buf_init(&given);
	clock_set(NOW);
	path = xasprintf("%s/f.sqlite3", fix.dir);
	open_all();
	(void)fixture_log();
}

void
jailfix_teardown(void)
{
	close_all();
	free(path);
	buf_release(&jf.answers);
	buf_release(&given);
	fixture_teardown();
}

void
jailfix_done(void *arg)
{
	(void)arg;
	buf_adds(&jf.answers, "done;");
}

void
jailfix_count(void *arg, int count)
{
	(void)arg;
	buf_addf(&jf.answers, "%d;", count);
}

static void
unbanned(void *arg, int count, const struct value *absent)
{
	(void)arg;
	buf_addf(&jf.answers, "%d ", count);
	value_repr(&jf.answers, absent);
}

void
jailfix_start(void)
{
	jail_start(jf.jail, jailfix_done, NULL);
	fixture_run();
	ck_assert_str_eq(jailfix_answers(), "done;");
	(void)fixture_trace();
	(void)fixture_log();
}

void
jailfix_restart(void)
{
	jail_stop(jf.jail, jailfix_done, NULL);
	fixture_run();
	close_all();
	open_all();
	buf_reset(&jf.answers);
	(void)fixture_trace();
	(void)fixture_log();
}

void
jailfix_set(const char *name, const char *value)
{
	struct value *v = value_text(value);
	struct err err = ERR_INIT;

	ck_assert_msg(
	    jail_set(jf.jail, name, &v, 1, &err) == 0, "%s", err_text(&err));
	value_free(v);
}

void
jailfix_fail(const char *id, double time)
{
	struct buf b = BUF_INIT, line = BUF_INIT;
	struct failure f = {.time = time, .count = 1};
	struct unpack u;

	pack_text(&b, id, strlen(id));
	pack_sequence(&b, VALUE_DICT, 2);
	pack_text(&b, "ip4", 3);
	pack_text(&b, id, strlen(id));
	pack_sequence(&b, VALUE_LIST, 1);
	pack_sequence(&b, VALUE_LIST, 3);
	pack_text(&b, "", 0);
	pack_text(&b, "12:00", 5);
	buf_adds(&line, " bad");
	for (size_t i = 0; i < jf.line_bytes; i++)
		buf_addc(&line, '.');
	pack_text(&b, line.p, line.n);
	buf_release(&line);
	unpack_init(&u, b.p, b.n);
	f.id = packed_take(&u);
	f.data = packed_take(&u);
	f.matches = packed_take(&u);
	f.resolve = strstr(id, ".example") != NULL;
	jail_failure(jf.jail, &f);
	buf_release(&b);
}

void
jailfix_fails(const char *id, int n)
{
	for (int i = 0; i < n; i++)
		jailfix_fail(id, clock_now());
	fixture_run();
}

const char *
jailfix_answers(void)
{
	buf_reset(&given);
	buf_add(&given, jf.answers.p, jf.answers.n);
	buf_reset(&jf.answers);
	return given.p;
}

const char *
jailfix_banip(const char *id)
{
	struct value *v = value_text(id);

	jail_banip(jf.jail, &v, 1, jailfix_count, NULL);
	value_free(v);
	fixture_run();
	return jailfix_answers();
}

const char *
jailfix_unbanip(const char *id)
{
	struct value *v = value_text(id);

	jail_unbanip(jf.jail, &v, 1, unbanned, NULL);
	value_free(v);
	fixture_run();
	return jailfix_answers();
}

static int
add_row(void *arg, int n, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < n; i++)
		buf_addf(arg, "%s%s", i > 0 ? "|" : "",
		    values[i] == NULL ? "" : values[i]);
	buf_addc(arg, '\n');
	return 0;
}

const char *
jailfix_sql(const char *text)
{
	static struct buf out = BUF_INIT;
	sqlite3 *db;

	(void)history_flush(jf.history);
	buf_reset(&out);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, text, add_row, &out, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	return out.p;
}
