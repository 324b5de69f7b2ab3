/*
 * resolver_impl - what the two ends of the resolver agree on
 */
#ifndef SERVER_RESOLVER_IMPL_H
#define SERVER_RESOLVER_IMPL_H

enum {
	RESOLVER_NAME = 1024,     /* bytes of a name or an error */
	RESOLVER_ADDRESSES = 256, /* of one name */
};

enum resolver_kind {
	RESOLVER_KIND_NAME,
	RESOLVER_KIND_ADDR,
	RESOLVER_KIND_TEXT,
	RESOLVER_KINDS,
};

/* To the helper; the only message back is: s error, v list of texts. */
enum resolver_message {
	RESOLVER_SETUP, /* 8 drop?, 32 uid, 32 gid */
	RESOLVER_ASK,   /* 8 kind, 8 IPv6 too?, s text */
	RESOLVER_MESSAGES,
};

#endif
