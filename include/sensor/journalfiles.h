/*
 * journalfiles - where the files of the systemd journal are (spec 07
 * section 5)
 */
#ifndef SENSOR_JOURNALFILES_H
#define SENSOR_JOURNALFILES_H

#include "base/value.h"

/*
 * Files that the options of the backend ask for (dict of text or NULL:
 * journalfiles, journalpath, journalflags, namespace, rotated): list of
 * paths, owned by the caller. Archived files ("system@...") only with
 * rotated or journalfiles.
 */
struct value *journalfiles_find(const struct value *options);

#endif
