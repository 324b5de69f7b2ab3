/*
 * PCRE2 behind Python's dialect. A pattern has up to two codes: one for UTF-8
 * and one for subjects that are pure ASCII, which is faster and is made when
 * it pays. Neither is compiled to machine code before it was used often: a
 * program that looks at one line should not wait for that.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/dialect.h"
#include "sensor/literals.h"
#include "sensor/regex.h"

/*
 * Measured: 10 ms at most for patterns that explode on a line of a kilobyte.
 * Machine code counts its steps less often than the interpreter.
 */
#define MATCH_LIMIT 200000
#define MATCH_LIMIT_JIT 400000
#define HEAP_LIMIT_KIB 8192
#define AGAIN_FACTOR 4
/* Searches after which machine code pays. */
#define USES_UNTIL_JIT 16
#define JIT_STACK_START ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)

struct code {
	pcre2_code *re; /* owned */
	unsigned uses;
	bool is_jit;
};

struct regex {
	struct code utf;
	struct code ascii;       /* re NULL: not made (yet) */
	unsigned ascii_uses;     /* searches of ASCII subjects, at first */
	char *ascii_text;        /* its pattern, owned, NULL: there is none */
	uint32_t options;        /* of both */
	struct regex_span *span; /* groups + 1, of the last match, owned */
	int groups;
	struct dialect_name *names; /* owned */
	size_t nnames;
	struct literals *literals; /* two: needed, and at the start; owned */
	unsigned long limit_hits;
};

struct subject {
	const char *p;
	size_t n;
	size_t start;
	bool is_ascii;
};

/* What all patterns of the process share: nothing is kept between matches. */
struct engine {
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	uint32_t pairs; /* room in data */
	uint32_t steps; /* limit in force */
};

static struct engine *
engine_get(void)
{
	static struct engine e;

	if (e.compile != NULL)
		return &e;
	e.compile = pcre2_compile_context_create(NULL);
	e.match = pcre2_match_context_create(NULL);
	if (e.compile == NULL || e.match == NULL)
		abort();
	(void)pcre2_set_newline(e.compile, PCRE2_NEWLINE_LF);
	return &e;
}

static void
engine_reserve(struct engine *e, uint32_t pairs)
{
	if (e->pairs >= pairs)
		return;
	pcre2_match_data_free(e->data);
	if ((e->data = pcre2_match_data_create(pairs, NULL)) == NULL)
		abort();
	e->pairs = pairs;
}

/* ---- compiling */

/* Python's words where it has some. Returns NULL. */
static pcre2_code *
compile_error(struct err *err, int code)
{
	PCRE2_UCHAR text[256];

	if (code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH) {
		err_set(err, "look-behind requires fixed-width pattern");
		return NULL;
	}
	if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
		text[0] = '\0';
	err_set(err, "%s", (const char *)text);
	return NULL;
}

static pcre2_code *
compile(const char *text, size_t n, uint32_t options, struct err *err)
{
	int code;
	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile(
	    (PCRE2_SPTR)text, n, options, &code, &at, engine_get()->compile);

	return re != NULL ? re : compile_error(err, code);
}

static uint32_t
options_of(unsigned flags)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;

	if ((flags & NODE_I) != 0)
		options |= PCRE2_CASELESS;
	if ((flags & NODE_M) != 0)
		options |= PCRE2_MULTILINE;
	if ((flags & NODE_S) != 0)
		options |= PCRE2_DOTALL;
	return options;
}

static struct regex *
regex_from(struct dialect *d, struct err *err)
{
	struct regex *re = xcalloc(1, sizeof(*re));
	struct buf text = BUF_INIT;

	re->options = options_of(d->flags);
	dialect_write(d, false, &text);
	re->utf.re =
	    compile(text.p, text.n, re->options | PCRE2_UTF | PCRE2_UCP, err);
	buf_release(&text);
	if (re->utf.re == NULL) {
		free(re);
		return NULL;
	}
	if (dialect_has_ascii_form(d)) {
		dialect_write(d, true, &text);
		re->ascii_text = buf_detach(&text);
	}
	re->literals = xcalloc(2, sizeof(*re->literals));
	literals_find(d, &re->literals[0]);
	literals_prefix(d, &re->literals[1]);
	re->groups = d->groups;
	re->span = xcalloc((size_t)d->groups + 1, sizeof(*re->span));
	re->names = d->names;
	re->nnames = d->nnames;
	d->names = NULL;
	d->nnames = 0;
	return re;
}

struct regex *
regex_new(const char *pattern, size_t n, unsigned flags, struct err *err)
{
	struct dialect d;
	struct regex *re;
	unsigned set = 0;

	if ((flags & REGEX_MULTILINE) != 0)
		set |= NODE_M;
	if ((flags & REGEX_IGNORECASE) != 0)
		set |= NODE_I;
	if (dialect_parse(&d, pattern, n, set, err) < 0)
		return NULL;
	re = regex_from(&d, err);
	dialect_release(&d);
	return re;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->utf.re);
	pcre2_code_free(re->ascii.re);
	for (size_t i = 0; i < re->nnames; i++)
		free(re->names[i].name);
	free(re->names);
	free(re->ascii_text);
	free(re->literals);
	free(re->span);
	free(re);
}

size_t
regex_names(const struct regex *re)
{
	return re->nnames;
}

const char *
regex_name(const struct regex *re, size_t i)
{
	return re->names[i].name;
}

int
regex_name_group(const struct regex *re, size_t i)
{
	return re->names[i].group;
}

int
regex_groups(const struct regex *re)
{
	return re->groups;
}

const struct literals *
regex_literals(const struct regex *re)
{
	return &re->literals[0];
}

const struct literals *
regex_prefix(const struct regex *re)
{
	return &re->literals[1];
}

/* ---- matching */

/* The code for ASCII subjects, where there is one; it is made once. */
static void
make_ascii(struct regex *re)
{
	if (re->ascii_text == NULL)
		return;
	re->ascii.re =
	    compile(re->ascii_text, strlen(re->ascii_text), re->options, NULL);
	free(re->ascii_text);
	re->ascii_text = NULL;
}

/* The code to search with; what it should have become by now is made. */
static struct code *
code_for(struct regex *re, bool is_ascii)
{
	struct code *code = &re->utf;

	if (is_ascii) {
		if (re->ascii_uses < USES_UNTIL_JIT)
			re->ascii_uses++;
		else
			make_ascii(re);
		if (re->ascii.re != NULL)
			code = &re->ascii;
	}
	if (code->uses <= USES_UNTIL_JIT && ++code->uses > USES_UNTIL_JIT)
		code->is_jit =
		    pcre2_jit_compile(code->re, PCRE2_JIT_COMPLETE) == 0;
	return code;
}

static void
set_limits(struct engine *e, bool is_jit, unsigned factor)
{
	uint32_t steps = is_jit ? MATCH_LIMIT_JIT : MATCH_LIMIT;

	if (e->steps == steps * factor)
		return;
	e->steps = steps * factor;
	(void)pcre2_set_match_limit(e->match, steps * factor);
	(void)pcre2_set_depth_limit(e->match, steps * factor);
	(void)pcre2_set_heap_limit(e->match, HEAP_LIMIT_KIB * factor);
	if (!is_jit || e->stack != NULL)
		return;
	e->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	pcre2_jit_stack_assign(e->match, NULL, e->stack);
}

static void
keep_spans(struct regex *re, const struct engine *e, int pairs)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->data);

	for (int i = 0; i <= re->groups; i++) {
		bool set = i < pairs && at[2 * i] != PCRE2_UNSET;

		re->span[i].set = set;
		re->span[i].start = set ? at[2 * i] : 0;
		re->span[i].end = set ? at[2 * i + 1] : 0;
	}
}

static int
run(struct code *code, const struct subject *s, unsigned factor)
{
	struct engine *e = engine_get();
	int rc;

	set_limits(e, code->is_jit, factor);
	if (code->is_jit) {
		rc = pcre2_jit_match(code->re, (PCRE2_SPTR)s->p, s->n, s->start,
		    0, e->data, e->match);
		if (rc != PCRE2_ERROR_JIT_STACKLIMIT || factor == 1)
			return rc;
		set_limits(e, false, factor);
	}
	rc = pcre2_match(code->re, (PCRE2_SPTR)s->p, s->n, s->start,
	    PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, e->data, e->match);
	return rc;
}

static enum regex_result
search(struct regex *re, const struct subject *s, unsigned factor)
{
	struct engine *e = engine_get();
	int rc;

	engine_reserve(e, (uint32_t)re->groups + 1);
	rc = run(code_for(re, s->is_ascii), s, factor);
	if (rc >= 0)
		keep_spans(re, e, rc == 0 ? re->groups + 1 : rc);
	if (factor > 1) {
		/* it may hold much memory now */
		pcre2_match_data_free(e->data);
		e->data = NULL;
		e->pairs = 0;
	}
	if (rc >= 0)
		return REGEX_MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NONE : REGEX_LIMIT;
}

enum regex_result
regex_search(struct regex *re, const char *subject, size_t n, size_t start,
    bool is_ascii)
{
	struct subject s = {subject, n, start, is_ascii};
	enum regex_result result = search(re, &s, 1);

	if (result == REGEX_LIMIT)
		re->limit_hits++;
	return result;
}

enum regex_result
regex_search_again(struct regex *re, const char *subject, size_t n,
    size_t start, bool is_ascii)
{
	struct subject s = {subject, n, start, is_ascii};

	return search(re, &s, AGAIN_FACTOR);
}

struct regex_span
regex_group(const struct regex *re, int group)
{
	return re->span[group];
}

const struct regex_span *
regex_spans(const struct regex *re)
{
	return re->span;
}

unsigned long
regex_limit_hits(const struct regex *re)
{
	return re->limit_hits;
}
