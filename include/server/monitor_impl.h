/*
 * monitor_impl - what the files of module monitor share
 */
#ifndef SERVER_MONITOR_IMPL_H
#define SERVER_MONITOR_IMPL_H

#include <sys/stat.h>

#include "base/dict.h"
#include "base/firstline.h"
#include "sensor/cursor.h"
#include "server/channel.h"
#include "server/message.h"
#include "server/monitor.h"
#include "server/watch.h"

struct msource {
	uint32_t id;
	int fd; /* owned; kept for a worker that is started again */
	dev_t dev;
	ino_t ino;
	int64_t size; /* when it was looked at last */
	int wd;       /* in the worker's inotify, -1: none */
	bool copy;    /* the worker decides whether it is of use */
};

struct mlog {
	uint32_t id;
	char *path;
	char *real; /* where path led to when it was opened, NULL: itself */
	struct msource *sources; /* old ... current */
	size_t nsources;
	size_t sources_cap;
	size_t hint;    /* index of the source asked for last */
	unsigned users; /* attaches */
	bool polled;    /* the file system does not tell of changes */
	bool too_fast;  /* it was said that lines may be lost */
};

/* How far a source was read for a jail. */
struct mark {
	uint32_t source;
	uint32_t gen;
	int64_t done;   /* everything before was judged ... */
	int64_t told;   /* ... and the database knows of this, -1: of nothing */
	int64_t end;    /* of the last line with a failure ... */
	uint32_t index; /* ... and how many it gave: what is not above is */
	                /* known already */
	char tail[CURSOR_TAIL]; /* bytes before done, only to be compared: a
	                           new worker sees what came of them */
	size_t tail_n;          /* 0: not known */
};

/* A line that killed the worker twice. */
struct skip {
	uint32_t source;
	uint32_t gen;
	int64_t at; /* its start */
};

enum {
	/* Clocks are set: no later than this is what the journal tells. */
	MONITOR_SLACK_S = 3600,
	SKIPS_MAX = 32, /* lines of one log that killed the worker twice */
};

struct mattach {
	struct mjail *jail; /* borrowed */
	struct mlog *log;
	struct mark *marks;
	size_t nmarks;
	size_t marks_cap;
	size_t hint; /* index of the mark asked for last */
	struct skip skips[SKIPS_MAX];
	size_t nskips;
	bool tail;
};

/* A path or glob of monitor_await_log(). */
struct mawait {
	char *pattern;
	bool tail;
};

struct mjail {
	struct monitor *monitor;
	uint32_t id;
	char *name;
	char *encoding;
	struct value *spec;
	bool started;
	bool idle;
	bool paused;
	struct mattach **attaches; /* owned, in order of adding */
	size_t nattaches;
	size_t attaches_cap;
	struct mawait *awaits;
	size_t nawaits;
	size_t awaits_cap;
	struct mjournal *journal; /* borrowed, NULL: reads files */
	struct value *matches;    /* owned; NULL: none */
	double since;             /* journal: seconds */
	double known;  /* journal: failures up to then were handed over */
	double newest; /* journal: the newest failure */
	struct monitor_health health; /* of the current worker */
	struct monitor_health before; /* of earlier ones */
};

struct jfile {
	int fd; /* owned */
	dev_t dev;
	ino_t ino;
	int wd;
	char *path;
};

/* Journal files that jails with the same options read. */
struct mjournal {
	uint32_t id;
	char *key;       /* the options as text */
	char **patterns; /* globs of the files */
	size_t npatterns;
	size_t patterns_cap;
	bool rotated; /* archived files too */
	struct jfile *files;
	size_t nfiles;
	size_t files_cap;
	unsigned users; /* jails */
};

struct waiter {
	monitor_done_fn fn;
	void *arg;
};

struct monitor {
	uv_loop_t *loop;
	const struct monitor_ops *ops;
	void *arg;
	struct dict *jails; /* name -> struct mjail, owned */
	struct mlog **logs; /* owned */
	size_t nlogs;
	size_t logs_cap;
	struct mjournal **journals; /* owned */
	size_t njournals;
	size_t journals_cap;
	struct watch *watch;
	int files; /* inotify that the worker reads */
	uint32_t last_id;
	/* the worker */
	struct channel *channel; /* NULL: none runs */
	pid_t pid;               /* -1: none */
	struct progress *progress;
	int progress_fd;
	struct value *encodings; /* that the running worker has loaded */
	bool has_journal;        /* it has loaded libsystemd */
	bool wanted;             /* a jail was started */
	bool stopping;
	bool said_warning;
	int level; /* log level that the worker knows */
	struct progress last_death;
	int64_t backoff_ms;
	int64_t born_ms;
	uint64_t restarts;
	uv_timer_t again; /* starts the next worker */
	uv_timer_t polling;
	uv_timer_t sync;
	uv_signal_t children;
	struct waiter *waiters;
	size_t nwaiters;
	size_t waiters_cap;
	struct waiter stopped;
	uv_timer_t patience;
	int handles; /* open ones; the last frees */
};

/* monitor.c */
/* Borrowed; NULL: unknown. */
struct mjail *monitor_jail(const struct monitor *m, const char *name);
struct mjail *monitor_jail_by_id(const struct monitor *m, uint32_t id);
/* Whether it is to read now: started, neither idle nor paused. */
bool monitor_jail_runs(const struct mjail *j);
/* Answers monitor_sync() when the socket has all. */
void monitor_sync_later(struct monitor *m);

/* monitor_log.c */
/* Finds or opens the log. NULL: errno is set. */
struct mlog *monitor_make_log(struct monitor *m, const char *path);
/*
 * For struct watch: what the pattern means may have changed; and there is a new
 * file beside a log, which was the log when renamed.
 */
void monitor_log_changed(void *arg, const char *pattern);
void monitor_log_sibling(
    void *arg, const char *pattern, const char *path, bool renamed);
/* Borrowed; NULL: unknown. *log: whose source it is. */
struct mlog *monitor_log_by_id(const struct monitor *m, uint32_t id);
struct msource *monitor_source(
    const struct monitor *m, uint32_t id, struct mlog **log);
/* The mark for a source, made when it is missing. */
struct mark *mattach_mark(struct mattach *a, uint32_t source);
/* Says that the current file was truncated. */
void monitor_tell_truncation(const struct mlog *l);
/* Whether the file is or was the log. */
bool monitor_has_file(const struct mlog *l, const struct stat *st);
/* Whether a jail reads it or did so. */
bool monitor_is_marked(
    const struct monitor *m, const struct mlog *l, uint32_t source);
/* The worker has read an old source to its end: it is closed. */
void monitor_retire(struct monitor *m, uint32_t source);
void monitor_log_free(struct monitor *m, struct mlog *l);

/* monitor_attach.c */
void monitor_check_awaited(struct monitor *m, const char *pattern);
void monitor_detach_all(struct monitor *m, struct mjail *j);
/* Row for where the jail is in the current source; the mark is of any. */
void monitor_tell_position(
    struct monitor *m, const struct mattach *a, struct mark *mark, bool always);

/* monitor_journal.c */
void monitor_journal_changed(struct monitor *m, const char *pattern);
void monitor_journals_send(struct monitor *m);
void monitor_journal_attach(struct monitor *m, struct mjail *j);
void monitor_journal_detach(struct monitor *m, struct mjail *j);
/* Whether a failure of the journal was not handed over before. */
bool monitor_journal_is_new(struct mjail *j, double received);
void monitor_journal_position(struct monitor *m, uint32_t jail, double time);
void monitor_journals_free(struct monitor *m);

/* monitor_worker.c: no-ops while no worker runs, which is told all later */
void monitor_worker_start(struct monitor *m);
/* A new one is needed: something cannot be loaded inside the sandbox. */
void monitor_worker_restart(struct monitor *m);
void monitor_worker_end(struct monitor *m);
void monitor_worker_failed(struct monitor *m, const char *why);
void monitor_send(
    struct monitor *m, unsigned type, const struct buf *b, int fd);
void monitor_send_ids(
    struct monitor *m, unsigned type, const uint32_t *ids, size_t n);
void monitor_send_jail(struct monitor *m, const struct mjail *j);
void monitor_send_run(struct monitor *m, const struct mjail *j);
/* flags: enum source_flag */
void monitor_send_source(struct monitor *m, const struct mlog *l,
    const struct msource *s, unsigned flags);
void monitor_send_attach(
    struct monitor *m, const struct mattach *a, unsigned flags);

/* monitor_receive.c */
extern const struct channel_kind monitor_kinds[FROM_KINDS];
void monitor_message(void *arg, unsigned type, struct unpack *u, int fd);
/* monitor_text.c: logs it if it is one of the lines a worker may write. */
void monitor_log_text(
    const struct monitor *m, int level, const char *name, const char *text);
bool monitor_knows_text(const char *name, const char *text);
/* Whether "[NAME] " in front, if there is one, is a jail's. */
bool monitor_names_jail(const struct monitor *m, const char *text);

#endif
