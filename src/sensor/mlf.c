/*
 * Records are kept when they go and used again, so that a steady stream of
 * connections costs no allocation.
 *
 * fail2ban: the eight steps below are its, in its order; users' filters
 * depend on what follows from them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "base/packed.h"
#include "sensor/mlf.h"

/* A connection that tries more users than these is known well enough. */
#define USERS_MAX 64

/* So many connections are kept whatever the time of the log. */
#define KEEP_MIN 128

struct record {
	struct captures data;
	struct linelist matches;
	struct linelist nofail_matches;
	struct buf users; /* packed, without repetition */
	unsigned nusers;
	bool pending;
	bool once;       /* it has a line with mlfonce: counts once at most */
	bool counted;    /* it was a failure */
	double log_time; /* of its first line */
	double clock;
	struct record *newer; /* by last use */
	struct record *older;
};

struct mlf {
	struct dict *records; /* id -> struct record, owned by the list */
	struct record *newest;
	struct record *oldest;
	struct record *spare; /* linked by older */
	size_t max;
	unsigned long evicted;
};

struct mlf *
mlf_new(size_t max)
{
	struct mlf *m = xcalloc(1, sizeof(*m));

	m->records = dict_new(NULL);
	m->max = max;
	return m;
}

static void
record_free(struct record *r)
{
	captures_release(&r->data);
	linelist_release(&r->matches);
	linelist_release(&r->nofail_matches);
	buf_release(&r->users);
	free(r);
}

static void
free_list(struct record *r)
{
	while (r != NULL) {
		struct record *older = r->older;

		record_free(r);
		r = older;
	}
}

void
mlf_free(struct mlf *m)
{
	if (m == NULL)
		return;
	dict_free(m->records);
	free_list(m->newest);
	free_list(m->spare);
	free(m);
}

/* ---- table */

static void
unlink_record(struct mlf *m, struct record *r)
{
	if (r->newer == NULL)
		m->newest = r->older;
	else
		r->newer->older = r->older;
	if (r->older == NULL)
		m->oldest = r->newer;
	else
		r->older->newer = r->newer;
}

static void
link_newest(struct mlf *m, struct record *r)
{
	r->newer = NULL;
	r->older = m->newest;
	if (m->newest == NULL)
		m->oldest = r;
	else
		m->newest->newer = r;
	m->newest = r;
}

static void
record_remove(struct mlf *m, struct record *r)
{
	const struct capture *id = captures_get(&r->data, NAME_MLFID);

	dict_deln(m->records, id->p, id->n);
	unlink_record(m, r);
	r->older = m->spare;
	m->spare = r;
}

static void
record_reset(struct record *r)
{
	captures_reset(&r->data);
	linelist_reset(&r->matches);
	linelist_reset(&r->nofail_matches);
	buf_reset(&r->users);
	r->nusers = 0;
	r->pending = r->once = r->counted = false;
}

/* An empty record that is in no list. */
static struct record *
record_take(struct mlf *m)
{
	struct record *r = m->spare;

	if (r != NULL) {
		m->spare = r->older;
		record_reset(r);
		return r;
	}
	r = xcalloc(1, sizeof(*r));
	buf_init(&r->data.text);
	buf_init(&r->matches.text);
	buf_init(&r->nofail_matches.text);
	buf_init(&r->users);
	return r;
}

/*
 * fail2ban keeps 100 connections. More are kept only as long as the log says
 * that they are young: what an old log leaves open must not pile up.
 */
static void
drop_old(struct mlf *m, const struct mlf_line *line)
{
	while (dict_count(m->records) > KEEP_MIN &&
	       line->time - m->oldest->log_time > MLF_AGE)
		record_remove(m, m->oldest);
}

static void
record_store(struct mlf *m, struct record *r, const struct mlf_line *line)
{
	const struct capture *id = captures_get(&r->data, NAME_MLFID);

	drop_old(m, line);
	if (dict_count(m->records) >= m->max) {
		m->evicted++;
		record_remove(m, m->oldest);
	}
	dict_setn(m->records, id->p, id->n, r);
	link_newest(m, r);
}

/*
 * fail2ban: five minutes by the clock. Here it must be five minutes by the
 * log as well, so that reading an old log gives the same failures however
 * fast it is read.
 */
static bool
is_old(const struct record *r, const struct mlf_line *line)
{
	return line->now - r->clock > MLF_AGE &&
	       !(line->time - r->log_time <= MLF_AGE);
}

static struct record *
record_find(struct mlf *m, const struct mlf_line *line)
{
	const struct capture *id = captures_get(line->data, NAME_MLFID);
	struct record *r = dict_getn(m->records, id->p, id->n);

	if (r != NULL && is_old(r, line)) {
		record_remove(m, r);
		return NULL;
	}
	return r;
}

/* ---- the steps */

/* Whether the value that begins at byte at of users is there before. */
static bool
is_known_user(const struct buf *users, size_t at)
{
	struct unpack u;

	unpack_init(&u, users->p, at);
	while (u.n > 0) {
		struct packed known = packed_take(&u);

		if (known.n == users->n - at &&
		    memcmp(known.p, users->p + at, known.n) == 0)
			return true;
	}
	return false;
}

static void
add_user(struct record *r, const struct captures *data)
{
	size_t at = r->users.n;

	if (!captures_has(data, NAME_USER) || r->nusers >= USERS_MAX)
		return;
	capture_pack(&r->users, captures_get(data, NAME_USER));
	if (is_known_user(&r->users, at)) {
		buf_truncate(&r->users, at);
		return;
	}
	if (r->nusers++ == 0)
		captures_set(&r->data, NAME_USERS, NULL, 0);
}

/* What the line says about itself. */
struct flags {
	bool nofail;
	bool forget;
	bool gained;
	bool once;
};

/* Step 1: reads the flags and makes gained a nofail. */
static struct flags
take_flags(struct captures *data)
{
	struct flags f = {
	    .nofail = captures_has(data, NAME_NOFAIL),
	    .forget = captures_has(data, NAME_MLFFORGET),
	    .gained = captures_has(data, NAME_MLFGAINED),
	    .once = captures_has(data, NAME_MLFONCE),
	};

	if (f.gained && !f.nofail) {
		captures_alias(data, NAME_NOFAIL, NAME_MLFGAINED);
		f.nofail = true;
	}
	captures_remove(data, NAME_MLFFORGET);
	captures_remove(data, NAME_MLFONCE);
	return f;
}

/*
 * The address of this line wins over one of another kind that an earlier line
 * had: processes that serve many (a listener) write about one after another.
 * fail2ban: an IPv4 address once seen wins, and a stranger is banned.
 */
static void
forget_other_address(struct captures *known, const struct captures *data)
{
	bool name = captures_has(data, NAME_DNS);

	if (captures_has(data, NAME_IP4))
		return;
	if ((name || captures_has(data, NAME_IP6)) &&
	    captures_has(known, NAME_IP4))
		captures_set(known, NAME_IP4, NULL, 0);
	if (name && !captures_has(data, NAME_IP6) &&
	    captures_has(known, NAME_IP6))
		captures_set(known, NAME_IP6, NULL, 0);
}

/* Step 2: the line is laid over what is known. */
static void
merge(struct record *r, const struct captures *data, struct flags f)
{
	bool was_nofail = captures_has(&r->data, NAME_NOFAIL) ||
	                  captures_has(&r->data, NAME_MLFGAINED);

	add_user(r, data);
	captures_remove(&r->data, NAME_NOFAIL);
	captures_remove(&r->data, NAME_MLFGAINED);
	if (f.gained)
		r->pending = false;
	if (!was_nofail && !r->pending)
		linelist_reset(&r->matches);
	forget_other_address(&r->data, data);
	captures_merge(&r->data, data);
}

/* Step 5: which lines the next failure shows. */
static void
keep_lines(struct record *r, const struct mlf_line *line, const struct flags *f)
{
	struct linelist *to = f->nofail ? &r->nofail_matches : &r->matches;

	if (f->nofail && f->forget)
		return;
	if (!f->nofail && r->nofail_matches.n > 0) {
		struct linelist old = r->matches;

		r->matches = r->nofail_matches;
		r->nofail_matches = old;
		linelist_append(&r->matches, &r->nofail_matches);
		linelist_reset(&r->nofail_matches);
	}
	if (!f->nofail && f->gained)
		return;
	for (size_t i = 0; i < line->n; i++)
		linelist_add(to, &line->lines[i]);
}

static bool
has_id(const struct captures *data)
{
	return captures_has(data, NAME_IP4) || captures_has(data, NAME_IP6) ||
	       captures_has(data, NAME_DNS) || captures_has(data, NAME_FID);
}

/*
 * Whether a failure of this connection counts. fail2ban has no mlfonce: there
 * one connection with two bad lines counts twice.
 */
static bool
counts(struct record *r)
{
	if (r->once && r->counted)
		return false;
	r->counted = true;
	return true;
}

/* Steps 4 to 8. */
static enum mlf_result
judge(struct record *r, const struct mlf_line *line, struct flags f)
{
	bool was_pending = r->pending;

	r->pending = false;
	r->once = r->once || f.once;
	if (was_pending || r->nusers > 1) {
		captures_remove(&r->data, NAME_NOFAIL);
		captures_remove(&r->data, NAME_MLFGAINED);
		f.nofail = f.gained = false;
	}
	keep_lines(r, line, &f);
	if (captures_has(&r->data, NAME_NOFAIL))
		return MLF_NOFAIL;
	if (has_id(&r->data))
		return counts(r) ? MLF_FAILURE : MLF_NOFAIL;
	r->pending = true;
	return MLF_PENDING;
}

enum mlf_result
mlf_line(struct mlf *m, const struct mlf_line *line, struct mlf_found *found)
{
	struct record *r = record_find(m, line);
	struct flags f = take_flags(line->data);
	bool known = r != NULL;
	enum mlf_result result;

	if (known)
		merge(r, line->data, f);
	else {
		r = record_take(m);
		captures_overlay(&r->data, line->data);
		if (!f.forget)
			add_user(r, line->data);
		r->log_time = line->time;
		r->clock = line->now;
	}
	result = judge(r, line, f);
	if (known && f.forget)
		record_remove(m, r);
	else if (known) {
		unlink_record(m, r);
		link_newest(m, r);
	} else if (!f.forget)
		record_store(m, r, line);
	else {
		r->older = m->spare;
		m->spare = r;
	}
	found->data = &r->data;
	found->users = &r->users;
	found->nusers = r->nusers;
	found->lines = &r->matches;
	return result;
}

bool
mlf_knows(const struct mlf *m, const char *id, size_t n)
{
	const struct record *r = dict_getn(m->records, id, n);

	return r != NULL && has_id(&r->data);
}

size_t
mlf_count(const struct mlf *m)
{
	return dict_count(m->records);
}

unsigned long
mlf_evicted(const struct mlf *m)
{
	return m->evicted;
}
