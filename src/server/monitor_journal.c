/*
 * Journal files are found and opened here; what is in them is for the worker.
 * By default archived files ("system@...") are left out: what they hold is
 * too old, and on some machines there are hundreds.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/word.h"
#include "sensor/journal.h"
#include "server/monitor_impl.h"

enum {
	RUNTIME_ONLY = 2, /* libsystemd's flags, as users write them */
	SYSTEM_ONLY = 4,
	CURRENT_USER = 8,
	FILES_MAX = 4096,
};

static const char *
option(const struct value *options, const char *name)
{
	return options == NULL ? NULL : value_str(value_get(options, name));
}

static void
add_pattern(struct mjournal *j, char *pattern)
{
	GROW(j->patterns, j->npatterns, j->patterns_cap);
	j->patterns[j->npatterns++] = pattern;
}

/* "a*.journal, b.journal" */
static void
add_globs(struct mjournal *j, const char *text)
{
	while (text[strspn(text, " ,\t\n")] != '\0') {
		size_t n;

		text += strspn(text, " ,\t\n");
		n = strcspn(text, " ,\t\n");
		add_pattern(j, xmemdup0(text, n));
		text += n;
	}
}

static long
flags_of(const struct value *options, bool is_default, bool rotated)
{
	const char *flags = option(options, "journalflags");

	if (flags == NULL && is_default)
		flags = getenv("F2B_SYSTEMD_DEFAULT_FLAGS");
	if (flags != NULL)
		return strtol(flags, NULL, 0);
	return is_default && rotated ? SYSTEM_ONLY : 0;
}

static void
add_names(struct mjournal *j, const char *dir, long flags)
{
	if ((flags & (SYSTEM_ONLY | CURRENT_USER)) == 0)
		add_pattern(j, xasprintf("%s/*.journal", dir));
	if ((flags & SYSTEM_ONLY) != 0)
		add_pattern(j, xasprintf("%s/system%s.journal", dir,
		                   j->rotated ? "*" : ""));
	if ((flags & CURRENT_USER) != 0)
		add_pattern(j, xasprintf("%s/user-%u%s.journal", dir,
		                   (unsigned)getuid(), j->rotated ? "*" : ""));
}

static void
find_patterns(struct mjournal *j, const struct value *options)
{
	const char *files = option(options, "journalfiles");
	const char *path = option(options, "journalpath");
	const char *space = option(options, "namespace");
	bool is_default = files == NULL && path == NULL;
	long flags = flags_of(options, is_default, j->rotated);
	char *dir;

	if (files != NULL)
		add_globs(j, files);
	if (path != NULL) {
		add_names(j, path, flags);
		dir = xasprintf("%s/*", path);
		add_names(j, dir, flags);
		free(dir);
	}
	if (!is_default)
		return;
	for (int runtime = 0; runtime < 2; runtime++) {
		if (runtime == 0 && (flags & RUNTIME_ONLY) != 0)
			continue;
		dir = xasprintf("%s/log/journal/*%s%s",
		    runtime == 0 ? "/var" : "/run", space == NULL ? "" : ".",
		    space == NULL ? "" : space);
		add_names(j, dir, flags);
		free(dir);
	}
}

static void
send_file(struct monitor *m, const struct mjournal *j, const struct jfile *f)
{
	struct buf b = BUF_INIT;

	pack_u32(&b, j->id);
	pack_str(&b, f->path);
	pack_u32(&b, (uint32_t)f->wd);
	monitor_send(m, TO_JOURNAL_FILE, &b, f->fd);
	buf_release(&b);
}

static void
send_files(struct monitor *m, const struct mjournal *j)
{
	monitor_send_ids(m, TO_JOURNAL, &j->id, 1);
	for (size_t i = 0; i < j->nfiles; i++)
		send_file(m, j, &j->files[i]);
	monitor_send_ids(m, TO_JOURNAL_OPEN, &j->id, 1);
}

void
monitor_journals_send(struct monitor *m)
{
	for (size_t i = 0; i < m->njournals; i++)
		send_files(m, m->journals[i]);
}

static void
file_release(struct monitor *m, struct jfile *f)
{
	(void)inotify_rm_watch(m->files, f->wd);
	(void)close(f->fd);
	free(f->path);
}

static bool
is_wanted(const struct mjournal *j, const char *path)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	return j->rotated || strchr(name, '@') == NULL;
}

/* Adds the file unless it is there already. */
static void
add_file(struct monitor *m, struct mjournal *j, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char proc[40];
	struct jfile *f;
	struct stat st;

	if (fd < 0)
		return; /* not for us, or gone */
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    j->nfiles >= FILES_MAX) {
		(void)close(fd);
		return;
	}
	for (size_t i = 0; i < j->nfiles; i++)
		if (j->files[i].ino == st.st_ino &&
		    j->files[i].dev == st.st_dev) {
			(void)close(fd);
			return;
		}
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	GROW(j->files, j->nfiles, j->files_cap);
	f = &j->files[j->nfiles++];
	f->fd = fd;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->wd = inotify_add_watch(m->files, proc, IN_MODIFY | IN_ATTRIB);
	f->path = xstrdup(path);
}

/* Whether a name still means the file that was opened. */
static bool
is_there(const struct jfile *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && st.st_ino == f->ino &&
	       st.st_dev == f->dev;
}

/*
 * Opens what is new, forgets what was archived (the worker has a descriptor
 * of its own, and reads it to the end). Returns whether anything changed.
 */
static bool
scan(struct monitor *m, struct mjournal *j)
{
	size_t before = j->nfiles, kept = 0;
	bool changed;

	for (size_t i = 0; i < j->nfiles; i++)
		if (is_there(&j->files[i]))
			j->files[kept++] = j->files[i];
		else
			file_release(m, &j->files[i]);
	changed = kept != before;
	j->nfiles = before = kept;
	for (size_t i = 0; i < j->npatterns; i++) {
		glob_t found;

		if (glob(j->patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			if (is_wanted(j, found.gl_pathv[k]))
				add_file(m, j, found.gl_pathv[k]);
		globfree(&found);
	}
	return changed || j->nfiles != before;
}

static bool
has_pattern(const struct mjournal *j, const char *pattern)
{
	for (size_t i = 0; i < j->npatterns; i++)
		if (strcmp(j->patterns[i], pattern) == 0)
			return true;
	return false;
}

void
monitor_journal_changed(struct monitor *m, const char *pattern)
{
	for (size_t i = 0; i < m->njournals; i++) {
		struct mjournal *j = m->journals[i];

		if (has_pattern(j, pattern) && scan(m, j))
			send_files(m, j);
	}
}

static void
journal_free(struct monitor *m, struct mjournal *j)
{
	for (size_t i = 0; i < j->npatterns; i++) {
		watch_del(m->watch, j->patterns[i]);
		free(j->patterns[i]);
	}
	for (size_t i = 0; i < j->nfiles; i++)
		file_release(m, &j->files[i]);
	free(j->patterns);
	free(j->files);
	free(j->key);
	free(j);
}

void
monitor_journals_free(struct monitor *m)
{
	for (size_t i = 0; i < m->njournals; i++)
		journal_free(m, m->journals[i]);
	free(m->journals);
}

static struct mjournal *
make_journal(struct monitor *m, const struct value *options)
{
	struct buf key = BUF_INIT;
	struct mjournal *j;

	if (options != NULL)
		value_repr(&key, options);
	for (size_t i = 0; i < m->njournals; i++)
		if (strcmp(m->journals[i]->key, key.p) == 0) {
			buf_release(&key);
			return m->journals[i];
		}
	j = xcalloc(1, sizeof(*j));
	j->id = ++m->last_id;
	j->key = xstrdup(key.p);
	buf_release(&key);
	j->rotated = word_is_true(option(options, "rotated"));
	find_patterns(j, options);
	for (size_t i = 0; i < j->npatterns; i++)
		watch_add(m->watch, j->patterns[i]);
	(void)scan(m, j);
	GROW(m->journals, m->njournals, m->journals_cap);
	m->journals[m->njournals++] = j;
	return j;
}

/*
 * A worker without libsystemd must be another one; that is told all by
 * itself.
 */
void
monitor_journal_attach(struct monitor *m, struct mjail *j)
{
	struct value *none = NULL;
	struct buf b = BUF_INIT;

	if (m->channel == NULL)
		return;
	if (!m->has_journal) {
		monitor_worker_restart(m);
		return;
	}
	if (j->matches == NULL)
		none = value_list();
	pack_u32(&b, j->id);
	pack_u32(&b, j->journal->id);
	pack_value(&b, none == NULL ? j->matches : none);
	pack_double(&b, j->since);
	monitor_send(m, TO_JOURNAL_ATTACH, &b, -1);
	value_free(none);
	buf_release(&b);
}

void
monitor_journal_detach(struct monitor *m, struct mjail *j)
{
	const uint32_t ids[] = {j->id, j->journal->id};
	struct mjournal *old = j->journal;

	monitor_send_ids(m, TO_JOURNAL_DETACH, ids, 2);
	j->journal = NULL;
	if (--old->users > 0)
		return;
	monitor_send_ids(m, TO_JOURNAL_DEL, &old->id, 1);
	for (size_t i = 0; i < m->njournals; i++)
		if (m->journals[i] == old) {
			m->journals[i] = m->journals[--m->njournals];
			break;
		}
	journal_free(m, old);
}

static double
findtime_of(const struct mjail *j)
{
	struct filterspec spec;
	double findtime;

	if (filterspec_from_value(&spec, j->spec, NULL) != 0)
		return 600;
	findtime = spec.findtime;
	filterspec_release(&spec);
	return findtime;
}

int
monitor_set_journal(struct monitor *m, const char *jail,
    const struct value *options, struct err *err)
{
	struct mjail *j = monitor_jail(m, jail);
	struct monitor_pos pos;
	bool is_new;

	if (j == NULL)
		return err_set(err, "%s", jail);
	if (journal_available(err) != 0)
		return -1;
	if (j->journal != NULL)
		monitor_journal_detach(m, j);
	j->since = clock_now() - findtime_of(j);
	if (m->ops->stored(m->arg, j->name, MONITOR_JOURNAL, &pos) &&
	    pos.at > j->since && pos.at <= clock_now()) {
		j->since = pos.at;
		j->known = pos.at;
	}
	j->journal = make_journal(m, options);
	is_new = j->journal->users++ == 0;
	if (is_new && m->has_journal)
		send_files(m, j->journal);
	monitor_journal_attach(m, j);
	return 0;
}

int
monitor_set_matches(struct monitor *m, const char *jail,
    const struct value *matches, struct err *err)
{
	struct mjail *j = monitor_jail(m, jail);

	if (j == NULL)
		return err_set(err, "%s", jail);
	if (journal_match_check(matches, err) != 0)
		return -1;
	value_free(j->matches);
	j->matches = value_copy(matches);
	if (j->journal != NULL)
		monitor_journal_attach(m, j);
	return 0;
}

/* A restarted worker reads again from the last position that it told. */
bool
monitor_journal_is_new(struct mjail *j, double received)
{
	if (received > j->newest && received <= clock_now() + MONITOR_SLACK_S)
		j->newest = received;
	return received > j->known;
}

void
monitor_journal_position(struct monitor *m, uint32_t jail, double time)
{
	struct mjail *j = monitor_jail_by_id(m, jail);
	struct monitor_pos pos = {.at = time};
	struct buf iso = BUF_INIT;

	if (j == NULL || j->journal == NULL || time <= j->since)
		return;
	j->since = time;
	journal_iso(&iso, time);
	(void)snprintf(pos.mark, sizeof(pos.mark), "%s", iso.p);
	buf_release(&iso);
	m->ops->position(m->arg, j->name, MONITOR_JOURNAL, &pos);
}
