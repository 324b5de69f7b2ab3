/*
 * actiondef - one action: its properties, its commands, its state
 *
 * Inside of module action (include/engine/action.h is what others use). An
 * action knows nothing of queues and processes.
 */
#ifndef ENGINE_ACTIONDEF_H
#define ENGINE_ACTIONDEF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/value.h"
#include "engine/action.h"

enum action_cmd {
	CMD_START,
	CMD_STOP,
	CMD_CHECK,
	CMD_REPAIR,
	CMD_BAN,
	CMD_REBAN,
	CMD_UNBAN,
	CMD_PROLONG,
	CMD_FLUSH,
	CMD_RELOAD,
	CMD_BAN_BULK,
	CMD_UNBAN_BULK,
	CMD_COUNT
};

enum action_family {
	FAM_ALL, /* "": the action makes no difference */
	FAM_INET4,
	FAM_INET6,
	FAM_RAW, /* ids that are no address */
	FAM_COUNT
};

#define STATE_STARTED 1u
#define STATE_ITEMS 2u

struct actionset;

struct action {
	struct actionset *set; /* borrowed: the one it is in */
	char *name;
	struct value *props;  /* dict: what commands are made of */
	struct value *shadow; /* those being set by a reload, or NULL */
	bool is_smtp;         /* smtp.py: not an action of commands */
	char *cache[CMD_COUNT][FAM_COUNT]; /* static text; NULL: not yet made */
	unsigned char state[FAM_COUNT];    /* STATE_ bits */
	enum action_family order[FAM_COUNT]; /* families in order of start */
	int norder;
	int epoch;
	size_t batch_max[2]; /* bans, unbans at once: as many as are quick */
	/* Where a reload has got to. */
	bool old;     /* not added again (yet) by it */
	bool fresh;   /* added by it, not started yet */
	bool singly;  /* a flush unbans its tickets one by one */
	bool deleted; /* goes as soon as no operation uses it */
};

struct action *action_new(const char *name);
void action_free(struct action *a);
/* From now on action_set() goes to a fresh set of properties: shadow. */
void action_shadow(struct action *a);
/* The shadow becomes the properties; no-op without one. */
void action_unshadow(struct action *a);
/* Drops what was made of the properties. */
void action_forget(struct action *a);

/* "actionban" ... */
const char *action_cmd_name(enum action_cmd cmd);
/* "", "inet4", "inet6", "None" */
const char *action_family_name(enum action_family fam);
enum action_family action_family_of(const struct ticket *t);

/*
 * Text of a command for a family with the static tags replaced, "" when there
 * is none. NULL with the reason in err. Borrowed until a property changes.
 */
const char *action_command(struct action *a, enum action_cmd cmd,
    enum action_family fam, struct err *err);
/* Whether the command is set for any family. */
bool action_has(const struct action *a, enum action_cmd cmd);
/* Truth of a property as fail2ban reads booleans; missing: otherwise. */
bool action_flag(const struct action *a, const char *name, bool otherwise);
bool action_on_demand(const struct action *a);
bool action_is_conditional(const struct action *a);
int action_timeout_ms(const struct action *a);
/* Whether the text of a command holds a password, a token or the like. */
bool action_is_secret(const struct action *a, const char *text);
/* Families that start and reload work on; returns how many. */
int action_families(
    const struct action *a, bool ipv6, enum action_family ret[FAM_COUNT]);

/* next_epoch() of the jail, also as property. */
void action_set_epoch(struct action *a, int epoch);
void action_state_set(
    struct action *a, enum action_family fam, unsigned char bits);

#endif
