/*
 * bantime - how long a known offender is banned (spec 11 section 1)
 *
 * The options bantime.NAME of a jail and the ban time that they give.
 */
#ifndef ENGINE_BANTIME_H
#define ENGINE_BANTIME_H

#include <stdbool.h>

#include "base/err.h"
#include "base/expr.h"
#include "base/value.h"

struct bantime;

/* Nothing is set: no increment. */
struct bantime *bantime_new(void);
void bantime_free(struct bantime *b);
struct bantime *bantime_copy(const struct bantime *b);

/*
 * Sets "increment", "factor" ...; text "" or NULL unsets. Unknown names are
 * stored. -1 with Python's error in err: nothing has changed then.
 */
int bantime_set(
    struct bantime *b, const char *name, const char *text, struct err *err);
/* Value as "get JAIL bantime.NAME" answers; None when unset. New. */
struct value *bantime_get(const struct bantime *b, const char *name);

bool bantime_increments(const struct bantime *b);
bool bantime_overalljails(const struct bantime *b);
/* 0: none. */
double bantime_maxtime(const struct bantime *b);

/*
 * Ban time of an offender that was banned count times before; base is the
 * jail's. -1 with the reason in err when the formula fails.
 */
int bantime_apply(const struct bantime *b, double base, int count,
    struct number *ret, struct err *err);

#endif
