/*
 * mlf - what the lines of one connection tell together (spec 04 section 4)
 *
 * A bounded table from connection id (F-MLFID) to what is known of it. When
 * it is full the id that was used least recently goes.
 */
#ifndef SENSOR_MLF_H
#define SENSOR_MLF_H

#include <stdbool.h>
#include <stddef.h>

#include "sensor/captures.h"
#include "sensor/linelist.h"

/* Ids a jail remembers. */
#define MLF_MAX 10000
/* Seconds from its first line, by log time and by the clock. */
#define MLF_AGE 300.0

struct mlf;

struct mlf *mlf_new(size_t max);
void mlf_free(struct mlf *m);

enum mlf_result {
	MLF_NOFAIL,  /* tells about the connection only */
	MLF_PENDING, /* a failure that waits for its address */
	MLF_FAILURE,
};

struct mlf_line {
	struct captures *data;      /* has mlfid; is changed */
	const struct triple *lines; /* n of them; 0: nobody wants them */
	size_t n;
	double time; /* of the log */
	double now;
};

/* Borrowed until the next line. */
struct mlf_found {
	const struct captures *data; /* all that is known of the connection */
	const struct buf *users;     /* packed, one behind the other; data has
	                                their place */
	size_t nusers;
	const struct linelist *lines; /* the matches of a failure */
};

enum mlf_result mlf_line(
    struct mlf *m, const struct mlf_line *line, struct mlf_found *found);
/* Whether the address of this id is known. */
bool mlf_knows(const struct mlf *m, const char *id, size_t n);

size_t mlf_count(const struct mlf *m);
/* Ids that went because the table was full. */
unsigned long mlf_evicted(const struct mlf *m);

#endif
