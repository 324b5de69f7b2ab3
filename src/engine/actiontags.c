/*
 * One pass over the command: what was inserted is never looked at again, so
 * a value cannot smuggle in a tag.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/tags.h"
#include "engine/actiontags.h"

enum {
	VALUE_BYTES = 100000, /* an argument of 128 KiB cannot be passed */
};

static const char unsafe_bytes[] = "\\#&;`|*?~<>^()[]{}$'\"\n\r";

/* An unsafe value on its way to the arguments. */
struct variable {
	char *name;  /* "f2bV_..." */
	char *value; /* owned until it becomes an argument */
	bool capture;
};

struct variables {
	struct variable *v;
	size_t n;
	size_t cap;
};

bool
actiontags_is_unsafe(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != '\0' && strchr(unsafe_bytes, p[i]) != NULL)
			return true;
	return false;
}

void
actiontags_escape(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\0')
			continue;
		if (p[i] == '\n')
			buf_adds(out, "\\n");
		else if (p[i] == '\r')
			buf_adds(out, "\\r");
		else {
			if (strchr(unsafe_bytes, p[i]) != NULL)
				buf_addc(out, '\\');
			buf_addc(out, p[i]);
		}
	}
}

/* ---- the values */

const char *
actiontags_family(const struct ticket *t)
{
	int family = ticket_family(t);

	return family == AF_INET    ? "inet4"
	       : family == AF_INET6 ? "inet6"
	                            : "None";
}

void
actiontags_reverse(struct buf *out, const struct addr *a)
{
	if (a->family == AF_INET) {
		for (int i = 3; i >= 0; i--)
			buf_addf(out, "%d.", a->bytes[i]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		buf_addf(out, "%x.%x.", a->bytes[i] & 15, a->bytes[i] >> 4);
}

static void
tag_ip(struct buf *out, const struct tagctx *ctx)
{
	buf_adds(out, ticket_ip(ctx->ticket));
}

static void
tag_fid(struct buf *out, const struct tagctx *ctx)
{
	buf_add(out, ctx->ticket->id, ctx->ticket->id_n);
}

static void
tag_family(struct buf *out, const struct tagctx *ctx)
{
	buf_adds(out,
	    ctx->family != NULL ? ctx->family : actiontags_family(ctx->ticket));
}

static void
tag_ip_rev(struct buf *out, const struct tagctx *ctx)
{
	const char *ip = ticket_ip(ctx->ticket);
	struct addr a;

	if (addr_parse(&a, ip, strlen(ip)))
		actiontags_reverse(out, &a);
}

static void
tag_failures(struct buf *out, const struct tagctx *ctx)
{
	buf_addf(out, "%d", ctx->ticket->failures);
}

/* fail2ban: times from the database are integers, those of lines floats. */
static void
tag_time(struct buf *out, const struct tagctx *ctx)
{
	double t = ctx->ticket->time;

	if (ctx->ticket->restored && t == floor(t) && fabs(t) < 1e15)
		buf_addf(out, "%.0f", t);
	else
		value_repr_float(out, t);
}

static void
tag_bantime(struct buf *out, const struct tagctx *ctx)
{
	const struct ticket *t = ctx->ticket;

	if (t->has_bantime)
		buf_addf(out, "%.0f", trunc(t->bantime));
	else
		(void)ctx->env->tag(ctx->env->arg, "bantime", t, out);
}

static void
tag_bancount(struct buf *out, const struct tagctx *ctx)
{
	buf_addf(out, "%d", ctx->ticket->bancount);
}

static void
tag_matches(struct buf *out, const struct tagctx *ctx)
{
	ticket_matches(out, ctx->ticket);
}

static void
tag_restored(struct buf *out, const struct tagctx *ctx)
{
	buf_addc(out, ctx->ticket->restored ? '1' : '0');
}

/* New list of the lines as whole texts. */
static struct value *
match_lines(const struct ticket *t)
{
	struct value *list = value_list();

	for (size_t i = 0; t->matches != NULL && i < t->matches->n; i++) {
		const struct value *line = t->matches->items[i];
		struct buf whole = BUF_INIT;

		if (value_is(line, VALUE_TEXT))
			buf_add(&whole, line->text, line->text_n);
		for (size_t k = 0; k < line->n; k++)
			value_print(&whole, line->items[k]);
		value_add(list, value_textn(whole.p, whole.n));
		buf_release(&whole);
	}
	return list;
}

static void
tag_raw_ticket(struct buf *out, const struct tagctx *ctx)
{
	const struct ticket *t = ctx->ticket;
	struct value *lines = match_lines(t);

	buf_adds(out, "BanTicket: ip=");
	tag_fid(out, ctx);
	buf_adds(out, " time=");
	tag_time(out, ctx);
	buf_adds(out, " bantime=");
	if (t->has_bantime)
		buf_addf(out, "%.0f", trunc(t->bantime));
	else
		buf_adds(out, "None");
	buf_addf(out, " bancount=%d #attempts=%d matches=", t->bancount,
	    t->failures);
	value_repr(out, lines);
	value_free(lines);
}

static void
tag_captures(struct buf *out, const struct tagctx *ctx)
{
	const struct ticket *t = ctx->ticket;
	struct value *all = value_dict();

	value_set(all, "matches", match_lines(t));
	value_set(all, "failures", value_int(t->failures));
	for (size_t i = 0; t->data != NULL && i + 1 < t->data->n; i += 2) {
		const struct value *key = t->data->items[i];

		if (value_is(key, VALUE_TEXT))
			value_setn(all, key->text, key->text_n,
			    value_copy(t->data->items[i + 1]));
	}
	value_repr(out, all);
	value_free(all);
}

static void
tag_jail_name(struct buf *out, const struct tagctx *ctx)
{
	buf_adds(out, ctx->env->jail);
}

/* Asked of the jail once a ban; fn NULL. */
static const struct tag {
	const char *name;
	void (*fn)(struct buf *out, const struct tagctx *ctx);
} tag_table[] = {
    {"ip", tag_ip},
    {"fid", tag_fid},
    {"family", tag_family},
    {"ip-rev", tag_ip_rev},
    {"ip-host", NULL},
    {"failures", tag_failures},
    {"time", tag_time},
    {"bantime", tag_bantime},
    {"bancount", tag_bancount},
    {"matches", tag_matches},
    {"restored", tag_restored},
    {"raw-ticket", tag_raw_ticket},
    {"F-*", tag_captures},
    {"jail.name", tag_jail_name},
    {"ipmatches", NULL},
    {"ipjailmatches", NULL},
    {"ipfailures", NULL},
    {"ipjailfailures", NULL},
    {"jail.banned", NULL},
    {"jail.banned_total", NULL},
    {"jail.found", NULL},
    {"jail.found_total", NULL},
};

static const struct tag *
tag_find(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(tag_table) / sizeof(tag_table[0]); i++)
		if (strncmp(tag_table[i].name, name, n) == 0 &&
		    tag_table[i].name[n] == '\0')
			return &tag_table[i];
	return NULL;
}

/* A value that is the same for all actions of this ban. */
static void
known_value(struct buf *out, const char *name, const struct tagctx *ctx)
{
	struct buf b = BUF_INIT;

	if (value_get(ctx->known, name) == NULL) {
		(void)ctx->env->tag(ctx->env->arg, name, ctx->ticket, &b);
		value_set(ctx->known, name, value_textn(b.p, b.n));
		buf_release(&b);
	}
	value_print(out, value_get(ctx->known, name));
}

static bool
is_capture(const char *name, size_t n)
{
	if (n < 3 || name[0] != 'F' || name[1] != '-')
		return false;
	for (size_t i = 2; i < n; i++)
		if (!((name[i] >= 'A' && name[i] <= 'Z') ||
		        (name[i] >= '0' && name[i] <= '9') || name[i] == '_' ||
		        name[i] == '-'))
			return false;
	return true;
}

/* "F-USER" -> "user"; fail2ban: two keys have another name than the tag. */
static char *
capture_key(const char *name, size_t n)
{
	char *key = xmemdup0(name + 2, n - 2);

	if (strcmp(key, "ID") == 0 || strcmp(key, "PORT") == 0) {
		char *full = xasprintf("F%s", key);

		free(key);
		key = full;
	}
	for (char *c = key; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return key;
}

static void
capture_value(
    struct buf *out, const char *name, size_t n, const struct tagctx *ctx)
{
	char *key = capture_key(name, n);
	const struct value *v = value_get(ctx->ticket->data, key);

	if (v != NULL)
		value_print(out, v);
	free(key);
}

bool
actiontags_value(
    struct buf *out, const char *name, size_t n, const struct tagctx *ctx)
{
	char *copy = xmemdup0(name, n);
	const struct value *given = value_get(ctx->given, copy);
	const struct tag *tag = tag_find(name, n);

	free(copy);
	if (given != NULL)
		value_print(out, given);
	else if (tag != NULL && tag->fn != NULL)
		tag->fn(out, ctx);
	else if (tag != NULL)
		known_value(out, tag->name, ctx);
	else if (is_capture(name, n))
		capture_value(out, name, n, ctx);
	else
		return false;
	return true;
}

/* ---- rendering */

/* Name of the shell's variable for a tag; lower-case key for a capture. */
static void
variable_name(struct buf *out, const char *name, size_t n, bool capture)
{
	char *key = capture ? capture_key(name, n) : xmemdup0(name, n);

	buf_adds(out, capture ? "f2bV_F_" : "f2bV_");
	for (const char *c = key; *c != '\0'; c++) {
		bool word = (*c >= 'a' && *c <= 'z') ||
		            (*c >= 'A' && *c <= 'Z') ||
		            (*c >= '0' && *c <= '9');

		buf_addc(out, word ? *c : '_');
	}
	free(key);
}

static const struct variable *
find_variable(const struct variables *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return &all->v[i];
	return NULL;
}

/* Makes the value an argument; appends the variable that stands for it. */
static void
add_variable(struct buf *out, struct variables *all, struct variable *new)
{
	const struct variable *old;
	char *longer;

	/* <F-A-B> and <F-A_B> are two variables */
	while ((old = find_variable(all, new->name)) != NULL &&
	       strcmp(old->value, new->value) != 0) {
		longer = xasprintf("%s_", new->name);
		free(new->name);
		new->name = longer;
	}
	buf_addc(out, '$');
	buf_adds(out, new->name);
	if (old != NULL) {
		free(new->name);
		free(new->value);
		return;
	}
	GROW(all->v, all->n, all->cap);
	all->v[all->n++] = *new;
}

/* No argument can hold a NUL, so it goes. */
static void
drop_nul(struct buf *b)
{
	size_t kept = 0;

	if (memchr(b->p, '\0', b->n) == NULL)
		return;
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\0')
			b->p[kept++] = b->p[i];
	buf_truncate(b, kept);
}

/* Long lines of an attacker shall not keep the command from running. */
static void
cut(struct buf *b)
{
	size_t n = VALUE_BYTES;

	if (b->n <= n)
		return;
	while (n > 0 && ((unsigned char)b->p[n] & 0xc0) == 0x80)
		n--;
	buf_truncate(b, n);
}

static void
insert_tag(struct buf *out, struct variables *all, const char *tag, size_t n,
    const struct tagctx *ctx)
{
	struct buf value = BUF_INIT, name = BUF_INIT;
	struct variable v;

	if (!actiontags_value(&value, tag, n, ctx)) {
		buf_add(out, tag - 1, n + 2);
		return;
	}
	drop_nul(&value);
	cut(&value);
	if (!actiontags_is_unsafe(value.p, value.n)) {
		buf_add(out, value.p, value.n);
		buf_release(&value);
		return;
	}
	v.capture = tag_find(tag, n) == NULL && is_capture(tag, n);
	variable_name(&name, tag, n, v.capture);
	v.name = buf_detach(&name);
	v.value = buf_detach(&value);
	add_variable(out, all, &v);
}

/* fail2ban: tags come first, then captures; "$10" would be "${1}0". */
static void
take_arguments(struct rendered *r, struct variables *all)
{
	struct buf head = BUF_INIT;

	r->args = xcalloc(all->n, sizeof(*r->args));
	for (int capture = 0; capture < 2; capture++)
		for (size_t i = 0; i < all->n; i++) {
			struct variable *v = &all->v[i];

			if (v->capture != (capture == 1))
				continue;
			buf_addf(&head,
			    r->nargs < 10 ? "%s=$%zu " : "%s=${%zu} ", v->name,
			    r->nargs);
			r->args[r->nargs++] = v->value;
			free(v->name);
		}
	buf_addc(&head, '\n');
	buf_splice(&r->text, 0, 0, head.p, head.n);
	buf_release(&head);
}

void
actiontags_render(
    struct rendered *r, const char *text, const struct tagctx *ctx)
{
	struct variables all = {NULL, 0, 0};
	size_t len = strlen(text), from = 0, at, n;

	rendered_release(r);
	while (tags_find(text, len, from, &at, &n)) {
		buf_add(&r->text, text + from, at - from);
		insert_tag(&r->text, &all, text + at + 1, n, ctx);
		from = at + n + 2;
	}
	buf_add(&r->text, text + from, len - from);
	if (all.n > 0)
		take_arguments(r, &all);
	free(all.v);
}

void
rendered_init(struct rendered *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text);
}

void
rendered_release(struct rendered *r)
{
	for (size_t i = 0; i < r->nargs; i++)
		free(r->args[i]);
	free(r->args);
	buf_release(&r->text);
	rendered_init(r);
}
