/*
 * libsystemd by dlopen(): linked but unused it would cost every process a
 * MiB. Its functions are declared here, so that nothing is needed to build.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/journal.h"

typedef struct sd_journal sd_journal;

static struct sd {
	void *library;
	int (*open_files_fd)(sd_journal **, int *, unsigned, int);
	void (*close)(sd_journal *);
	int (*next)(sd_journal *);
	int (*get_realtime_usec)(sd_journal *, uint64_t *);
	int (*get_monotonic_usec)(sd_journal *, uint64_t *, void *);
	int (*enumerate_data)(sd_journal *, const void **, size_t *);
	void (*restart_data)(sd_journal *);
	int (*add_match)(sd_journal *, const void *, size_t);
	int (*add_disjunction)(sd_journal *);
	void (*flush_matches)(sd_journal *);
	int (*seek_realtime_usec)(sd_journal *, uint64_t);
	int (*seek_cursor)(sd_journal *, const char *);
	int (*get_cursor)(sd_journal *, char **);
	int (*test_cursor)(sd_journal *, const char *);
} sd;

struct journal {
	sd_journal *j;
};

static const struct symbol {
	const char *name;
	size_t at; /* in struct sd */
} symbols[] = {
    {"sd_journal_open_files_fd", offsetof(struct sd, open_files_fd)},
    {"sd_journal_close", offsetof(struct sd, close)},
    {"sd_journal_next", offsetof(struct sd, next)},
    {"sd_journal_get_realtime_usec", offsetof(struct sd, get_realtime_usec)},
    {"sd_journal_get_monotonic_usec", offsetof(struct sd, get_monotonic_usec)},
    {"sd_journal_enumerate_data", offsetof(struct sd, enumerate_data)},
    {"sd_journal_restart_data", offsetof(struct sd, restart_data)},
    {"sd_journal_add_match", offsetof(struct sd, add_match)},
    {"sd_journal_add_disjunction", offsetof(struct sd, add_disjunction)},
    {"sd_journal_flush_matches", offsetof(struct sd, flush_matches)},
    {"sd_journal_seek_realtime_usec", offsetof(struct sd, seek_realtime_usec)},
    {"sd_journal_seek_cursor", offsetof(struct sd, seek_cursor)},
    {"sd_journal_get_cursor", offsetof(struct sd, get_cursor)},
    {"sd_journal_test_cursor", offsetof(struct sd, test_cursor)},
};

static int
load(struct err *err)
{
	void *library;

	if (sd.library != NULL)
		return 0;
	library = dlopen("libsystemd.so.0", RTLD_NOW);
	if (library == NULL)
		return err_set(err,
		    "backend systemd: libsystemd cannot be loaded (%s); "
		    "install it (libsystemd0) or use another backend",
		    dlerror());
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *p = dlsym(library, symbols[i].name);

		if (p == NULL) {
			(void)dlclose(library);
			return err_set(err,
			    "backend systemd: libsystemd is too old, it has "
			    "no %s",
			    symbols[i].name);
		}
		memcpy((char *)&sd + symbols[i].at, &p, sizeof(p));
	}
	sd.library = library;
	return 0;
}

int
journal_available(struct err *err)
{
	return load(err);
}

struct journal *
journal_open(const int *fds, size_t n, struct err *err)
{
	struct journal *j;
	sd_journal *handle = NULL;
	int *copy;
	int rc;

	if (load(err) != 0)
		return NULL;
	copy = xcalloc(n + 1, sizeof(*copy));
	memcpy(copy, fds, n * sizeof(*copy));
	rc = sd.open_files_fd(&handle, copy, (unsigned)n, 0);
	free(copy);
	if (rc < 0) {
		(void)err_set(
		    err, "the journal cannot be opened: %s", strerror(-rc));
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	j->j = handle;
	return j;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	sd.close(j->j);
	free(j);
}

static void
add_words(struct journal *j, const struct value *words)
{
	for (size_t i = 0; i < words->n; i++) {
		const struct value *word = words->items[i];

		if (strcmp(value_str(word), "+") == 0)
			(void)sd.add_disjunction(j->j);
		else
			(void)sd.add_match(j->j, word->text, word->text_n);
	}
	(void)sd.add_disjunction(j->j);
}

void
journal_set_matches(
    struct journal *j, const struct value *const *matches, size_t n)
{
	sd.flush_matches(j->j);
	for (size_t i = 0; i < n; i++)
		if (matches[i] == NULL || matches[i]->n == 0)
			return; /* somebody wants all */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < matches[i]->n; k++)
			add_words(j, matches[i]->items[k]);
}

int
journal_next(struct journal *j)
{
	int rc = sd.next(j->j);

	return rc < 0 ? -1 : rc > 0;
}

void
journal_read(struct journal *j, struct journal_entry *e)
{
	const void *data;
	char boot[16];
	size_t n;

	journal_entry_reset(e);
	(void)sd.get_realtime_usec(j->j, &e->realtime);
	(void)sd.get_monotonic_usec(j->j, &e->monotonic, boot);
	sd.restart_data(j->j);
	while (sd.enumerate_data(j->j, &data, &n) > 0)
		journal_entry_add(e, data, n);
}

void
journal_seek_time(struct journal *j, double time)
{
	(void)sd.seek_realtime_usec(
	    j->j, time <= 0 ? 0 : (uint64_t)(time * 1e6));
}

void
journal_seek_cursor(struct journal *j, const char *cursor)
{
	(void)sd.seek_cursor(j->j, cursor);
}

char *
journal_cursor(struct journal *j)
{
	char *cursor = NULL;

	return sd.get_cursor(j->j, &cursor) < 0 ? NULL : cursor;
}

bool
journal_is_at(struct journal *j, const char *cursor)
{
	return sd.test_cursor(j->j, cursor) > 0;
}
