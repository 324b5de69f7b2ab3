/*
 * One handle for all jails that read the same journal. A jail that comes
 * later, or stood still, makes the handle go back; the others then wait until
 * it is again where they were.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/worker_journal_impl.h"

enum {
	BETWEEN = 8, /* entries between looks at the clock */
};

/* What on_failure() needs to know. */
struct feeding {
	struct worker *w;
	struct reader_place place;
};

struct worker_journals *
worker_journals_new(struct worker *w)
{
	struct worker_journals *j;

	if (journal_available(NULL) != 0)
		return NULL;
	j = xcalloc(1, sizeof(*j));
	j->w = w;
	journal_entry_init(&j->entry);
	buf_init(&j->date);
	buf_init(&j->line);
	return j;
}

void
worker_files_release(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		(void)close(f->files[i].fd);
	free(f->files);
	memset(f, 0, sizeof(*f));
}

static void
reading_release(struct reading *r)
{
	value_free(r->matches);
	free(r->resume);
	free(r->missed);
}

void
worker_handle_free(struct handle *h)
{
	journal_close(h->j);
	worker_files_release(&h->now);
	worker_files_release(&h->next);
	for (size_t i = 0; i < h->n; i++)
		reading_release(&h->jails[i]);
	free(h->jails);
	free(h->last);
	free(h);
}

void
worker_journals_free(struct worker_journals *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n; i++)
		worker_handle_free(j->handles[i]);
	free(j->handles);
	journal_entry_release(&j->entry);
	buf_release(&j->date);
	buf_release(&j->line);
	free(j);
}

struct handle *
worker_handle(struct worker_journals *j, uint32_t id)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->handles[i]->id == id)
			return j->handles[i];
	return NULL;
}

void
worker_handle_matches(struct handle *h)
{
	const struct value **all;

	if (h->j == NULL)
		return;
	all = xcalloc(h->n + 1, sizeof(*all));
	for (size_t i = 0; i < h->n; i++)
		all[i] = h->jails[i].matches;
	journal_set_matches(h->j, all, h->n);
	free(all);
}

/* The others wait until the handle is back here. */
void
worker_handle_hold(struct handle *h, const struct reading *but)
{
	for (size_t i = 0; h->last != NULL && i < h->n; i++) {
		struct reading *r = &h->jails[i];

		if (r != but && r->begun && r->resume == NULL &&
		    r->missed == NULL)
			r->resume = xstrdup(h->last);
	}
}

static double
earliest(const struct handle *h)
{
	double since = clock_now();

	for (size_t i = 0; i < h->n; i++)
		if (h->jails[i].since < since)
			since = h->jails[i].since;
	return since;
}

/* A file that was made just now cannot be opened before it has a header. */
static struct journal *
try_open(const struct files *f)
{
	struct err err = ERR_INIT;
	int *fds = xcalloc(f->n + 1, sizeof(*fds));
	struct journal *j;

	for (size_t i = 0; i < f->n; i++)
		fds[i] = f->files[i].fd;
	j = journal_open(fds, f->n, &err);
	free(fds);
	if (j == NULL)
		log_msg(LOG_DEBUG_, "filtersystemd", "Unable to read: %s",
		    err_text(&err));
	err_release(&err);
	return j;
}

/*
 * Goes on behind the last entry that was read, or at the time that the jails
 * want. What cannot be opened yet is tried again when it changes.
 */
static void
open_next(struct handle *h)
{
	struct journal *j = h->next.n == 0 ? NULL : try_open(&h->next);

	if (h->next.n > 0 && j == NULL)
		return;
	journal_close(h->j);
	worker_files_release(&h->now);
	h->now = h->next;
	memset(&h->next, 0, sizeof(h->next));
	h->is_next = false;
	h->j = j;
	if (j == NULL)
		return;
	worker_handle_matches(h);
	h->again = h->last != NULL;
	if (h->again)
		journal_seek_cursor(h->j, h->last);
	else
		journal_seek_time(h->j, earliest(h));
	h->touched = true;
}

static void
on_failure(void *arg, const struct failure *f)
{
	struct feeding *to = arg;

	worker_failure(to->w, &to->place, f);
	to->place.index++;
}

static void
begin_operation(struct reading *r)
{
	if (r->in_operation)
		return;
	r->in_operation = true;
	r->feed->changed = true;
	log_msg(LOG_INFO_, "filtersystemd",
	    "[%s] Jail is in operation now (process new journal entries)",
	    r->feed->name);
}

static void
feed(
    struct worker_journals *j, struct handle *h, struct reading *r, double time)
{
	struct feeding to = {.w = j->w,
	    .place = {.jail = r->feed->id,
	        .log = h->id,
	        .at = (int64_t)j->entry.realtime}};
	const struct filter_line line = {.text = j->line.p,
	    .n = j->line.n,
	    .date = j->date.p,
	    .date_n = j->date.n,
	    .time = time,
	    .now = clock_now(),
	    .in_operation = r->in_operation,
	    .check_findtime = true};

	r->last = (double)j->entry.realtime / 1e6;
	r->moved = true;
	feed_line(r->feed, &line, on_failure, &to);
	if (time >= clock_now() - 1)
		begin_operation(r);
}

/* Whether the jail is to have this entry now. */
static bool
wants(struct worker_journals *j, struct handle *h, struct reading *r)
{
	double received = (double)j->entry.realtime / 1e6;

	if (r->resume != NULL) {
		if (journal_is_at(h->j, r->resume)) {
			free(r->resume);
			r->resume = NULL;
		}
		return false;
	}
	if (!r->begun && received <= r->since)
		return false;
	r->begun = true;
	if (r->missed != NULL || !journal_match(r->matches, &j->entry))
		return false;
	if (!r->feed->running)
		r->missed = journal_cursor(h->j);
	return r->feed->running;
}

static void
feed_entry(struct worker_journals *j, struct handle *h)
{
	double time = 0;
	bool is_line = false;

	journal_read(h->j, &j->entry);
	free(h->last);
	h->last = journal_cursor(h->j);
	for (size_t i = 0; i < h->n; i++) {
		struct reading *r = &h->jails[i];

		if (!wants(j, h, r))
			continue;
		if (!is_line)
			journal_line(&j->entry, &j->date, &j->line, &time);
		is_line = true;
		feed(j, h, r, time);
	}
}

static void
reach_end(struct handle *h)
{
	h->touched = false;
	for (size_t i = 0; i < h->n; i++) {
		struct reading *r = &h->jails[i];

		/* What it waited for is not there any more. */
		free(r->resume);
		r->resume = NULL;
		r->begun = true;
		if (r->missed == NULL)
			begin_operation(r);
	}
}

/* Back to what a jail missed while it stood still. */
static void
go_back(struct handle *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct reading *r = &h->jails[i];

		if (r->missed == NULL || !r->feed->running)
			continue;
		worker_handle_hold(h, r);
		journal_seek_cursor(h->j, r->missed);
		free(r->missed);
		r->missed = NULL;
		h->touched = true;
		return;
	}
}

static bool
is_missed(const struct handle *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->jails[i].missed != NULL)
			return true;
	return false;
}

/* Returns whether there is more. */
static bool
handle_turn(struct worker_journals *j, struct handle *h, int64_t deadline)
{
	bool fresh;

	if (h->n == 0)
		return false;
	if (h->j == NULL && h->is_next && h->touched) {
		h->touched = false;
		open_next(h);
	}
	if (h->j == NULL)
		return false;
	go_back(h);
	fresh = h->touched;
	for (int count = 1; h->touched; count++) {
		int rc = journal_next(h->j);
		bool known = rc > 0 && h->again && journal_is_at(h->j, h->last);

		h->again = false;
		if (rc > 0 && !known)
			feed_entry(j, h);
		if (rc <= 0)
			reach_end(h);
		if (count % BETWEEN == 0 && clock_mono_ms() >= deadline)
			break;
	}
	if (fresh && !h->touched && h->is_next && !is_missed(h))
		open_next(h);
	return h->touched;
}

bool
worker_journals_turn(struct worker_journals *j, int milliseconds)
{
	int64_t deadline = clock_mono_ms() + milliseconds;
	bool more = false;

	for (size_t i = 0; i < j->n; i++)
		more = handle_turn(j, j->handles[i], deadline) || more;
	return more;
}

static bool
is_watched(const struct files *f, int watch)
{
	for (size_t i = 0; i < f->n; i++)
		if (watch < 0 || f->files[i].watch == watch)
			return true;
	return false;
}

void
worker_journals_touched(struct worker_journals *j, int watch)
{
	for (size_t i = 0; i < j->n; i++) {
		struct handle *h = j->handles[i];

		h->touched = h->touched || is_watched(&h->now, watch) ||
		             is_watched(&h->next, watch);
	}
}

void
worker_journals_tell(struct worker_journals *j)
{
	for (size_t i = 0; i < j->n; i++)
		for (size_t k = 0; k < j->handles[i]->n; k++) {
			struct reading *r = &j->handles[i]->jails[k];
			struct buf b = BUF_INIT;

			if (!r->moved)
				continue;
			r->moved = false;
			pack_u32(&b, r->feed->id);
			pack_u32(&b, j->handles[i]->id);
			pack_double(&b, r->last);
			channel_send(
			    j->w->channel, FROM_JOURNAL_POSITION, &b, -1);
			buf_release(&b);
		}
}

bool
worker_journals_in_operation(const struct worker_journals *j, uint32_t jail)
{
	for (size_t i = 0; i < j->n; i++)
		for (size_t k = 0; k < j->handles[i]->n; k++)
			if (j->handles[i]->jails[k].feed->id == jail)
				return j->handles[i]->jails[k].in_operation;
	return true;
}

void
worker_handle_detach(struct handle *h, uint32_t jail)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->jails[i].feed->id != jail)
			continue;
		reading_release(&h->jails[i]);
		h->jails[i] = h->jails[--h->n];
		worker_handle_matches(h);
		return;
	}
}

void
worker_journals_detach(struct worker_journals *j, uint32_t jail)
{
	for (size_t i = 0; i < j->n; i++)
		worker_handle_detach(j->handles[i], jail);
}
