/*
 * resolver - names to addresses without ever waiting (spec 07 section 6)
 *
 * A third process of the same binary with blocking getaddrinfo(): started on
 * demand, gone when idle. Results, empty ones too, are kept 5 minutes, 1,000
 * of each kind; the same question in flight is asked once.
 */
#ifndef SERVER_RESOLVER_H
#define SERVER_RESOLVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/addr.h"
#include "base/value.h"

struct resolver;

/* loop is borrowed. No process is started yet. */
struct resolver *resolver_new(uv_loop_t *loop);
/* Questions in flight are dropped without a call. */
void resolver_free(struct resolver *r);
/* Whether IPv6 addresses are asked for and given; default true. */
void resolver_set_ipv6(struct resolver *r, bool allowed);

/*
 * addresses: list of texts, IPv4 first, empty when there is none; error: what
 * the system said, NULL when the answer came. Both live during the call.
 */
typedef void (*resolver_fn)(
    void *arg, const struct value *addresses, const char *error);

/*
 * fn is called from inside the call when the answer is in the cache, else from
 * the loop, at the latest after 30 seconds. Logs nothing.
 */
void resolver_name(
    struct resolver *r, const char *name, resolver_fn fn, void *arg);
/* addr -> list of at most one name. */
void resolver_addr(
    struct resolver *r, const char *addr, resolver_fn fn, void *arg);
/* TXT records of a name. RESOLVER_NXDOMAIN is the error when it has none. */
#define RESOLVER_NXDOMAIN "NXDOMAIN"
void resolver_text(
    struct resolver *r, const char *name, resolver_fn fn, void *arg);
/* Drops what was asked with this arg; its fn is not called any more. */
void resolver_cancel(struct resolver *r, void *arg);
/* Empties the cache (reload --all). */
void resolver_flush(struct resolver *r);

#endif
