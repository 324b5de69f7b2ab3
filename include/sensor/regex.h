/*
 * regex - Python's regular expressions on PCRE2 (spec 05)
 *
 * Patterns are written in Python's dialect; what PCRE2 means otherwise is
 * translated, what Python rejects is rejected. Every match has limits. Not
 * thread safe: all patterns share the memory that a match needs.
 */
#ifndef SENSOR_REGEX_H
#define SENSOR_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct regex;

enum regex_flag {
	REGEX_MULTILINE = 1, /* ^ and $ at every line */
	REGEX_IGNORECASE = 2,
};

/*
 * NULL with the engine's message in err (Python's wording and " at position
 * N", without "Unable to compile ..."). flags: enum regex_flag, or 0.
 */
struct regex *regex_new(
    const char *pattern, size_t n, unsigned flags, struct err *err);
void regex_free(struct regex *re);

/* Number of named groups, and their names in order of their numbers. */
size_t regex_names(const struct regex *re);
const char *regex_name(const struct regex *re, size_t i);
/* Group number of the i-th named group. */
int regex_name_group(const struct regex *re, size_t i);
/* Groups in the pattern, named or not, without group 0. */
int regex_groups(const struct regex *re);

struct literals;
/*
 * Strings of which a subject needs one, and begins with one, to match
 * (sensor/literals.h); borrowed.
 */
const struct literals *regex_literals(const struct regex *re);
const struct literals *regex_prefix(const struct regex *re);

struct regex_span {
	size_t start; /* byte offsets into the subject */
	size_t end;
	bool set; /* false: the group took no part */
};

enum regex_result {
	REGEX_NONE, /* no match */
	REGEX_MATCH,
	REGEX_LIMIT, /* a limit was hit: cannot say */
};

struct regex_subject {
	const char *text; /* valid UTF-8, borrowed for the call */
	size_t n;         /* bytes */
	size_t start;     /* search from here; earlier text is still seen */
	bool is_ascii;    /* lets the faster 8-bit code run */
	bool is_ours;     /* the pattern is known to be fast: not counted */
};

/*
 * What all searches of one line may cost together, in steps: an item of a
 * pattern that is tried, or sixteen characters that are passed.
 */
struct regex_budget {
	unsigned long steps; /* left for regex_search */
	unsigned long again; /* left for regex_search_again */
};

/* For a line of n bytes. */
struct regex_budget regex_budget(size_t n);

/*
 * The process will search many lines: each regex gets its fast code at its
 * first use. Once, at the start.
 */
void regex_expect_many(void);

/*
 * The leftmost match at or after s->start. After REGEX_MATCH
 * regex_group(re, g) tells the spans, until the next search with re. When
 * the budget is used up a search still gets a few steps a byte, so that no
 * pattern takes the line away from the others.
 */
enum regex_result regex_search(struct regex *re, const struct regex_subject *s,
    struct regex_budget *budget);
/* A second search, with more steps, after one that hit a limit. */
enum regex_result regex_search_again(struct regex *re,
    const struct regex_subject *s, struct regex_budget *budget);
struct regex_span regex_group(const struct regex *re, int group);
/* All of them by group number; the same memory for every search. */
const struct regex_span *regex_spans(const struct regex *re);

#endif
