/*
 * A check is a short list of steps. It runs through them at once when
 * everything is known; otherwise it stops at a step and goes on there when
 * the name or the command has answered.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/actiontags.h"
#include "engine/ignore_parts.h"

enum { COMMAND_MS = 60000 };

/* ---- the steps of a check */

static struct tagctx
tag_context(const struct ignore_check *c, struct value *known)
{
	return (struct tagctx){
	    .env = c->g->env.tags, .ticket = c->t, .known = known};
}

/* The key as it is for this ticket; arguments are part of it. */
static char *
render_key(const struct ignore_check *c)
{
	struct value *known = value_dict();
	const struct tagctx ctx = tag_context(c, known);
	struct rendered r;
	struct buf key = BUF_INIT;

	rendered_init(&r);
	actiontags_render(&r, c->g->cache_key, &ctx);
	buf_add(&key, r.text.p, r.text.n);
	for (size_t i = 0; i < r.nargs; i++) {
		buf_addc(&key, '\n');
		buf_adds(&key, r.args[i]);
	}
	rendered_release(&r);
	value_free(known);
	return buf_detach(&key);
}

static enum answer
step_cache(struct ignore_check *c)
{
	const struct verdict *v;

	if (c->g->cache_key == NULL)
		return ANSWER_NEXT;
	c->key = render_key(c);
	v = dict_get(c->g->cache, c->key);
	if (v == NULL || v->until < clock_now() ||
	    v->until > clock_now() + c->g->cache_seconds)
		return ANSWER_NEXT;
	free(c->key);
	c->key = NULL;
	return v->ignored ? ANSWER_YES : ANSWER_NO;
}

static enum answer
step_self(struct ignore_check *c)
{
	if (!c->g->self || !c->t->is_addr ||
	    !names_is_own(c->g->names, &c->t->addr))
		return ANSWER_NEXT;
	c->source = "ignoreself rule";
	return ANSWER_YES;
}

/* fail2ban: this verdict costs nothing and is not cached. */
static enum answer
step_single(struct ignore_check *c)
{
	if (dict_getn(c->g->singles, c->t->id, c->t->id_n) == NULL)
		return ANSWER_NEXT;
	c->source = "ip";
	free(c->key);
	c->key = NULL;
	return ANSWER_YES;
}

static enum answer
check_entry(struct ignore_check *c, const struct ignore_entry *e)
{
	const struct ticket *t = c->t;

	c->source = e->file != NULL ? e->text : "ip";
	if (e->file != NULL)
		return ignorefile_has(e->file, t) ? ANSWER_YES : ANSWER_NEXT;
	if (e->is_net)
		return t->is_addr && addr_in(&t->addr, &e->net) ? ANSWER_YES
		                                                : ANSWER_NEXT;
	if (!t->is_addr)
		return strlen(e->text) == t->id_n &&
		               memcmp(e->text, t->id, t->id_n) == 0
		           ? ANSWER_YES
		           : ANSWER_NEXT;
	c->source = "dns";
	switch (names_has(c->g->names, e->text, &t->addr)) {
	case 1:
		return ANSWER_YES;
	case 0:
		return ANSWER_NEXT;
	default:
		return ANSWER_WAIT;
	}
}

static enum answer
step_others(struct ignore_check *c)
{
	for (size_t i = 0; i < c->g->n; i++) {
		enum answer a = check_entry(c, &c->g->entries[i]);

		if (a != ANSWER_NEXT)
			return a;
	}
	c->source = NULL;
	return ANSWER_NEXT;
}

static void finish(struct ignore_check *c, bool ignored);

static void
on_command(void *arg, const struct command_result *r)
{
	struct ignore_check *c = arg;

	c->run = 0;
	c->source = "command";
	finish(c, r->ok && r->status == 0);
}

static enum answer
step_command(struct ignore_check *c)
{
	struct value *known;
	struct rendered r;
	struct command command = {.timeout_ms = COMMAND_MS, .ok_max = 1};
	struct tagctx ctx;

	if (c->g->command[0] == '\0')
		return ANSWER_NO;
	known = value_dict();
	ctx = tag_context(c, known);
	rendered_init(&r);
	actiontags_render(&r, c->g->command, &ctx);
	command.text = r.text.p;
	command.args = (const char *const *)r.args;
	command.nargs = r.nargs;
	c->run = runner_run(c->g->env.runner, &command, on_command, c);
	rendered_release(&r);
	value_free(known);
	return ANSWER_WAIT;
}

static enum answer (*const steps[STEP_DONE])(struct ignore_check *) = {
    [STEP_CACHE] = step_cache,
    [STEP_SELF] = step_self,
    [STEP_SINGLE] = step_single,
    [STEP_OTHERS] = step_others,
    [STEP_COMMAND] = step_command,
};

static enum answer
go_on(struct ignore_check *c)
{
	enum answer a = ANSWER_NEXT;

	while (a == ANSWER_NEXT) {
		if (c->step == STEP_DONE)
			return ANSWER_NO;
		a = steps[c->step](c);
		if (a == ANSWER_NEXT)
			c->step++;
	}
	return a;
}

/* ---- results */

static void
remember(struct ignore_check *c, bool ignored)
{
	struct ignore *g = c->g;
	struct dict_iter it = {0};
	struct verdict *v;

	if (c->key == NULL || g->cache_key == NULL || g->cache_count == 0)
		return;
	if (dict_count(g->cache) >= (size_t)g->cache_count &&
	    dict_next(g->cache, &it))
		dict_deln(g->cache, it.key, it.key_n);
	v = xcalloc(1, sizeof(*v));
	v->ignored = ignored;
	v->until = clock_now() + g->cache_seconds;
	dict_set(g->cache, c->key, v);
}

static void
conclude(struct ignore_check *c, bool ignored)
{
	struct buf id = BUF_INIT;

	if (ignored && c->source != NULL) {
		ticket_shown(&id, c->t->id, c->t->id_n);
		log_msg(LOG_INFO_, "filter", "[%s] Ignore %s by %s",
		    c->g->env.jail, id.p, c->source);
		buf_release(&id);
	}
	remember(c, ignored);
}

static void
unlink_check(struct ignore_check *c)
{
	struct ignore_check **p = &c->g->checks;

	while (*p != NULL && *p != c)
		p = &(*p)->next;
	if (*p != NULL)
		*p = c->next;
}

static void
check_free(struct ignore_check *c)
{
	free(c->key);
	free(c);
}

/* A check that had to wait is over. */
static void
finish(struct ignore_check *c, bool ignored)
{
	ignore_fn fn = c->fn;
	void *arg = c->arg;

	conclude(c, ignored);
	unlink_check(c);
	check_free(c);
	fn(arg, ignored);
}

/*
 * A name has become known. fn may do anything to the list, so it is looked
 * through again from its start.
 */
void
ignore_resume_all(void *arg)
{
	struct ignore *g = arg;
	struct ignore_check *c = g->checks;

	while (c != NULL) {
		enum answer a =
		    c->step == STEP_COMMAND ? ANSWER_WAIT : go_on(c);

		if (a == ANSWER_WAIT) {
			c = c->next;
			continue;
		}
		finish(c, a == ANSWER_YES);
		c = g->checks;
	}
}

void
ignore_warm(struct ignore *g)
{
	static const struct addr nobody = {.family = 0};

	if (g->self)
		(void)names_is_own(g->names, &nobody);
	for (size_t i = 0; i < g->n; i++)
		if (!g->entries[i].is_net && g->entries[i].file == NULL)
			names_warm(g->names, g->entries[i].text);
}

bool
ignore_reads_captures(const struct ignore *g)
{
	return g->cache_key != NULL || g->command[0] != '\0';
}

int
ignore_ask(struct ignore *g, const struct ticket *t, ignore_fn fn, void *arg,
    struct ignore_check **check)
{
	struct ignore_check quick = {.g = g, .t = t, .fn = fn, .arg = arg};
	struct ignore_check *c = &quick;
	enum answer a;

	/* a command is told where it belongs to before it is known to wait */
	if (g->command[0] != '\0')
		c = xmemdup(&quick, sizeof(quick));
	a = go_on(c);
	if (a == ANSWER_WAIT) {
		if (c == &quick)
			c = xmemdup(&quick, sizeof(quick));
		c->next = g->checks;
		g->checks = c;
		*check = c;
		return -1;
	}
	conclude(c, a == ANSWER_YES);
	if (c == &quick)
		free(c->key);
	else
		check_free(c);
	return a == ANSWER_YES;
}

void
ignore_cancel(struct ignore_check *c)
{
	if (c == NULL)
		return;
	if (c->run != 0)
		runner_cancel(c->g->env.runner, c->run);
	unlink_check(c);
	check_free(c);
}
