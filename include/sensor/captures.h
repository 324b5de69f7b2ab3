/*
 * captures - what regexes captured of a line, without an allocation each
 *
 * A list of (name, text) in the order of first use; texts are borrowed from
 * the line or kept in one buffer.
 * Names are numbers of a table that all captures of a jail share.
 */
#ifndef SENSOR_CAPTURES_H
#define SENSOR_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pack.h"
#include "base/value.h"

/* Numbers of the names that the program itself asks for. */
enum name {
	NAME_FID,
	NAME_IP4,
	NAME_IP6,
	NAME_DNS,
	NAME_CIDR,
	NAME_IP,
	NAME_USER,
	NAME_USERS,
	NAME_MLFID,
	NAME_NOFAIL,
	NAME_MLFFORGET,
	NAME_MLFONCE,
	NAME_MLFGAINED,
	NAME_CONTENT,
	NAME_KNOWN, /* how many these are */
};

struct names;
struct names *names_new(void);
void names_free(struct names *t);
/* The number of a name, a new one when it is not known yet. */
int names_id(struct names *t, const char *name);
/* Borrowed as long as t lives. */
const char *names_text(const struct names *t, int id);

struct capture {
	const char *p;       /* not NULL when set */
	struct value *tuple; /* instead of text, owned; else NULL */
	uint32_t n;          /* bytes of p */
	int name;
	bool set;   /* false: None */
	bool owned; /* p is in the text of the captures */
};

struct captures {
	struct capture *items; /* owned */
	size_t n;
	size_t cap;
	unsigned has; /* bits of enum name: set and not empty */
	unsigned short at[NAME_KNOWN]; /* place + 1 of these, 0: not there */
	struct buf text;               /* of those that are owned */
};

#define CAPTURES_INIT                                                          \
	{                                                                      \
		.text = BUF_INIT                                               \
	}

void captures_release(struct captures *c);
/* Empties for reuse, keeps the memory. */
void captures_reset(struct captures *c);

/* NULL when there is no such name; valid until the next change. */
const struct capture *captures_get(const struct captures *c, int name);
/* Whether it is there, set and not empty. */
bool captures_has(const struct captures *c, int name);

/*
 * Adds a name that is not there yet. The text is not copied: it must live as
 * long as c is looked at. p NULL: None.
 */
void captures_enlarge(struct captures *c); /* for captures_add() only */

static inline void
captures_add(struct captures *c, int name, const char *p, size_t n)
{
	struct capture *i;

	if (c->n == c->cap)
		captures_enlarge(c);
	i = &c->items[c->n++];
	*i = (struct capture){.name = name,
	    .set = p != NULL,
	    .p = p,
	    .n = p == NULL ? 0 : (uint32_t)n};
	if (name >= NAME_KNOWN)
		return;
	c->at[name] = (unsigned short)c->n;
	if (i->n > 0)
		c->has |= 1u << name;
}

/* Copies the text; p must not be in c; NULL: None. */
void captures_set(struct captures *c, int name, const char *p, size_t n);
/* The same text as that of the capture from, which must be there. */
void captures_alias(struct captures *c, int name, int from);
/* Takes tuple over. */
void captures_set_tuple(struct captures *c, int name, struct value *tuple);
void captures_remove(struct captures *c, int name);
/*
 * Lays over on c: what is None does not replace what is there. Texts are
 * copied, or only borrowed as captures_add() does; only_set: what is None is
 * left out.
 */
void captures_overlay(struct captures *c, const struct captures *over);
/* The same, and what is None is left out altogether. */
void captures_merge(struct captures *c, const struct captures *over);
void captures_overlay_borrowed(
    struct captures *c, const struct captures *over, bool only_set);

/* Text, None or tuple of one, owned by the caller; or packed. */
struct value *capture_value(const struct capture *i);
void capture_pack(struct buf *b, const struct capture *i);
/* All of them as a dict, owned by the caller. */
struct value *captures_value(const struct captures *c, const struct names *t);

#endif
