/*
 * A small stack machine over a table of opcodes. Values that it makes belong
 * to the machine until the end and refer to each other freely, as Python's
 * do: a memoised list is filled after it was remembered. What is returned is
 * a copy of the tree under the top of the stack, counted while it is copied,
 * so neither a cycle nor a memo used a million times costs more than the
 * limits say.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pickle.h"
#include "base/picklecopy.h"
#include "base/picklescalar.h"

struct values {
	struct value **p;
	size_t n;
	size_t cap;
};

struct machine {
	struct values made;  /* every value, owned; their items are borrowed */
	struct values stack; /* borrowed */
	struct values memo;  /* borrowed, NULL: unused index */
	size_t *marks;       /* heights of the stack */
	size_t marks_n;
	size_t marks_cap;
	struct err *err;
};

/* What follows an opcode. */
struct op {
	int (*run)(struct machine *m, const struct pickle_arg *a);
	int kind;
	/* without run: the value to push */
	struct value *(*scalar)(const struct pickle_arg *a, struct err *err);
	int param; /* for run */
};

static struct value *
make(struct machine *m, struct value *v)
{
	GROW(m->made.p, m->made.n, m->made.cap);
	m->made.p[m->made.n++] = v;
	return v;
}

static int
push(struct machine *m, struct value *v)
{
	GROW(m->stack.p, m->stack.n, m->stack.cap);
	m->stack.p[m->stack.n++] = v;
	return 0;
}

static int
push_new(struct machine *m, struct value *v)
{
	if (m->made.n >= PICKLE_MAX_ITEMS) {
		value_free(v);
		return err_set(m->err, "pickle has too many values");
	}
	return push(m, make(m, v));
}

/* Whether n values are above the last mark; else an error. */
static int
have(struct machine *m, size_t n)
{
	size_t floor = m->marks_n > 0 ? m->marks[m->marks_n - 1] : 0;

	if (m->stack.n - floor < n)
		return err_set(m->err, "%s",
		    m->marks_n > 0 ? "unexpected MARK found"
		                   : "unpickling stack underflow");
	return 0;
}

static struct value *
pop(struct machine *m)
{
	return m->stack.p[--m->stack.n];
}

static struct value *
top(struct machine *m)
{
	return m->stack.p[m->stack.n - 1];
}

/* The height at the last mark, which is then gone; -1 without a mark. */
static ssize_t
pop_mark(struct machine *m)
{
	if (m->marks_n == 0)
		return err_set(m->err, "could not find MARK");
	return (ssize_t)m->marks[--m->marks_n];
}

/* Moves what is on the stack from height at on into v. */
static void
take(struct machine *m, size_t at, struct value *v)
{
	for (size_t i = at; i < m->stack.n; i++)
		value_add(v, m->stack.p[i]);
	m->stack.n = at;
}

static int
run_mark(struct machine *m, const struct pickle_arg *a)
{
	(void)a;
	GROW(m->marks, m->marks_n, m->marks_cap);
	m->marks[m->marks_n++] = m->stack.n;
	return 0;
}

static struct value *
empty(enum value_type type)
{
	return type == VALUE_LIST   ? value_list()
	       : type == VALUE_DICT ? value_dict()
	                            : value_tuple();
}

static int
run_empty(struct machine *m, const struct pickle_arg *a)
{
	return push_new(m, empty((enum value_type)a->param));
}

/* A container of what is above the mark. */
static int
run_from_mark(struct machine *m, const struct pickle_arg *a)
{
	ssize_t at = pop_mark(m);
	struct value *v;

	if (at == -1)
		return -1;
	if (a->param == VALUE_DICT && (m->stack.n - (size_t)at) % 2 != 0)
		return err_set(m->err, "odd number of items for DICT");
	v = make(m, empty((enum value_type)a->param));
	take(m, (size_t)at, v);
	return push(m, v);
}

static int
run_tuple(struct machine *m, const struct pickle_arg *a)
{
	struct value *v;

	if (have(m, (size_t)a->param) == -1)
		return -1;
	v = make(m, value_tuple());
	take(m, m->stack.n - (size_t)a->param, v);
	return push(m, v);
}

/* Adds what is above height at to the container of this type below it. */
static int
add_above(struct machine *m, size_t at, enum value_type type)
{
	size_t floor = m->marks_n > 0 ? m->marks[m->marks_n - 1] : 0;
	size_t n = m->stack.n - at;

	if (at <= floor)
		return err_set(m->err, "unpickling stack underflow");
	if (m->stack.p[at - 1]->type != type)
		return err_set(m->err, "items for what is no %s",
		    type == VALUE_DICT ? "dict" : "list");
	if (type == VALUE_DICT && n % 2 != 0)
		return err_set(m->err, "odd number of items for SETITEMS");
	take(m, at, m->stack.p[at - 1]);
	return 0;
}

static int
run_append(struct machine *m, const struct pickle_arg *a)
{
	size_t n = a->param == VALUE_DICT ? 2 : 1;

	if (have(m, n + 1) == -1)
		return -1;
	return add_above(m, m->stack.n - n, (enum value_type)a->param);
}

static int
run_appends(struct machine *m, const struct pickle_arg *a)
{
	ssize_t at = pop_mark(m);

	if (at == -1)
		return -1;
	return add_above(m, (size_t)at, (enum value_type)a->param);
}

/* ---- stack and memo */

static int
run_pop(struct machine *m, const struct pickle_arg *a)
{
	(void)a;
	if (m->marks_n > 0 && m->marks[m->marks_n - 1] == m->stack.n) {
		m->marks_n--; /* Python: POP also takes a mark away */
		return 0;
	}
	if (have(m, 1) == -1)
		return -1;
	(void)pop(m);
	return 0;
}

static int
run_pop_mark(struct machine *m, const struct pickle_arg *a)
{
	ssize_t at = pop_mark(m);

	(void)a;
	if (at == -1)
		return -1;
	m->stack.n = (size_t)at;
	return 0;
}

static int
run_dup(struct machine *m, const struct pickle_arg *a)
{
	(void)a;
	return have(m, 1) == -1 ? -1 : push(m, top(m));
}

static int
memo_put(struct machine *m, uint64_t at)
{
	if (have(m, 1) == -1)
		return -1;
	if (at >= PICKLE_MAX_MEMO)
		return err_set(m->err, "memo index %llu is too large",
		    (unsigned long long)at);
	while (m->memo.n <= at) {
		GROW(m->memo.p, m->memo.n, m->memo.cap);
		m->memo.p[m->memo.n++] = NULL;
	}
	m->memo.p[at] = top(m);
	return 0;
}

static int
memo_get(struct machine *m, uint64_t at)
{
	if (at >= m->memo.n || m->memo.p[at] == NULL)
		return err_set(m->err, "Memo value not found at index %llu",
		    (unsigned long long)at);
	return push(m, m->memo.p[at]);
}

static int
index_line(uint64_t *ret, struct machine *m, const struct pickle_arg *a)
{
	uint64_t u = 0;
	size_t i;

	for (i = 0; i < a->n && i < 18 && a->p[i] >= '0' && a->p[i] <= '9'; i++)
		u = u * 10 + (uint64_t)(a->p[i] - '0');
	if (i == 0 || i < a->n)
		return err_set(m->err, "unacceptable memo index");
	*ret = u;
	return 0;
}

static int
run_put(struct machine *m, const struct pickle_arg *a)
{
	return memo_put(m, a->u);
}

static int
run_put_line(struct machine *m, const struct pickle_arg *a)
{
	uint64_t at;

	return index_line(&at, m, a) == -1 ? -1 : memo_put(m, at);
}

static int
run_memoize(struct machine *m, const struct pickle_arg *a)
{
	(void)a;
	return memo_put(m, m->memo.n);
}

static int
run_get(struct machine *m, const struct pickle_arg *a)
{
	return memo_get(m, a->u);
}

static int
run_get_line(struct machine *m, const struct pickle_arg *a)
{
	uint64_t at;

	return index_line(&at, m, a) == -1 ? -1 : memo_get(m, at);
}

/* ---- classes: names only */

static int
push_class(struct machine *m, const struct pickle_arg *module,
    const struct pickle_arg *name)
{
	static const struct renamed {
		const char *old;
		size_t n;
	} renamed[] = {{"exceptions", 10}, {"__builtin__", 11}};
	struct buf b = BUF_INIT;
	const char *py3 = NULL;

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (module->n == renamed[i].n &&
		    memcmp(module->p, renamed[i].old, module->n) == 0)
			py3 = "builtins";
	buf_add(&b, module->p, module->n);
	if (py3 != NULL) {
		buf_reset(&b);
		buf_adds(&b, py3);
	}
	buf_addc(&b, '.');
	buf_add(&b, name->p, name->n);
	if (memchr(b.p, '\0', b.n) != NULL || memchr(b.p, '\n', b.n) != NULL) {
		buf_release(&b);
		return err_set(m->err, "unacceptable class name");
	}
	(void)push_new(m, value_object(b.p));
	buf_release(&b);
	return 0;
}

static int
run_global(struct machine *m, const struct pickle_arg *a)
{
	const char *nl = memchr(a->p, '\n', a->n);
	struct pickle_arg module = {.p = a->p, .n = (size_t)(nl - a->p)};
	struct pickle_arg name = {.p = nl + 1, .n = a->n - module.n - 1};

	return push_class(m, &module, &name);
}

static int
run_stack_global(struct machine *m, const struct pickle_arg *a)
{
	struct value *name, *module;

	(void)a;
	if (have(m, 2) == -1)
		return -1;
	name = pop(m);
	module = pop(m);
	if (name->type != VALUE_TEXT || module->type != VALUE_TEXT)
		return err_set(m->err, "STACK_GLOBAL requires str");
	return push_class(m,
	    &(struct pickle_arg){.p = module->text, .n = module->text_n},
	    &(struct pickle_arg){.p = name->text, .n = name->text_n});
}

/* A class and its arguments; a call is not made, only written down. */
static int
run_reduce(struct machine *m, const struct pickle_arg *a)
{
	struct value *args, *class, *v;

	(void)a;
	if (have(m, 2) == -1)
		return -1;
	args = pop(m);
	class = pop(m);
	if (args->type != VALUE_TUPLE || class->type != VALUE_OBJECT ||
	    class->n > 0)
		return err_set(m->err, "unacceptable REDUCE");
	if ((strcmp(class->text, "builtins.str") == 0 ||
	        strcmp(class->text, "builtins.unicode") == 0) &&
	    args->n == 1 && args->items[0]->type == VALUE_TEXT)
		return push(m, args->items[0]);
	v = make(m, value_object(class->text));
	for (size_t i = 0; i < args->n; i++)
		value_add(v, args->items[i]);
	return push(m, v);
}

/* The attributes of an exception: of no interest. */
static int
run_build(struct machine *m, const struct pickle_arg *a)
{
	(void)a;
	if (have(m, 2) == -1)
		return -1;
	(void)pop(m);
	return top(m)->type == VALUE_OBJECT
	           ? 0
	           : err_set(m->err, "unacceptable BUILD");
}

static int
run_proto(struct machine *m, const struct pickle_arg *a)
{
	if (a->u > 5)
		return err_set(
		    m->err, "unsupported pickle protocol: %d", (int)a->u);
	return 0;
}

static int
run_nothing(struct machine *m, const struct pickle_arg *a)
{
	(void)m;
	(void)a;
	return 0;
}

#define RUN(name, arg, param)                                                  \
	{                                                                      \
		run_##name, PICKLE_##arg, NULL, param                          \
	}
#define PUSH(name, arg)                                                        \
	{                                                                      \
		NULL, PICKLE_##arg, pickle_##name, 0                           \
	}
static const struct op ops[256] = {
    [0x80] = RUN(proto, FIXED1, 0),
    [0x95] = RUN(nothing, FIXED8, 0), /* FRAME */
    ['K'] = PUSH(uint, FIXED1),
    ['M'] = PUSH(uint, FIXED2),
    ['J'] = PUSH(int4, FIXED4),
    [0x8a] = PUSH(long, COUNTED1),
    [0x8b] = PUSH(long, COUNTED4),
    ['I'] = PUSH(int_line, LINE),
    ['L'] = PUSH(int_line, LINE),
    ['F'] = PUSH(float_line, LINE),
    ['G'] = PUSH(double, FIXED8),
    ['N'] = PUSH(none, NOTHING),
    [0x88] = PUSH(true, NOTHING),
    [0x89] = PUSH(false, NOTHING),
    ['S'] = PUSH(string_line, LINE),
    ['T'] = PUSH(bytes, COUNTED4),
    ['U'] = PUSH(bytes, COUNTED1),
    ['V'] = PUSH(unicode_line, LINE),
    ['X'] = PUSH(utf8, COUNTED4),
    [0x8c] = PUSH(utf8, COUNTED1),
    [0x8d] = PUSH(utf8, COUNTED8),
    ['B'] = PUSH(bytes, COUNTED4),
    ['C'] = PUSH(bytes, COUNTED1),
    [0x8e] = PUSH(bytes, COUNTED8),
    [0x96] = PUSH(bytes, COUNTED8),
    ['('] = RUN(mark, NOTHING, 0),
    [']'] = RUN(empty, NOTHING, VALUE_LIST),
    [')'] = RUN(empty, NOTHING, VALUE_TUPLE),
    ['}'] = RUN(empty, NOTHING, VALUE_DICT),
    ['l'] = RUN(from_mark, NOTHING, VALUE_LIST),
    ['t'] = RUN(from_mark, NOTHING, VALUE_TUPLE),
    ['d'] = RUN(from_mark, NOTHING, VALUE_DICT),
    [0x85] = RUN(tuple, NOTHING, 1),
    [0x86] = RUN(tuple, NOTHING, 2),
    [0x87] = RUN(tuple, NOTHING, 3),
    ['a'] = RUN(append, NOTHING, VALUE_LIST),
    ['e'] = RUN(appends, NOTHING, VALUE_LIST),
    ['s'] = RUN(append, NOTHING, VALUE_DICT),
    ['u'] = RUN(appends, NOTHING, VALUE_DICT),
    [0x8f] = RUN(empty, NOTHING, VALUE_LIST),     /* EMPTY_SET */
    [0x90] = RUN(appends, NOTHING, VALUE_LIST),   /* ADDITEMS */
    [0x91] = RUN(from_mark, NOTHING, VALUE_LIST), /* FROZENSET */
    ['0'] = RUN(pop, NOTHING, 0),
    ['1'] = RUN(pop_mark, NOTHING, 0),
    ['2'] = RUN(dup, NOTHING, 0),
    ['p'] = RUN(put_line, LINE, 0),
    ['q'] = RUN(put, FIXED1, 0),
    ['r'] = RUN(put, FIXED4, 0),
    [0x94] = RUN(memoize, NOTHING, 0),
    ['g'] = RUN(get_line, LINE, 0),
    ['h'] = RUN(get, FIXED1, 0),
    ['j'] = RUN(get, FIXED4, 0),
    ['c'] = RUN(global, LINES2, 0),
    [0x93] = RUN(stack_global, NOTHING, 0),
    ['R'] = RUN(reduce, NOTHING, 0),
    [0x81] = RUN(reduce, NOTHING, 0), /* NEWOBJ */
    ['b'] = RUN(build, NOTHING, 0),
};

static int
run_op(struct machine *m, const struct op *op, const struct pickle_arg *a)
{
	struct value *v;

	if (op->run != NULL)
		return op->run(m, a);
	v = op->scalar(a, m->err);
	return v == NULL ? -1 : push_new(m, v);
}

static int
bad_opcode(struct machine *m, unsigned char c)
{
	if (c >= 0x20 && c < 0x7f)
		return err_set(m->err, "invalid load key, '%c'.", c);
	return err_set(m->err, "invalid load key, '\\x%02x'.", c);
}

/* Runs up to STOP. Returns bytes used, 0: more are needed, -1: error. */
static long
run(struct machine *m, const char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		unsigned char c = (unsigned char)p[at++];
		const struct op *op = &ops[c];
		struct pickle_arg a = {.param = op->param};
		ssize_t used;

		if (c == '.')
			return have(m, 1) == -1 ? -1 : (long)at;
		if (op->run == NULL && op->scalar == NULL)
			return bad_opcode(m, c);
		used = pickle_read_arg(&a, op->kind, p + at, n - at);
		if (used == -2)
			return err_set(m->err, "text of %llu bytes is too long",
			    (unsigned long long)a.u);
		if (used < 0) {
			(void)err_set(m->err, "pickle data was truncated");
			return 0;
		}
		at += (size_t)used;
		if (run_op(m, op, &a) == -1)
			return -1;
	}
	(void)err_set(m->err, "Ran out of input");
	return 0;
}

static void
machine_release(struct machine *m)
{
	for (size_t i = 0; i < m->made.n; i++) {
		m->made.p[i]->n = 0; /* borrowed */
		value_free(m->made.p[i]);
	}
	free(m->made.p);
	free(m->stack.p);
	free(m->memo.p);
	free(m->marks);
}

long
pickle_decode(struct value **ret, const char *p, size_t n, struct err *err)
{
	struct machine m = {.err = err};
	long used = run(&m, p, n);

	if (used > 0) {
		struct value *v = picklecopy(top(&m), n);

		if (v != NULL)
			*ret = v;
		else
			used = err_set(err,
			    "pickle is too deep, too long or refers to itself");
	}
	machine_release(&m);
	return used;
}
