/*
 * addr - an IPv4 or IPv6 address or network (spec 07 section 6, 10 section 1)
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct addr {
	int family; /* AF_INET or AF_INET6 */
	unsigned char
	    bytes[16]; /* network order; 4 used for AF_INET; host bits 0 */
	int plen;      /* prefix length: 0..32 or 0..128 */
};

/*
 * Text as fail2ban reads it: dotted quad, IPv6, optional [ ] around the
 * whole, optional /n or /mask. ::ffff:a.b.c.d becomes IPv4. Returns false
 * when the text is no address (then it is a name or a raw id).
 */
bool addr_parse(struct addr *ret, const char *p, size_t n);
/* "192.0.2.0/24", "2001:db8::1": no /n when it is a single address. */
void addr_print(struct buf *out, const struct addr *a);
/* A single address, not a network. */
bool addr_is_single(const struct addr *a);
/* Whether a lies in net; different families never do. */
bool addr_in(const struct addr *a, const struct addr *net);
bool addr_eq(const struct addr *a, const struct addr *b);
/* Text of an id with the normal form of an address where it is one. */
void addr_normalise(struct buf *out, const char *p, size_t n);

#endif
