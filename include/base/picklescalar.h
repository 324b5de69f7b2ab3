/*
 * picklescalar - arguments, texts and numbers of a pickle (part of base/pickle)
 */
#ifndef BASE_PICKLESCALAR_H
#define BASE_PICKLESCALAR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/value.h"

/* What follows an opcode, by its kind. */
struct pickle_arg {
	const char *p; /* counted bytes, or a line without its end */
	size_t n;
	uint64_t u; /* number of fixed size, as unsigned */
	int param;  /* of the opcode's row */
};

enum pickle_arg_kind {
	PICKLE_NOTHING = 0,
	PICKLE_LINE,
	PICKLE_LINES2, /* two lines, the newline between them included */
	PICKLE_FIXED1 = 1 << 4, /* little endian number of so many bytes */
	PICKLE_FIXED2 = 2 << 4,
	PICKLE_FIXED4 = 4 << 4,
	PICKLE_FIXED8 = 8 << 4,
	PICKLE_COUNTED1 =
	    PICKLE_FIXED1 | 2, /* such a number, then as many bytes */
	PICKLE_COUNTED4 = PICKLE_FIXED4 | 2,
	PICKLE_COUNTED8 = PICKLE_FIXED8 | 2,
};

/*
 * Reads the argument of an opcode at p of n bytes. Returns bytes used; -1
 * when they are not all there, -2 when there can never be so many.
 */
ssize_t pickle_read_arg(
    struct pickle_arg *a, int kind, const char *p, size_t n);

/* The value of one opcode; NULL with the reason in err. */
struct value *pickle_uint(const struct pickle_arg *a, struct err *err);
struct value *pickle_int4(const struct pickle_arg *a, struct err *err);
struct value *pickle_long(const struct pickle_arg *a, struct err *err);
struct value *pickle_int_line(const struct pickle_arg *a, struct err *err);
struct value *pickle_float_line(const struct pickle_arg *a, struct err *err);
struct value *pickle_double(const struct pickle_arg *a, struct err *err);
struct value *pickle_none(const struct pickle_arg *a, struct err *err);
struct value *pickle_true(const struct pickle_arg *a, struct err *err);
struct value *pickle_false(const struct pickle_arg *a, struct err *err);
struct value *pickle_string_line(const struct pickle_arg *a, struct err *err);
struct value *pickle_bytes(const struct pickle_arg *a, struct err *err);
struct value *pickle_unicode_line(const struct pickle_arg *a, struct err *err);
struct value *pickle_utf8(const struct pickle_arg *a, struct err *err);

#endif
