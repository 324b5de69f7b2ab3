/*
 * worker_journal_impl - what the two files about journals share
 */
#ifndef SERVER_WORKER_JOURNAL_IMPL_H
#define SERVER_WORKER_JOURNAL_IMPL_H

#include "sensor/journal.h"
#include "server/worker_impl.h"

struct reading {
	struct feed *feed;     /* borrowed */
	struct value *matches; /* owned */
	double since;          /* seconds: only later entries */
	bool begun;            /* one was later */
	bool in_operation;
	char *resume; /* cursor: nothing up to and with this entry */
	char *missed; /* cursor: the first entry it was too idle for */
	double last;  /* when the last entry it had was received */
	bool moved;
};

struct file {
	int fd; /* owned */
	int watch;
};

struct files {
	struct file *files;
	size_t n;
	size_t cap;
};

struct handle {
	uint32_t id;
	struct journal *j; /* NULL: no file yet */
	struct files now;
	struct files next; /* replaces now when that is read to its end */
	bool is_next;      /* next is complete */
	bool touched;      /* there may be more to read */
	char *last;        /* cursor of the last entry */
	bool again;        /* which may be given once more */
	struct reading *jails;
	size_t n;
	size_t cap;
};

struct worker_journals {
	struct worker *w;
	struct handle **handles; /* owned */
	size_t n;
	size_t cap;
	struct journal_entry entry;
	struct buf date;
	struct buf line;
};

void worker_files_release(struct files *f);
/* NULL: unknown. */
struct handle *worker_handle(struct worker_journals *j, uint32_t id);
void worker_handle_free(struct handle *h);
/* Tells libsystemd what the jails want to see. */
void worker_handle_matches(struct handle *h);
/* All but one wait until the handle is back where it is now. */
void worker_handle_hold(struct handle *h, const struct reading *but);
void worker_handle_detach(struct handle *h, uint32_t jail);

#endif
