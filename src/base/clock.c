#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

static double stopped = -1.0;

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
