/*
 * message - what parent and worker say to each other
 *
 * Both ends have a table of struct channel_kind over these. Fields in the
 * order of packing; s: text, v: value, numbers: bits, f: double.
 */
#ifndef SERVER_MESSAGE_H
#define SERVER_MESSAGE_H

enum to_worker {
	/* 8 drop?, 32 uid, 32 gid, 8 own user?, 8 journal?, v encodings,
	   32 log level: the first message */
	TO_SETUP,
	TO_LEVEL,        /* 32 log level */
	TO_JAIL,         /* 32 jail, s name, s encoding, v specification */
	TO_JAIL_DEL,     /* 32 jail */
	TO_RUN,          /* 32 jail, 8 read its logs? */
	TO_SOURCE,       /* 32 log, s path, 32 source, 32 watch, 8 flags + fd */
	TO_SOURCE_DEL,   /* 32 source */
	TO_ATTACH,       /* 32 jail, 32 log, 8 flags, 32 n places:
	                    (32 source, 32 gen, 64 offset, s bytes before it),
	                    32 n skips: (32 source, 32 gen, 64 offset) */
	TO_DETACH,       /* 32 jail, 32 log */
	TO_CHECKED,      /* 32 log: answer to FROM_REWRITTEN */
	TO_JOURNAL,      /* 32 journal: a new set of files begins */
	TO_JOURNAL_FILE, /* 32 journal, s name, 32 watch + fd */
	TO_JOURNAL_OPEN, /* 32 journal: the set is complete */
	TO_JOURNAL_DEL,  /* 32 journal */
	TO_JOURNAL_ATTACH, /* 32 jail, 32 journal, v matches, f since */
	TO_JOURNAL_DETACH, /* 32 jail, 32 journal */
	TO_STOP,
	TO_KINDS,
};

enum from_worker {
	FROM_HELLO,    /* s what the sandbox lacks, "" */
	FROM_FAILURE,  /* any number of: 32 jail, 32 log, 32 source, 32 gen,
	                  64 end, s bytes before it, 32 index, 8 resolve?,
	                  32 count, f time, v id, v data, v matches */
	FROM_POSITION, /* any number of: 32 jail, 32 log, 32 source, 32 gen,
	                  64 done, s bytes before it, 32 source that this one
	                  continues or 0 */
	FROM_JOURNAL_POSITION, /* 32 jail, 32 journal, f time */
	FROM_REWRITTEN,        /* 32 log, 32 source, 8 is it certain? */
	FROM_RETIRED,          /* 32 source */
	FROM_STATE,            /* 32 jail, 8 in operation?, 64 * 7 counters */
	FROM_IDLE,             /* 32 jail */
	FROM_LOG,              /* 32 level, s module, s text */
	FROM_STOPPED,
	FROM_KINDS,
};

enum source_flag {
	SOURCE_POLLED = 1, /* the file system tells nothing: ask by timer */
	SOURCE_COPY = 2,   /* perhaps a copy of the log before truncation */
	SOURCE_OLD = 4,    /* stands before the current one */
};

enum attach_flag {
	ATTACH_TAIL = 1,   /* in operation from the start */
	ATTACH_SEEK = 2,   /* skip what is older than findtime */
	ATTACH_REPLAY = 4, /* begin a bit earlier, to remember connections */
};

/* The page that parent and worker share: where the worker is. */
struct progress {
	unsigned jail; /* 0: between two lines */
	unsigned source;
	unsigned gen;
	unsigned pad;
	long long at; /* start of the line */
};

#endif
