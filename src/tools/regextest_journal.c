#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/optlist.h"
#include "conf/stream.h"
#include "sensor/codec.h"
#include "sensor/journal.h"
#include "sensor/journalfiles.h"
#include "tools/regextest.h"

struct regextest_journal {
	struct journal *journal;
	int *fds;
	size_t n;
	size_t cap;
	struct value *matches; /* list of a list of words */
	struct journal_entry entry;
	struct buf date;
	struct buf line;
};

bool
regextest_is_journal_name(const char *log)
{
	static const char name[] = "systemd-journal";

	return strncmp(log, name, sizeof(name) - 1) == 0 &&
	       (log[sizeof(name) - 1] == '\0' || log[sizeof(name) - 1] == '[');
}

void
regextest_journal_close(struct regextest_journal *j)
{
	if (j == NULL)
		return;
	journal_close(j->journal);
	for (size_t i = 0; i < j->n; i++)
		(void)close(j->fds[i]);
	free(j->fds);
	value_free(j->matches);
	journal_entry_release(&j->entry);
	buf_release(&j->date);
	buf_release(&j->line);
	free(j);
}

/* The words of -m, or those of the filter; none: NULL. */
static int
find_matches(struct regextest_journal *j, const struct regextest_opts *o,
    const struct value *journalmatch, struct err *err)
{
	struct value *words;

	if (o->njournalmatch == 0 &&
	    (journalmatch == NULL || journalmatch->n == 0))
		return 0;
	j->matches = value_list();
	words = value_add(j->matches, value_list());
	for (size_t i = 0; i < o->njournalmatch; i++) {
		if (i > 0)
			value_adds(words, "+");
		if (stream_split_words(words, o->journalmatch[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; o->njournalmatch == 0 && i < journalmatch->n; i++)
		(void)value_add(words, value_copy(journalmatch->items[i]));
	return journal_match_check(j->matches, err);
}

static int
open_files(struct regextest_journal *j, const char *log, struct err *err)
{
	struct value *options = NULL;
	struct value *files;
	char *name = NULL;

	if (strchr(log, '[') != NULL &&
	    optlist_parse(&name, &options, log, err) != 0)
		return -1;
	files = journalfiles_find(options);
	for (size_t i = 0; i < files->n; i++) {
		int fd = open(value_str(files->items[i]), O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue; /* of another user */
		GROW(j->fds, j->n, j->cap);
		j->fds[j->n++] = fd;
	}
	value_free(files);
	value_free(options);
	free(name);
	if (j->n == 0)
		return err_set(err,
		    "no journal file that can be read; is there one in "
		    "/var/log/journal or /run/log/journal, and may you read "
		    "it?");
	return 0;
}

static void
say(const struct regextest_journal *j, const struct regextest_opts *o)
{
	(void)printf("Use         systemd journal\n"
	             "Use         encoding : %s\n",
	    o->encoding != NULL ? o->encoding : codec_default());
	if (j->matches == NULL)
		return;
	(void)printf("Use    journal match :");
	for (size_t i = 0; i < j->matches->items[0]->n; i++)
		(void)printf(" %s", value_str(j->matches->items[0]->items[i]));
	(void)putchar('\n');
}

struct regextest_journal *
regextest_journal_open(const struct regextest_opts *o,
    const struct value *journalmatch, struct err *err)
{
	struct regextest_journal *j = xcalloc(1, sizeof(*j));
	const struct value *matches;

	journal_entry_init(&j->entry);
	buf_init(&j->date);
	buf_init(&j->line);
	if (find_matches(j, o, journalmatch, err) != 0 ||
	    open_files(j, o->log, err) != 0)
		goto fail;
	j->journal = journal_open(j->fds, j->n, err);
	if (j->journal == NULL)
		goto fail;
	matches = j->matches;
	journal_set_matches(j->journal, &matches, matches != NULL ? 1 : 0);
	journal_seek_time(j->journal, 0);
	if (o->out == NULL)
		say(j, o);
	return j;
fail:
	regextest_journal_close(j);
	return NULL;
}

bool
regextest_journal_next(struct regextest_journal *j, struct filter_line *line)
{
	double time;

	while (journal_next(j->journal) > 0) {
		journal_entry_reset(&j->entry);
		journal_read(j->journal, &j->entry);
		if (j->matches != NULL && !journal_match(j->matches, &j->entry))
			continue;
		journal_line(&j->entry, &j->date, &j->line, &time);
		*line = (struct filter_line){.text = j->line.p,
		    .n = j->line.n,
		    .date = j->date.p,
		    .date_n = j->date.n,
		    .time = time};
		return true;
	}
	return false;
}
