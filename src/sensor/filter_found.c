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

/* Owned by the caller; NULL: the address is not known yet. */
static struct value *
id_value(const struct filter *f, const struct captures *data,
    const struct offender *who)
{
	if (!who->has_id)
		return NULL;
	if (who->has_fid && !who->resolve)
		return capture_value(captures_get(data, NAME_FID));
	return value_textn(f->id.p, f->id.n);
}

/* A match on its way out. */
struct match {
	const struct captures *data;
	const struct value *users;    /* NULL or empty: not known */
	const struct linelist *lines; /* NULL: those in f->matched */
	struct offender who;
};

static struct value *
data_value(const struct filter *f, const struct match *m)
{
	struct value *data = captures_value(m->data, f->names);

	if (m->users != NULL && m->users->n > 0)
		value_set(data, names_text(f->names, NAME_USERS),
		    value_copy(m->users));
	if (m->who.has_fid && !m->who.resolve && f->id.n > 0)
		value_set(data, names_text(f->names, NAME_IP),
		    value_textn(f->id.p, f->id.n));
	return data;
}

static struct value *
lines_value(const struct filter *f, const struct match *m)
{
	struct value *list;

	if (m->lines != NULL)
		return linelist_value(m->lines);
	list = value_list();
	for (size_t i = 0; i < f->nmatched; i++)
		value_add(list, triple_value(&f->matched[i]));
	return list;
}

static void
emit(struct pass *p, const struct match *m)
{
	struct failure failure = {
	    .id = id_value(p->f, m->data, &m->who),
	    .resolve = m->who.resolve,
	    .time = p->date,
	    .data = data_value(p->f, m),
	    .matches = lines_value(p->f, m),
	    .count = p->count,
	};

	p->emit(p->arg, &failure);
}

static void
tell(struct pass *p, struct trace_hit *hit, const struct match *m)
{
	struct value *id = NULL, *data = NULL;

	if (p->trace == NULL || p->trace->hit == NULL)
		return;
	if (p->trace->details) {
		id = id_value(p->f, m->data, &m->who);
		data = data_value(p->f, m);
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
	    .time = p->date,
	    .now = p->line->now,
	};

	if (captures_has(&f->data, NAME_MLFID)) {
		hit.kind = kinds[mlf_line(f->mlf, &line, &known)];
		m.data = known.data;
		m.users = known.users;
		m.lines = known.lines;
	} else if (p->trace != NULL && captures_has(&f->data, NAME_NOFAIL))
		/* fail2ban: without an id the server counts what is no
		 * failure, only fail2ban-regex does not */
		hit.kind = HIT_NOFAIL;
	if (hit.kind == HIT_FAILURE || p->trace != NULL)
		found(p, &hit, &m);
}
