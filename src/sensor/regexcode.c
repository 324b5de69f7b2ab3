/*
 * PCRE2's own limit counts what machine code does now and then, anew for each
 * place where a match could begin, and not the characters that are passed: it
 * does not bound the time. So there are two ways to search. The fast one gets
 * a limit so low, by the length of the subject, that what is not counted
 * stays cheap. The metered one is told of every item by a callout and counts
 * all of it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/dialect.h"
#include "sensor/regexcode.h"

/*
 * A fast search may pass this many characters (powers of two), were each step
 * at each place to begin at to pass the whole subject. At many places few do.
 */
#define FAST_BITS 22
#define FAST_BITS_ANYWHERE 26
/* Fewer steps than this are not worth the attempt. */
#define FAST_MIN 8
/* For patterns of ours. */
#define LIMIT_OURS (1U << 16)
/* The interpreter counts more often. */
#define FAST_SLOW_BITS 3
/* Steps of a metered search in PCRE2's count are at most so many. */
#define METERED_FACTOR 16
#define CHARS_A_STEP 16
#define HEAP_LIMIT_KIB 8192
/* Searches after which machine code and codes for ASCII pay; bytes. */
#define USES_UNTIL_READY 16
#define BYTES_UNTIL_JIT 512
#define JIT_STACK_START ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)

struct regexcode {
	pcre2_code *re; /* owned */
	unsigned uses;  /* until it is ready */
	bool is_ready;  /* machine code was made, if it can be */
	bool is_jit;
	bool is_anchored; /* a match begins at the start or nowhere */
};

/* What all codes of the process share: nothing is kept between matches. */
struct engine {
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	uint32_t pairs; /* room in data */
	bool is_large;  /* data: the interpreter may hold much memory there */
	uint32_t limit; /* in force */
	int matched;    /* pairs of the last match */
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
	(void)pcre2_set_heap_limit(e.match, HEAP_LIMIT_KIB);
	return &e;
}

static struct engine *
engine_reserve(int groups)
{
	struct engine *e = engine_get();
	uint32_t pairs = (uint32_t)groups + 1;

	if (e->pairs >= pairs && !e->is_large)
		return e;
	pcre2_match_data_free(e->data);
	e->is_large = false;
	if ((e->data = pcre2_match_data_create(pairs, NULL)) == NULL)
		abort();
	e->pairs = pairs;
	return e;
}

static void
engine_limit(struct engine *e, uint32_t limit)
{
	if (e->limit == limit)
		return;
	e->limit = limit;
	(void)pcre2_set_match_limit(e->match, limit);
	(void)pcre2_set_depth_limit(e->match, limit);
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

static uint32_t
options_of(unsigned kind, unsigned flags)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;

	if ((kind & REGEXCODE_ASCII) == 0)
		options |= PCRE2_UTF | PCRE2_UCP;
	if ((kind & REGEXCODE_METERED) != 0)
		options |= PCRE2_AUTO_CALLOUT;
	if ((flags & NODE_I) != 0)
		options |= PCRE2_CASELESS;
	if ((flags & NODE_M) != 0)
		options |= PCRE2_MULTILINE;
	if ((flags & NODE_S) != 0)
		options |= PCRE2_DOTALL;
	return options;
}

static pcre2_code *
compile(const char *text, uint32_t options, struct err *err)
{
	int code;
	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)text, strlen(text), options,
	    &code, &at, engine_get()->compile);

	return re != NULL ? re : compile_error(err, code);
}

/* ".*" at the start is as good as "^" where there is one line. */
static bool
is_anchored(const pcre2_code *re)
{
	uint32_t options = 0, first = 0;

	(void)pcre2_pattern_info(re, PCRE2_INFO_ALLOPTIONS, &options);
	(void)pcre2_pattern_info(re, PCRE2_INFO_FIRSTCODETYPE, &first);
	return (options & PCRE2_ANCHORED) != 0 ||
	       (first == 2 && (options & PCRE2_MULTILINE) == 0);
}

struct regexcode *
regexcode_new(
    const char *text, enum regexcode_kind kind, unsigned flags, struct err *err)
{
	pcre2_code *re = compile(text, options_of(kind, flags), err);
	struct regexcode *c;

	if (re == NULL)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->re = re;
	c->is_anchored = is_anchored(re);
	return c;
}

void
regexcode_free(struct regexcode *c)
{
	if (c == NULL)
		return;
	pcre2_code_free(c->re);
	free(c);
}

unsigned regex_patience = USES_UNTIL_READY;

void
regex_expect_many(void)
{
	regex_patience = 0;
}

/* A program that looks at one short line should not wait for machine code. */
static void
make_jit(struct regexcode *c, size_t n)
{
	struct engine *e;

	if (c->is_ready)
		return;
	c->uses++;
	c->is_ready = n > BYTES_UNTIL_JIT || c->uses > regex_patience;
	if (!c->is_ready)
		return;
	c->is_jit = pcre2_jit_compile(c->re, PCRE2_JIT_COMPLETE) == 0;
	e = engine_get();
	if (!c->is_jit || e->stack != NULL)
		return;
	e->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	pcre2_jit_stack_assign(e->match, NULL, e->stack);
}

/* ---- matching */

static int
run_jit(const struct regexcode *c, const struct regex_subject *s)
{
	struct engine *e = engine_get();

	return pcre2_jit_match(
	    c->re, (PCRE2_SPTR)s->text, s->n, s->start, 0, e->data, e->match);
}

static int
run_plain(const struct regexcode *c, const struct regex_subject *s)
{
	struct engine *e = engine_get();

	return pcre2_match(c->re, (PCRE2_SPTR)s->text, s->n, s->start,
	    PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, e->data, e->match);
}

static enum regex_result
result_of(int rc, int groups)
{
	if (rc >= 0) {
		engine_get()->matched = rc == 0 ? groups + 1 : rc;
		return REGEX_MATCH;
	}
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NONE : REGEX_LIMIT;
}

/* Steps at one place to begin at; 0: the search is not for a fast code. */
static uint32_t
fast_limit(const struct regexcode *c, const struct regex_subject *s)
{
	unsigned n_bits = s->n < 2 ? 1 : 64 - (unsigned)__builtin_clzl(s->n);
	int bits = c->is_anchored ? FAST_BITS - (int)n_bits
	                          : FAST_BITS_ANYWHERE - 2 * (int)n_bits;

	if (s->is_ours)
		return LIMIT_OURS;
	if (!c->is_jit)
		bits += FAST_SLOW_BITS;
	return bits < 0 || 1U << bits < FAST_MIN ? 0 : 1U << bits;
}

enum regex_result
regexcode_search(struct regexcode *c, const struct regex_subject *s, int groups)
{
	struct engine *e = engine_reserve(groups);
	uint32_t limit;

	make_jit(c, s->n);
	if ((limit = fast_limit(c, s)) == 0)
		return REGEX_LIMIT;
	engine_limit(e, limit);
	return result_of(c->is_jit ? run_jit(c, s) : run_plain(c, s), groups);
}

/* ---- counting */

struct meter {
	unsigned long left;
	size_t last; /* where the last item began */
};

static int
on_item(pcre2_callout_block *block, void *arg)
{
	struct meter *m = arg;
	size_t at = block->current_position;
	unsigned long cost = 1;

	if (at > m->last)
		cost += (at - m->last) / CHARS_A_STEP;
	m->last = at;
	if (cost > m->left) {
		m->left = 0;
		return PCRE2_ERROR_CALLOUT;
	}
	m->left -= cost;
	return 0;
}

enum regex_result
regexcode_metered(struct regexcode *c, const struct regex_subject *s,
    int groups, unsigned long *steps)
{
	struct engine *e = engine_reserve(groups);
	struct meter m = {.left = *steps, .last = s->start};
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	make_jit(c, SIZE_MAX);
	engine_limit(e, *steps < UINT32_MAX / METERED_FACTOR
	                    ? (uint32_t)*steps * METERED_FACTOR
	                    : UINT32_MAX);
	(void)pcre2_set_callout(e->match, on_item, &m);
	if (c->is_jit)
		rc = run_jit(c, s);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
		e->is_large = true;
		rc = run_plain(c, s);
	}
	(void)pcre2_set_callout(e->match, NULL, NULL);
	*steps = m.left;
	return result_of(rc, groups);
}

void
regexcode_spans(struct regex_span *ret, int groups)
{
	struct engine *e = engine_get();
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(e->data);

	for (int i = 0; i <= groups; i++) {
		bool set = i < e->matched && at[2 * i] != PCRE2_UNSET;

		ret[i].set = set;
		ret[i].start = set ? at[2 * i] : 0;
		ret[i].end = set ? at[2 * i + 1] : 0;
	}
}
