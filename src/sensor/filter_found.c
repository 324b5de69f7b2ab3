/*
 * From captures to a failure: who it is, what is told (spec 04 section 3,
 * steps 3 to 6).
 */
#include <math.h>
#include <string.h>

#include "base/addr.h"
#include "base/mem.h"
#include "sensor/filter_parts.h"

/* Who fails, as far as the captures tell. */
struct offender {
	bool has_id;
	bool resolve;      /* f->id is a name */
	bool has_fid;      /* the id is fid, f->id the address or empty */
	bool unresolvable; /* a name where names are not used */
};

/* f->id: the address in its normal form, with cidr when that was captured. */
static void
address_id(struct filter *f, const struct captures *data, int name)
{
	const struct capture *ip = captures_get(data, name);
	const struct capture *cidr = captures_get(data, NAME_CIDR);
	struct buf raw = BUF_INIT;

	if (!captures_has(data, NAME_CIDR)) {
		addr_normalise(&f->id, ip->p, ip->n);
		return;
	}
	buf_add(&raw, ip->p, ip->n);
	buf_addc(&raw, '/');
	buf_add(&raw, cidr->p, cidr->n);
	addr_normalise(&f->id, raw.p, raw.n);
	buf_release(&raw);
}

static void
name_id(struct filter *f, const struct captures *data, struct offender *who)
{
	const struct capture *dns = captures_get(data, NAME_DNS);
	const char *text = dns->p;
	struct addr addr;

	if (f->spec.usedns != USEDNS_RAW && addr_parse(&addr, text, dns->n)) {
		addr_print(&f->id, &addr);
		return;
	}
	buf_add(&f->id, text, dns->n);
	who->resolve =
	    f->spec.usedns == USEDNS_YES || f->spec.usedns == USEDNS_WARN;
	who->unresolvable = f->spec.usedns == USEDNS_NO;
}

static struct offender
find_offender(struct filter *f, const struct captures *data)
{
	struct offender who = {.has_id = true};
	const struct capture *fid = captures_get(data, NAME_FID);

	buf_reset(&f->id);
	if (captures_has(data, NAME_IP4))
		address_id(f, data, NAME_IP4);
	else if (captures_has(data, NAME_IP6))
		address_id(f, data, NAME_IP6);
	else if (captures_has(data, NAME_DNS))
		name_id(f, data, &who);
	else
		who.has_id = false;
	if (!captures_has(data, NAME_FID))
		return who;
	who.has_fid = fid->tuple != NULL || fid->n != f->id.n ||
	              memcmp(fid->p, f->id.p, f->id.n) != 0;
	who.has_id = true;
	return who;
}

/* A match on its way out. */
struct match {
	const struct captures *data;
	const struct buf *users;      /* packed, NULL: not known */
	size_t nusers;                /* 0: not known */
	const struct linelist *lines; /* NULL: those in f->matched */
	struct offender who;
};

/* None: the address is not known yet. */
static void
pack_id(struct buf *b, const struct filter *f, const struct match *m)
{
	if (m->who.has_fid && !m->who.resolve)
		capture_pack(b, captures_get(m->data, NAME_FID));
	else
		pack_text(b, m->who.has_id ? f->id.p : NULL, f->id.n);
}

/* What takes the place of a capture, or stands behind them. */
struct extra {
	const struct buf *users; /* packed; NULL: none */
	size_t nusers;
	const struct buf *ip; /* NULL: none */
};

static void
pack_capture(struct buf *b, const struct filter *f, const struct capture *c,
    const struct extra *extra)
{
	const char *name = names_text(f->names, c->name);

	pack_text(b, name, strlen(name));
	if (c->name == NAME_USERS && extra->users != NULL) {
		pack_sequence(b, VALUE_LIST, extra->nusers);
		buf_add(b, extra->users->p, extra->users->n);
	} else if (c->name == NAME_IP && extra->ip != NULL)
		pack_text(b, extra->ip->p, extra->ip->n);
	else
		capture_pack(b, c);
}

static bool
is_none(const struct capture *c, const struct extra *extra)
{
	return !c->set && c->tuple == NULL &&
	       (c->name != NAME_USERS || extra->users == NULL) &&
	       (c->name != NAME_IP || extra->ip == NULL);
}

/*
 * fail2ban: a ticket has no captures that are None, so <F-USER> is then
 * empty in an action; a row of fail2ban-regex, which traces, has them (all).
 */
static void
pack_data(
    struct buf *b, const struct filter *f, const struct match *m, bool all)
{
	static const struct capture users = {.name = NAME_USERS};
	static const struct capture ip = {.name = NAME_IP};
	const struct captures *c = m->data;
	struct extra extra = {.users = m->users, .nusers = m->nusers};
	bool more_users, more_ip;
	size_t n = 0;

	if (m->nusers == 0)
		extra.users = NULL;
	if (m->who.has_fid && !m->who.resolve && f->id.n > 0)
		extra.ip = &f->id;
	more_users = extra.users != NULL && captures_get(c, NAME_USERS) == NULL;
	more_ip = extra.ip != NULL && captures_get(c, NAME_IP) == NULL;
	for (size_t i = 0; i < c->n; i++)
		n += all || !is_none(&c->items[i], &extra);
	pack_sequence(b, VALUE_DICT, 2 * (n + more_users + more_ip));
	for (size_t i = 0; i < c->n; i++)
		if (all || !is_none(&c->items[i], &extra))
			pack_capture(b, f, &c->items[i], &extra);
	if (more_users)
		pack_capture(b, f, &users, &extra);
	if (more_ip)
		pack_capture(b, f, &ip, &extra);
}

static void
pack_lines(struct buf *b, const struct filter *f, const struct match *m)
{
	size_t n = m->lines != NULL ? m->lines->n : f->nmatched;

	pack_sequence(b, VALUE_LIST, n);
	for (size_t i = 0; i < n; i++) {
		struct triple t =
		    m->lines != NULL ? linelist_at(m->lines, i) : f->matched[i];

		triple_pack(b, &t);
	}
}

static struct packed
packed_from(const struct buf *b, size_t start, size_t end)
{
	return (struct packed){b->p + start, end - start};
}

static void
emit(struct pass *p, const struct match *m)
{
	struct buf *b = &p->f->packed;
	struct failure failure = {
	    .resolve = m->who.resolve, .time = p->date, .count = p->count};
	size_t data, matches;

	buf_reset(b);
	pack_id(b, p->f, m);
	data = b->n;
	pack_data(b, p->f, m, p->trace != NULL);
	matches = b->n;
	pack_lines(b, p->f, m);
	failure.id = packed_from(b, 0, data);
	failure.data = packed_from(b, data, matches);
	failure.matches = packed_from(b, matches, b->n);
	p->emit(p->arg, &failure);
}

static void
tell(struct pass *p, struct trace_hit *hit, const struct match *m)
{
	struct buf *b = &p->f->packed;
	struct value *id = NULL, *data = NULL;
	size_t at;

	if (p->trace == NULL || p->trace->hit == NULL)
		return;
	if (p->trace->details) {
		buf_reset(b);
		pack_id(b, p->f, m);
		at = b->n;
		pack_data(b, p->f, m, true);
		if (m->who.has_id)
			id = packed_value(packed_from(b, 0, at));
		data = packed_value(packed_from(b, at, b->n));
	}
	hit->id = id;
	hit->data = data;
	hit->resolve = m->who.resolve;
	hit->name = m->who.resolve ? p->f->id.p : NULL;
	hit->time = p->date;
	p->trace->hit(p->trace->arg, hit);
	value_free(id);
	value_free(data);
}

/* Whether anybody wants to know more of it than that it is. */
static bool
is_wanted(const struct pass *p, enum hit_kind kind)
{
	if (p->trace != NULL && p->trace->details)
		return true;
	return kind == HIT_FAILURE && p->emit != NULL;
}

static void
found(struct pass *p, struct trace_hit *hit, struct match *m)
{
	if (is_wanted(p, hit->kind) || captures_has(m->data, NAME_DNS))
		m->who = find_offender(p->f, m->data);
	else
		m->who.has_id = true;
	if (hit->kind == HIT_FAILURE && (m->who.unresolvable || !m->who.has_id))
		return;
	tell(p, hit, m);
	if (hit->kind == HIT_FAILURE && p->emit != NULL)
		emit(p, m);
}

void
filter_found(struct pass *p, size_t rule)
{
	static const enum hit_kind kinds[] = {
	    [MLF_NOFAIL] = HIT_NOFAIL,
	    [MLF_PENDING] = HIT_PENDING,
	    [MLF_FAILURE] = HIT_FAILURE,
	};
	struct filter *f = p->f;
	struct trace_hit hit = {.regex = rule, .kind = HIT_FAILURE};
	struct match m = {.data = &f->data};
	struct mlf_found known;
	struct mlf_line line = {
	    .data = &f->data,
	    .lines = f->matched,
	    .n = p->emit == NULL ? 0 : f->nmatched,
	    .time = p->written,
	    .now = p->line->now,
	};

	if (captures_has(&f->data, NAME_MLFID)) {
		hit.kind = kinds[mlf_line(f->mlf, &line, &known)];
		m.data = known.data;
		m.users = known.users;
		m.nusers = known.nusers;
		m.lines = known.lines;
	} else if (p->trace != NULL && captures_has(&f->data, NAME_NOFAIL))
		/* fail2ban: without an id the server counts what is no
		 * failure, only fail2ban-regex does not */
		hit.kind = HIT_NOFAIL;
	if (hit.kind == HIT_FAILURE || p->trace != NULL)
		found(p, &hit, &m);
}
