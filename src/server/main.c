/*
 * fail2ban-server: the daemon reads no configuration. Whatever needs it is
 * done by fail2ban-client, which lies beside this program: in the background
 * this process becomes the client, in the foreground the client is its child.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/value.h"
#include "base/version.h"
#include "engine/smtp.h"
#include "server/daemon.h"
#include "server/options.h"
#include "server/server.h"
#include "server/worker.h"

#define CLIENT "fail2ban-client"
/* What engine/smtp re-executes this program with. */
#define SMTP_WORD "--smtp"

extern char **environ;

/* A list of words for exec, NULL at the end. */
struct words {
	char **p;
	size_t n;
	size_t cap;
};

static void
add(struct words *w, const char *word)
{
	GROW(w->p, w->n + 1, w->cap);
	w->p[w->n++] = xstrdup(word);
	w->p[w->n] = NULL;
}

static void
words_release(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->p[i]);
	free(w->p);
}

/* The client beside this program, else where it is installed, else in PATH. */
static char *
client_path(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path, *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		path = xasprintf("%.*s/" CLIENT, (int)(slash - self), self);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	path = xasprintf("%s/" CLIENT, BINDIR);
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return xstrdup(CLIENT);
}

/* Becomes the client, with the same words; "start" when there is none. */
static int
become_client(int argc, char **argv, const struct options *o)
{
	struct words w = {0};
	char *path = client_path();

	add(&w, path);
	for (int i = 1; i < argc; i++)
		add(&w, argv[i]);
	if (o->command >= argc && !o->client)
		add(&w, "start");
	(void)execvp(path, w.p);
	fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
	free(path);
	words_release(&w);
	return 255;
}

/* What the client is told when it works for the foreground. */
static struct words
client_words(const struct options *o, const char *last)
{
	const struct {
		const char *option;
		const char *value;
	} pairs[] = {
	    {"-c", o->conf},
	    {"-s", o->socket},
	    {"-p", o->pidfile},
	    {"--loglevel", o->loglevel},
	    {"--logtarget", o->logtarget},
	    {"--syslogsocket", o->syslogsocket},
	};
	struct words w = {0};
	char *path = client_path();

	add(&w, path);
	free(path);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].value == NULL)
			continue;
		add(&w, pairs[i].option);
		add(&w, pairs[i].value);
	}
	for (int i = 0; i < o->verbosity; i++)
		add(&w, "-v");
	add(&w, last);
	return w;
}

/* Runs the client; its output into out unless that is NULL. Its status. */
static int
run_client(char *const *words, struct buf *out)
{
	posix_spawn_file_actions_t fa;
	int fds[2] = {-1, -1}, status, rc;
	ssize_t n;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&fa);
	if (out != NULL && pipe(fds) == 0) {
		(void)io_set_cloexec(fds[0]);
		(void)io_set_cloexec(fds[1]);
		(void)posix_spawn_file_actions_adddup2(&fa, fds[1], 1);
	}
	rc = posix_spawnp(&pid, words[0], &fa, NULL, words, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	if (fds[1] >= 0)
		(void)close(fds[1]);
	if (rc != 0)
		fprintf(stderr, "cannot run %s: %s\n", words[0], strerror(rc));
	while (rc == 0 && fds[0] >= 0 && out->n < 65536 &&
	       (n = read(fds[0], buf_grow(out, 4096), 4096)) > 0)
		buf_commit(out, (size_t)n);
	if (fds[0] >= 0)
		(void)close(fds[0]);
	if (rc != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 255;
	return WEXITSTATUS(status);
}

static void
keep(char **place, const char *value)
{
	if (*place == NULL)
		*place = xstrdup(value);
}

/* Lines "key TAB value" of "fail2ban-client --settings". */
static void
use_settings(struct options *o, char *text)
{
	const struct {
		const char *key;
		char **place;
	} keys[] = {
	    {"socket", &o->socket},
	    {"pidfile", &o->pidfile},
	    {"loglevel", &o->loglevel},
	    {"logtarget", &o->logtarget},
	    {"syslogsocket", &o->syslogsocket},
	    {"socketgroup", &o->socket_group},
	};
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (tab == NULL)
			continue;
		*tab = '\0';
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (strcmp(keys[i].key, line) == 0 && tab[1] != '\0')
				keep(keys[i].place, tab + 1);
	}
}

static int
read_settings(struct options *o)
{
	struct words w = client_words(o, "--settings");
	struct buf out = BUF_INIT;
	int rc = run_client(w.p, &out);

	if (rc == 0)
		use_settings(o, out.p);
	words_release(&w);
	buf_release(&out);
	return rc;
}

static int
run_daemon(struct options *o, char **feeder)
{
	struct server_opts so = {
	    .group = o->socket_group != NULL ? o->socket_group
	                                     : getenv("F2B_SOCKET_GROUP"),
	    .loglevel = o->loglevel,
	    .syslogsocket = o->syslogsocket,
	    .verbosity = o->verbosity,
	    .force = o->force,
	    .background = !o->foreground,
	    .feeder = feeder,
	};

	keep(&o->socket, "/var/run/fail2ban/fail2ban.sock");
	keep(&o->pidfile, "/var/run/fail2ban/fail2ban.pid");
	keep(&o->logtarget, "/var/log/fail2ban.log");
	so.socket = o->socket;
	so.pidfile = o->pidfile;
	so.logtarget = o->logtarget;
	(void)prctl(
	    PR_SET_NAME, o->pname == NULL ? "fail2ban-server" : o->pname);
	if (o->foreground)
		daemon_keep_descriptors();
	else if (daemon_detach() != 0) {
		fprintf(stderr, "cannot go into the background: %s\n",
		    strerror(errno));
		return 255;
	}
	return server_run(&so);
}

static int
run_foreground(struct options *o)
{
	struct words feeder, test;
	int rc;

	if (o->test) {
		test = client_words(o, "-t");
		rc = run_client(test.p, NULL);
		words_release(&test);
		if (rc != 0)
			return rc;
	}
	if (read_settings(o) != 0) {
		fprintf(stderr, "Async configuration of server failed\n");
		return 255;
	}
	feeder = client_words(o, "--feed");
	rc = run_daemon(o, feeder.p);
	words_release(&feeder);
	return rc;
}

static int
check_loglevel(const struct options *o)
{
	if (o->loglevel == NULL || log_level_parse(o->loglevel) >= 0)
		return 0;
	printf("ERROR: Invalid log level '%s'\n", o->loglevel);
	return -1;
}

static int
run(struct options *o, int argc, char **argv)
{
	bool start =
	    o->command >= argc ||
	    (o->command == argc - 1 && strcmp(argv[o->command], "start") == 0);

	if (o->help) {
		options_usage();
		return 0;
	}
	if (o->version_short) {
		printf("%s\n", COMPAT_VERSION);
		return 0;
	}
	if (o->version) {
		/* tools look for fail2ban's line; ours is the second */
		printf("Fail2Ban v%s\n%s %s, compatible with Fail2Ban v%s\n",
		    COMPAT_VERSION, OWN_NAME, OWN_VERSION, COMPAT_VERSION);
		return 0;
	}
	if (check_loglevel(o) != 0)
		return 255;
	/* without a word to follow, -t is all there is to do */
	if (o->test && o->command >= argc)
		o->client = true;
	if (o->async && !o->client)
		return run_daemon(o, NULL);
	if (o->client || !start || !o->foreground)
		return become_client(argc, argv, o);
	return run_foreground(o);
}

/* What else this program is, in processes of its own. */
static const struct {
	const char *word;
	const char *name; /* in ps */
	int (*main)(void);
} parts[] = {
    {WORKER_WORD, "f2b/worker", worker_main},
    {RESOLVER_WORD, "f2b/resolver", resolver_main},
    {SMTP_WORD, "f2b/smtp", smtp_main},
};

int
main(int argc, char **argv)
{
	struct options o;
	int status;

	io_open_standard();
	for (size_t i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]);
	     i++)
		if (strcmp(argv[1], parts[i].word) == 0) {
			(void)prctl(PR_SET_NAME, parts[i].name);
			return parts[i].main();
		}
	if (options_parse(&o, argc, argv) != 0) {
		options_usage();
		fprintf(stderr, "Init of command line failed\n");
		return 255;
	}
	status = run(&o, argc, argv);
	options_release(&o);
	return status;
}
