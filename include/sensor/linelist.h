/*
 * linelist - log lines kept as (before, date, after) in one buffer
 */
#ifndef SENSOR_LINELIST_H
#define SENSOR_LINELIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pack.h"

/* A line cut at its date; borrowed bytes. */
struct triple {
	const char *before;
	size_t before_n;
	const char *date;
	size_t date_n;
	const char *after;
	size_t after_n;
};

struct linelist_item {
	uint32_t at; /* in text */
	uint32_t before_n;
	uint32_t date_n;
	uint32_t after_n;
};

struct linelist {
	struct linelist_item *items; /* owned */
	size_t n;
	size_t cap;
	struct buf text;
};

#define LINELIST_INIT                                                          \
	{                                                                      \
		.text = BUF_INIT                                               \
	}

/* More lines than these make the oldest go. */
#define LINELIST_MAX 512

void linelist_release(struct linelist *l);
/* Empties for reuse, keeps the memory. */
void linelist_reset(struct linelist *l);
/* Copies the line in; its bytes must not be in l. */
void linelist_add(struct linelist *l, const struct triple *t);
/* The i-th line; borrowed until the next change. */
struct triple linelist_at(const struct linelist *l, size_t i);
/* One line as a packed list of three texts. */
void triple_pack(struct buf *b, const struct triple *t);
/* Copies all lines of from; not l itself. */
void linelist_append(struct linelist *l, const struct linelist *from);

#endif
