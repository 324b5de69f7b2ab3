/*
 * The end of a request is where its pickle ends, so that a text may hold the
 * terminator; decoding is tried only when a terminator has arrived, so many
 * small writes cost no more than one large one. Whatever a peer sends costs
 * at most its own connection: sizes and the number of connections are bound,
 * and no request is read before the answer to the last one is written. When
 * all connections are taken, the oldest that says nothing makes room.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pickle.h"
#include "server/control.h"
#include "server/sockfile.h"

enum {
	REQUEST_MAX = 16 * 1024 * 1024, /* a stream of all stock jails: 1 MiB */
	READONLY_MAX = 64 * 1024,
	CONNECTIONS_MAX = 500,
	READERS_MAX = 250, /* of them, at most: the owner always gets in */
	BACKLOG = 4096,    /* a full one refuses clients with a timeout */
	ANSWER_KEEP = 64 * 1024, /* larger buffers are not kept */
	PIECE_MAX = 32 * 1024,   /* one buffer of the socket, see conn_write */
	AHEAD_MAX = 64 * 1024,   /* read while an answer is not written yet */
};

struct conn {
	uv_pipe_t pipe;
	uv_write_t write;
	struct control *control;
	struct conn *next;
	struct conn **prev;
	struct request *pending; /* being answered, NULL: none */
	struct buf in;           /* bytes not yet used */
	size_t seen;             /* bytes of in that hold no new terminator */
	struct buf out;          /* being written */
	size_t written;          /* bytes of out that were given away */
	bool writing;
	bool reading; /* uv_read_start() was called */
	bool readonly;
	pid_t peer;   /* who connected, 0: unknown */
	bool eof;     /* the peer sends no more */
	bool closing; /* after what is being written */
	bool closed;  /* uv_close() was called */
};

struct control {
	uv_pipe_t listener;
	uv_loop_t *loop;
	control_fn fn;
	void *arg;
	char *path; /* to be removed, NULL: nothing */
	gid_t gid;  /* whose members may read */
	bool has_group;
	bool listening;
	bool dying; /* control_free() was called */
	struct conn *conns;
	size_t count; /* those being closed too */
	size_t open;  /* those not being closed */
};

struct request {
	struct conn *conn; /* NULL: the peer has gone */
	struct value *words;
};

static void conn_serve(struct conn *c);
static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b);
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b);

/* ---- ends */

static void
control_release(struct control *c)
{
	if (!c->dying || c->listening || c->count > 0)
		return;
	free(c->path);
	free(c);
}

static void
on_conn_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct control *control = c->control;

	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	control->count--;
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
	control_release(control);
}

static void
conn_close(struct conn *c)
{
	if (c->closed)
		return;
	c->closed = true;
	c->control->open--;
	if (c->pending != NULL)
		c->pending->conn = NULL;
	c->pending = NULL;
	uv_close((uv_handle_t *)&c->pipe, on_conn_closed);
}

/* ---- answers */

static void conn_write(struct conn *c);

static void
on_written(uv_write_t *w, int status)
{
	struct conn *c = w->data;

	if (status < 0 || c->closed) {
		c->writing = false;
		conn_close(c);
		return;
	}
	if (c->written < c->out.n) {
		conn_write(c);
		return;
	}
	c->writing = false;
	if (c->out.cap > ANSWER_KEEP)
		buf_release(&c->out);
	buf_reset(&c->out);
	conn_serve(c);
}

/*
 * Go's exporter keeps whole kilobytes of each read, however few came. It
 * reads 4,096 bytes at a time, so pieces of a multiple of that never come
 * short; larger writes are cut by the kernel elsewhere.
 */
static void
conn_write(struct conn *c)
{
	size_t n = c->out.n - c->written;
	uv_buf_t b;

	if (n > PIECE_MAX)
		n = PIECE_MAX;
	b = uv_buf_init(c->out.p + c->written, (unsigned)n);
	c->written += n;
	c->write.data = c;
	c->writing = true;
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, on_written) !=
	    0) {
		c->writing = false;
		conn_close(c);
	}
}

static void
conn_send(struct conn *c, const struct value *v)
{
	pickle_encode(&c->out, v);
	buf_adds(&c->out, PICKLE_END);
	c->written = 0;
	conn_write(c);
}

void
request_answer(struct request *rq, struct value *answer)
{
	struct conn *c = rq->conn;

	if (c != NULL) {
		c->pending = NULL;
		conn_send(c, answer);
	}
	value_free(answer);
	value_free(rq->words);
	free(rq);
}

pid_t
request_peer(const struct request *rq)
{
	return rq->conn == NULL ? 0 : rq->conn->peer;
}

/* What cannot be read at all is answered by a bare text. */
static void
conn_refuse(struct conn *c, const char *why)
{
	struct value *v = value_textf("ERROR: %s", why);

	log_msg(LOG_ERROR, "asyncserver",
	    "PROTO-error: load message failed: %s", why);
	conn_send(c, v);
	value_free(v);
}

/* ---- requests */

static size_t
conn_limit(const struct conn *c)
{
	return c->readonly ? READONLY_MAX : REQUEST_MAX;
}

static void
conn_drop(struct conn *c, size_t n)
{
	buf_splice(&c->in, 0, n, "", 0);
	c->seen = 0;
	if (c->in.n == 0 && c->in.cap > ANSWER_KEEP)
		buf_release(&c->in);
}

/* Offset behind the first terminator at or after "from"; 0: none. */
static size_t
terminator_end(const struct buf *b, size_t from)
{
	size_t length = strlen(PICKLE_END);
	const char *p =
	    from > b->n ? NULL
	                : memmem(b->p + from, b->n - from, PICKLE_END, length);

	return p == NULL ? 0 : (size_t)(p - b->p) + length;
}

static bool
ends_with_terminator(const struct buf *b)
{
	size_t length = strlen(PICKLE_END);

	return b->n >= length &&
	       memcmp(b->p + b->n - length, PICKLE_END, length) == 0;
}

static bool
is_close(const struct buf *b)
{
	static const char word[] = PICKLE_CLOSE PICKLE_END;

	return b->n >= sizeof(word) - 1 &&
	       memcmp(b->p, word, sizeof(word) - 1) == 0;
}

static void
conn_request(struct conn *c, struct value *words)
{
	struct request *rq = xcalloc(1, sizeof(*rq));

	rq->conn = c;
	rq->words = words;
	c->pending = rq;
	c->control->fn(c->control->arg, rq, words, c->readonly);
}

/*
 * fail2ban: what stands before the first terminator is the request; its
 * fault is told, not that of the structure.
 */
static void
conn_refuse_first(struct conn *c, size_t end)
{
	size_t n = end - strlen(PICKLE_END);
	struct value *words = NULL;
	struct err err = ERR_INIT;
	struct buf why = BUF_INIT;

	if (pickle_decode(&words, c->in.p, n, &err) > 0)
		err_set(&err, "pickle data was truncated");
	value_free(words);
	buf_adds(&why, err_text(&err));
	conn_drop(c, end);
	conn_refuse(c, why.p);
	buf_release(&why);
	err_release(&err);
}

/*
 * Takes the first request, of which at least one terminator is there.
 * Returns false when more bytes are needed: the terminator found may be part
 * of a text, unless it is the last that has come.
 */
static bool
conn_take(struct conn *c)
{
	struct value *words = NULL;
	size_t first = terminator_end(&c->in, 0), end;
	long used = pickle_decode(&words, c->in.p, c->in.n, NULL);

	if (used < 0 || (used == 0 && ends_with_terminator(&c->in))) {
		conn_refuse_first(c, first);
		return true;
	}
	end = used == 0 ? 0 : terminator_end(&c->in, (size_t)used);
	if (end == 0) {
		value_free(words);
		return false;
	}
	conn_drop(c, end);
	conn_request(c, words);
	return true;
}

/* Whether something in the buffer may be a whole request. */
static bool
conn_has_request(struct conn *c)
{
	size_t back = strlen(PICKLE_END) - 1;
	size_t from = c->seen > back ? c->seen - back : 0;
	bool has = terminator_end(&c->in, from) != 0;

	c->seen = c->in.n;
	return has;
}

static bool
conn_is_busy(const struct conn *c)
{
	return c->pending != NULL || c->writing;
}

/* What comes during an answer waits in the socket but for a little. */
static int
conn_listen(struct conn *c)
{
	bool want = !c->eof && (!conn_is_busy(c) || c->in.n < AHEAD_MAX);

	if (c->closed || want == c->reading)
		return 0;
	c->reading = want;
	if (!want)
		return uv_read_stop((uv_stream_t *)&c->pipe);
	return uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
}

/* Does what can be done now: the next request, or the end. */
static void
conn_serve(struct conn *c)
{
	while (!c->closed && !conn_is_busy(c)) {
		if (is_close(&c->in)) {
			conn_close(c);
			return;
		}
		if (c->closing || !conn_has_request(c) || !conn_take(c))
			break;
	}
	if (c->closed)
		return;
	if (!conn_is_busy(c) && (c->closing || c->eof)) {
		conn_close(c);
		return;
	}
	if (!conn_is_busy(c) && c->in.n > conn_limit(c)) {
		c->closing = true;
		conn_refuse(c, "request is too large");
	}
	if (!c->closed && conn_listen(c) != 0)
		conn_close(c);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct conn *c = h->data;

	(void)suggested;
	*b = uv_buf_init(buf_grow(&c->in, 65536), 65536);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = s->data;

	(void)b;
	(void)s;
	if (n == UV_EOF)
		c->eof = true;
	else if (n < 0) {
		conn_close(c);
		return;
	} else
		buf_commit(&c->in, (size_t)n);
	conn_serve(c);
}

/* ---- connections */

static struct conn *
conn_new(struct control *control)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	(void)uv_pipe_init(control->loop, &c->pipe, 0);
	c->pipe.data = c;
	c->control = control;
	buf_init(&c->in);
	buf_init(&c->out);
	c->next = control->conns;
	c->prev = &control->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	control->conns = c;
	control->count++;
	control->open++;
	return c;
}

/* The owner may all, a member of the group may read, nobody else anything. */
static bool
conn_admit(struct conn *c)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	int fd;

	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
		return false;
	c->peer = peer.pid;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	c->readonly = true;
	return c->control->has_group &&
	       sockfile_peer_in(fd, peer.gid, c->control->gid);
}

/* The oldest connection that waits for nothing; NULL: there is none. */
static struct conn *
find_silent(const struct control *control, bool readonly)
{
	struct conn *silent = NULL;

	for (struct conn *c = control->conns; c != NULL; c = c->next)
		if (!c->closed && !conn_is_busy(c) && c->in.n == 0 &&
		    (c->readonly || !readonly))
			silent = c;
	return silent;
}

/* Whether there is room for c, which is counted already. */
static bool
make_room(struct conn *c)
{
	struct control *control = c->control;
	size_t max = c->readonly ? READERS_MAX : CONNECTIONS_MAX;
	struct conn *silent;

	if (control->open <= max)
		return true;
	silent = find_silent(control, c->readonly);
	if (silent == NULL || silent == c)
		return false;
	conn_close(silent);
	return true;
}

static void
on_connection(uv_stream_t *s, int status)
{
	struct control *control = s->data;
	struct conn *c;

	if (status < 0) {
		log_msg(LOG_WARN, "asyncserver", "Accept socket error: %s",
		    uv_strerror(status));
		return;
	}
	c = conn_new(control);
	if (uv_accept(s, (uv_stream_t *)&c->pipe) != 0 || !conn_admit(c) ||
	    !make_room(c) || conn_listen(c) != 0)
		conn_close(c);
}

/* ---- the socket */

static int
bind_path(struct control *c, const char *path, struct err *err)
{
	if (sockfile_bind(&c->listener, path, err) != 0)
		return -1;
	c->path = xstrdup(path);
	return c->has_group ? sockfile_give(path, c->gid, err) : 0;
}

static int
control_listen(
    struct control *c, const struct control_opts *opts, struct err *err)
{
	int rc;

	if (opts->group != NULL && opts->group[0] != '\0') {
		if (sockfile_group(&c->gid, opts->group, err) != 0)
			return -1;
		c->has_group = true;
	}
	if (opts->fd >= 0) {
		rc = uv_pipe_open(&c->listener, opts->fd);
		if (rc != 0)
			return err_set(
			    err, "inherited socket: %s", uv_strerror(rc));
	} else if (bind_path(c, opts->path, err) != 0)
		return -1;
	rc = uv_listen((uv_stream_t *)&c->listener, BACKLOG, on_connection);
	return rc == 0 ? 0
	               : err_set(err, "cannot listen on '%s': %s", opts->path,
	                     uv_strerror(rc));
}

struct control *
control_new_unbound(uv_loop_t *loop, control_fn fn, void *arg)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->fn = fn;
	c->arg = arg;
	return c;
}

struct control *
control_new(uv_loop_t *loop, const struct control_opts *opts, control_fn fn,
    void *arg, struct err *err)
{
	struct control *c = control_new_unbound(loop, fn, arg);

	(void)uv_pipe_init(loop, &c->listener, 0);
	c->listener.data = c;
	c->listening = true;
	if (control_listen(c, opts, err) == 0)
		return c;
	control_free(c);
	return NULL;
}

int
control_adopt(struct control *control, int fd, bool readonly)
{
	struct conn *c = conn_new(control);

	c->readonly = readonly;
	if (uv_pipe_open(&c->pipe, fd) == 0 && make_room(c) &&
	    conn_listen(c) == 0)
		return 0;
	conn_close(c);
	return -1;
}

static void
on_listener_closed(uv_handle_t *h)
{
	struct control *c = h->data;

	c->listening = false;
	control_release(c);
}

void
control_close(struct control *c)
{
	if (c->path != NULL)
		(void)unlink(c->path);
	free(c->path);
	c->path = NULL;
	if (c->listening && !uv_is_closing((uv_handle_t *)&c->listener))
		uv_close((uv_handle_t *)&c->listener, on_listener_closed);
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	control_close(c);
	c->dying = true;
	for (struct conn *p = c->conns, *next; p != NULL; p = next) {
		next = p->next;
		p->closing = true;
		if (!p->writing)
			conn_close(p);
	}
	control_release(c);
}

size_t
control_count(const struct control *c)
{
	return c->count;
}
