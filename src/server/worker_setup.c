/*
 * Everything that needs the file system or a privilege happens here; after
 * that there is nothing left to be taken from this process but what it reads.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/privdrop.h"
#include "base/sandbox.h"
#include "sensor/regex.h"
#include "server/worker_impl.h"

enum {
	DESCRIPTORS = 65536,
};

struct setup {
	bool drop;
	struct privdrop_user user;
	bool journal;
	struct value *encodings;
	uint32_t level;
};

/* Text for the parent, which decides whether it is a line it permits. */
static void
send_log(void *arg, int level, const char *name, const char *msg, size_t n)
{
	struct worker *w = arg;
	struct buf b = BUF_INIT;

	worker_flush(w);
	pack_u32(&b, (uint32_t)level);
	pack_str(&b, name);
	pack_bytes(&b, msg, n < LOG_TEXT_MAX ? n : LOG_TEXT_MAX);
	channel_send(w->channel, FROM_LOG, &b, -1);
	buf_release(&b);
}

static void
say_hello(struct worker *w, bool ready, const char *text)
{
	struct buf b = BUF_INIT;

	pack_u8(&b, ready);
	pack_str(&b, text);
	channel_send(w->channel, FROM_HELLO, &b, -1);
	buf_release(&b);
}

static void
load_encodings(struct worker *w, const struct value *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *name = value_str(names->items[i]);
		struct codec *c = name == NULL ? NULL : codec_new(name);

		if (c == NULL)
			continue;
		GROW(w->kept, w->nkept, w->kept_cap);
		w->kept[w->nkept++] = c;
	}
}

static int
close_sandbox(const struct setup *s, struct err *warning, struct err *err)
{
	enum sandbox_kind kind = s->journal ? SANDBOX_JOURNAL : SANDBOX_WORKER;

	if (s->drop && privdrop(&s->user, err) != 0)
		return -1;
	if (!s->drop && privdrop(NULL, err) != 0)
		return -1;
	if (privdrop_limits(s->drop && s->user.own, DESCRIPTORS, err) != 0)
		return -1;
	if (sandbox_landlock(kind, warning) < 0)
		return err_set(err, "%s", err_text(warning));
	return sandbox_syscalls(kind, err);
}

static void
take_setup(struct setup *s, struct unpack *u)
{
	s->drop = unpack_u8(u) != 0;
	s->user.uid = unpack_u32(u);
	s->user.gid = unpack_u32(u);
	s->user.own = unpack_u8(u) != 0;
	s->journal = unpack_u8(u) != 0;
	s->encodings = unpack_value(u);
	s->level = unpack_u32(u);
}

void
worker_setup(struct worker *w, struct unpack *u)
{
	struct err err = ERR_INIT, warning = ERR_INIT;
	struct setup s;

	take_setup(&s, u);
	if (u->bad)
		_exit(2);
	clock_load_zone();
	load_encodings(w, s.encodings);
	value_free(s.encodings);
	if (s.journal)
		w->journals = worker_journals_new(w);
	sandbox_trim_memory();
	regex_expect_many();
	if (close_sandbox(&s, &warning, &err) != 0) {
		say_hello(w, false, err_text(&err));
		_exit(3);
	}
	say_hello(w, true, err_text(&warning));
	log_set_level((int)s.level);
	log_set_sink(send_log, w);
	err_release(&err);
	err_release(&warning);
}
