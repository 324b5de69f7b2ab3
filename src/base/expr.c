/*
 * A recursive descent parser makes a small tree in one array; children have
 * smaller indices than their parents. Both walks are bounded: the parser by
 * NEST_MAX, the tree (chains like 1+1+1 lean to the left) by NODES_MAX.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/expr.h"
#include "base/exprcalc.h"
#include "base/mem.h"

enum {
	TEXT_MAX = 4096,
	NODES_MAX = 512,
	NEST_MAX = 64,
	ARGS_MAX = 8,
};

enum kind {
	NUMBER,
	NAME,
	CALL,
	UNARY,
	BINARY,
	NOT,
	AND,
	OR,
	CHOICE, /* kids: condition, then, else */
};

struct node {
	enum kind kind;
	int which; /* NAME: index of the name; CALL, UNARY, BINARY: of the op */
	int nkids;
	int kids[ARGS_MAX];
	struct number value;
};

struct expr {
	struct node *nodes;
	size_t n;
	size_t cap;
	int root;
};

struct parser {
	const char *p; /* what is left */
	const char *const *names;
	struct expr *e;
	struct err *err;
	int depth;
};

static int parse_choice(struct parser *ps);

static int
fail_syntax(struct parser *ps)
{
	if (*ps->p == '\0')
		return err_set(ps->err, "invalid syntax: the expression ends "
		                        "too early");
	return err_set(ps->err, "invalid syntax near '%.20s'", ps->p);
}

static int
node_new(struct parser *ps, enum kind kind, int which)
{
	struct expr *e = ps->e;

	if (e->n >= NODES_MAX)
		return err_set(ps->err,
		    "the expression is too long: more than "
		    "%d parts",
		    NODES_MAX);
	GROW(e->nodes, e->n, e->cap);
	memset(&e->nodes[e->n], 0, sizeof(*e->nodes));
	e->nodes[e->n].kind = kind;
	e->nodes[e->n].which = which;
	return (int)e->n++;
}

/* A node with up to three children; -1 when one of them failed. */
static int
node_with(struct parser *ps, enum kind kind, int which, const int *kids, int n)
{
	int at;

	for (int i = 0; i < n; i++)
		if (kids[i] < 0)
			return -1;
	at = node_new(ps, kind, which);
	if (at < 0)
		return -1;
	ps->e->nodes[at].nkids = n;
	memcpy(ps->e->nodes[at].kids, kids, (size_t)n * sizeof(*kids));
	return at;
}

static void
skip_space(struct parser *ps)
{
	while (isspace((unsigned char)*ps->p))
		ps->p++;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

/* Takes the operator or word when it is next. */
static bool
take(struct parser *ps, const char *token)
{
	size_t n = strlen(token);

	skip_space(ps);
	if (strncmp(ps->p, token, n) != 0)
		return false;
	if (is_word(token[0]) && is_word(ps->p[n]))
		return false;
	ps->p += n;
	return true;
}

static int
parse_number(struct parser *ps)
{
	struct number v;
	size_t n = number_scan(&v, ps->p, ps->err);
	int at;

	if (n == 0)
		return -1;
	if (is_word(ps->p[n]))
		return err_set(
		    ps->err, "invalid decimal literal: '%.20s'", ps->p);
	ps->p += n;
	at = node_new(ps, NUMBER, 0);
	if (at >= 0)
		ps->e->nodes[at].value = v;
	return at;
}

static int
parse_call(struct parser *ps, int function)
{
	int kids[ARGS_MAX], n = 0;

	while (!take(ps, ")")) {
		if (n > 0 && !take(ps, ","))
			return fail_syntax(ps);
		if (n > 0 && take(ps, ")"))
			break;
		if (n == ARGS_MAX)
			return err_set(ps->err,
			    "a call has more than %d "
			    "arguments",
			    ARGS_MAX);
		kids[n] = parse_choice(ps);
		if (kids[n++] < 0)
			return -1;
	}
	if (calc_check_args(function, n, ps->err) == -1)
		return -1;
	return node_with(ps, CALL, function, kids, n);
}

static int
unknown_name(struct parser *ps, const char *word)
{
	size_t n = strcspn(word, ".");
	bool module = word[n] == '.' && n == 4 && strncmp(word, "math", 4) == 0;

	module |= word[n] == '.' && n == 6 && strncmp(word, "random", 6) == 0;
	if (module)
		return err_set(ps->err, "module '%.*s' has no attribute '%s'",
		    (int)n, word, word + n + 1);
	return err_set(ps->err, "name '%.*s' is not defined", (int)n, word);
}

static int
parse_constant(struct parser *ps, const char *word)
{
	struct number v;
	int at;

	if (!calc_constant(word, &v))
		return unknown_name(ps, word);
	at = node_new(ps, NUMBER, 0);
	if (at >= 0)
		ps->e->nodes[at].value = v;
	return at;
}

static bool
is_keyword(const char *word)
{
	static const char *const words[] = {
	    "if", "else", "and", "or", "not", "lambda", "for", "in", "is"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static int
parse_name(struct parser *ps)
{
	char word[64];
	size_t n = 0;
	int function;

	while (is_word(ps->p[n]) || (ps->p[n] == '.' && is_word(ps->p[n + 1])))
		n++;
	if (n == 0)
		return fail_syntax(ps);
	if (n >= sizeof(word))
		return err_set(
		    ps->err, "name '%.60s...' is not defined", ps->p);
	memcpy(word, ps->p, n);
	word[n] = '\0';
	if (is_keyword(word))
		return fail_syntax(ps);
	ps->p += n;
	if (take(ps, "(")) {
		function = calc_function(word);
		return function < 0 ? unknown_name(ps, word)
		                    : parse_call(ps, function);
	}
	for (int i = 0; ps->names != NULL && ps->names[i] != NULL; i++)
		if (strcmp(ps->names[i], word) == 0)
			return node_new(ps, NAME, i);
	return parse_constant(ps, word);
}

static int
parse_atom(struct parser *ps)
{
	int at;

	if (take(ps, "(")) {
		at = parse_choice(ps);
		if (at >= 0 && !take(ps, ")"))
			return fail_syntax(ps);
		return at;
	}
	skip_space(ps);
	if (isdigit((unsigned char)*ps->p) || *ps->p == '.')
		return parse_number(ps);
	return parse_name(ps);
}

/* ** binds tighter than a sign before it, looser than one after it. */
static int
parse_sign(struct parser *ps)
{
	static const char signs[] = "-+~";
	const char *sign;
	int kids[2];

	skip_space(ps);
	if (++ps->depth > NEST_MAX)
		return err_set(ps->err, "the expression is nested too deeply");
	sign = *ps->p == '\0' ? NULL : strchr(signs, *ps->p);
	if (sign != NULL) {
		ps->p++;
		kids[0] = parse_sign(ps);
		ps->depth--;
		return node_with(ps, UNARY, *sign, kids, 1);
	}
	kids[0] = parse_atom(ps);
	if (kids[0] >= 0 && take(ps, "**")) {
		kids[1] = parse_sign(ps);
		kids[0] = node_with(ps, BINARY, CALC_POW, kids, 2);
	}
	ps->depth--;
	return kids[0];
}

/* Binary operators by level, loosest first. */
static const struct level {
	struct {
		const char *token;
		enum calc_op op;
	} ops[5];
} levels[] = {
    {{{"|", CALC_OR}}},
    {{{"^", CALC_XOR}}},
    {{{"&", CALC_AND}}},
    {{{"<<", CALC_SHL}, {">>", CALC_SHR}}},
    {{{"+", CALC_ADD}, {"-", CALC_SUB}}},
    {{{"//", CALC_FLOORDIV}, {"*", CALC_MUL}, {"/", CALC_DIV},
        {"%", CALC_MOD}}},
};

static int
take_op(struct parser *ps, const struct level *l)
{
	for (int i = 0; i < 5 && l->ops[i].token != NULL; i++)
		if (take(ps, l->ops[i].token))
			return (int)l->ops[i].op;
	return -1;
}

static int
parse_level(struct parser *ps, size_t level)
{
	int kids[2], op;

	if (level == sizeof(levels) / sizeof(levels[0]))
		return parse_sign(ps);
	kids[0] = parse_level(ps, level + 1);
	while (kids[0] >= 0 && (op = take_op(ps, &levels[level])) >= 0) {
		kids[1] = parse_level(ps, level + 1);
		kids[0] = node_with(ps, BINARY, op, kids, 2);
	}
	return kids[0];
}

/* a < b < c is (a < b) and (b < c), as in Python. */
static int
parse_comparison(struct parser *ps)
{
	static const struct level compare = {{{"<=", CALC_LE}, {">=", CALC_GE},
	    {"==", CALC_EQ}, {"!=", CALC_NE}}};
	static const struct level strict = {{{"<", CALC_LT}, {">", CALC_GT}}};
	int pair[2], both[2] = {-1, -1}, op;

	pair[0] = parse_level(ps, 0);
	while (pair[0] >= 0) {
		op = take_op(ps, &compare);
		if (op < 0)
			op = take_op(ps, &strict);
		if (op < 0)
			return both[0] >= 0 ? both[0] : pair[0];
		pair[1] = parse_level(ps, 0);
		both[1] = node_with(ps, BINARY, op, pair, 2);
		if (both[0] >= 0)
			both[1] = node_with(ps, AND, 0, both, 2);
		if (both[1] < 0)
			return -1;
		both[0] = both[1];
		pair[0] = pair[1];
	}
	return -1;
}

static int
parse_not(struct parser *ps)
{
	int kid;

	if (!take(ps, "not"))
		return parse_comparison(ps);
	if (++ps->depth > NEST_MAX)
		return err_set(ps->err, "the expression is nested too deeply");
	kid = parse_not(ps);
	ps->depth--;
	return node_with(ps, NOT, 0, &kid, 1);
}

static int
parse_and(struct parser *ps)
{
	int kids[2];

	kids[0] = parse_not(ps);
	while (kids[0] >= 0 && take(ps, "and")) {
		kids[1] = parse_not(ps);
		kids[0] = node_with(ps, AND, 0, kids, 2);
	}
	return kids[0];
}

static int
parse_or(struct parser *ps)
{
	int kids[2];

	kids[0] = parse_and(ps);
	while (kids[0] >= 0 && take(ps, "or")) {
		kids[1] = parse_and(ps);
		kids[0] = node_with(ps, OR, 0, kids, 2);
	}
	return kids[0];
}

static int
parse_choice(struct parser *ps)
{
	int kids[3];

	if (++ps->depth > NEST_MAX)
		return err_set(ps->err, "the expression is nested too deeply");
	kids[1] = parse_or(ps);
	if (kids[1] >= 0 && take(ps, "if")) {
		kids[0] = parse_or(ps);
		if (kids[0] >= 0 && !take(ps, "else"))
			return fail_syntax(ps);
		kids[2] = kids[0] < 0 ? -1 : parse_choice(ps);
		kids[1] = node_with(ps, CHOICE, 0, kids, 3);
	}
	ps->depth--;
	return kids[1];
}

struct expr *
expr_new(const char *text, const char *const *names, struct err *err)
{
	struct parser ps = {.p = text, .names = names, .err = err};

	if (strlen(text) > TEXT_MAX) {
		(void)err_set(err,
		    "the expression is longer than %d characters", TEXT_MAX);
		return NULL;
	}
	ps.e = xcalloc(1, sizeof(*ps.e));
	ps.e->root = parse_choice(&ps);
	skip_space(&ps);
	if (ps.e->root >= 0 && *ps.p != '\0')
		ps.e->root = fail_syntax(&ps);
	if (ps.e->root >= 0)
		return ps.e;
	expr_free(ps.e);
	return NULL;
}

void
expr_free(struct expr *e)
{
	if (e == NULL)
		return;
	free(e->nodes);
	free(e);
}

struct run {
	const struct expr *e;
	const struct number *values;
	struct err *err;
};

static int eval(const struct run *r, int at, struct number *ret);

/* Operators that do not evaluate all of their operands. */
static int
eval_lazy(const struct run *r, const struct node *n, struct number *ret)
{
	if (eval(r, n->kids[0], ret) == -1)
		return -1;
	if (n->kind == CHOICE)
		return eval(r, n->kids[ret->f != 0 ? 1 : 2], ret);
	if ((ret->f != 0) == (n->kind == OR))
		return 0;
	return eval(r, n->kids[1], ret);
}

static int
eval_strict(const struct run *r, const struct node *n, struct number *ret)
{
	struct number args[ARGS_MAX] = {{0, true}};

	for (int i = 0; i < n->nkids; i++)
		if (eval(r, n->kids[i], &args[i]) == -1)
			return -1;
	if (n->kind == CALL)
		return calc_call(n->which, args, n->nkids, ret, r->err);
	if (n->kind == UNARY)
		return calc_unary((char)n->which, args, ret, r->err);
	if (n->kind == BINARY)
		return calc_binary((enum calc_op)n->which, args, ret, r->err);
	ret->f = args[0].f == 0; /* NOT */
	ret->is_int = true;
	return 0;
}

static int
eval(const struct run *r, int at, struct number *ret)
{
	const struct node *n = &r->e->nodes[at];

	switch (n->kind) {
	case NUMBER:
		*ret = n->value;
		return calc_check(ret, r->err);
	case NAME:
		*ret = r->values[n->which];
		return 0;
	case AND:
	case OR:
	case CHOICE:
		return eval_lazy(r, n, ret);
	case CALL:
	case UNARY:
	case BINARY:
	case NOT:
		break;
	}
	return eval_strict(r, n, ret);
}

int
expr_eval(const struct expr *e, const struct number *values, struct number *ret,
    struct err *err)
{
	struct run r = {e, values, err};
	struct number result;

	if (eval(&r, e->root, &result) == -1)
		return -1;
	*ret = result;
	return 0;
}
