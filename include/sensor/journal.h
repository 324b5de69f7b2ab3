/*
 * journal - entries of the systemd journal as lines (spec 07 section 5)
 *
 * Matches and lines are plain functions; reading goes through libsystemd,
 * which is loaded when the first journal is wanted.
 */
#ifndef SENSOR_JOURNAL_H
#define SENSOR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/value.h"

/* One entry: its fields in one buffer. */
struct journal_field {
	size_t name; /* offsets into text; NUL after each name and value */
	size_t value;
	size_t n; /* bytes of the value */
};

struct journal_entry {
	struct buf text;
	struct journal_field *fields;
	size_t n;
	size_t cap;
	uint64_t realtime;  /* usec, when it was received */
	uint64_t monotonic; /* usec */
};

void journal_entry_init(struct journal_entry *e);
void journal_entry_release(struct journal_entry *e);
void journal_entry_reset(struct journal_entry *e);
/* data is "NAME=value"; anything else is left out. */
void journal_entry_add(struct journal_entry *e, const char *data, size_t n);

/*
 * date: "2025-06-15T14:00:00.123456+02:00 ", line: valid UTF-8 without line
 * end, time: seconds. Both buffers are emptied first.
 */
void journal_line(const struct journal_entry *e, struct buf *date,
    struct buf *line, double *time);
/* Seconds as the date above, without the blank. */
void journal_iso(struct buf *out, double time);

/*
 * journalmatch, a list of lists of words: FIELD=value and "+"; NULL or empty:
 * everything matches. -1: "Error adding journal match for: '<words>'".
 */
int journal_match_check(const struct value *matches, struct err *err);
bool journal_match(const struct value *matches, const struct journal_entry *e);

/* Whether libsystemd can be loaded; -1 with the reason in err. */
int journal_available(struct err *err);

struct journal;

/* Files (kept open by the caller until journal_close). NULL: err tells. */
struct journal *journal_open(const int *fds, size_t n, struct err *err);
void journal_close(struct journal *j);
/* Only entries that match one of these lists of lists; all without any. */
void journal_set_matches(
    struct journal *j, const struct value *const *matches, size_t n);
/* The next entry; 0: none yet, 1: there, -1: the journal is damaged. */
int journal_next(struct journal *j);
void journal_read(struct journal *j, struct journal_entry *e);
/* journal_next() then gives the first entry at or after it. */
void journal_seek_time(struct journal *j, double time);
void journal_seek_cursor(struct journal *j, const char *cursor);
/* Of the entry that journal_next() gave; allocated, NULL: none. */
char *journal_cursor(struct journal *j);
bool journal_is_at(struct journal *j, const char *cursor);

#endif
