/*
 * fail2ban: one directory is read in two rounds. The first fetches all that
 * can be wrong with the configuration itself; the second makes the commands
 * and looks at the log files.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/config.h"
#include "conf/definition.h"
#include "conf/jaildef.h"
#include "conf/option.h"
#include "conf/settings.h"
#include "conf/stream.h"
#include "conf/vintage.h"

static int
check_dir(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) == 0)
		return 0;
	return err_set(
	    err, "Base configuration directory %s does not exist ", dir);
}

static char *
take(const struct value *dict, const char *name)
{
	const char *s = value_str(value_get(dict, name));

	return xstrdup(s == NULL ? "" : s);
}

int
config_server_load(
    struct config_server *ret, const struct config_opts *o, struct err *err)
{
	struct overlay_cache *cache;
	struct overlay *cfg = NULL;
	struct value *dict = value_dict();
	struct config_opts opts = *o;
	int rc = check_dir(o->dir, err);

	opts.of_1_1_1 = vintage_is_1_1_1(o->dir);
	cache = overlay_cache_new();
	if (rc == 0)
		rc = settings_read(&cfg,
		    &(struct overlay_from){.dir = o->dir, .cache = cache}, err);
	if (rc == 0 && cfg == NULL)
		rc = err_set(err, "Read fail2ban configuration failed.");
	if (rc == 0)
		rc = settings_early(dict, cfg, &opts, err);
	if (rc == 0)
		*ret = (struct config_server){
		    .loglevel = take(dict, "loglevel"),
		    .logtarget = take(dict, "logtarget"),
		    .syslogsocket = take(dict, "syslogsocket"),
		    .socket = take(dict, "socket"),
		    .pidfile = take(dict, "pidfile"),
		};
	value_free(dict);
	overlay_free(cfg);
	overlay_cache_free(cache);
	return rc;
}

void
config_server_release(struct config_server *s)
{
	free(s->loglevel);
	free(s->logtarget);
	free(s->syslogsocket);
	free(s->socket);
	free(s->pidfile);
	*s = (struct config_server){0};
}

bool
config_protects_ssh(const struct config_opts *o)
{
	struct overlay_cache *cache = overlay_cache_new();
	struct overlay_from where = {
	    .dir = o->dir, .cache = cache, .quiet = true};
	struct overlay *cfg = NULL;
	struct value *dict = value_dict();
	struct fetch_from from = {
	    .section = "Definition", .convert = true, .quiet = true};
	bool yes = true;

	if (settings_read(&cfg, &where, NULL) == 0 && cfg != NULL) {
		from.cfg = cfg;
		if (option_fetch(dict, &option_client, &from, NULL) == 0)
			yes = value_truth(value_get(dict, "protectssh"));
	}
	value_free(dict);
	overlay_free(cfg);
	overlay_cache_free(cache);
	return yes;
}

/* All that is read for one stream. */
struct load {
	const struct config_opts *o;
	struct overlay_cache *cache;
	struct actionmolds *molds;
	struct overlay *server; /* fail2ban.conf */
	struct overlay *jails;  /* jail.conf */
	struct jaildef *list;
	size_t n;
	size_t cap;
	bool any_good;
	int bad;
	struct value *stream;
	struct err err;
};

static int
read_files(struct load *l)
{
	struct overlay_from from = {
	    .dir = l->o->dir, .name = "jail", .cache = l->cache};
	struct overlay_from server;

	if (check_dir(l->o->dir, &l->err) != 0)
		return -1;
	server = from;
	server.quiet = true;
	if (settings_read(&l->server, &server, &l->err) != 0)
		return -1;
	if (l->server == NULL)
		return err_set(&l->err, "Read fail2ban configuration failed.");
	if (overlay_read(&l->jails, &from, &l->err) == OVERLAY_ERROR)
		return -1;
	if (l->jails == NULL && l->o->of_1_1_1)
		return err_set(&l->err, "Read jails configuration failed.");
	if (l->jails != NULL)
		jaildef_predefine(l->jails, l->o->dir);
	return 0;
}

/*
 * fail2ban: anything wrong in one jail stops all. Here only -d and -t, which
 * pass a verdict, do so; to start, the jail is left out and said.
 */
static bool
is_tolerant(const struct config_opts *o)
{
	return !o->dump && !o->test;
}

static int
read_jail(struct load *l, const char *name)
{
	struct jail_context ctx = {.cfg = l->jails,
	    .cache = l->cache,
	    .molds = l->molds,
	    .opts = l->o};
	struct jaildef *j;

	GROW(l->list, l->n, l->cap);
	j = &l->list[l->n++];
	if (jaildef_read(j, &ctx, name, &l->err) != 0) {
		if (!is_tolerant(l->o))
			return -1;
		jaildef_break(j, &l->err);
		err_reset(&l->err);
	}
	if (j->skipped != NULL) {
		struct buf text = BUF_INIT;

		value_repr_text(&text, name, strlen(name));
		log_msg(LOG_ERROR, "jailsreader", "Errors in jail %s.%s",
		    text.p, l->o->test ? "" : " Skipping...");
		buf_release(&text);
		l->bad++;
	} else if (jaildef_is_enabled(j))
		l->any_good = true;
	else {
		jaildef_release(j);
		l->n--;
	}
	return 0;
}

static int
read_jails(struct load *l)
{
	if (l->jails == NULL)
		return 0;
	if (l->o->jail != NULL) {
		struct buf text = BUF_INIT;
		int rc = 0;

		value_repr_text(&text, l->o->jail, strlen(l->o->jail));
		if (ini_find(l->jails->all, l->o->jail) == NULL)
			rc = err_set(&l->err, "No section: %s", text.p);
		buf_release(&text);
		return rc == 0 ? read_jail(l, l->o->jail) : rc;
	}
	for (size_t i = 0; i < ini_count(l->jails->all); i++) {
		const char *name = ini_name(ini_at(l->jails->all, i));

		if (strcmp(name, "INCLUDES") != 0 && read_jail(l, name) != 0)
			return -1;
	}
	return 0;
}

static int
make_stream(struct load *l)
{
	bool any_good = false;

	for (size_t i = 0; i < l->n; i++) {
		struct jaildef *j = &l->list[i];

		if (jaildef_stream(l->stream, j, l->o, &l->err) != 0) {
			if (!is_tolerant(l->o))
				return -1;
			jaildef_break(j, &l->err);
			err_reset(&l->err);
			l->bad++;
			(void)jaildef_stream(l->stream, j, l->o, NULL);
		}
		any_good |= !j->is_broken;
	}
	l->any_good = any_good;
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].skipped == NULL)
			value_add(l->stream,
			    stream_command("start", l->list[i].name, NULL));
	return 0;
}

static int
run(struct load *l)
{
	if (read_files(l) != 0 ||
	    settings_stream(l->stream, l->server, l->o, &l->err) != 0 ||
	    read_jails(l) != 0)
		return -1;
	return make_stream(l);
}

/* fail2ban: its text for -d, which is compared; else the place, too. */
static void
say_failed(const struct load *l)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, err_text(&l->err));
	if (!l->o->dump)
		err_add_place(&text, &l->err);
	log_lines(LOG_ERROR, "", "Failed during configuration: %s", text.p);
	buf_release(&text);
}

int
config_load(struct value **stream, int *bad, const struct config_opts *o)
{
	struct config_opts opts = *o;
	struct load l = {.o = &opts,
	    .cache = overlay_cache_new(),
	    .molds = actionmolds_new(),
	    .stream = value_list(),
	    .err = ERR_INIT};
	int rc;

	opts.of_1_1_1 = overlay_cache_is_1_1_1(l.cache, o->dir);
	rc = run(&l);

	if (rc != 0) {
		say_failed(&l);
		value_free(l.stream);
		l.stream = NULL;
	} else if (l.bad > 0 && (o->test || !l.any_good))
		rc = -1; /* fail2ban: -t wants all right, the others one */
	*stream = l.stream;
	*bad = l.bad;
	for (size_t i = 0; i < l.n; i++)
		jaildef_release(&l.list[i]);
	free(l.list);
	overlay_free(l.jails);
	overlay_free(l.server);
	actionmolds_free(l.molds);
	overlay_cache_free(l.cache);
	err_release(&l.err);
	return rc;
}
