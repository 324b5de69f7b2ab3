/*
 * value - what commands, answers and captures are made of
 *
 * The data types of fail2ban's control protocol (spec 14). A value owns its
 * children. Text is bytes, normally valid UTF-8; whoever prints it escapes.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum value_type {
	VALUE_NONE,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_TUPLE,
	VALUE_DICT,  /* items: key, value, key, value ...; keys any value */
	VALUE_OBJECT /* an exception: text is "module.Class", items its args */
};

struct value {
	enum value_type type;
	union {
		bool b;
		int64_t i;
		double f;
	};
	char *text;           /* TEXT, OBJECT: owned, NUL after the end */
	size_t text_n;        /* bytes of text */
	struct value **items; /* LIST, TUPLE, DICT, OBJECT: owned */
	size_t n;             /* number of items */
	size_t cap;
};

struct value *value_none(void);
struct value *value_bool(bool b);
struct value *value_int(int64_t i);
struct value *value_float(double f);
struct value *value_text(const char *s);
struct value *value_textn(const char *p, size_t n);
struct value *value_textf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
struct value *value_list(void);
struct value *value_tuple(void);
struct value *value_dict(void);
/* cls such as "builtins.ValueError"; args are appended with value_add(). */
struct value *value_object(const char *cls);
/* Tuple of two, takes both over. */
struct value *value_pair(struct value *a, struct value *b);
void value_free(struct value *v);
struct value *value_copy(const struct value *v);
/* Memory that it takes, roughly; 0: NULL. */
size_t value_bytes(const struct value *v);
/* Another text for a TEXT: the buf's, which is empty then. */
void value_take(struct value *v, struct buf *text);

/* Appends to a LIST, TUPLE or OBJECT; takes item over. Returns item. */
struct value *value_add(struct value *v, struct value *item);
/* value_add(v, value_text(s)), as often as the lines of a stream need it. */
void value_adds(struct value *v, const char *s);
/* Puts item at index at (0 ... v->n) of a LIST; takes it over. */
void value_insert(struct value *v, size_t at, struct value *item);
/* Removes and frees the item at this index of a LIST. */
void value_remove(struct value *v, size_t at);

/* DICT with text keys: sets (replaces keep their place), takes v over. */
void value_set(struct value *dict, const char *key, struct value *v);
void value_setn(struct value *dict, const char *key, size_t n, struct value *v);
/* NULL when absent or dict is no DICT. Borrowed. */
struct value *value_get(const struct value *dict, const char *key);
/* Removes the key; no-op when absent. */
void value_del(struct value *dict, const char *key);

/* Item of a LIST or TUPLE, NULL beyond the end. Borrowed. */
struct value *value_at(const struct value *v, size_t i);
/* The C string of a TEXT; NULL for other types and NULL itself. */
const char *value_str(const struct value *v);
bool value_is(const struct value *v, enum value_type type);
bool value_eq(const struct value *a, const struct value *b);
/* Python's truth of a value. */
bool value_truth(const struct value *v);

/*
 * Python's repr() (spec 03 section 3): what -d, log lines and rows print.
 * value_print() is str(): a text as it is, else the same as repr.
 */
void value_repr(struct buf *out, const struct value *v);
void value_print(struct buf *out, const struct value *v);
/* repr() of a text. */
void value_repr_text(struct buf *out, const char *p, size_t n);
/* repr() of a float: 1.0, 1e+16, 0.1, inf, nan. */
void value_repr_float(struct buf *out, double f);

#endif
