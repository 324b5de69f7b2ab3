/*
 * Names of failures are asked for when they come, side by side, and used in
 * the order of the lines: a slow name holds up its jail for the time of one
 * answer, however many names come after it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/judge.h"

/* Texts become the ids of tickets; the last one takes data and matches. */
static void
add_resolved(struct item *it, const struct value *addresses)
{
	struct ticket *t = it->tickets[0];

	it->tickets = xcalloc(addresses->n, sizeof(*it->tickets));
	it->n = 0;
	for (size_t i = 0; i < addresses->n; i++) {
		const struct value *a = addresses->items[i];

		if (value_is(a, VALUE_TEXT))
			it->tickets[it->n++] =
			    ticket_new_like(a->text, a->text_n, t);
	}
	ticket_free(t);
}

static void
log_resolved(const struct item *it)
{
	struct buf set = BUF_INIT, name = BUF_INIT;

	for (size_t i = 0; i < it->n; i++) {
		buf_adds(&set, i == 0 ? "" : ", ");
		value_repr_text(&set, it->tickets[i]->id, it->tickets[i]->id_n);
	}
	ticket_shown(&name, it->name, strlen(it->name));
	log_msg(LOG_WARN, "filter", "Determined IP using DNS Lookup: %s = {%s}",
	    name.p, set.p);
	buf_release(&set);
	buf_release(&name);
}

static void
log_unresolved(const struct item *it)
{
	struct buf name = BUF_INIT;

	ticket_shown(&name, it->name, strlen(it->name));
	log_msg(LOG_WARN, "ipdns",
	    "Unable to find a corresponding IP address for %s: %s", name.p,
	    it->name_error);
	buf_release(&name);
}

static void
on_resolved(void *arg, const struct value *addresses, const char *error)
{
	struct item *it = arg;

	it->resolving = false;
	it->resolved = true;
	if (addresses == NULL || addresses->n == 0) {
		ticket_free(it->tickets[0]);
		it->n = 0;
	} else
		add_resolved(it, addresses);
	if (error != NULL)
		it->name_error = xstrdup(error);
	judge_wake(it->jail, 0);
}

void
judge_ask_name(struct item *it)
{
	const struct jail_env *env = &it->jail->env;

	it->resolving = true;
	env->resolve(env->arg, it->name, on_resolved, it);
}

bool
judge_name_known(struct item *it)
{
	if (!it->resolved)
		return false;
	if (it->name_said)
		return true;
	it->name_said = true;
	if (it->name_error != NULL)
		log_unresolved(it);
	else if (it->n > 0 && it->jail->rules.warn_dns)
		log_resolved(it);
	return true;
}
