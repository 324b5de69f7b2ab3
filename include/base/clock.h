/*
 * clock - the only source of time; tests set it
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"

/* Wall clock, seconds since the epoch with fraction. */
double clock_now(void);
/* Monotonic milliseconds, for deadlines. Moves with clock_set() in tests. */
int64_t clock_mono_ms(void);

/*
 * Between these two, which nest, both clocks stand still: around short work
 * that asks often. To ask is not cheap everywhere.
 */
void clock_hold(void);
void clock_release(void);

/*
 * The time zone is read now and kept: without a TZ every conversion would
 * look at the file again, which a sandbox forbids.
 */
void clock_load_zone(void);

/*
 * Appends "2026-11-22 09:35:53", local time. The last few are remembered: log
 * lines come many in a second.
 */
void clock_print(struct buf *out, time_t seconds);

/* Stops both clocks at this wall time. Negative: back to the real clock. */
void clock_set(double now);
/* Lets a stopped clock go on by this many seconds. */
void clock_advance(double seconds);

#endif
