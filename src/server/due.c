#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/due.h"
#include "server/server.h"

/* What a timer can be set to: beyond, it rings early and is set again. */
static double
latest(void)
{
	return sizeof(time_t) > 4 ? 1e15 : 2147483647;
}

static double
earliest(const struct server *s)
{
	double due = INFINITY;

	for (struct dict_iter it = {0}; dict_next(s->jails, &it);) {
		const struct record *r = it.value;
		double d = jail_next_due(r->judge);

		if (d < due)
			due = d;
	}
	return due;
}

void
due_arm(struct server *s)
{
	double due = earliest(s);
	struct itimerspec t = {0};

	if (due == s->due_at || s->due_fd < 0)
		return;
	s->due_at = due;
	/* an end that has passed already: at once; 0 would disarm */
	if (due < 1)
		due = 1;
	if (isfinite(due)) {
		due = fmin(due, latest());
		t.it_value.tv_sec = (time_t)due;
		t.it_value.tv_nsec =
		    (long)((due - (double)t.it_value.tv_sec) * 1e9);
	}
	(void)timerfd_settime(
	    s->due_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL);
}

static void
on_due(uv_poll_t *p, int status, int events)
{
	struct server *s = p->data;
	uint64_t times;

	(void)status;
	(void)events;
	/* ECANCELED: the clock was set; look as if it had rung */
	(void)!read(s->due_fd, &times, sizeof(times));
	for (struct dict_iter it = {0}; dict_next(s->jails, &it);)
		jail_run_due(((struct record *)it.value)->judge, clock_now());
	s->due_at = NAN;
	due_arm(s);
}

int
due_start(struct server *s, struct err *err)
{
	s->due_at = NAN;
	s->due_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->due_fd < 0)
		return err_set(err, "timerfd: %s", strerror(errno));
	(void)uv_poll_init(s->loop, &s->due_poll, s->due_fd);
	s->due_poll.data = s;
	(void)uv_poll_start(&s->due_poll, UV_READABLE, on_due);
	return 0;
}

static void
on_closed(uv_handle_t *h)
{
	struct server *s = h->data;

	(void)close(s->due_fd);
	s->due_fd = -1;
}

void
due_stop(struct server *s)
{
	if (s->due_fd >= 0)
		uv_close((uv_handle_t *)&s->due_poll, on_closed);
}
