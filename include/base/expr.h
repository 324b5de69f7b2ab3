/*
 * expr - the arithmetic of bantime.formula, bantime.factor and time spans
 *
 * A subset of Python's expressions (spec 11 section 1): numbers, + - * / //
 * % ** << >> & ^ | ~, comparisons, and or not, a if c else b, parentheses,
 * the names given by the caller (dots allowed: "ban.Time"), calls of int
 * float bool min max round abs pow and of math.* and random.*. Compiled once,
 * bounded in size and depth, evaluated without side effects.
 */
#ifndef BASE_EXPR_H
#define BASE_EXPR_H

#include <stdbool.h>

#include "base/err.h"

struct expr;

struct number {
	double f;
	bool is_int; /* f holds a whole number that prints without ".0" */
};

/*
 * NULL with the reason in err. names: what may be used, ends with a NULL,
 * borrowed for the call; NULL: none.
 */
struct expr *expr_new(
    const char *text, const char *const *names, struct err *err);
void expr_free(struct expr *e);
/*
 * Values in the order of names. Returns 0, or -1 with the reason in err. A
 * result that is an int is finite and exact up to 2^53.
 */
int expr_eval(const struct expr *e, const struct number *values,
    struct number *ret, struct err *err);

/* Uniform in [0, 1). */
double number_random(void);
/* "600", "2629800.0": as Python prints it. */
void number_print(struct buf *out, const struct number *n);

#endif
