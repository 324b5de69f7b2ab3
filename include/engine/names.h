/*
 * names - addresses of host names, asked for in the background
 *
 * What was once known is used a while longer when it gets old, so that a slow
 * name server holds up the first question only.
 */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/value.h"

/*
 * addresses: list of texts, empty when there is none; error: what the system
 * said, NULL when the answer came. Both live during the call.
 */
typedef void (*resolved_fn)(
    void *arg, const struct value *addresses, const char *error);

struct names;

/* Copied. */
struct names_env {
	void *arg;
	/* fn once, from inside the call or from the loop. */
	void (*resolve)(
	    void *arg, const char *name, resolved_fn fn, void *fn_arg);
	void (*resolve_cancel)(void *arg, void *fn_arg);
	/* Somebody who was told to wait can ask again. */
	void (*ready)(void *ready_arg);
	void *ready_arg;
};

struct names *names_open(const struct names_env *env);
void names_close(struct names *n);
/*
 * 1: the address is one of the name's, 0: it is not, -1: not known yet, env
 * ready() is called (never from inside).
 */
int names_has(struct names *n, const char *name, const struct addr *a);
/* Asks, so that it will be known. */
void names_warm(struct names *n, const char *name);
/*
 * Whether the address belongs to this machine: interfaces, "localhost", the
 * host name. Names not known yet are not waited for.
 */
bool names_is_own(struct names *n, const struct addr *a);

#endif
