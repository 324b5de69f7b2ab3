/*
 * runlog - what the log says about a command that ran (spec 12 section 3)
 */
#ifndef ENGINE_RUNLOG_H
#define ENGINE_RUNLOG_H

#include "engine/command.h"

/* The command as the log shows it: its text, or a list with its arguments. */
void runlog_command(struct buf *out, const struct command *c);

/*
 * Lines of the end of command number id, shown as runlog_command() made it.
 * quiet: see struct command.
 */
void runlog_end(unsigned long id, const char *shown,
    const struct command_result *r, bool quiet);
/* Before runlog_end(), when the time was over. */
void runlog_timeout(
    unsigned long id, const char *shown, int timeout_ms, bool quiet);
/* It could not be started: errno says why. */
void runlog_failed(const char *shown, int error, bool quiet);
/* It did not even end after SIGKILL. */
void runlog_unkillable(unsigned long id, int pid);

#endif
