/*
 * The input is a command and, behind a NUL, a stranger's value for its tags.
 * Whatever the value is, it must not become part of the shell's text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/actiontags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
no_tag(void *arg, const char *name, const struct ticket *t, struct buf *out)
{
	(void)arg;
	(void)name;
	(void)t;
	buf_adds(out, "from;jail");
	return true;
}

static const struct action_env env = {.jail = "J", .tag = no_tag};

static size_t
count(const char *p, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] == c;
	return found;
}

/* The text without the variables' line in front. */
static const char *
body(const struct rendered *r)
{
	return r->nargs == 0 ? r->text.p : strchr(r->text.p, '\n') + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0((const char *)data, size);
	size_t n = strlen(text) < size ? strlen(text) + 1 : size;
	struct ticket *t = ticket_new("192.0.2.1", 9, 1);
	struct tagctx ctx = {.env = &env, .ticket = t, .known = value_dict()};
	struct rendered r;

	value_set(ctx.known, "ip-host", value_text("h"));
	value_set(
	    t->data, "user", value_textn((const char *)data + n, size - n));
	value_add(t->matches, value_textn((const char *)data + n, size - n));
	rendered_init(&r);
	actiontags_render(&r, text, &ctx);
	/* of these only a tag's own name may come in, never a value */
	for (const char *c = "\\#&;`|*?~^()[]'\"\n"; *c != '\0'; c++)
		if (count(body(&r), strlen(body(&r)), *c) >
		    count(text, strlen(text), *c))
			__builtin_trap();
	for (size_t i = 0; i < r.nargs; i++)
		if (!actiontags_is_unsafe(r.args[i], strlen(r.args[i])))
			__builtin_trap();
	rendered_release(&r);
	value_free(ctx.known);
	ticket_free(t);
	free(text);
	return 0;
}
