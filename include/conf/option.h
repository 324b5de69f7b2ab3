/*
 * option - every option that means something, one row each
 *
 * A row says how the option is fetched, what it is when absent, how a wrong
 * value is recognised, which command of the stream it becomes, and what it
 * is for.
 */
#ifndef CONF_OPTION_H
#define CONF_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/value.h"

enum option_type {
	OPTION_TEXT,
	OPTION_BOOL,
	OPTION_INT,
};

/* Which command the option becomes. */
enum option_stream {
	STREAM_NONE,     /* none, or one that its module makes */
	STREAM_SET,      /* ['set', JAIL, NAME, VALUE] */
	STREAM_FIRST,    /* the same, in front of everything */
	STREAM_EARLY,    /* the same, behind the early ones so far */
	STREAM_REGEX,    /* add..., a multi-set for several lines */
	STREAM_MATCH,    /* addjournalmatch with its words */
	STREAM_IGNOREIP, /* addignoreip with its entries */
	STREAM_LOGPATH,  /* addlogpath for each file found */
};

/*
 * What lint says of a value (not empty, expanded): 0, or -1 with what is
 * wrong in err, such as "is no number".
 */
typedef int (*option_check_fn)(const char *value, struct err *err);

struct option {
	const char *name;
	enum option_type type;
	enum option_stream stream;
	const char *preset;    /* value when absent, NULL: none */
	option_check_fn check; /* NULL: anything goes */
	const char *help;      /* one line */
};

struct option_table {
	const struct option *rows;
	size_t n;
};

extern const struct option_table option_jail_first; /* read of every jail */
extern const struct option_table option_jail;
extern const struct option_table option_filter;
extern const struct option_table option_action;
extern const struct option_table option_server; /* in the stream */
extern const struct option_table option_early;  /* before it */
extern const struct option_table option_client; /* never in it */
extern const struct option_table option_thread;

/* NULL: unknown. */
const struct option *option_find(
    const struct option_table *t, const char *name);
/*
 * Of the entries of dict from *i on the next that has a row and a value; *i is
 * behind it then. NULL: none. *v is borrowed from dict.
 */
const struct option *option_next(const struct option_table *t,
    const struct value *dict, size_t *i, const struct value **v);
/* The value of that type; NULL: the text is no such value. Owned. */
struct value *option_convert(enum option_type type, const char *text);
/* The value when absent; NULL: there is none. Owned. */
struct value *option_preset(const struct option *o);

#endif
