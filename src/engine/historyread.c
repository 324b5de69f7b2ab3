/*
 * Reads. What the queue still holds is newer than the file and counts first;
 * it is empty except while others lock the file or within one turn.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/historydb.h"
#include "engine/ticketjson.h"

static bool
is_id(const struct history_op *op, const char *id, size_t n)
{
	return op->id != NULL && op->id_n == n && memcmp(op->id, id, n) == 0;
}

static bool
is_jail(const char *jail, const char *name)
{
	return jail == NULL || (name != NULL && strcmp(jail, name) == 0);
}

static const char *
column_text(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);

	return p == NULL ? "" : p;
}

/* Why a read gave up: locked is said as such, the rest is an error. */
static int
read_failed(struct history *h, int rc, const char *what)
{
	if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		log_msg(LOG_WARN, "database",
		    "Database '%s' is locked by another program, %s goes on "
		    "without it",
		    h->path, what);
	else
		history_error(h, what);
	return -1;
}

/* ---- log positions */

static bool
queued_log(struct history *h, const char *jail, const char *path,
    struct history_pos *ret)
{
	for (size_t i = h->n; i-- > 0;) {
		const struct history_op *op = h->ops[i];

		if (op->kind != HISTORY_LOG || !is_jail(jail, op->jail) ||
		    !is_id(op, path, strlen(path)))
			continue;
		*ret = op->pos;
		return true;
	}
	return false;
}

bool
history_log_get(struct history *h, const char *jail, const char *path,
    struct history_pos *ret)
{
	sqlite3_stmt *st;
	int rc;

	if (queued_log(h, jail, path, ret))
		return true;
	st = history_sql(h, SQL_LOG_GET);
	if (st == NULL)
		return false;
	(void)sqlite3_bind_text(st, 1, jail, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, path, -1, SQLITE_STATIC);
	rc = history_step(h, st);
	if (rc == SQLITE_ROW) {
		const char *mark = column_text(st, 0);
		size_t n = strnlen(mark, HISTORY_MARK_MAX - 1);

		memcpy(ret->mark, mark, n);
		ret->mark[n] = '\0';
		ret->at = sqlite3_column_double(st, 1);
	} else if (rc != SQLITE_DONE)
		(void)read_failed(h, rc, "the search for a log position");
	(void)sqlite3_reset(st);
	return rc == SQLITE_ROW;
}

/* ---- earlier bans of one id, a row a jail */

struct known {
	char *jail; /* owned */
	struct history_row row;
};

struct known_list {
	struct known *items;
	size_t n;
	size_t cap;
};

static struct known *
known_get(struct known_list *l, const char *jail)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].jail, jail) == 0)
			return &l->items[i];
	GROW(l->items, l->n, l->cap);
	l->items[l->n] = (struct known){.jail = xstrdup(jail)};
	return &l->items[l->n++];
}

static int
known_from_file(
    struct history *h, struct known_list *l, const char *id, size_t n)
{
	sqlite3_stmt *st = history_sql(h, SQL_FIND);
	int rc = SQLITE_BUSY;

	if (st == NULL)
		return rc;
	(void)sqlite3_bind_text(st, 1, id, (int)n, SQLITE_STATIC);
	for (rc = history_step(h, st); rc == SQLITE_ROW; rc = sqlite3_step(st))
		known_get(l, column_text(st, 0))->row = (struct history_row){
		    ticket_bounded(sqlite3_column_int64(st, 1)),
		    sqlite3_column_double(st, 2), sqlite3_column_double(st, 3)};
	(void)sqlite3_reset(st);
	return rc;
}

static void
known_from_queue(
    const struct history *h, struct known_list *l, const char *id, size_t n)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct history_op *op = h->ops[i];

		if (op->kind == HISTORY_BAN && is_id(op, id, n))
			known_get(l, op->jail)->row = (struct history_row){
			    op->bancount, op->time, op->bantime};
		else if (op->kind == HISTORY_UNBAN_ALL ||
		         (op->kind == HISTORY_UNBAN && is_id(op, id, n)))
			known_get(l, op->jail)->row.bancount = -1;
	}
}

/* fail2ban: over all jails counts and ban times are sums. */
static bool
known_sum(const struct known_list *l, const char *jail, struct history_row *ret)
{
	bool found = false;

	*ret = (struct history_row){0, 0, 0};
	for (size_t i = 0; i < l->n; i++) {
		const struct history_row *row = &l->items[i].row;

		if (row->bancount < 0 || !is_jail(jail, l->items[i].jail))
			continue;
		found = true;
		ret->bancount =
		    ticket_bounded((long long)ret->bancount + row->bancount);
		ret->timeofban = fmax(ret->timeofban, row->timeofban);
		ret->bantime += row->bantime;
	}
	return found;
}

int
history_find(struct history *h, const char *jail, const char *id, size_t n,
    struct history_row *ret)
{
	struct known_list l = {NULL, 0, 0};
	struct history_row row;
	int rc = known_from_file(h, &l, id, n);
	bool found;

	known_from_queue(h, &l, id, n);
	found = known_sum(&l, jail, &row);
	for (size_t i = 0; i < l.n; i++)
		free(l.items[i].jail);
	free(l.items);
	if (rc != SQLITE_DONE && !found)
		return read_failed(h, rc, "the search for earlier bans");
	if (found)
		*ret = row;
	return found ? 1 : 0;
}

/* ---- bans that come back */

static double
corrected(const struct history_restore *q, double bantime)
{
	if (bantime == -2)
		bantime = q->bantime;
	if (q->increment) {
		if (q->maxtime > 0 && (bantime == -1 || bantime > q->maxtime))
			return q->maxtime;
		return bantime;
	}
	if (q->bantime != -1 && (bantime == -1 || bantime > q->bantime))
		return q->bantime;
	return bantime;
}

static struct ticket *
restored(const struct history_restore *q, sqlite3_stmt *st)
{
	const char *id = column_text(st, 1);
	struct ticket *t = ticket_new(id, (size_t)sqlite3_column_bytes(st, 1),
	    sqlite3_column_double(st, 2));
	const char *data;

	t->restored = true;
	t->has_bantime = true;
	t->bantime = corrected(q, sqlite3_column_double(st, 3));
	t->bancount = ticket_bounded(sqlite3_column_int64(st, 4));
	if (t->id_n == 0 || !isfinite(t->time) || !isfinite(t->bantime) ||
	    ticket_end(t, -1) <= q->now) {
		ticket_free(t);
		return NULL;
	}
	data = sqlite3_column_blob(st, 5);
	if (data != NULL)
		ticketjson_read(t, data, (size_t)sqlite3_column_bytes(st, 5));
	ticket_keep_matches(t, q->maxmatches);
	return t;
}

/* Rows that are added meanwhile are bans of now and not restored. */
static int
find_end(struct history *h, struct history_restore *q)
{
	sqlite3_stmt *st;

	if (history_flush(h) == -1)
		return -1;
	st = history_sql(h, SQL_RESTORE_END);
	if (st == NULL || history_step(h, st) != SQLITE_ROW)
		return -1;
	q->end = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	q->next = 1;
	return 0;
}

int
history_restore_some(struct history *h, struct history_restore *q, int max,
    history_row_fn fn, void *arg)
{
	double after =
	    q->increment || q->bantime == -1 ? -1e18 : q->now - q->bantime;
	sqlite3_stmt *st;
	int rc, n = 0;

	if (q->next == 0 && find_end(h, q) == -1)
		return -1;
	st = history_sql(h, SQL_RESTORE);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, q->next - 1);
	(void)sqlite3_bind_int64(st, 2, q->end);
	(void)sqlite3_bind_text(st, 3, q->jail, -1, SQLITE_STATIC);
	(void)sqlite3_bind_double(st, 4, q->now);
	(void)sqlite3_bind_double(st, 5, after);
	(void)sqlite3_bind_int(st, 6, max);
	for (rc = history_step(h, st); rc == SQLITE_ROW;
	     rc = sqlite3_step(st)) {
		struct ticket *t = restored(q, st);

		n++;
		q->next = sqlite3_column_int64(st, 0) + 1;
		if (t != NULL)
			fn(arg, t);
	}
	(void)sqlite3_reset(st);
	if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return -1;
	if (rc != SQLITE_DONE) {
		history_error(h, "Restoring bans");
		return 0;
	}
	return n == max;
}

/* ---- all bans of an id as one ticket */

/*
 * Rows come newest first: matches go to the front until there are enough,
 * other data of an older row replaces that of a newer one.
 */
static void
merge(struct ticket *sum, struct ticket *row, int maxmatches)
{
	for (size_t i = row->matches->n;
	     i-- > 0 && sum->matches->n < (size_t)maxmatches;)
		value_insert(
		    sum->matches, 0, value_copy(row->matches->items[i]));
	sum->failures =
	    ticket_bounded((long long)sum->failures + row->failures);
	for (size_t i = 0; i + 1 < row->data->n; i += 2)
		value_setn(sum->data, row->data->items[i]->text,
		    row->data->items[i]->text_n,
		    value_copy(row->data->items[i + 1]));
	ticket_free(row);
}

static struct ticket *
row_ticket(const char *data, size_t n)
{
	struct ticket *t = ticket_new("", 0, 0);

	if (data != NULL)
		ticketjson_read(t, data, n);
	return t;
}

static size_t
merge_queue(struct history *h, const char *jail, struct ticket *sum)
{
	size_t rows = 0;

	for (size_t i = h->n; i-- > 0;) {
		const struct history_op *op = h->ops[i];

		if (op->kind != HISTORY_BAN || !is_jail(jail, op->jail) ||
		    !is_id(op, sum->id, sum->id_n))
			continue;
		if (rows++ == 0)
			sum->time = op->time;
		merge(sum, row_ticket(op->data.p, op->data.n), h->maxmatches);
	}
	return rows;
}

static size_t
merge_file(struct history *h, const char *jail, struct ticket *sum)
{
	enum {
		ROWS_MAX = 1000, /* of one id; older ones add nothing */
	};
	sqlite3_stmt *st = history_sql(h, SQL_MERGED);
	size_t rows = 0;
	int rc;

	if (st == NULL)
		return 0;
	(void)sqlite3_bind_text(st, 1, sum->id, (int)sum->id_n, SQLITE_STATIC);
	if (jail != NULL)
		(void)sqlite3_bind_text(st, 2, jail, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 3, ROWS_MAX);
	for (rc = history_step(h, st); rc == SQLITE_ROW;
	     rc = sqlite3_step(st)) {
		const char *data = sqlite3_column_blob(st, 1);

		if (rows++ == 0 && sum->time == 0)
			sum->time = sqlite3_column_double(st, 0);
		merge(sum,
		    row_ticket(data, (size_t)sqlite3_column_bytes(st, 1)),
		    h->maxmatches);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		(void)read_failed(h, rc, "the search for earlier matches");
	return rows;
}

struct ticket *
history_merged(struct history *h, const char *jail, const char *id, size_t n)
{
	struct ticket *sum = ticket_new(id, n, 0);
	size_t rows;

	(void)history_flush(h);
	rows = merge_queue(h, jail, sum);
	rows += merge_file(h, jail, sum);
	if (rows > 0)
		return sum;
	ticket_free(sum);
	return NULL;
}
