/*
 * A check is a short list of steps. It runs through them at once when
 * everything is known; otherwise it stops at a step and goes on there when
 * the name or the command has answered.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/dict.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "base/span.h"
#include "engine/actiontags.h"
#include "engine/ignore.h"
#include "engine/ignorefile.h"

enum {
	COMMAND_MS = 60000,
	CACHE_COUNT = 100,
	CACHE_SECONDS = 300,
};

/* An entry of ignoreip that is no single address. */
struct entry {
	char *text; /* as it is listed */
	bool is_net;
	struct addr net;
	struct ignorefile *file; /* or a name */
};

struct verdict {
	bool ignored;
	double until; /* wall clock */
};

struct ignore {
	struct ignore_env env;
	struct names *names;
	bool self;
	struct dict *singles; /* normalised address -> any pointer */
	struct entry *entries;
	size_t n;
	size_t cap;
	char *command;

	char *cache_key; /* NULL: off */
	int cache_count;
	double cache_seconds;
	struct dict *cache; /* rendered key -> struct verdict, owned */

	struct ignore_check *checks; /* that wait */
};

enum step {
	STEP_CACHE,
	STEP_SELF,
	STEP_SINGLE,
	STEP_OTHERS,
	STEP_COMMAND,
	STEP_DONE,
};

enum answer {
	ANSWER_NEXT, /* go to the next step */
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_WAIT,
};

struct ignore_check {
	struct ignore *g;
	const struct ticket *t; /* borrowed */
	ignore_fn fn;
	void *arg;
	enum step step;
	const char *source;
	char *key;         /* of the cache; NULL: not kept there */
	unsigned long run; /* the command, 0: none */
	struct ignore_check *next;
};

static void resume_all(void *arg);

/* ---- settings */

static void
entry_release(struct entry *e)
{
	free(e->text);
	ignorefile_free(e->file);
}

struct ignore *
ignore_new(const struct ignore_env *env)
{
	struct ignore *g = xcalloc(1, sizeof(*g));
	const struct names_env names = {
	    .arg = env->arg,
	    .resolve = env->resolve,
	    .resolve_cancel = env->resolve_cancel,
	    .ready = resume_all,
	    .ready_arg = g,
	};

	g->env = *env;
	g->names = names_open(&names);
	g->self = true;
	g->singles = dict_new(NULL);
	g->command = xstrdup("");
	g->cache = dict_new(free);
	return g;
}

void
ignore_free(struct ignore *g)
{
	if (g == NULL)
		return;
	while (g->checks != NULL)
		ignore_cancel(g->checks);
	ignore_clear(g);
	free(g->entries);
	dict_free(g->singles);
	dict_free(g->cache);
	names_close(g->names);
	free(g->command);
	free(g->cache_key);
	free(g);
}

void
ignore_set_self(struct ignore *g, bool on)
{
	g->self = on;
}

bool
ignore_self(const struct ignore *g)
{
	return g->self;
}

static size_t
find_entry(const struct ignore *g, const char *text)
{
	size_t i = 0;

	while (i < g->n && strcmp(g->entries[i].text, text) != 0)
		i++;
	return i;
}

static bool
is_listed(const struct ignore *g, const char *text)
{
	return dict_get(g->singles, text) != NULL || find_entry(g, text) < g->n;
}

static void
add_entry(struct ignore *g, const char *text, const struct addr *net)
{
	struct entry e = {.text = xstrdup(text)};

	if (net != NULL) {
		e.is_net = true;
		e.net = *net;
	} else if (strncmp(text, "file:", 5) == 0)
		e.file = ignorefile_new(text);
	GROW(g->entries, g->n, g->cap);
	g->entries[g->n++] = e;
}

void
ignore_add(struct ignore *g, const char *text)
{
	struct buf normal = BUF_INIT;
	struct addr a;
	bool is_addr = addr_parse(&a, text, strlen(text));

	if (*text == '\0')
		return;
	addr_normalise(&normal, text, strlen(text));
	if (is_listed(g, normal.p))
		log_msg(LOG_MSG, "filter",
		    "  Ignore duplicate %s (%s), already in ignore list", text,
		    normal.p);
	else if (is_addr && addr_is_single(&a))
		dict_set(g->singles, normal.p, g);
	else
		add_entry(g, normal.p, is_addr ? &a : NULL);
	buf_release(&normal);
}

int
ignore_del(struct ignore *g, const char *text, struct err *err)
{
	struct buf normal = BUF_INIT;
	size_t i;

	addr_normalise(&normal, text, strlen(text));
	i = find_entry(g, normal.p);
	if (i < g->n) {
		entry_release(&g->entries[i]);
		g->n--;
		memmove(&g->entries[i], &g->entries[i + 1],
		    (g->n - i) * sizeof(*g->entries));
		buf_release(&normal);
		return 0;
	}
	if (dict_taken(g->singles, normal.p, normal.n) != NULL) {
		buf_release(&normal);
		return 0;
	}
	buf_release(&normal);
	return err_set(err, "list.remove(x): x not in list");
}

void
ignore_clear(struct ignore *g)
{
	for (size_t i = 0; i < g->n; i++)
		entry_release(&g->entries[i]);
	g->n = 0;
	dict_clear(g->singles);
}

struct value *
ignore_list(const struct ignore *g)
{
	struct value *v = value_list();

	for (size_t i = 0; i < g->n; i++)
		value_adds(v, g->entries[i].text);
	for (struct dict_iter it = {0}; dict_next(g->singles, &it);)
		value_adds(v, it.key);
	return v;
}

void
ignore_set_command(struct ignore *g, const char *text)
{
	char *copy = xstrdup(text);

	free(g->command);
	g->command = copy;
}

const char *
ignore_command(const struct ignore *g)
{
	return g->command;
}

static void
take_cache(struct ignore *g, const char *key, int count, double seconds)
{
	char *copy = key == NULL ? NULL : xstrdup(key);

	free(g->cache_key);
	g->cache_key = copy;
	g->cache_count = count;
	g->cache_seconds = seconds;
	dict_clear(g->cache);
}

static int
parse_count(int *ret, const char *text, struct err *err)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0 || n > 1000000)
		return err_set(
		    err, "invalid literal for int() with base 10: '%s'", text);
	*ret = (int)n;
	return 0;
}

static int
read_cache(struct ignore *g, const struct value *opts, struct err *err)
{
	const char *key = value_str(value_get(opts, "key"));
	const char *count = value_str(value_get(opts, "max-count"));
	const char *time = value_str(value_get(opts, "max-time"));
	struct span span = {.seconds = CACHE_SECONDS};
	int n = CACHE_COUNT;

	if (key == NULL)
		return err_set(err, "'key'");
	if (count != NULL && parse_count(&n, count, err) == -1)
		return -1;
	if (time != NULL && span_parse(&span, time, err) == -1)
		return -1;
	take_cache(g, key, n, span.seconds);
	return 0;
}

int
ignore_set_cache(struct ignore *g, const char *text, struct err *err)
{
	char *item, *name = NULL;
	struct value *opts = NULL;
	int rc;

	if (text[strspn(text, " \t\n")] == '\0') {
		take_cache(g, NULL, 0, 0);
		return 0;
	}
	item = xasprintf("cache[%s]", text);
	rc = optlist_parse(&name, &opts, item, err);
	if (rc == 0)
		rc = read_cache(g, opts, err);
	free(item);
	free(name);
	value_free(opts);
	return rc;
}

struct value *
ignore_cache(const struct ignore *g)
{
	struct value *v;

	if (g->cache_key == NULL)
		return value_none();
	v = value_list();
	value_adds(v, g->cache_key);
	(void)value_add(v, value_int(g->cache_count));
	(void)value_add(v, g->cache_seconds == floor(g->cache_seconds)
	                       ? value_int((int64_t)g->cache_seconds)
	                       : value_float(g->cache_seconds));
	return v;
}

void
ignore_copy(struct ignore *g, const struct ignore *src)
{
	struct value *list = ignore_list(src);

	ignore_clear(g);
	for (size_t i = 0; i < list->n; i++)
		ignore_add(g, list->items[i]->text);
	value_free(list);
	g->self = src->self;
	ignore_set_command(g, src->command);
	take_cache(g, src->cache_key, src->cache_count, src->cache_seconds);
}

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
check_entry(struct ignore_check *c, const struct entry *e)
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
static void
resume_all(void *arg)
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

int
ignore_ask(struct ignore *g, const struct ticket *t, ignore_fn fn, void *arg,
    struct ignore_check **check)
{
	struct ignore_check *c = xcalloc(1, sizeof(*c));
	enum answer a;

	c->g = g;
	c->t = t;
	c->fn = fn;
	c->arg = arg;
	a = go_on(c);
	if (a == ANSWER_WAIT) {
		c->next = g->checks;
		g->checks = c;
		*check = c;
		return -1;
	}
	conclude(c, a == ANSWER_YES);
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
