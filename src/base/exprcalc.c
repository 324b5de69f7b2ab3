/*
 * Python's ints are unbounded; here they are whole doubles: exact up to
 * 2^53, which is 285 million years in seconds, and an error when infinite.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/exprcalc.h"
#include "base/value.h"

#define BITS_MAX 4611686018427387904.0 /* 2^62 */

static int
set(struct number *ret, double f, bool is_int, struct err *err)
{
	ret->f = is_int ? f + 0.0 : f; /* no int is -0 */
	ret->is_int = is_int;
	return calc_check(ret, err);
}

int
calc_check(const struct number *n, struct err *err)
{
	if (n->is_int && !isfinite(n->f))
		return err_set(err, "int too large to convert to float");
	return 0;
}

/* Shifts and bit operations take ints only. */
static int
check_bits(const struct number *a, int n, const char *op, struct err *err)
{
	for (int i = 0; i < n; i++) {
		if (!a[i].is_int)
			return err_set(err,
			    "unsupported operand type(s) for "
			    "%s: 'float'",
			    op);
		if (fabs(a[i].f) >= BITS_MAX)
			return err_set(
			    err, "an operand of %s is too large", op);
	}
	return 0;
}

int
calc_unary(
    char sign, const struct number *a, struct number *ret, struct err *err)
{
	if (sign == '-')
		return set(
		    ret, a->is_int && a->f == 0 ? 0 : -a->f, a->is_int, err);
	if (sign == '+')
		return set(ret, a->f, a->is_int, err);
	if (check_bits(a, 1, "~", err) == -1)
		return -1;
	return set(ret, (double)~(int64_t)a->f, true, err);
}

/*
 * Python: the quotient is what the division without rest gives, a zero has
 * the sign that the exact result has.
 */
static double
floor_quotient(double x, double y)
{
	double rest = fmod(x, y), n = (x - rest) / y;

	if (rest != 0 && (rest < 0) != (y < 0))
		n -= 1;
	if (n == 0)
		return copysign(0, x / y);
	return n - floor(n) > 0.5 ? floor(n) + 1 : floor(n);
}

/* With the sign of y. */
static double
floor_rest(double x, double y)
{
	double rest = fmod(x, y);

	if (rest == 0)
		return copysign(0, y);
	return (rest < 0) != (y < 0) ? rest + y : rest;
}

static int
divide(enum calc_op op, const struct number *a, struct number *ret,
    struct err *err)
{
	bool is_int = a[0].is_int && a[1].is_int;
	double x = a[0].f, y = a[1].f;

	if (y == 0)
		return err_set(err, is_int
		                        ? "integer division or modulo by zero"
		                        : "float division by zero");
	if (op == CALC_DIV)
		return set(ret, x / y, false, err);
	if (op == CALC_FLOORDIV)
		return set(ret, floor_quotient(x, y), is_int, err);
	return set(ret, floor_rest(x, y), is_int, err);
}

static int
power(const struct number *a, struct number *ret, struct err *err)
{
	bool is_int = a[0].is_int && a[1].is_int && a[1].f >= 0;
	double f = pow(a[0].f, a[1].f);

	if (a[0].f == 0 && a[1].f < 0)
		return err_set(err, "0.0 cannot be raised to a negative power");
	if (isnan(f) && !isnan(a[0].f) && !isnan(a[1].f))
		return err_set(err, "a negative number has no such power");
	if (!is_int && isinf(f) && !isinf(a[0].f))
		return err_set(err, "(34, 'Numerical result out of range')");
	return set(ret, f, is_int, err);
}

static int
shift(enum calc_op op, const struct number *a, struct number *ret,
    struct err *err)
{
	if (check_bits(a, 2, op == CALC_SHL ? "<<" : ">>", err) == -1)
		return -1;
	if (a[1].f < 0)
		return err_set(err, "negative shift count");
	if (a[1].f > 5000)
		return err_set(err, "the shift count is too large");
	if (op == CALC_SHL)
		return set(ret, ldexp(a[0].f, (int)a[1].f), true, err);
	return set(ret, floor(ldexp(a[0].f, -(int)a[1].f)), true, err);
}

static int
bits(enum calc_op op, const struct number *a, struct number *ret,
    struct err *err)
{
	int64_t x, y;

	if (check_bits(a, 2, "a bit operation", err) == -1)
		return -1;
	x = (int64_t)a[0].f;
	y = (int64_t)a[1].f;
	x = op == CALC_AND ? (x & y) : op == CALC_OR ? (x | y) : (x ^ y);
	return set(ret, (double)x, true, err);
}

static bool
compare(enum calc_op op, double x, double y)
{
	switch (op) {
	case CALC_LT:
		return x < y;
	case CALC_LE:
		return x <= y;
	case CALC_GT:
		return x > y;
	case CALC_GE:
		return x >= y;
	case CALC_EQ:
		return x == y;
	default:
		return x != y;
	}
}

int
calc_binary(enum calc_op op, const struct number *a, struct number *ret,
    struct err *err)
{
	bool is_int = a[0].is_int && a[1].is_int;

	switch (op) {
	case CALC_ADD:
		return set(ret, a[0].f + a[1].f, is_int, err);
	case CALC_SUB:
		return set(ret, a[0].f - a[1].f, is_int, err);
	case CALC_MUL:
		return set(ret, a[0].f * a[1].f, is_int, err);
	case CALC_DIV:
	case CALC_FLOORDIV:
	case CALC_MOD:
		return divide(op, a, ret, err);
	case CALC_POW:
		return power(a, ret, err);
	case CALC_SHL:
	case CALC_SHR:
		return shift(op, a, ret, err);
	case CALC_AND:
	case CALC_OR:
	case CALC_XOR:
		return bits(op, a, ret, err);
	case CALC_LT:
	case CALC_LE:
	case CALC_GT:
	case CALC_GE:
	case CALC_EQ:
	case CALC_NE:
		break;
	}
	return set(ret, compare(op, a[0].f, a[1].f), true, err);
}

double
number_random(void)
{
	uint64_t r = 0;

	(void)!getrandom(&r, sizeof(r), 0);
	return (double)(r >> 11) / 9007199254740992.0; /* 2^53 */
}

void
number_print(struct buf *out, const struct number *n)
{
	if (n->is_int)
		buf_addf(out, "%.0f", n->f);
	else
		value_repr_float(out, n->f);
}

/* ---- functions; a row takes between min and max arguments */

typedef int (*call_fn)(
    const struct number *args, int n, struct number *ret, struct err *err);

static int
to_int(double f, struct number *ret, struct err *err)
{
	if (isnan(f))
		return err_set(err, "cannot convert float NaN to integer");
	if (isinf(f))
		return err_set(err, "cannot convert float infinity to integer");
	return set(ret, f == 0 ? 0 : f, true, err);
}

static int
call_int(const struct number *a, int n, struct number *ret, struct err *err)
{
	return to_int(n == 0 ? 0 : trunc(a[0].f), ret, err);
}

static int
call_float(const struct number *a, int n, struct number *ret, struct err *err)
{
	return set(ret, n == 0 ? 0 : a[0].f, false, err);
}

static int
call_bool(const struct number *a, int n, struct number *ret, struct err *err)
{
	return set(ret, n > 0 && a[0].f != 0, true, err);
}

static int
call_min(const struct number *a, int n, struct number *ret, struct err *err)
{
	struct number best = a[0];

	for (int i = 1; i < n; i++)
		if (a[i].f < best.f)
			best = a[i];
	return set(ret, best.f, best.is_int, err);
}

static int
call_max(const struct number *a, int n, struct number *ret, struct err *err)
{
	struct number best = a[0];

	for (int i = 1; i < n; i++)
		if (a[i].f > best.f)
			best = a[i];
	return set(ret, best.f, best.is_int, err);
}

static int
call_abs(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)n;
	return set(ret, fabs(a[0].f), a[0].is_int, err);
}

/* Half to even, as nearbyint() does in the default rounding mode. */
static int
call_round(const struct number *a, int n, struct number *ret, struct err *err)
{
	double scale;

	if (n == 1)
		return to_int(nearbyint(a[0].f), ret, err);
	scale = pow(10, trunc(a[1].f));
	if (scale == 0 || !isfinite(scale) || !isfinite(a[0].f * scale))
		return set(ret, scale == 0 ? 0 : a[0].f, a[0].is_int, err);
	return set(ret, nearbyint(a[0].f * scale) / scale, a[0].is_int, err);
}

static int
call_pow(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)n;
	return power(a, ret, err);
}

static int
call_math_pow(
    const struct number *a, int n, struct number *ret, struct err *err)
{
	const struct number args[2] = {{a[0].f, false}, {a[1].f, false}};

	(void)n;
	return power(args, ret, err);
}

static int
call_floor(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)n;
	return to_int(floor(a[0].f), ret, err);
}

static int
call_ceil(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)n;
	return to_int(ceil(a[0].f), ret, err);
}

static int
call_log(const struct number *a, int n, struct number *ret, struct err *err)
{
	if (a[0].f <= 0 || (n == 2 && a[1].f <= 0))
		return err_set(err, "math domain error");
	if (n == 2 && a[1].f == 1)
		return err_set(err, "float division by zero");
	return set(
	    ret, n == 2 ? log(a[0].f) / log(a[1].f) : log(a[0].f), false, err);
}

static int
call_random(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)a;
	(void)n;
	return set(ret, number_random(), false, err);
}

static int
call_uniform(const struct number *a, int n, struct number *ret, struct err *err)
{
	(void)n;
	return set(
	    ret, a[0].f + (a[1].f - a[0].f) * number_random(), false, err);
}

static int
call_randint(const struct number *a, int n, struct number *ret, struct err *err)
{
	double low = a[0].f, width = a[1].f - a[0].f + 1;

	(void)n;
	if (!a[0].is_int || !a[1].is_int || width < 1)
		return err_set(err, "empty range for randrange()");
	return set(ret, low + floor(width * number_random()), true, err);
}

static int
call_randrange(
    const struct number *a, int n, struct number *ret, struct err *err)
{
	const struct number args[2] = {
	    {n == 1 ? 0 : a[0].f, n == 1 || a[0].is_int},
	    {a[n - 1].f - 1, a[n - 1].is_int}};

	return call_randint(args, 2, ret, err);
}

static const struct function {
	const char *name;
	int min;
	int max;
	call_fn call;
	double (*plain1)(double); /* or one of these: float from floats */
	double (*plain2)(double, double);
} functions[] = {
    {"int", 0, 1, call_int, NULL, NULL},
    {"float", 0, 1, call_float, NULL, NULL},
    {"bool", 0, 1, call_bool, NULL, NULL},
    {"min", 2, 8, call_min, NULL, NULL},
    {"max", 2, 8, call_max, NULL, NULL},
    {"round", 1, 2, call_round, NULL, NULL},
    {"abs", 1, 1, call_abs, NULL, NULL},
    {"pow", 2, 2, call_pow, NULL, NULL},
    {"math.floor", 1, 1, call_floor, NULL, NULL},
    {"math.ceil", 1, 1, call_ceil, NULL, NULL},
    {"math.trunc", 1, 1, call_int, NULL, NULL},
    {"math.log", 1, 2, call_log, NULL, NULL},
    {"math.pow", 2, 2, call_math_pow, NULL, NULL},
    {"math.exp", 1, 1, NULL, exp, NULL},
    {"math.exp2", 1, 1, NULL, exp2, NULL},
    {"math.expm1", 1, 1, NULL, expm1, NULL},
    {"math.log2", 1, 1, NULL, log2, NULL},
    {"math.log10", 1, 1, NULL, log10, NULL},
    {"math.log1p", 1, 1, NULL, log1p, NULL},
    {"math.sqrt", 1, 1, NULL, sqrt, NULL},
    {"math.cbrt", 1, 1, NULL, cbrt, NULL},
    {"math.fabs", 1, 1, NULL, fabs, NULL},
    {"math.sin", 1, 1, NULL, sin, NULL},
    {"math.cos", 1, 1, NULL, cos, NULL},
    {"math.tan", 1, 1, NULL, tan, NULL},
    {"math.asin", 1, 1, NULL, asin, NULL},
    {"math.acos", 1, 1, NULL, acos, NULL},
    {"math.atan", 1, 1, NULL, atan, NULL},
    {"math.sinh", 1, 1, NULL, sinh, NULL},
    {"math.cosh", 1, 1, NULL, cosh, NULL},
    {"math.tanh", 1, 1, NULL, tanh, NULL},
    {"math.gamma", 1, 1, NULL, tgamma, NULL},
    {"math.atan2", 2, 2, NULL, NULL, atan2},
    {"math.fmod", 2, 2, NULL, NULL, fmod},
    {"math.hypot", 2, 2, NULL, NULL, hypot},
    {"math.copysign", 2, 2, NULL, NULL, copysign},
    {"random.random", 0, 0, call_random, NULL, NULL},
    {"random.uniform", 2, 2, call_uniform, NULL, NULL},
    {"random.randint", 2, 2, call_randint, NULL, NULL},
    {"random.randrange", 1, 2, call_randrange, NULL, NULL},
};

int
calc_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return (int)i;
	return -1;
}

int
calc_check_args(int function, int n, struct err *err)
{
	const struct function *f = &functions[function];

	if (n >= f->min && n <= f->max)
		return 0;
	return err_set(err, "%s() takes %d to %d arguments (%d given)", f->name,
	    f->min, f->max, n);
}

int
calc_call(int function, const struct number *args, int n, struct number *ret,
    struct err *err)
{
	const struct function *f = &functions[function];
	double v;

	if (f->call != NULL)
		return f->call(args, n, ret, err);
	v = f->plain1 != NULL ? f->plain1(args[0].f)
	                      : f->plain2(args[0].f, args[1].f);
	for (int i = 0; i < n; i++)
		if (!isfinite(args[i].f))
			return set(ret, v, false, err);
	if (isnan(v) || (isinf(v) && v < 0))
		return err_set(err, "math domain error");
	if (isinf(v))
		return err_set(err, "math range error");
	return set(ret, v, false, err);
}

bool
calc_constant(const char *name, struct number *ret)
{
	static const struct {
		const char *name;
		struct number value;
	} constants[] = {
	    {"True", {1, true}},
	    {"False", {0, true}},
	    {"math.pi", {M_PI, false}},
	    {"math.e", {M_E, false}},
	    {"math.tau", {2 * M_PI, false}},
	    {"math.inf", {INFINITY, false}},
	};

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		if (strcmp(constants[i].name, name) != 0)
			continue;
		*ret = constants[i].value;
		return true;
	}
	return false;
}
