#include "historyfix.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

char *path;
struct history *h;

void
reopen(void)
{
	history_close(h);
	h = history_open(path, NULL, NULL);
	ck_assert_ptr_nonnull(h);
}

void
history_setup(void)
{
	fixture_setup();
	path = xasprintf("%s/f.sqlite3", fix.dir);
	clock_set(NOW);
	h = NULL;
}

void
history_teardown(void)
{
	history_close(h);
	free(path);
	clock_set(-1);
	fixture_teardown();
}

/* Runs SQL on the file from outside, gives rows as "a|b\n". */
static int
add_row(void *arg, int n, char **values, char **names)
{
	struct buf *out = arg;

	(void)names;
	for (int i = 0; i < n; i++)
		buf_addf(out, "%s%s", i > 0 ? "|" : "",
		    values[i] == NULL ? "" : values[i]);
	buf_addc(out, '\n');
	return 0;
}

const char *
sql(const char *text)
{
	static struct buf out = BUF_INIT;
	sqlite3 *db;

	buf_reset(&out);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, text, add_row, &out, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	return out.p;
}

void
add_ban(
    const char *jail, const char *id, double time, double bantime, int count)
{
	struct ticket *t = ticket_new(id, strlen(id), time);

	t->bancount = count;
	t->failures = 3;
	value_adds(t->matches, "line");
	history_ban(h, jail, t, bantime);
	ticket_free(t);
}

void
add_jail(const char *jail)
{
	history_jail_add(h, jail);
	ck_assert_int_eq(history_flush(h), 0);
}

struct buf restored = BUF_INIT;

void
note_restored(void *arg, struct ticket *t)
{
	(void)arg;
	buf_addf(&restored, "%s %.17g %.17g %d;", t->id, t->time - NOW,
	    t->bantime, t->bancount);
	ck_assert(t->restored && t->has_bantime);
	ticket_free(t);
}
