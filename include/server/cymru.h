/*
 * cymru - whose addresses these are: autonomous system, country, registry
 *
 * By the lists that Team Cymru publishes in the DNS (TXT records below
 * origin.asn.cymru.com and origin6.asn.cymru.com), for "status JAIL cymru".
 */
#ifndef SERVER_CYMRU_H
#define SERVER_CYMRU_H

#include "base/buf.h"
#include "base/value.h"
#include "server/resolver.h"

enum cymru_column {
	CYMRU_ASN,
	CYMRU_COUNTRY,
	CYMRU_RIR,
	CYMRU_COLUMNS,
};

/*
 * Each column has one text for each id: "unknown" where the field is empty,
 * "nxdomain" where nobody announces the address, "error" for the rest. The
 * columns live during the call.
 */
typedef void (*cymru_fn)(void *arg, const struct value *const *columns);

struct cymru; /* look-ups of one command */

/*
 * ids: list of texts, copied. fn is called once, maybe before this returns.
 * The command is linked into *all until then. A few questions are under way
 * at a time; when the name servers fail over and over the rest is "error".
 */
void cymru_ask(struct resolver *r, struct cymru **all, const struct value *ids,
    cymru_fn fn, void *arg);
/* Calls every fn now. */
void cymru_give_up(struct cymru **all);

/* The name to ask for: false when the id is no address. */
bool cymru_name(struct buf *out, const char *id);
/* One column of the records (list of texts); false: they are malformed. */
bool cymru_column(
    struct buf *out, const struct value *records, enum cymru_column column);

#endif
