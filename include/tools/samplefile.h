/*
 * samplefile - fail2ban's annotated samples, read (part of regextest)
 *
 * Log files in which comment lines say what the filter is to find:
 *
 *	# failJSON: {"match": true, "host": ..., "time": ...}  the next line
 *	# filterOptions: {...} or [{...}, ...]  options from here on
 *	# fileOptions: {...}                    added to all of them
 *	# addFILE: "name"                       to be read afterwards
 *
 * Lines without failJSON must not match. Every set of options is a run of
 * its own. The annotated times are those of a clock in Zurich that stands at
 * noon of August 14th, 2005.
 */
#ifndef TOOLS_SAMPLEFILE_H
#define TOOLS_SAMPLEFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"
#include "tools/regextest.h"

#define SAMPLEFILE_MAX 50 /* files that may be added */

struct sample {
	const char *file; /* borrowed from the reader */
	int line;
	char *text;
	json_t *want; /* NULL: must not match */
};

struct group {
	char *key;             /* options as text */
	struct value *options; /* dict */
	struct sample *samples;
	size_t n;
	size_t cap;
};

/* Options in force: a group, and the conditions that refer to them. */
struct active {
	size_t group;
	json_t *opts;
};

struct samples {
	const struct regextest_opts *o;
	char *name; /* of the filter, for conditions */
	struct group *groups;
	size_t n;
	size_t cap;
	struct active *active;
	size_t nactive;
	size_t cap_active;
	bool skipping;
	json_t *common; /* fileOptions */
	char *files[SAMPLEFILE_MAX];
	size_t nfiles;
	unsigned long checked;
	unsigned long wrong;
};

/* Reads one of s->files; it may add more. -1: reason in err. */
int samplefile_read(struct samples *s, const char *file, struct err *err);
void samplefile_release(struct samples *s);

#endif
