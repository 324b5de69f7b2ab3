#include <stdlib.h>

#include "base/clock.h"

enum { PRINTED = 4 }; /* a power of two */

/* A second as text, in the time zone of then. */
struct printed {
	time_t seconds;
	long zone;
	char text[40]; /* "": none yet */
};

static double stopped = -1.0;
static struct printed printed[PRINTED];

static double
read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double
clock_now(void)
{
	return stopped >= 0 ? stopped : read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	struct timespec ts;

	if (stopped >= 0)
		return (int64_t)(stopped * 1000);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
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
