#include <stdlib.h>

#include "base/clock.h"

enum { PRINTED = 4 }; /* a power of two */

/* A second as text, in the time zone of then. */
struct printed {
	time_t seconds;
	long zone;
	char text[40]; /* "": none yet */
};

/* What both clocks told last while they are held. */
struct held {
	int depth;
	double now;
	int64_t mono_ms;
};

static double stopped = -1.0;
static struct held held;
static struct printed printed[PRINTED];

static double
read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int64_t
read_mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

double
clock_now(void)
{
	if (stopped >= 0)
		return stopped;
	return held.depth > 0 ? held.now : read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	if (stopped >= 0)
		return (int64_t)(stopped * 1000);
	return held.depth > 0 ? held.mono_ms : read_mono_ms();
}

void
clock_hold(void)
{
	if (held.depth++ > 0)
		return;
	held.now = read_clock(CLOCK_REALTIME);
	held.mono_ms = read_mono_ms();
}

void
clock_release(void)
{
	held.depth--;
}

void
clock_print(struct buf *out, time_t seconds)
{
	struct printed *p = &printed[(unsigned)seconds % PRINTED];
	struct tm tm = {0};

	if (p->seconds != seconds || p->zone != timezone ||
	    p->text[0] == '\0') {
		p->seconds = seconds;
		(void)localtime_r(&seconds, &tm);
		p->zone = timezone;
		(void)strftime(
		    p->text, sizeof(p->text), "%Y-%m-%d %H:%M:%S", &tm);
	}
	buf_adds(out, p->text);
}

void
clock_set(double now)
{
	stopped = now;
}

void
clock_advance(double seconds)
{
	stopped = clock_now() + seconds;
}

void
clock_load_zone(void)
{
	if (getenv("TZ") == NULL)
		(void)setenv("TZ", ":/etc/localtime", 1);
	tzset();
}
