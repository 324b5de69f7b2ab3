/*
 * Each child is watched by its own pidfd: no SIGCHLD, so children of other
 * modules are never touched, and a signal never goes to a recycled pid. The
 * end of the child counts, not the end of its output: what it left in the
 * background may hold the pipes for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/runlog.h"
#include "engine/runner.h"
#include "engine/solitary.h"
#include "engine/spawn.h"

#define OUTPUT_MAX ((size_t)64 * 1024) /* kept of each stream */
#define READS_MAX 32                   /* of a stream in one turn */
#define PARENTS_MAX 16 /* between a command and who calls the server */
#define KILL_MS 200    /* from SIGTERM to SIGKILL to giving up */

enum stage {
	STAGE_WAIT,
	STAGE_RUN,
	STAGE_TERM,
	STAGE_KILL,
	STAGE_FAILED,
	STAGE_DONE
};

/* A pipe that the child writes to. */
enum { TURN_MAX = 2 };

struct stream {
	uv_poll_t poll;
	int fd; /* -1: closed */
	struct buf *kept;
};

struct job {
	struct runner *runner; /* NULL: nobody waits for it any more */
	struct job *next;
	unsigned long id;
	command_done_fn done;
	void *arg;
	char *shown; /* the command as logged */
	int timeout_ms;
	int ok_max;
	bool quiet;
	bool alone;        /* see solitary.h */
	struct kept *kept; /* owned; to be started when it may be alone */
	enum stage stage;
	pid_t pid;
	int pidfd; /* -1: closed */
	uv_poll_t exit_poll;
	uv_timer_t timer;
	struct stream out;
	struct stream err;
	int handles; /* open libuv handles; the last one frees the job */
	struct job *left_next; /* of those nobody waits for, see detach */
	struct job **left_at;  /* NULL: not among them */
	struct command_result result;
};

struct runner {
	uv_loop_t *loop;
	struct job *jobs; /* those somebody waits for */
	struct job *left; /* those that were detached */
	bool ending;
	struct job *alone; /* the solitary one that runs, NULL: none */
	size_t active;
	unsigned long last_id;
	uint64_t turn; /* uv_now() of the last start */
	int started;   /* commands in that turn */
};

/* ---- the end of a job */

static void start_waiting(struct runner *r);

static void
job_closed(uv_handle_t *h)
{
	struct job *j = h->data;

	if (--j->handles > 0)
		return;
	buf_release(&j->result.out);
	buf_release(&j->result.err);
	kept_free(j->kept);
	free(j->shown);
	free(j);
}

static void
stream_close(struct stream *s)
{
	if (s->fd == -1)
		return;
	(void)uv_poll_stop(&s->poll);
	(void)close(s->fd);
	s->fd = -1;
	uv_close((uv_handle_t *)&s->poll, job_closed);
}

/* Reads what is there; at the end of the stream closes it. */
static void
stream_drain(struct stream *s)
{
	char chunk[16384];

	for (int i = 0; s->fd != -1 && i < READS_MAX; i++) {
		ssize_t n = read(s->fd, chunk, sizeof(chunk));
		size_t room = OUTPUT_MAX - s->kept->n;

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			stream_close(s);
			return;
		}
		buf_add(s->kept, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

static void
stream_ready(uv_poll_t *p, int status, int events)
{
	struct job *j = p->data;

	(void)status;
	(void)events;
	stream_drain(p == &j->out.poll ? &j->out : &j->err);
}

static void
left_unlink(struct job *j)
{
	if (j->left_at == NULL)
		return;
	*j->left_at = j->left_next;
	if (j->left_next != NULL)
		j->left_next->left_at = j->left_at;
	j->left_at = NULL;
}

static void
job_close(struct job *j)
{
	left_unlink(j);
	stream_close(&j->out);
	stream_close(&j->err);
	if (j->pidfd != -1) {
		(void)uv_poll_stop(&j->exit_poll);
		(void)close(j->pidfd);
		j->pidfd = -1;
		uv_close((uv_handle_t *)&j->exit_poll, job_closed);
	}
	uv_close((uv_handle_t *)&j->timer, job_closed);
}

static void
job_unlink(struct job *j)
{
	struct runner *r = j->runner;

	for (struct job **at = &r->jobs; *at != NULL; at = &(*at)->next)
		if (*at == j) {
			*at = j->next;
			break;
		}
	r->active--;
	j->runner = NULL;
	if (r->alone == j) {
		r->alone = NULL;
		start_waiting(r);
	}
}

/* Tells who waits; the job itself lives on until its handles are closed. */
static void
job_answer(struct job *j)
{
	if (j->runner == NULL)
		return;
	job_unlink(j);
	j->done(j->arg, &j->result);
}

static void
take_status(struct job *j, int wait_status)
{
	struct command_result *r = &j->result;

	r->status = WIFSIGNALED(wait_status) ? -WTERMSIG(wait_status)
	                                     : WEXITSTATUS(wait_status);
	r->ok = !r->timed_out && r->status >= 0 && r->status <= j->ok_max;
	runlog_end(j->id, j->shown, r, j->quiet);
}

static void
child_ended(uv_poll_t *p, int status, int events)
{
	struct job *j = p->data;
	int wait_status;

	(void)status;
	(void)events;
	/* what ignored SIGTERM goes too, while the pid is still ours */
	if (j->stage == STAGE_TERM)
		(void)kill(-j->pid, SIGKILL);
	if (waitpid(j->pid, &wait_status, WNOHANG) != j->pid)
		return;
	stream_drain(&j->out);
	stream_drain(&j->err);
	if (j->runner != NULL)
		take_status(j, wait_status);
	j->stage = STAGE_DONE;
	job_close(j);
	job_answer(j);
}

/* The deadline of the present stage has come. */
static void
timer_due(uv_timer_t *t)
{
	struct job *j = t->data;

	switch (j->stage) {
	case STAGE_RUN:
		j->result.timed_out = true;
		runlog_timeout(j->id, j->shown, j->timeout_ms, j->quiet);
		(void)kill(-j->pid, SIGTERM);
		j->stage = STAGE_TERM;
		(void)uv_timer_start(t, timer_due, KILL_MS, 0);
		break;
	case STAGE_TERM:
		(void)kill(-j->pid, SIGKILL);
		j->stage = STAGE_KILL;
		(void)uv_timer_start(t, timer_due, KILL_MS, 0);
		break;
	case STAGE_KILL: /* stuck in the kernel: reaped whenever it ends */
		runlog_unkillable(j->id, j->pid);
		j->result.failed = true;
		stream_close(&j->out);
		stream_close(&j->err);
		uv_unref((uv_handle_t *)&j->exit_poll);
		job_answer(j);
		break;
	case STAGE_FAILED:
		j->stage = STAGE_DONE;
		job_close(j);
		job_answer(j);
		break;
	case STAGE_WAIT:
	case STAGE_DONE:
		break;
	}
}

/* ---- the start of a job */

static void
stream_watch(struct job *j, struct stream *s, int fd, struct buf *kept)
{
	s->fd = fd;
	s->kept = kept;
	s->poll.data = j;
	(void)uv_poll_init(j->runner->loop, &s->poll, fd);
	(void)uv_poll_start(&s->poll, UV_READABLE, stream_ready);
	j->handles++;
}

static void
job_watch(struct job *j, const struct spawned *child)
{
	j->pid = child->pid;
	j->pidfd = child->pidfd;
	stream_watch(j, &j->out, child->out, &j->result.out);
	stream_watch(j, &j->err, child->err, &j->result.err);
	j->exit_poll.data = j;
	(void)uv_poll_init(j->runner->loop, &j->exit_poll, j->pidfd);
	(void)uv_poll_start(&j->exit_poll, UV_READABLE, child_ended);
	j->handles++;
	if (j->timeout_ms > 0)
		(void)uv_timer_start(
		    &j->timer, timer_due, (uint64_t)j->timeout_ms, 0);
}

static struct job *
job_new(struct runner *r, const struct command *c)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct buf shown = BUF_INIT;

	runlog_command(&shown, c);
	j->shown = buf_detach(&shown);
	j->timeout_ms = c->timeout_ms;
	j->ok_max = c->ok_max;
	j->quiet = c->quiet;
	j->id = ++r->last_id;
	j->pidfd = j->out.fd = j->err.fd = -1;
	buf_init(&j->result.out);
	buf_init(&j->result.err);
	j->timer.data = j;
	(void)uv_timer_init(r->loop, &j->timer);
	j->handles = 1;
	j->runner = r;
	j->next = r->jobs;
	r->jobs = j;
	r->active++;
	return j;
}

static void
job_fail(struct job *j)
{
	j->result.failed = true;
	j->result.status = 127;
	j->stage = STAGE_FAILED;
	(void)uv_timer_start(&j->timer, timer_due, 0, 0);
}

static void
job_start(struct job *j, const struct command *c)
{
	struct runner *r = j->runner;
	struct spawned child;
	int error;

	if (j->alone)
		r->alone = j;
	j->stage = STAGE_RUN;
	if (r->turn != uv_now(r->loop))
		r->started = 0;
	r->turn = uv_now(r->loop);
	r->started++;
	error = spawn_command(&child, c);
	if (error == 0)
		job_watch(j, &child);
	else {
		runlog_failed(j->shown, error, c->quiet);
		job_fail(j);
	}
}

/* The one that has waited longest. */
static void
start_waiting(struct runner *r)
{
	struct job *first = NULL;

	for (struct job *j = r->jobs; j != NULL; j = j->next)
		if (j->stage == STAGE_WAIT &&
		    (first == NULL || j->id < first->id))
			first = j;
	if (first != NULL && !r->ending)
		job_start(first, &first->kept->command);
}

unsigned long
runner_run(
    struct runner *r, const struct command *c, command_done_fn done, void *arg)
{
	struct job *j = job_new(r, c);

	j->done = done;
	j->arg = arg;
	j->alone = solitary_is(c);
	if (!j->alone || r->alone == NULL)
		job_start(j, c);
	else {
		j->stage = STAGE_WAIT;
		j->kept = kept_new(c);
	}
	return j->id;
}

/* ---- the runner */

struct runner *
runner_new(uv_loop_t *loop)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	return r;
}

/* Kills the child; exit_poll stays until it is reaped. */
static void
job_abandon(struct job *j)
{
	job_unlink(j);
	if (j->pidfd == -1) {
		j->stage = STAGE_DONE;
		job_close(j);
		return;
	}
	(void)kill(-j->pid, SIGKILL);
	(void)uv_timer_stop(&j->timer);
	stream_close(&j->out);
	stream_close(&j->err);
}

void
runner_free(struct runner *r)
{
	if (r == NULL)
		return;
	r->ending = true;
	while (r->jobs != NULL)
		job_abandon(r->jobs);
	while (r->left != NULL)
		job_close(r->left);
	free(r);
}

static struct job *
job_find(const struct runner *r, unsigned long id)
{
	struct job *j = r->jobs;

	while (j != NULL && j->id != id)
		j = j->next;
	return j;
}

void
runner_cancel(struct runner *r, unsigned long id)
{
	struct job *j = job_find(r, id);

	if (j != NULL)
		job_abandon(j);
}

void
runner_kill(struct runner *r, unsigned long id)
{
	struct job *j = job_find(r, id);

	if (j != NULL && j->stage == STAGE_WAIT)
		job_fail(j);
	if (j == NULL || j->pidfd == -1 || j->stage > STAGE_TERM)
		return;
	(void)kill(-j->pid, SIGKILL);
	j->stage = STAGE_KILL;
	(void)uv_timer_start(&j->timer, timer_due, KILL_MS, 0);
}

/* The child and its output stay watched, but keep no loop going. */
void
runner_detach(struct runner *r, unsigned long id)
{
	struct job *j = job_find(r, id);

	if (j == NULL || j->stage != STAGE_RUN || j->pidfd == -1)
		return;
	(void)uv_timer_stop(&j->timer);
	uv_unref((uv_handle_t *)&j->exit_poll);
	if (j->out.fd != -1)
		uv_unref((uv_handle_t *)&j->out.poll);
	if (j->err.fd != -1)
		uv_unref((uv_handle_t *)&j->err.poll);
	j->left_next = r->left;
	j->left_at = &r->left;
	if (r->left != NULL)
		r->left->left_at = &j->left_next;
	r->left = j;
	j->result.ok = true;
	job_answer(j);
}

static unsigned long
job_led_by(const struct runner *r, pid_t pid)
{
	for (const struct job *j = r->jobs; j != NULL; j = j->next)
		if (j->pid == pid && j->pidfd != -1)
			return j->id;
	return 0;
}

/* A session of its own (sudo makes one) has its parents still. */
unsigned long
runner_job_of(const struct runner *r, pid_t pid)
{
	unsigned long id = 0;

	if (r->jobs == NULL || pid <= 0)
		return 0;
	id = job_led_by(r, getsid(pid));
	for (int i = 0; id == 0 && pid > 1 && i < PARENTS_MAX; i++) {
		id = job_led_by(r, pid);
		pid = spawn_parent(pid);
	}
	return id;
}

size_t
runner_active(const struct runner *r)
{
	return r->active;
}

bool
runner_is_busy(const struct runner *r)
{
	return r->turn == uv_now(r->loop) && r->started >= TURN_MAX;
}

uv_loop_t *
runner_loop(const struct runner *r)
{
	return r->loop;
}

unsigned long
runner_started(const struct runner *r)
{
	return r->last_id;
}
