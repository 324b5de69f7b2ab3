/*
 * dialect - Python's pattern language as a tree (spec 05)
 *
 * dialect_parse() accepts what Python's re accepts and rejects the rest with
 * its wording; the tree is written out for PCRE2 or searched for literals.
 */
#ifndef SENSOR_DIALECT_H
#define SENSOR_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

#include "base/buf.h"
#include "base/err.h"

enum node_type {
	NODE_CHAR,     /* c */
	NODE_ANY,      /* . */
	NODE_CATEGORY, /* c: one of d D s S w W */
	NODE_RANGE,    /* c ... hi, only in a class */
	NODE_CLASS,    /* kids: CHAR, RANGE, CATEGORY; negated */
	NODE_AT,       /* c: one of ^ $ A Z b B */
	NODE_REF,      /* group */
	NODE_SEQ,      /* kids one after the other */
	NODE_ALT,      /* kids: SEQ, one of them */
	NODE_GROUP,    /* kids: one ALT; group 0: not capturing */
	NODE_ATOMIC,   /* kids: one ALT */
	NODE_LOOK,     /* kids: one ALT; negated, behind */
	NODE_COND,     /* kids: one or two SEQ; group */
	NODE_REPEAT,   /* kids: the repeated one; min, max, mode */
};

enum node_flag {
	NODE_I = 1, /* ignore case */
	NODE_M = 2, /* ^ and $ at every line */
	NODE_S = 4, /* . matches \n too */
	NODE_X = 8, /* blanks and comments in the pattern */
	NODE_A = 16 /* \w \d \s \b know ASCII only */
};

enum repeat_mode {
	REPEAT_GREEDY,
	REPEAT_LAZY,
	REPEAT_POSSESSIVE,
};

#define REPEAT_FOREVER 4294967295u

struct node {
	enum node_type type;
	struct node *kids; /* first child */
	struct node *next; /* next sibling */
	char32_t c;
	char32_t hi;
	int group;
	bool negated;
	bool behind;
	unsigned flags; /* in force here: enum node_flag */
	unsigned on;    /* GROUP: turned on, as (?i:...) */
	unsigned off;   /* GROUP: turned off */
	unsigned min;
	unsigned max; /* REPEAT_FOREVER: no end */
	enum repeat_mode mode;
};

struct dialect_name {
	char *name; /* owned */
	int group;
};

struct dialect {
	struct node *root;   /* ALT */
	struct node **nodes; /* all of the tree, owned */
	size_t nnodes;
	size_t cap;
	struct dialect_name *names; /* in order of their groups */
	size_t nnames;
	size_t cap_names;
	int groups;     /* capturing groups, without group 0 */
	unsigned flags; /* of the whole pattern */
	bool non_ascii; /* mentions a character above 0x7f */
	bool caseless;  /* some of it ignores case */
};

/*
 * Parses; flags: NODE_I, NODE_M from outside. -1 with Python's message and
 * " at position N" in err; d is initialised only on success.
 */
int dialect_parse(struct dialect *d, const char *pattern, size_t n,
    unsigned flags, struct err *err);
void dialect_release(struct dialect *d);

/*
 * Appends the pattern for PCRE2. Groups become numbered. for_ascii: to be
 * compiled without UTF, for subjects that are pure ASCII.
 */
void dialect_write(const struct dialect *d, bool for_ascii, struct buf *out);
/* Whether such a code finds the same on ASCII subjects. */
bool dialect_has_ascii_form(const struct dialect *d);

#endif
