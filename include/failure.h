/*
 * failure - what the sensor finds and the engine judges
 *
 * The only type that both sides know. It crosses the process border as
 * values; the receiving side checks every field again.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include "base/value.h"

struct failure {
	/*
	 * Identity of the offender (spec 04 section 3 step 5): text, or a
	 * tuple of texts and None. Not yet normalised as an address when it
	 * came from F-ID. Owned.
	 */
	struct value *id;
	/*
	 * Name that must be resolved to addresses before counting (group
	 * "dns" with usedns yes or warn): then id is that name. Else false. If
	 * data has "fid", that is the id in the end, and the address becomes
	 * "ip" of data.
	 */
	bool resolve;
	/* Seconds since the epoch; NAN, only in fail2ban-regex: no date. */
	double time;
	/*
	 * Captures: dict of lower-case group name -> text, None or tuple, in
	 * capture order, without "matches". Owned.
	 */
	struct value *data;
	/*
	 * Lines: list of [before, date, after] lists of text. Owned.
	 */
	struct value *matches;
	int count; /* how often the line says it happened, at least 1 */
};

void failure_release(struct failure *f);

#endif
