/*
 * The automaton is Aho and Corasick's, with a full table of transitions over
 * classes of bytes: one load a byte. With few patterns the machine code of
 * PCRE2 is as fast, and nothing is looked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/prefilter.h"

/* Patterns with literals below which the automaton does not pay. */
#define PATTERNS_MIN 3
#define STATES_MAX 32767
/* A transition is a state, and whether a literal ends there. */
#define STATE_MASK 0x7fffu
#define STATE_OUTPUT 0x8000u

struct word {
	char *text; /* owned */
	size_t n;
	size_t pattern;
	size_t rare;      /* place of the byte that is rarest in texts */
	uint64_t head[2]; /* first bytes, as many as there are */
	uint64_t mask[2]; /* which bytes of head these are */
};

struct wordlist {
	struct word *p;
	size_t n;
	size_t cap;
};

struct output {
	uint32_t pattern;
	uint32_t next; /* index + 1 of the next output of the state, 0: none */
};

struct automaton {
	unsigned char cls[256];
	unsigned ncls;
	unsigned shift;  /* a row has 1 << shift transitions */
	uint16_t *go;    /* [(state << shift) + class], owned; NULL: none */
	uint16_t *fail;  /* owned, only while building */
	uint32_t *first; /* by state: index + 1 of its outputs, owned */
	struct output *outputs;
	size_t noutputs;
	size_t cap_outputs;
	size_t nstates;
};

/* A pattern that is bound to the start, and one literal that it needs. */
struct start {
	struct word needed; /* n 0: none is known */
	bool is_bound;
};

struct prefilter {
	struct wordlist words;    /* for the automaton */
	struct wordlist prefixes; /* sorted by first byte when built */
	size_t bucket[257];       /* first byte -> first of its prefixes */
	struct start *starts;     /* by pattern */
	size_t npatterns;
	size_t cap_starts;
	size_t nscanned;  /* patterns in words */
	uint64_t *always; /* bits: patterns that nothing is known of */
	uint64_t *may;    /* bits: answers for the last text */
	size_t nbits;     /* words of 64 bits */
	struct automaton a;
	const char *text; /* borrowed */
	size_t n;
};

struct prefilter *
prefilter_new(void)
{
	return xcalloc(1, sizeof(struct prefilter));
}

static void
wordlist_release(struct wordlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i].text);
	free(l->p);
}

void
prefilter_free(struct prefilter *p)
{
	if (p == NULL)
		return;
	wordlist_release(&p->words);
	wordlist_release(&p->prefixes);
	for (size_t i = 0; i < p->npatterns; i++)
		free(p->starts[i].needed.text);
	free(p->starts);
	free(p->always);
	free(p->may);
	free(p->a.go);
	free(p->a.fail);
	free(p->a.first);
	free(p->a.outputs);
	free(p);
}

/* How common a byte is in the text of a log, roughly. */
static size_t
commonness(char c)
{
	static const char common[] = "JXZQjqxzKYGWVBkvbwygUFMCNTRLIDPSOAE"
	                             "98765432#!?=[](){}<>;,'\"_/-p"
	                             "ufdclhmr01.:insoat e";
	const char *at = strchr(common, c);

	return at == NULL || c == '\0' ? 0 : (size_t)(at - common) + 1;
}

static size_t
rarest(const char *text, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (commonness(text[i]) < commonness(text[best]))
			best = i;
	return best;
}

static struct word
word_of(const struct literal *l, size_t pattern)
{
	struct word w = {
	    .text = xmemdup0(l->text, l->n), .n = l->n, .pattern = pattern};

	w.rare = rarest(l->text, l->n);
	memcpy(w.head, l->text, l->n < sizeof(w.head) ? l->n : sizeof(w.head));
	memset(w.mask, 0xff, l->n < sizeof(w.mask) ? l->n : sizeof(w.mask));
	return w;
}

static void
add_words(struct wordlist *to, const struct literals *l, size_t pattern)
{
	for (size_t i = 0; i < l->n; i++) {
		GROW(to->p, to->n, to->cap);
		to->p[to->n++] = word_of(&l->item[i], pattern);
	}
}

void
prefilter_add(struct prefilter *p, const struct literals *needed,
    const struct literals *prefix)
{
	struct start *s;

	GROW(p->starts, p->npatterns, p->cap_starts);
	s = &p->starts[p->npatterns];
	memset(s, 0, sizeof(*s));
	s->is_bound = prefix->n > 0;
	if (s->is_bound) {
		add_words(&p->prefixes, prefix, p->npatterns);
		if (needed->n == 1 && !needed->item[0].caseless)
			s->needed = word_of(&needed->item[0], p->npatterns);
	} else {
		add_words(&p->words, needed, p->npatterns);
		p->nscanned += needed->n > 0;
	}
	p->npatterns++;
}

/* ---- building */

static unsigned char
fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* A class for each byte that occurs in a literal; 0 for the others. */
static void
set_classes(struct automaton *a, const struct wordlist *words)
{
	a->ncls = 1;
	for (size_t i = 0; i < words->n; i++)
		for (size_t k = 0; k < words->p[i].n; k++) {
			unsigned char c = fold(words->p[i].text[k]);

			if (a->cls[c] == 0)
				a->cls[c] = (unsigned char)a->ncls++;
		}
	for (char c = 'A'; c <= 'Z'; c++)
		a->cls[(unsigned char)c] = a->cls[fold(c)];
	while (1u << a->shift < a->ncls)
		a->shift++;
}

static void
add_output(struct automaton *a, size_t state, size_t pattern)
{
	for (uint32_t o = a->first[state]; o != 0; o = a->outputs[o - 1].next)
		if (a->outputs[o - 1].pattern == pattern)
			return;
	GROW(a->outputs, a->noutputs, a->cap_outputs);
	a->outputs[a->noutputs].pattern = (uint32_t)pattern;
	a->outputs[a->noutputs].next = a->first[state];
	a->first[state] = (uint32_t)++a->noutputs;
}

static uint16_t *
transition(const struct automaton *a, size_t state, unsigned c)
{
	return &a->go[(state << a->shift) + c];
}

/* The tree of all words; 0 is the root and "no child yet". */
static void
add_word(struct automaton *a, const struct word *w)
{
	size_t state = 0;

	for (size_t k = 0; k < w->n; k++) {
		uint16_t *to = transition(a, state, a->cls[fold(w->text[k])]);

		if (*to == 0)
			*to = (uint16_t)a->nstates++;
		state = *to;
	}
	add_output(a, state, w->pattern);
}

/* Where the state goes on class c; its child there, if any, gets ready. */
static void
link_child(struct automaton *a, size_t state, unsigned c, uint16_t **end)
{
	uint16_t *to = transition(a, state, c);
	uint16_t back = state == 0 ? 0 : *transition(a, a->fail[state], c);

	if (*to == 0) {
		*to = back;
		return;
	}
	a->fail[*to] = back;
	for (uint32_t o = a->first[back]; o != 0; o = a->outputs[o - 1].next)
		add_output(a, *to, a->outputs[o - 1].pattern);
	*(*end)++ = *to;
}

static void
link_states(struct automaton *a)
{
	uint16_t *queue = xcalloc(a->nstates, sizeof(*queue));
	uint16_t *end = queue;

	for (unsigned c = 0; c < a->ncls; c++)
		link_child(a, 0, c, &end);
	for (uint16_t *at = queue; at < end; at++)
		for (unsigned c = 0; c < a->ncls; c++)
			link_child(a, *at, c, &end);
	free(queue);
}

static void
automaton_build(struct automaton *a, const struct wordlist *words)
{
	size_t states = 1;

	for (size_t i = 0; i < words->n; i++)
		states += words->p[i].n;
	if (states > STATES_MAX)
		return;
	set_classes(a, words);
	a->go = xcalloc(states << a->shift, sizeof(*a->go));
	a->fail = xcalloc(states, sizeof(*a->fail));
	a->first = xcalloc(states, sizeof(*a->first));
	a->nstates = 1;
	for (size_t i = 0; i < words->n; i++)
		add_word(a, &words->p[i]);
	link_states(a);
	free(a->fail);
	a->fail = NULL;
	a->go = xreallocarray(a->go, a->nstates << a->shift, sizeof(*a->go));
	for (size_t i = 0; i < a->nstates << a->shift; i++)
		if (a->first[a->go[i]] != 0)
			a->go[i] |= STATE_OUTPUT;
}

static int
compare_first(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return (unsigned char)x->text[0] - (unsigned char)y->text[0];
}

static void
set_buckets(struct prefilter *p)
{
	size_t i = 0;

	if (p->prefixes.n > 0)
		qsort(p->prefixes.p, p->prefixes.n, sizeof(*p->prefixes.p),
		    compare_first);
	for (unsigned c = 0; c <= 256; c++) {
		while (i < p->prefixes.n &&
		       (unsigned char)p->prefixes.p[i].text[0] < c)
			i++;
		p->bucket[c] = i;
	}
}

static void
clear_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] &= ~((uint64_t)1 << i % 64);
}

static void
set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= (uint64_t)1 << i % 64;
}

void
prefilter_build(struct prefilter *p)
{
	p->nbits = (p->npatterns + 63) / 64;
	p->always = xcalloc(p->nbits + 1, sizeof(*p->always));
	p->may = xcalloc(p->nbits + 1, sizeof(*p->may));
	memset(p->always, 0xff, (p->nbits + 1) * sizeof(*p->always));
	set_buckets(p);
	for (size_t i = 0; i < p->prefixes.n; i++)
		clear_bit(p->always, p->prefixes.p[i].pattern);
	if (p->nscanned >= PATTERNS_MIN)
		automaton_build(&p->a, &p->words);
	for (size_t i = 0; i < p->words.n && p->a.go != NULL; i++)
		clear_bit(p->always, p->words.p[i].pattern);
}

/* ---- scanning */

static void
scan_words(struct prefilter *p)
{
	const struct automaton *a = &p->a;
	size_t state = 0;

	for (size_t i = 0; i < p->n; i++) {
		unsigned to =
		    *transition(a, state, a->cls[(unsigned char)p->text[i]]);

		state = to & STATE_MASK;
		if (to == state)
			continue;
		for (uint32_t o = a->first[state]; o != 0;
		     o = a->outputs[o - 1].next)
			set_bit(p->may, a->outputs[o - 1].pattern);
	}
}

static bool
begins(const struct word *w, const uint64_t *start)
{
	return (start[0] & w->mask[0]) == w->head[0] &&
	       (start[1] & w->mask[1]) == w->head[1];
}

/* The first bytes of the text; those after its end are 0. */
static void
scan_prefixes(struct prefilter *p)
{
	unsigned char c = (unsigned char)p->text[0];
	uint64_t start[2] = {0, 0};

	if (p->n >= sizeof(start))
		memcpy(start, p->text, sizeof(start));
	else
		memcpy(start, p->text, p->n);
	for (size_t i = p->bucket[c]; i < p->bucket[c + 1]; i++) {
		const struct word *w = &p->prefixes.p[i];

		if (begins(w, start) && w->n <= p->n &&
		    (w->n <= sizeof(start) ||
		        memcmp(w->text, p->text, w->n) == 0))
			set_bit(p->may, w->pattern);
	}
}

void
prefilter_scan(struct prefilter *p, const char *text, size_t n)
{
	p->text = text;
	p->n = n;
	memcpy(p->may, p->always, p->nbits * sizeof(*p->may));
	if (n > 0)
		scan_prefixes(p);
	if (p->a.go != NULL)
		scan_words(p);
}

/* memmem(), without the tables that it makes for each search. */
static bool
has_word(const char *text, size_t n, const struct word *w)
{
	const char *p = text + w->rare, *last;

	if (n < w->n)
		return false;
	last = text + n - w->n + w->rare;
	while (
	    (p = memchr(p, w->text[w->rare], (size_t)(last - p) + 1)) != NULL) {
		if (memcmp(p - w->rare, w->text, w->n) == 0)
			return true;
		if (p++ == last)
			return false;
	}
	return false;
}

/* The second question to a pattern that the start of the text speaks for. */
static bool
has_needed(const struct prefilter *p, size_t pattern)
{
	const struct word *w = &p->starts[pattern].needed;

	return w->n == 0 || has_word(p->text, p->n, w);
}

bool
prefilter_next(const struct prefilter *p, size_t *pattern)
{
	for (size_t i = *pattern; i < p->npatterns;) {
		uint64_t bits = p->may[i / 64] >> i % 64;

		if (bits == 0) {
			i = (i / 64 + 1) * 64;
			continue;
		}
		i += (size_t)__builtin_ctzll(bits);
		if (i < p->npatterns && has_needed(p, i)) {
			*pattern = i;
			return true;
		}
		i++;
	}
	return false;
}
