/*
 * mail - a plain text mail (RFC 5322, MIME)
 */
#ifndef ENGINE_MAIL_H
#define ENGINE_MAIL_H

#include "base/buf.h"

struct mail {
	struct buf subject;    /* any bytes; becomes one line */
	struct buf body;       /* any bytes, lines end in "\n" */
	const char *from_name; /* borrowed */
	const char *from;
	const char *to; /* list as it is shown */
};

/* Appends headers and body, lines ending in "\n". */
void mail_print(struct buf *out, const struct mail *m);
/* Appends p in base 64, line_max characters a line (0: one line). */
void mail_base64(struct buf *out, const char *p, size_t n, size_t line_max);

#endif
