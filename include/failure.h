/*
 * failure - what the sensor finds and the engine judges
 *
 * The only type that both sides know. It is a view: the captures and lines
 * are packed once by the sensor, cross the process border as they are, and
 * are borrowed by whoever is told of the failure, for the call. The receiving
 * side checks every field before it makes one.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include "base/packed.h"

struct failure {
	/*
	 * Identity of the offender (spec 04 section 3 step 5): text, or a
	 * tuple of texts and None. Not yet normalised as an address when it
	 * came from F-ID.
	 */
	struct packed id;
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
	 * Captures: dict of lower-case group name -> text or tuple, in
	 * capture order, without "matches" and without what is None.
	 */
	struct packed data;
	/* Lines: list of [before, date, after] lists of text. */
	struct packed matches;
	int count; /* how often the line says it happened, at least 1 */
};

#endif
