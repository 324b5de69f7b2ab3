/*
 * evidence - captures and lines of one offender, while it is no ban yet
 *
 * Kept as bytes: in one piece of memory, or as records in a spool that all
 * offenders of a jail share. Plain data but for that piece.
 */
#ifndef ENGINE_EVIDENCE_H
#define ENGINE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/spool.h"
#include "engine/ticket.h"

struct evidence {
	union {
		struct {         /* in memory */
			char *p; /* data, then the lines; owned */
			uint32_t n;
			uint32_t data_n;
		};
		struct {                /* in the spool: places */
			uint64_t first; /* has data */
			uint64_t last;  /* each knows the one before */
		};
	};
	unsigned lines : 31; /* in memory: number */
	bool spooled : 1;
	unsigned firsts : 31; /* in memory: those of the first failure */
	bool merged : 1;      /* lines of more than one failure */
};

/* Copies both: matches is a list, data a dict. */
void evidence_init(
    struct evidence *e, struct packed matches, struct packed data);
void evidence_release(struct evidence *e);
/*
 * Lines of a later failure; in memory only the last max of all stay.
 * fail2ban: the first failure keeps its matches as lists and is not cut; what
 * is merged becomes text. s: where e is spooled. False: it could not be
 * written, the lines are lost.
 */
bool evidence_add(
    struct evidence *e, struct packed matches, int max, struct spool *s);
/* Bytes of memory beyond the struct itself. */
size_t evidence_bytes(const struct evidence *e);
/* Moves it there. False: it stays in memory. */
bool evidence_spool(struct evidence *e, struct spool *s);
/*
 * Puts data and matches, of merged ones the last max, in the place of those
 * of t, which is not packed.
 */
void evidence_get(
    const struct evidence *e, struct spool *s, int max, struct ticket *t);

#endif
