/* Bans by hand and what is banned (spec 10 section 7, 15 sections 1 and 5). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/command.h"
#include "server/server.h"

/* ---- of one jail */

enum outcome
ban_get_banip(struct call *c)
{
	const struct jail *j = call_jail(c)->judge;
	const char *how = call_text(c, 0);

	if (how != NULL && strcmp(how, "--with-time") == 0)
		return call_ok(c, jail_banned_with_time(j));
	return call_ok(c, jail_banned_by_end(j));
}

static bool
is_banned(const struct jail *j, const char *id)
{
	return jail_is_banned(j, id, strlen(id));
}

enum outcome
ban_get_banned(struct call *c)
{
	const struct jail *j = call_jail(c)->judge;
	size_t n = call_nargs(c);
	struct value *list;

	if (n == 0)
		return call_ok(c, jail_banned(j));
	if (n == 1)
		return call_ok(c, value_int(is_banned(j, call_text(c, 0))));
	list = value_list();
	for (size_t i = 0; i < n; i++)
		value_add(list, value_int(is_banned(j, call_text(c, i))));
	return call_ok(c, list);
}

static void
on_count(void *arg, int count)
{
	struct call *c = arg;

	(void)call_ok(c, value_int(count));
	call_end(c);
}

enum outcome
ban_set_attempt(struct call *c)
{
	if (call_nargs(c) == 0)
		return call_fail(c, "builtins.TypeError",
		    "Filter.addAttempt() missing 1 required positional "
		    "argument: 'ip'");
	jail_attempt(call_jail(c)->judge, call_text(c, 0), call_texts(c, 1),
	    on_count, c);
	return PENDING;
}

enum outcome
ban_set_banip(struct call *c)
{
	const struct value *ids = call_texts(c, 0);
	struct jail *j = call_jail(c)->judge;

	if (ids->n == 0)
		return call_ok(c, value_int(0));
	jail_hasty(j, c->job != 0);
	jail_banip(j, ids->items, ids->n, on_count, c);
	jail_hasty(j, false);
	return PENDING;
}

static void
on_unbanned(void *arg, int count, const struct value *absent)
{
	(void)absent;
	on_count(arg, count);
}

static void
on_unbanned_strictly(void *arg, int count, const struct value *absent)
{
	struct call *c = arg;
	struct buf list = BUF_INIT;

	if (absent == NULL || absent->n == 0) {
		on_count(arg, count);
		return;
	}
	value_repr(&list, absent);
	(void)call_fail(c, "builtins.ValueError", "not banned: %s", list.p);
	buf_release(&list);
	call_end(c);
}

enum outcome
ban_set_unbanip(struct call *c)
{
	bool strict = strcmp(call_text(c, 0), "--report-absent") == 0;
	const struct value *ids = call_texts(c, strict ? 1 : 0);
	struct jail *j = call_jail(c)->judge;

	jail_hasty(j, c->job != 0);
	jail_unbanip(j, ids->items, ids->n,
	    strict ? on_unbanned_strictly : on_unbanned, c);
	jail_hasty(j, false);
	return PENDING;
}

/* ---- of all jails */

static struct value *
banned_everywhere(const struct server *s)
{
	struct value *list = value_list();

	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		const struct record *r = it.value;
		struct value *jail = value_dict();

		value_set(jail, r->name, jail_banned(r->judge));
		value_add(list, jail);
	}
	return list;
}

/* Names of the jails where id is banned. */
static struct value *
jails_banning(const struct server *s, const char *id)
{
	struct value *list = value_list();

	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		const struct record *r = it.value;

		if (is_banned(r->judge, id))
			value_adds(list, r->name);
	}
	return list;
}

enum outcome
ban_banned(struct call *c)
{
	size_t n = call_nargs(c);
	struct value *list;

	if (n == 0)
		return call_ok(c, banned_everywhere(c->server));
	list = value_list();
	for (size_t i = 0; i < n; i++)
		value_add(list, jails_banning(c->server, call_text(c, i)));
	return call_ok(c, list);
}

/* An unban in all jails: their sum is the answer. */
struct sum {
	struct call *call;
	size_t waiting;
	long long count;
};

static void
on_part(void *arg, int count)
{
	struct sum *s = arg;

	s->count += count;
	if (--s->waiting > 0)
		return;
	(void)call_ok(s->call, value_int(s->count));
	call_end(s->call);
	free(s);
}

static void
on_part_unbanned(void *arg, int count, const struct value *absent)
{
	(void)absent;
	on_part(arg, count);
}

enum outcome
ban_unban(struct call *c)
{
	const struct value *ids = call_texts(c, 0);
	bool all =
	    ids->n == 1 && strcmp(value_str(value_at(ids, 0)), "--all") == 0;
	bool hasty = c->job != 0;
	struct sum *sum;

	if (ids->n == 0)
		return call_fail(c, "builtins.Exception", "Invalid command");
	sum = xcalloc(1, sizeof(*sum));
	sum->call = c;
	sum->waiting = 1;
	for (struct dict_iter it = {0}; dict_next(c->server->jails, &it);) {
		struct record *r = it.value;

		sum->waiting++;
		jail_hasty(r->judge, hasty);
		if (all)
			jail_unban_all(r->judge, on_part, sum);
		else
			jail_unbanip(r->judge, ids->items, ids->n,
			    on_part_unbanned, sum);
		jail_hasty(r->judge, false);
	}
	on_part(sum, 0);
	return PENDING;
}
