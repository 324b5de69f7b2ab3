/* "status" with its flavors and "stats" (spec 15 section 3). */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/command.h"
#include "server/cymru.h"
#include "server/server.h"

enum flavor {
	FLAVOR_BASIC,
	FLAVOR_CYMRU,
	FLAVOR_HEALTH,
	FLAVOR_SHORT,
	FLAVOR_STATS,
};

static enum flavor
flavor_of(const char *word)
{
	static const struct {
		const char *word;
		enum flavor flavor;
	} flavors[] = {
	    {"basic", FLAVOR_BASIC},
	    {"cymru", FLAVOR_CYMRU},
	    {"health", FLAVOR_HEALTH},
	    {"short", FLAVOR_SHORT},
	    {"stats", FLAVOR_STATS},
	};

	if (word == NULL)
		return FLAVOR_BASIC;
	for (size_t i = 0; i < sizeof(flavors) / sizeof(flavors[0]); i++)
		if (strcmp(flavors[i].word, word) == 0)
			return flavors[i].flavor;
	log_msg(LOG_WARN, "actions",
	    "Unsupported extended jail status flavor '%s'. Supported: "
	    "['short', 'basic', 'stats', 'cymru']",
	    word);
	return FLAVOR_BASIC;
}

/* Lists of one jail that wait for cymru's answers; borrowed from the answer. */
struct columns {
	struct value *lists[CYMRU_COLUMNS];
	size_t n; /* ids */
};

/* What flavor cymru asks for. */
struct asking {
	struct call *call;
	struct value *answer; /* complete but for the columns, owned */
	struct value *ids;    /* of all jails in turn, owned */
	struct columns *jails;
	size_t n;
	size_t cap;
};

struct how {
	enum flavor flavor;
	struct asking asking;
};

static void
add(struct value *list, const char *label, struct value *v)
{
	value_add(list, value_pair(value_text(label), v));
}

static void
add_number(struct value *list, const char *label, unsigned long n)
{
	add(list, label, value_int((int64_t)n));
}

/* One text: "A=b C=d + E=f". */
static struct value *
matches_text(const struct value *matches)
{
	struct value *list = value_list();
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < matches->n; i++) {
		const struct value *group = value_at(matches, i);

		if (i > 0)
			buf_adds(&text, " + ");
		for (size_t k = 0; k < group->n; k++)
			buf_addf(&text, "%s%s", k > 0 ? " " : "",
			    value_str(value_at(group, k)));
	}
	value_add(list, value_textn(text.p, text.n));
	buf_release(&text);
	return list;
}

static struct value *
filter_status(const struct record *r, const struct jail_counts *n)
{
	struct value *list = value_list();

	add_number(list, "Currently failed", n->failed);
	add_number(list, "Total failed", n->failed_total);
	if (strcmp(r->used, "systemd") == 0)
		add(list, "Journal matches", matches_text(r->rules.matches));
	else
		add(list, "File list", record_logs(r));
	return list;
}

/* Asks for what is banned here; the answers are filled in later. */
static void
add_columns(struct value *list, struct asking *a, const struct value *banned)
{
	static const char *const labels[CYMRU_COLUMNS] = {
	    "Banned ASN list", "Banned Country list", "Banned RIR list"};
	struct columns *c;

	GROW(a->jails, a->n, a->cap);
	c = &a->jails[a->n++];
	c->n = banned->n;
	for (int i = 0; i < CYMRU_COLUMNS; i++) {
		c->lists[i] = value_list();
		add(list, labels[i], c->lists[i]);
	}
	for (size_t i = 0; i < banned->n; i++)
		value_add(a->ids, value_copy(banned->items[i]));
}

static struct value *
actions_status(
    const struct record *r, const struct jail_counts *n, struct how *how)
{
	struct value *list = value_list(), *banned;

	add_number(list, "Currently banned", n->banned);
	add_number(list, "Total banned", n->banned_total);
	if (how->flavor == FLAVOR_SHORT)
		return list;
	banned = jail_banned(r->judge);
	add(list, "Banned IP list", banned);
	if (how->flavor == FLAVOR_CYMRU)
		add_columns(list, &how->asking, banned);
	return list;
}

static const char *
state_of(const struct record *r)
{
	if (r->broken != NULL)
		return "broken";
	if (!r->started)
		return "not started";
	return r->idle ? "idle" : "running";
}

static struct value *
health_status(const struct record *r, const struct jail_counts *n)
{
	struct value *list = value_list();
	struct value *awaited = monitor_awaited(r->server->monitor, r->name);
	struct monitor_health h = {0};

	monitor_health(r->server->monitor, r->name, &h);
	add(list, "State", value_text(state_of(r)));
	if (r->broken != NULL)
		add(list, "Error", value_text(r->broken));
	add(list, "Logs waited for", awaited == NULL ? value_list() : awaited);
	add(list, "Read up to now", value_text(h.in_operation ? "yes" : "no"));
	add_number(list, "Lines read", h.lines);
	add_number(list, "Lines with errors", h.errors);
	add_number(list, "Lines cut", h.truncated);
	add_number(list, "Lines with bad encoding", h.bad_encoding);
	add_number(list, "Lines skipped", h.skipped);
	add_number(list, "Regex limits hit", h.limit_hits);
	add_number(list, "Connections forgotten", h.evicted);
	add_number(list, "Failures waiting", n->waiting);
	add_number(list, "Addresses forgotten", n->evicted);
	add_number(list, "Worker restarts", h.restarts);
	if (r->server->history != NULL) {
		add(list, "Database",
		    value_text(history_is_lost(r->server->history)
		                   ? "in memory only"
		                   : "ok"));
		add_number(list, "Database writes waiting",
		    history_queued(r->server->history));
		add_number(list, "Database writes lost",
		    history_dropped(r->server->history));
	}
	return list;
}

static struct value *
pair_of(unsigned long a, unsigned long b)
{
	return value_pair(value_int((int64_t)a), value_int((int64_t)b));
}

static struct value *
stats_of(const struct record *r)
{
	struct value *list = value_list();
	struct jail_counts n;

	jail_counts(r->judge, &n);
	value_adds(list, r->used);
	value_add(list, pair_of(n.failed, n.failed_total));
	value_add(list, pair_of(n.banned, n.banned_total));
	return list;
}

static struct value *
jail_status(const struct record *r, struct how *how)
{
	struct value *list;
	struct jail_counts n;

	if (how->flavor == FLAVOR_STATS)
		return stats_of(r);
	jail_counts(r->judge, &n);
	list = value_list();
	add(list, "Filter", filter_status(r, &n));
	add(list, "Actions", actions_status(r, &n, how));
	if (how->flavor == FLAVOR_HEALTH)
		add(list, "Health", health_status(r, &n));
	return list;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of all jails, sorted; the array is the caller's, the names not. */
static const char **
sorted_names(const struct server *s, size_t *n)
{
	size_t count = dict_count(s->jails);
	const char **names = xcalloc(count + 1, sizeof(*names));

	*n = 0;
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);)
		names[(*n)++] = ((const struct record *)it.value)->name;
	qsort(names, *n, sizeof(*names), compare_names);
	return names;
}

static struct value *
server_status(const struct server *s)
{
	struct value *list = value_list();
	struct buf text = BUF_INIT;
	const char **names;
	size_t n;

	names = sorted_names(s, &n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%s%s", i > 0 ? ", " : "", names[i]);
	add_number(list, "Number of jail", n);
	add(list, "Jail list", value_textn(text.p, text.n));
	free(names);
	buf_release(&text);
	return list;
}

static struct value *
all_status(const struct server *s, struct how *how)
{
	struct value *list = server_status(s), *jails = value_dict();
	const char **names;
	size_t n;

	names = sorted_names(s, &n);
	for (size_t i = 0; i < n; i++)
		value_set(jails, names[i],
		    jail_status(dict_get(s->jails, names[i]), how));
	free(names);
	value_add(list, jails);
	return list;
}

static void
on_columns(void *arg, const struct value *const *columns)
{
	struct asking *a = arg;
	struct call *c = a->call;
	size_t at = 0;

	for (size_t k = 0; k < a->n; at += a->jails[k++].n)
		for (int i = 0; i < CYMRU_COLUMNS; i++)
			for (size_t id = at; id < at + a->jails[k].n; id++)
				value_add(a->jails[k].lists[i],
				    value_copy(columns[i]->items[id]));
	(void)call_ok(c, a->answer);
	value_free(a->ids);
	free(a->jails);
	free(a);
	call_end(c);
}

/* The answer is taken over; that of cymru comes later. */
static enum outcome
answer_how(struct call *c, struct value *answer, const struct how *how)
{
	struct asking *a;

	if (how->flavor != FLAVOR_CYMRU) {
		value_free(how->asking.ids);
		return call_ok(c, answer);
	}
	a = xcalloc(1, sizeof(*a));
	*a = how->asking;
	a->call = c;
	a->answer = answer;
	cymru_ask(
	    c->server->resolver, &c->server->cymru, a->ids, on_columns, a);
	return PENDING;
}

enum outcome
status_status(struct call *c)
{
	const char *name = call_text(c, 0);
	const struct record *r;
	struct how how = {0};

	if (call_nargs(c) > 2)
		return call_fail(
		    c, "builtins.Exception", "Invalid command (no status)");
	if (name == NULL)
		return call_ok(c, server_status(c->server));
	r = dict_get(c->server->jails, name);
	if (r == NULL && strcmp(name, "--all") != 0)
		return call_raise(c, exception_jail(name));
	how.flavor = flavor_of(call_text(c, 1));
	how.asking.ids = value_list();
	return answer_how(c,
	    r == NULL ? all_status(c->server, &how) : jail_status(r, &how),
	    &how);
}

enum outcome
status_stats(struct call *c)
{
	struct value *jails = value_dict();
	const char **names;
	size_t n;

	names = sorted_names(c->server, &n);
	for (size_t i = 0; i < n; i++)
		value_set(jails, names[i],
		    stats_of(dict_get(c->server->jails, names[i])));
	free(names);
	return call_ok(c, jails);
}
