/*
 * dump - what fail2ban-client does with a configuration without a server:
 * -d, --dp, -t, --str2sec (spec 03 section 3, spec 16)
 *
 * Each prints to standard output as the reference does, and returns the exit
 * status of the program: 0 or 255. Messages of the configuration go to
 * log_msg(), whose level the caller has set from -v and -q before; it has
 * also called config_server_load(), which says what fail2ban.conf lacks.
 */
#ifndef TOOLS_DUMP_H
#define TOOLS_DUMP_H

#include <stdbool.h>

#include "base/value.h"
#include "conf/config.h"

enum dump_form {
	DUMP_LINES,  /* -d: a Python list a line */
	DUMP_PRETTY, /* --dp */
	DUMP_JSON,   /* one line, an array of all commands */
};

/* o->dump need not be set. */
int dump_stream(const struct config_opts *o, enum dump_form form);

/*
 * -t: "OK: configuration test is successful". Warnings of conf/lint, a line
 * each with file:line, go to standard error; strict makes them a failure.
 * Prints nothing for success when a command follows (quiet).
 */
struct dump_test {
	bool strict; /* --strict */
	bool quiet;  /* a command will be run after it */
	bool json;   /* an object, warnings included */
};
int dump_test(const struct config_opts *o, const struct dump_test *how);

/* --str2sec TEXT; the caller says that the command line failed. */
int dump_str2sec(const char *text);

/*
 * One value as Python's pretty printer lays it out (width 1000, indent 2);
 * no line end behind it.
 */
void dump_pretty(struct buf *out, const struct value *v);

#endif
