/*
 * exprcalc - Python's numbers: what operators and functions of expr do
 *
 * Everything returns 0, or -1 with Python's error text in err; ret may be
 * one of the arguments.
 */
#ifndef BASE_EXPRCALC_H
#define BASE_EXPRCALC_H

#include <stdbool.h>

#include "base/err.h"
#include "base/expr.h"

enum calc_op {
	CALC_ADD,
	CALC_SUB,
	CALC_MUL,
	CALC_DIV,
	CALC_FLOORDIV,
	CALC_MOD,
	CALC_POW,
	CALC_SHL,
	CALC_SHR,
	CALC_AND,
	CALC_OR,
	CALC_XOR,
	CALC_LT,
	CALC_LE,
	CALC_GT,
	CALC_GE,
	CALC_EQ,
	CALC_NE,
};

/* Length of the number literal at p, 0 when it is none. */
size_t number_scan(struct number *ret, const char *p, struct err *err);

/* Whether an int still fits; floats always do. */
int calc_check(const struct number *n, struct err *err);
int calc_unary(
    char sign, const struct number *a, struct number *ret, struct err *err);
int calc_binary(enum calc_op op, const struct number *args, struct number *ret,
    struct err *err);

/* Index of a function such as "math.exp", -1 when there is none. */
int calc_function(const char *name);
int calc_check_args(int function, int n, struct err *err);
int calc_call(int function, const struct number *args, int n,
    struct number *ret, struct err *err);
/* math.pi, True ...; false when there is no such name. */
bool calc_constant(const char *name, struct number *ret);

#endif
