/*
 * bans - who is banned now in one jail, by id and by end (spec 10 section 5)
 */
#ifndef ENGINE_BANS_H
#define ENGINE_BANS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"
#include "engine/ticket.h"

struct bans;

/* bantime 600 s. */
struct bans *bans_new(void);
void bans_free(struct bans *b);
/*
 * Of the jail; -1: permanent. Bans without a time of their own follow, also
 * those that run.
 */
void bans_set_bantime(struct bans *b, double seconds);
double bans_bantime(const struct bans *b);

enum bans_result {
	BANS_ADDED,   /* and bancount is one higher */
	BANS_EXPIRED, /* its end is before now */
	BANS_KNOWN,   /* there already; prolonged when the new end is later */
};

/* Takes *t over and sets it to NULL only when it is BANS_ADDED. */
enum bans_result bans_add(struct bans *b, struct ticket **t, double now);
/* NULL when it is not banned. Borrowed. */
struct ticket *bans_find(const struct bans *b, const char *id, size_t n);
/* Removes it and gives it to the caller. */
struct ticket *bans_take(struct bans *b, const char *id, size_t n);
/* Earliest end, INFINITY when nothing ends. */
double bans_next_end(const struct bans *b);
/* One whose end is before now, removed and given to the caller, else NULL. */
struct ticket *bans_take_ended(struct bans *b, double now);

/* Banned now; banned ever (restored ones too). */
size_t bans_count(const struct bans *b);
unsigned long bans_total(const struct bans *b);

/*
 * All tickets, borrowed, as an array that the caller frees: in order of
 * banning, or by end.
 */
struct ticket **bans_list(const struct bans *b);
struct ticket **bans_list_by_end(const struct bans *b);

#endif
