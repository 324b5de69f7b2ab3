/*
 * What waits in the queue when the last command has ended goes out together
 * where that is the same as one by one: nobody waits for a batch to fill, and
 * a single ban takes the ordinary way.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/actionset.h"
#include "engine/batchshape.h"

enum {
	BATCH_FIRST = 1000, /* operations of the first one */
	BATCH_MAX = 5000,
	BATCH_MIN = 16,
	BATCH_MS = 200, /* a live ban waits no longer for one */
};

struct item {
	struct op *op;          /* borrowed: in the queue until the end */
	struct batch_line line; /* key "" with bulk: by family */
	enum action_family fam;
	bool runs; /* has a command at all */
	bool tried;
};

struct batch {
	struct item *items;
	size_t n;
	size_t cap;
	enum action_cmd bulk;     /* CMD_COUNT: lines of known shapes */
	const struct item *group; /* the first one of those that run now */
	size_t *max;              /* of the action, for this kind */
	int64_t since;            /* clock_mono_ms() when the group began */
};

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++)
		batch_line_release(&b->items[i].line);
	free(b->items);
	free(b);
}

/* ---- collecting */

/* The next of the lane may join: same kind, come as far, no failed batch. */
static bool
may_join(const struct op *op, const struct op *first)
{
	return op->type == first->type && op->part == first->part &&
	       op->at == first->at && !op->single;
}

static bool
is_bulk_id(const struct ticket *t)
{
	return t->is_addr && addr_is_single(&t->addr) &&
	       strcmp(ticket_ip(t), t->id) == 0;
}

/* The line of the command of this operation; false: it runs alone. */
static bool
plan_line(struct actionset *s, struct action *a, struct item *it,
    enum action_cmd bulk)
{
	struct frame f = {
	    .a = a, .op = it->op, .cmd = op_command(it->op->type)};
	const char *text = action_command(a, f.cmd, it->fam, NULL);

	if (text == NULL)
		return false;
	it->runs = text[0] != '\0';
	if (!it->runs)
		return true;
	if (bulk != CMD_COUNT) {
		buf_adds(&it->line.key, action_family_name(it->fam));
		buf_adds(&it->line.line, it->op->ticket->id);
		return is_bulk_id(it->op->ticket);
	}
	if (strstr(text, "<ip-host>") != NULL)
		return false;
	render_for(s, &f, it->fam, text);
	return s->rendered.nargs == 0 &&
	       batch_line_parse(&it->line, s->rendered.text.p);
}

/* Adds what op is to do; false: the batch ends before it. */
static bool
plan(struct actionset *s, struct batch *b, struct action *a, struct op *op)
{
	enum action_family fams[FAM_COUNT];
	struct item it = {.op = op};
	bool ok;

	batch_line_init(&it.line);
	ticket_unpack(op->ticket);
	it.fam = action_family_of(op->ticket);
	ok = action_skips(a, op) || (action_needs_start(s, a, op, fams) == 0 &&
	                                plan_line(s, a, &it, b->bulk));
	ticket_pack(op->ticket);
	if (!ok) {
		batch_line_release(&it.line);
		return false;
	}
	GROW(b->items, b->n, b->cap);
	b->items[b->n++] = it;
	return true;
}

static enum action_cmd
bulk_command(const struct action *a, const struct op *op)
{
	enum action_cmd bulk =
	    op->type == OP_BAN ? CMD_BAN_BULK : CMD_UNBAN_BULK;

	return action_has(a, bulk) ? bulk : CMD_COUNT;
}

static size_t
commands_of(const struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->items[i].runs;
	return n;
}

static enum verdict step_batch(struct actionset *s, struct frame *f, bool ok);

bool
actionset_batch(struct actionset *s, struct op *first)
{
	struct action *a = s->actions[first->at];
	struct batch *b;

	if ((first->type != OP_BAN && first->type != OP_UNBAN) ||
	    first->next == NULL || !may_join(first->next, first) || a->is_smtp)
		return false;
	b = xcalloc(1, sizeof(*b));
	b->bulk = bulk_command(a, first);
	b->max = &a->batch_max[first->type == OP_UNBAN];
	if (*b->max == 0)
		*b->max = BATCH_FIRST;
	for (struct op *op = first; op != NULL && b->n < *b->max; op = op->next)
		if (!op->empty && (!may_join(op, first) || !plan(s, b, a, op)))
			break;
	if (commands_of(b) < 2) {
		batch_free(b);
		return false;
	}
	for (size_t i = 0; i < b->n; i++)
		b->items[i].op->begun = true;
	s->batch = b;
	(void)actionset_push(s, step_batch, a, first);
	return true;
}

/* ---- running */

static bool
in_group(const struct batch *b, const struct item *it)
{
	return it->runs && strcmp(it->line.key.p, b->group->line.key.p) == 0;
}

/* Lines of the group, their number is returned. */
static size_t
add_lines(struct buf *input, const struct batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = &b->items[i];

		if (!in_group(b, it))
			continue;
		buf_add(input, it->line.line.p, it->line.line.n);
		buf_addc(input, '\n');
		n++;
	}
	return n;
}

static enum verdict
run_lines(struct actionset *s, struct frame *f)
{
	const struct batch_line *l = &s->batch->group->line;
	struct buf input = BUF_INIT, shown = BUF_INIT;
	struct batch_argv argv;
	struct command c = {.quiet = true};
	enum verdict v;
	size_t n;

	batch_argv_init(&argv, l);
	batch_begin(&input, l);
	n = add_lines(&input, s->batch);
	batch_end(&input, l);
	buf_addf(&shown, "%s (%zu commands)", l->key.p, n);
	c.text = shown.p;
	c.argv = argv.argv;
	c.input = input.p;
	c.input_n = input.n;
	v = actionset_launch(s, f->a, &c);
	batch_argv_release(&argv);
	buf_release(&input);
	buf_release(&shown);
	return v;
}

static enum verdict
run_bulk(struct actionset *s, struct frame *f)
{
	const struct item *group = s->batch->group;
	enum action_family fam = group->fam;
	const char *text;
	struct frame bulk = {.a = f->a, .op = f->op, .cmd = s->batch->bulk};
	struct buf input = BUF_INIT;
	struct command c = {.quiet = true};
	enum verdict v;

	text = action_command(f->a, s->batch->bulk, fam, NULL);
	if (text == NULL || text[0] == '\0')
		return STEP_FAIL;
	render_for(s, &bulk, fam, text);
	(void)add_lines(&input, s->batch);
	c.text = s->rendered.text.p;
	c.args = (const char *const *)s->rendered.args;
	c.nargs = s->rendered.nargs;
	c.input = input.p;
	c.input_n = input.n;
	v = actionset_launch(s, f->a, &c);
	buf_release(&input);
	return v;
}

/*
 * Some programs take longer the more rules there are (iptables looks for a
 * rule to delete among all of them), so the number is what was quick so far.
 */
static void
adapt(struct batch *b, size_t lines)
{
	int64_t ms = clock_mono_ms() - b->since;
	size_t max = *b->max;

	if (ms > BATCH_MS)
		max = lines * BATCH_MS / (size_t)ms;
	else if (lines >= max / 2)
		max = max * 2;
	*b->max = max < BATCH_MIN   ? BATCH_MIN
	          : max > BATCH_MAX ? BATCH_MAX
	                            : max;
}

/* How the group ended: what failed is repeated one by one. */
static void
group_done(struct actionset *s, struct action *a, bool ok)
{
	struct batch *b = s->batch;
	size_t lines = 0;

	if (!ok)
		log_msg(LOG_DEBUG_, "action",
		    "several commands at once failed, repeated one by one");
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = &b->items[i];

		if (!in_group(b, it))
			continue;
		it->tried = true;
		lines++;
		if (!ok)
			it->op->single = true;
		else if (it->op->type == OP_BAN)
			action_state_set(
			    a, it->fam, STATE_STARTED | STATE_ITEMS);
	}
	adapt(b, lines);
}

static const struct item *
next_group(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].runs && !b->items[i].tried)
			return &b->items[i];
	return NULL;
}

/* Every operation that worked is one action further. */
static void
finish_items(struct actionset *s)
{
	struct batch *b = s->batch;

	s->batch = NULL;
	s->now = NULL;
	for (size_t i = 0; i < b->n && !s->dying; i++) {
		struct op *op = b->items[i].op;

		if (!op->single && (op->empty || ++op->at >= s->n))
			opqueue_finish(s, op);
	}
	batch_free(b);
}

static enum verdict
step_batch(struct actionset *s, struct frame *f, bool ok)
{
	struct batch *b = s->batch;

	if (f->pc == 1)
		group_done(s, f->a, ok);
	f->pc = 1;
	while ((b->group = next_group(b)) != NULL) {
		b->since = clock_mono_ms();
		enum verdict v =
		    b->bulk != CMD_COUNT ? run_bulk(s, f) : run_lines(s, f);

		if (v == STEP_WAIT)
			return v;
		group_done(s, f->a, false);
	}
	finish_items(s);
	return STEP_OK;
}
