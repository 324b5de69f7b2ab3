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
		addr_normalise(&f->id, captures_text(data, ip), ip->n);
		return;
	}
	buf_add(&raw, captures_text(data, ip), ip->n);
	buf_addc(&raw, '/');
	buf_add(&raw, captures_text(data, cidr), cidr->n);
	addr_normalise(&f->id, raw.p, raw.n);
	buf_release(&raw);
}

static void
name_id(struct filter *f, const struct captures *data, struct offender *who)
{
	const struct capture *dns = captures_get(data, NAME_DNS);
	const char *text = captures_text(data, dns);
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
	              memcmp(captures_text(data, fid), f->id.p, f->id.n) != 0;
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
		return capture_value(data, captures_get(data, NAME_FID));
	return value_textn(f->id.p, f->id.n);
}

static struct value *
data_value(
    const struct filter *f, struct captures *data, const struct offender *who)
{
	if (who->has_fid && !who->resolve && f->id.n > 0)
		captures_set(data, NAME_IP, f->id.p, f->id.n);
	return captures_value(data, f->names);
}

static void
emit(struct pass *p, struct captures *data, const struct offender *who,
    const struct linelist *lines)
{
	struct failure failure = {
	    .id = id_value(p->f, data, who),
	    .resolve = who->resolve,
	    .time = p->date,
	    .data = data_value(p->f, data, who),
	    .matches = linelist_value(lines),
	    .count = p->count,
	};

	p->emit(p->arg, &failure);
}

static void
tell(struct pass *p, const struct trace_hit *hit)
{
	if (p->trace != NULL && p->trace->hit != NULL)
		p->trace->hit(p->trace->arg, hit);
}

static void
found(struct pass *p, struct trace_hit *hit, struct captures *data,
    const struct linelist *lines)
{
	struct offender who = find_offender(p->f, data);
	struct value *id = NULL, *shown = NULL;

	if (hit->kind == HIT_FAILURE && (who.unresolvable || !who.has_id))
		return;
	if (p->trace != NULL && p->trace->details) {
		id = id_value(p->f, data, &who);
		shown = data_value(p->f, data, &who);
	}
	hit->id = id;
	hit->data = shown;
	hit->resolve = who.resolve;
	hit->time = p->date;
	tell(p, hit);
	if (hit->kind == HIT_FAILURE && p->emit != NULL)
		emit(p, data, &who, lines);
	value_free(id);
	value_free(shown);
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
	struct mlf_line line = {
	    .data = &f->data,
	    .lines = &f->matched,
	    .time = p->date,
	    .now = p->line->now,
	};

	if (captures_has(&f->data, NAME_MLFID)) {
		hit.kind = kinds[mlf_line(f->mlf, &line, &f->found)];
		if (hit.kind == HIT_FAILURE || p->trace != NULL)
			found(p, &hit, &f->found.data, &f->found.lines);
		return;
	}
	/* fail2ban: without an id the server counts what is no failure, only
	 * fail2ban-regex does not */
	if (p->trace != NULL && captures_has(&f->data, NAME_NOFAIL))
		hit.kind = HIT_NOFAIL;
	found(p, &hit, &f->data, &f->matched);
}
