/*
 * firstline - how fail2ban knows a log again: SHA-1 of its first line
 *
 * Table logs calls it firstlinemd5 (spec 07 section 1).
 */
#ifndef BASE_FIRSTLINE_H
#define BASE_FIRSTLINE_H

#define FIRSTLINE_SIZE 41 /* 40 hex digits and a NUL */

/*
 * Hash of the raw first line with its line end; "" when there is no complete
 * line within the first MiB or it cannot be read. Does not move the offset
 * of fd.
 */
void firstline_hash(char ret[FIRSTLINE_SIZE], int fd);

#endif
