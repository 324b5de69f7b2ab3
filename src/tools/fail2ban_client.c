/*
 * fail2ban-client
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/version.h"
#include "tools/client.h"
#include "tools/completion.h"
#include "tools/dump.h"
#include "tools/usage.h"

/* A server does not wait for its clients: leaving at once is safe. */
static void
on_signal(int sig)
{
	/* fail2ban: its words, here without date */
	static const char interrupt[] =
	    "fail2ban: WARNING Caught signal 2. Exiting\n";
	static const char terminate[] =
	    "fail2ban: WARNING Caught signal 15. Exiting\n";
	bool is_int = sig == SIGINT;

	(void)!write(STDOUT_FILENO, "\n", 1);
	(void)!write(STDERR_FILENO, is_int ? interrupt : terminate,
	    is_int ? sizeof(interrupt) - 1 : sizeof(terminate) - 1);
	_exit(CLIENT_BAD);
}

static int
bad_command_line(const struct buf *msg)
{
	if (msg->n > 0)
		printf("%s\n", msg->p);
	else
		usage_print("fail2ban-client");
	(void)fflush(stdout);
	(void)fputs("Init of command line failed\n", stderr);
	return CLIENT_BAD;
}

static int
settings(struct client *c)
{
	if (client_load_settings(c) == -1)
		return CLIENT_BAD;
	printf("socket\t%s\npidfile\t%s\nloglevel\t%s\nlogtarget\t%s\n"
	       "syslogsocket\t%s\n",
	    c->server.socket, c->server.pidfile, c->server.loglevel,
	    c->server.logtarget, c->server.syslogsocket);
	return CLIENT_GOOD;
}

static int
str2sec(const char *text)
{
	int rv = dump_str2sec(text);

	(void)fflush(stdout);
	if (rv != CLIENT_GOOD)
		(void)fputs("Init of command line failed\n", stderr);
	return rv;
}

/* Without a server or configuration no jail is known. */
static struct value *
jail_names(const struct cli_opts *o)
{
	struct client c = {.o = o};
	struct value *names = NULL;

	log_set_level(LOG_CRITICAL + 1);
	if (access(o->conf, F_OK) == 0 && client_init(&c, o) == 0)
		names = client_jails(&c);
	client_release(&c);
	return names != NULL ? names : value_list();
}

/* The words are a command line of ours, whose last one is to be completed. */
static int
complete(const struct cli_opts *o)
{
	struct value *words = value_list(), *jails;
	struct buf out = BUF_INIT, msg = BUF_INIT;
	const char *last = o->words_n > 0 ? o->words[o->words_n - 1] : "";
	struct cli_opts typed;

	/* the word before the first option is the program's name */
	cli_parse(&typed, &msg, o->words_n + 1, o->words - 1);
	for (int i = 0; i < typed.words_n; i++)
		value_adds(words, typed.words[i]);
	if (words->n > 0) {
		jails = jail_names(&typed);
		completion_command(&out, words, jails);
		value_free(jails);
	} else if (last[0] == '-')
		completion_option(&out, last);
	(void)fputs(out.p, stdout);
	buf_release(&out);
	buf_release(&msg);
	value_free(words);
	return CLIENT_GOOD;
}

/* Actions that need no configuration; -1 for the others. */
static int
print_only(const struct cli_opts *o, const struct buf *msg)
{
	switch (o->action) {
	case CLI_BAD:
		return bad_command_line(msg);
	case CLI_HELP:
		usage_print("fail2ban-client");
		return CLIENT_GOOD;
	case CLI_NUMBER:
		printf("%s\n", COMPAT_VERSION);
		return CLIENT_GOOD;
	case CLI_VERSION:
		usage_version();
		return CLIENT_GOOD;
	case CLI_STR2SEC:
		return str2sec(o->text);
	case CLI_COMPLETION:
		return completion_print(o->text) == 0 ? CLIENT_GOOD
		                                      : CLIENT_BAD;
	case CLI_COMPLETE:
		return complete(o);
	case CLI_RUN:
	case CLI_FEED:
	case CLI_SETTINGS:
		break;
	}
	return -1;
}

static int
run_words(struct client *c)
{
	struct value *command = value_list();
	int rv;

	for (int i = 0; i < c->o->words_n; i++)
		value_adds(command, c->o->words[i]);
	rv = client_run(c, command);
	value_free(command);
	return rv;
}

static int
run(struct client *c)
{
	const struct cli_opts *o = c->o;
	struct dump_test how = {
	    .strict = o->strict, .quiet = o->words_n > 0, .json = o->json};

	if (o->action == CLI_FEED)
		return client_feed(c);
	if (o->action == CLI_SETTINGS)
		return settings(c);
	if ((o->dump || o->test) && client_load_settings(c) == -1)
		return CLIENT_BAD;
	if (o->dump)
		return dump_stream(&c->config, o->json     ? DUMP_JSON
		                               : o->pretty ? DUMP_PRETTY
		                                           : DUMP_LINES);
	if (o->test) {
		int rv = dump_test(&c->config, &how);

		if (rv != CLIENT_GOOD || (o->words_n == 0 && !o->interactive))
			return rv;
	}
	if (o->words_n > 0) {
		int rv = run_words(c);

		if (!o->interactive || rv != CLIENT_GOOD)
			return rv;
	}
	if (o->interactive)
		return client_interactive(c);
	usage_print("fail2ban-client");
	return CLIENT_BAD;
}

int
main(int argc, char **argv)
{
	struct cli_opts o;
	struct client c;
	struct buf msg = BUF_INIT;
	int rv;

	io_open_standard();
	cli_parse(&o, &msg, argc, argv);
	log_set_level(cli_log_level(o.verbose));
	rv = print_only(&o, &msg);
	buf_release(&msg);
	if (rv != -1)
		return rv;
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	rv = CLIENT_BAD;
	if (client_init(&c, &o) == 0)
		rv = run(&c);
	client_release(&c);
	return fflush(stdout) == 0 ? rv : CLIENT_BAD;
}
