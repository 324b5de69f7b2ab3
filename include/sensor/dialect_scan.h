/*
 * dialect_scan - what the parts of the dialect parser share (private to it)
 */
#ifndef SENSOR_DIALECT_SCAN_H
#define SENSOR_DIALECT_SCAN_H

#include "sensor/dialect.h"

struct scan {
	struct dialect *d;
	const char *p; /* pattern, valid UTF-8, borrowed */
	size_t n;
	size_t at;      /* next unread byte */
	unsigned flags; /* in force: enum node_flag */
	int depth;      /* nested parentheses */
	int behind;     /* groups defined before the look-behind, -1: none */
	bool *open;     /* by group number: being defined, owned */
	size_t cap_open;
	int *cond; /* groups that conditions name by number, owned */
	size_t *cond_at;
	size_t ncond;
	size_t cap_cond;
	size_t cap_cond_at;
	struct err *err;
};

#define SCAN_END ((char32_t)-1)

/* Next character without and with going on; SCAN_END at the end. */
char32_t scan_peek(const struct scan *s);
char32_t scan_get(struct scan *s);
/* Goes over c when it is next. */
bool scan_skip(struct scan *s, char32_t c);
/* Error at this byte of the pattern. Returns -1. */
int scan_error(struct scan *s, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, returns NULL. */
struct node *scan_fail(struct scan *s, size_t at, const char *what);
struct node *scan_node(struct scan *s, enum node_type type);

/* Bytes of the character or escape at this place, as messages show it. */
int scan_token(const struct scan *s, size_t at);
/* Whether a look-behind around allows this reference; else error told. */
bool scan_may_refer(struct scan *s, int group);

/* The printable ASCII character of this Unicode name, 0: there is none. */
char32_t dialect_named(const char *name, size_t n);

/* What follows a backslash at start; NULL: error told. */
struct node *scan_escape(struct scan *s, size_t start, bool in_class);
/* What follows "[" at start; NULL: error told. */
struct node *scan_class(struct scan *s, size_t start);
/* Everything up to a closing parenthesis or the end; NULL: error told. */
struct node *scan_alternatives(struct scan *s);
/* The same up to "|". first: nothing stands before it in the pattern. */
struct node *scan_branch(struct scan *s, bool first);
/*
 * What follows "(". NULL with *nothing set for what leaves no node, without
 * for an error.
 */
struct node *scan_group(struct scan *s, bool first, bool *nothing);

#endif
