/*
 * Two lanes, both in order. An operation that makes one in the queue
 * pointless does not take it out: it is made empty, so that whoever waits is
 * answered from the loop like anybody else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/actionset.h"

struct op *
op_new(enum op_type type, const struct ticket *t)
{
	struct op *op = xcalloc(1, sizeof(*op));

	op->type = op->as = type;
	op->lane = LANE_LIVE;
	if (t != NULL) {
		op->ticket = ticket_copy(t);
		op->known = value_dict();
	}
	return op;
}

void
op_free(struct op *op)
{
	if (op == NULL)
		return;
	for (size_t i = 0; i < op->n; i++)
		ticket_free(op->tickets[i]);
	free(op->tickets);
	ticket_free(op->ticket);
	value_free(op->known);
	call_free(op->call);
	free(op);
}

bool
op_is_ticket(const struct op *op)
{
	return op->type >= OP_BAN;
}

/* What decides whether the ticket is banned in the end. */
static bool
is_kept(const struct op *op)
{
	return (op->type == OP_BAN || op->type == OP_UNBAN) && !op->part;
}

void
opqueue_add(struct actionset *s, struct op *op, struct op *before)
{
	op->seq = ++s->seq;
	if (before != NULL)
		op->lane = before->lane;
	op->next = before;
	op->prev = before != NULL ? before->prev : s->tail[op->lane];
	if (op->prev != NULL)
		op->prev->next = op;
	else
		s->head[op->lane] = op;
	if (before != NULL)
		before->prev = op;
	else
		s->tail[op->lane] = op;
	if (is_kept(op) && !op->empty)
		dict_setn(s->pending, op->ticket->id, op->ticket->id_n, op);
}

void
opqueue_clear(struct actionset *s, struct op *op)
{
	op->empty = true;
	if (is_kept(op) && opqueue_pending(s, op->ticket) == op)
		dict_deln(s->pending, op->ticket->id, op->ticket->id_n);
}

struct op *
opqueue_first(const struct actionset *s)
{
	return s->head[LANE_LIVE] != NULL ? s->head[LANE_LIVE]
	                                  : s->head[LANE_RESTORE];
}

struct op *
opqueue_pending(const struct actionset *s, const struct ticket *t)
{
	return dict_getn(s->pending, t->id, t->id_n);
}

static void
unlink_op(struct actionset *s, struct op *op)
{
	if (op->prev != NULL)
		op->prev->next = op->next;
	else
		s->head[op->lane] = op->next;
	if (op->next != NULL)
		op->next->prev = op->prev;
	else
		s->tail[op->lane] = op->prev;
	if (is_kept(op) && opqueue_pending(s, op->ticket) == op)
		dict_deln(s->pending, op->ticket->id, op->ticket->id_n);
}

void
opqueue_finish(struct actionset *s, struct op *op)
{
	unlink_op(s, op);
	if (op->call != NULL)
		call_finish(op->call, !op->failed, s->why.p);
	if (op->done != NULL)
		op->done(op->arg, !op->failed);
	op_free(op);
}

void
opqueue_drop(struct actionset *s, const struct op *op)
{
	for (int lane = 0; lane < 2; lane++)
		for (struct op *o = s->head[lane]; o != NULL; o = o->next)
			if (o->seq < op->seq && op_is_ticket(o))
				opqueue_clear(s, o);
}

void
opqueue_free(struct actionset *s)
{
	dict_clear(s->pending);
	for (int lane = 0; lane < 2; lane++)
		while (s->head[lane] != NULL) {
			struct op *op = s->head[lane];

			s->head[lane] = op->next;
			op_free(op);
		}
}
