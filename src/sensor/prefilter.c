/*
 * Aho-Corasick over all literals, with a full table of transitions over
 * classes of bytes: one load a byte. With few patterns the machine code of
 * PCRE2 is as fast, and nothing is looked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/prefilter.h"

/* Patterns with literals below which a scan does not pay. */
#define PATTERNS_MIN 3
#define STATES_MAX 32767
/* A transition is a state, and whether a literal ends there. */
#define STATE_MASK 0x7fffu
#define STATE_OUTPUT 0x8000u

struct word {
	char *text; /* owned */
	size_t n;
	size_t pattern;
};

struct output {
	uint32_t pattern;
	uint32_t next; /* index + 1 of the next output of the state, 0: none */
};

struct prefilter {
	struct word *words;
	size_t nwords;
	size_t cap_words;
	size_t npatterns;
	size_t nfiltered; /* patterns that have literals */
	uint64_t *always; /* bits: patterns without literals */
	uint64_t *may;    /* bits: answers for the last text */
	size_t nbits;     /* words of 64 bits */
	bool is_built;    /* there is an automaton */
	unsigned char cls[256];
	unsigned ncls;
	unsigned shift;  /* a row has 1 << shift transitions */
	uint16_t *go;    /* [(state << shift) + class] */
	uint16_t *fail;  /* only while building */
	uint32_t *first; /* by state: index + 1 of its outputs */
	struct output *outputs;
	size_t noutputs;
	size_t cap_outputs;
	size_t nstates;
};

struct prefilter *
prefilter_new(void)
{
	return xcalloc(1, sizeof(struct prefilter));
}

void
prefilter_free(struct prefilter *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nwords; i++)
		free(p->words[i].text);
	free(p->words);
	free(p->always);
	free(p->may);
	free(p->go);
	free(p->fail);
	free(p->first);
	free(p->outputs);
	free(p);
}

void
prefilter_add(struct prefilter *p, const struct literals *l)
{
	for (size_t i = 0; i < l->n; i++) {
		GROW(p->words, p->nwords, p->cap_words);
		p->words[p->nwords].text =
		    xmemdup0(l->item[i].text, l->item[i].n);
		p->words[p->nwords].n = l->item[i].n;
		p->words[p->nwords++].pattern = p->npatterns;
	}
	p->npatterns++;
	p->nfiltered += l->n > 0;
}

/* ---- building */

static unsigned char
fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* A class for each byte that occurs in a literal; 0 for the others. */
static void
set_classes(struct prefilter *p)
{
	p->ncls = 1;
	for (size_t i = 0; i < p->nwords; i++)
		for (size_t k = 0; k < p->words[i].n; k++) {
			unsigned char c = (unsigned char)p->words[i].text[k];

			if (p->cls[c] == 0 && p->ncls < 256)
				p->cls[c] = (unsigned char)p->ncls++;
		}
	for (unsigned c = 'A'; c <= 'Z'; c++)
		p->cls[c] = p->cls[fold((unsigned char)c)];
}

static void
add_output(struct prefilter *p, size_t state, size_t pattern)
{
	for (uint32_t o = p->first[state]; o != 0; o = p->outputs[o - 1].next)
		if (p->outputs[o - 1].pattern == pattern)
			return;
	GROW(p->outputs, p->noutputs, p->cap_outputs);
	p->outputs[p->noutputs].pattern = (uint32_t)pattern;
	p->outputs[p->noutputs].next = p->first[state];
	p->first[state] = (uint32_t)++p->noutputs;
}

/* The tree of all words; 0 is the root and "no child yet". */
static void
add_word(struct prefilter *p, const struct word *w)
{
	size_t state = 0;

	for (size_t k = 0; k < w->n; k++) {
		uint16_t *to = &p->go[(state << p->shift) +
		                      p->cls[(unsigned char)w->text[k]]];

		if (*to == 0)
			*to = (uint16_t)p->nstates++;
		state = *to;
	}
	add_output(p, state, w->pattern);
}

/* What the state does on class c, and its child there, if any, is ready. */
static void
link_child(struct prefilter *p, size_t state, unsigned c, uint16_t **end)
{
	uint16_t *to = &p->go[(state << p->shift) + c];
	uint16_t back =
	    state == 0 ? 0 : p->go[((size_t)p->fail[state] << p->shift) + c];

	if (*to == 0) {
		*to = back;
		return;
	}
	p->fail[*to] = back;
	for (uint32_t o = p->first[back]; o != 0; o = p->outputs[o - 1].next)
		add_output(p, *to, p->outputs[o - 1].pattern);
	*(*end)++ = *to;
}

static void
link_states(struct prefilter *p)
{
	uint16_t *queue = xcalloc(p->nstates, sizeof(*queue));
	uint16_t *end = queue;

	for (unsigned c = 0; c < p->ncls; c++)
		link_child(p, 0, c, &end);
	for (uint16_t *at = queue; at < end; at++)
		for (unsigned c = 0; c < p->ncls; c++)
			link_child(p, *at, c, &end);
	free(queue);
}

void
prefilter_build(struct prefilter *p)
{
	size_t states = 1;

	p->nbits = (p->npatterns + 63) / 64;
	p->always = xcalloc(p->nbits + 1, sizeof(*p->always));
	p->may = xcalloc(p->nbits + 1, sizeof(*p->may));
	memset(p->may, 0xff, (p->nbits + 1) * sizeof(*p->may));
	for (size_t i = 0; i < p->nwords; i++)
		states += p->words[i].n;
	if (p->nfiltered < PATTERNS_MIN || states > STATES_MAX)
		return;
	memset(p->always, 0xff, (p->nbits + 1) * sizeof(*p->always));
	for (size_t i = 0; i < p->nwords; i++) {
		size_t n = p->words[i].pattern;

		p->always[n / 64] &= ~((uint64_t)1 << n % 64);
	}
	set_classes(p);
	while (1u << p->shift < p->ncls)
		p->shift++;
	p->go = xcalloc(states << p->shift, sizeof(*p->go));
	p->fail = xcalloc(states, sizeof(*p->fail));
	p->first = xcalloc(states, sizeof(*p->first));
	p->nstates = 1;
	for (size_t i = 0; i < p->nwords; i++)
		add_word(p, &p->words[i]);
	link_states(p);
	free(p->fail);
	p->fail = NULL;
	p->go = xreallocarray(p->go, p->nstates << p->shift, sizeof(*p->go));
	for (size_t i = 0; i < p->nstates << p->shift; i++)
		if (p->first[p->go[i]] != 0)
			p->go[i] |= STATE_OUTPUT;
	p->is_built = true;
}

/* ---- scanning */

void
prefilter_scan(struct prefilter *p, const char *text, size_t n)
{
	const uint16_t *go = p->go;
	unsigned shift = p->shift;
	size_t state = 0;

	if (!p->is_built)
		return;
	memcpy(p->may, p->always, p->nbits * sizeof(*p->may));
	for (size_t i = 0; i < n; i++) {
		unsigned to =
		    go[(state << shift) + p->cls[(unsigned char)text[i]]];

		state = to & STATE_MASK;
		if (to == state)
			continue;
		for (uint32_t o = p->first[state]; o != 0;
		     o = p->outputs[o - 1].next) {
			uint32_t pattern = p->outputs[o - 1].pattern;

			p->may[pattern / 64] |= (uint64_t)1 << pattern % 64;
		}
	}
}

bool
prefilter_next(const struct prefilter *p, size_t *pattern)
{
	for (size_t i = *pattern; i < p->npatterns; i = (i / 64 + 1) * 64) {
		uint64_t bits = p->may[i / 64] >> i % 64;

		if (bits == 0)
			continue;
		*pattern = i + (size_t)__builtin_ctzll(bits);
		return *pattern < p->npatterns;
	}
	return false;
}
