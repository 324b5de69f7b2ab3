/*
 * The settings: who is ignored.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/optlist.h"
#include "base/span.h"
#include "engine/ignore_parts.h"

enum {
	CACHE_COUNT = 100,
	CACHE_SECONDS = 300,
};

static void
entry_release(struct ignore_entry *e)
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
	    .ready = ignore_resume_all,
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
	struct ignore_entry e = {.text = xstrdup(text)};

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
	log_msg(LOG_DEBUG_, "filter", "  Add '%s' to ignore list ('%s')",
	    normal.p, text);
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
	log_msg(
	    LOG_DEBUG_, "filter", "  Remove '%s' from ignore list", normal.p);
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
	g->was_told = true;
}

const char *
ignore_command(const struct ignore *g)
{
	return g->was_told ? g->command : NULL;
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
	g->was_told = src->was_told;
	take_cache(g, src->cache_key, src->cache_count, src->cache_seconds);
}
