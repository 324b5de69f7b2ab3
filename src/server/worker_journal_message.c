/*
 * Which journal files there are and which jails read them, as the parent
 * tells it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/worker_journal_impl.h"

static void
on_begin(struct worker_journals *j, struct unpack *u, int fd)
{
	uint32_t id = unpack_u32(u);
	struct handle *h = worker_handle(j, id);

	(void)fd;
	if (h == NULL) {
		h = xcalloc(1, sizeof(*h));
		h->id = id;
		GROW(j->handles, j->n, j->cap);
		j->handles[j->n++] = h;
	}
	worker_files_release(&h->next);
	h->is_next = false;
}

static void
on_file(struct worker_journals *j, struct unpack *u, int fd)
{
	struct handle *h = worker_handle(j, unpack_u32(u));
	struct file *f;

	(void)unpack_str(u, 4096);
	if (h == NULL) {
		(void)unpack_u32(u);
		(void)close(fd);
		return;
	}
	GROW(h->next.files, h->next.n, h->next.cap);
	f = &h->next.files[h->next.n++];
	f->fd = fd;
	f->watch = (int)unpack_u32(u);
}

static void
on_open(struct worker_journals *j, struct unpack *u, int fd)
{
	struct handle *h = worker_handle(j, unpack_u32(u));

	(void)fd;
	if (h != NULL)
		h->is_next = h->touched = true;
}

static void
on_del(struct worker_journals *j, struct unpack *u, int fd)
{
	uint32_t id = unpack_u32(u);

	(void)fd;
	for (size_t i = 0; i < j->n; i++)
		if (j->handles[i]->id == id) {
			worker_handle_free(j->handles[i]);
			j->handles[i] = j->handles[--j->n];
			return;
		}
}

static struct reading *
find_reading(struct handle *h, const struct feed *f)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->jails[i].feed == f)
			return &h->jails[i];
	return NULL;
}

static struct reading *
add_reading(struct handle *h, struct feed *f, double since)
{
	struct reading *r;

	GROW(h->jails, h->n, h->cap);
	r = &h->jails[h->n++];
	memset(r, 0, sizeof(*r));
	r->feed = f;
	r->since = since;
	f->changed = true;
	if (h->j == NULL)
		return r;
	worker_handle_hold(h, r);
	free(h->last);
	h->last = NULL;
	h->again = false;
	journal_seek_time(h->j, since);
	h->touched = true;
	return r;
}

static void
on_attach(struct worker_journals *j, struct unpack *u, int fd)
{
	struct feed *f = worker_feed(j->w, unpack_u32(u));
	struct handle *h = worker_handle(j, unpack_u32(u));
	struct value *matches = unpack_value(u);
	double since = unpack_double(u);
	struct reading *r;

	(void)fd;
	if (u->bad || f == NULL || h == NULL ||
	    journal_match_check(matches, NULL) != 0) {
		value_free(matches);
		return;
	}
	r = find_reading(h, f);
	if (r == NULL)
		r = add_reading(h, f, since);
	value_free(r->matches);
	r->matches = matches;
	worker_handle_matches(h);
}

static void
on_detach(struct worker_journals *j, struct unpack *u, int fd)
{
	uint32_t jail = unpack_u32(u);
	struct handle *h = worker_handle(j, unpack_u32(u));

	(void)fd;
	if (h != NULL)
		worker_handle_detach(h, jail);
}

typedef void (*message_fn)(struct worker_journals *j, struct unpack *u, int fd);

static const message_fn handlers[TO_KINDS] = {
    [TO_JOURNAL] = on_begin,
    [TO_JOURNAL_FILE] = on_file,
    [TO_JOURNAL_OPEN] = on_open,
    [TO_JOURNAL_DEL] = on_del,
    [TO_JOURNAL_ATTACH] = on_attach,
    [TO_JOURNAL_DETACH] = on_detach,
};

void
worker_journals_message(
    struct worker_journals *j, unsigned type, struct unpack *u, int fd)
{
	handlers[type](j, u, fd);
}
