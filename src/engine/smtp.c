/*
 * fail2ban: options, subjects and texts are those of its smtp.py, which many
 * mail filters know.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/actionset.h"
#include "engine/jsonargs.h"
#include "engine/mail.h"
#include "engine/smtp.h"

/* Option of the file -> property, with its default. */
static const struct option {
	const char *option;
	const char *property;
	const char *value; /* NULL: None */
} options[] = {
    {"host", "host", "localhost"},
    {"ssl", "ssl", NULL},
    {"user", "user", NULL},
    {"password", "password", NULL},
    {"sendername", "fromname", "Fail2Ban"},
    {"sender", "fromaddr", "fail2ban"},
    {"dest", "toaddr", "root"},
    {"matches", "matches", NULL},
};

#define NOPTIONS (sizeof(options) / sizeof(options[0]))

int
smtp_accepts(const char *python, struct err *err)
{
	const char *slash = strrchr(python, '/');

	if (strcmp(slash == NULL ? python : slash + 1, "smtp.py") == 0)
		return 0;
	return err_set(err,
	    "%s is a Python action, which cannot be run: only smtp.py is built "
	    "in. Write an action of commands instead (action.d/NAME.conf with "
	    "actionban = COMMAND; the command may be a script that gets <ip> "
	    "and other tags as arguments)",
	    python);
}

static bool
is_option(const struct value *name)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (strcmp(options[i].option, name->text) == 0)
			return true;
	/* fail2ban: the client always adds these two */
	return strcmp(name->text, "name") == 0 ||
	       strcmp(name->text, "actname") == 0;
}

static int
check_options(const struct value *given, struct err *err)
{
	for (size_t i = 0; i < given->n; i += 2)
		if (!is_option(given->items[i]))
			return err_set(err,
			    "SMTPAction.__init__() got an unexpected keyword "
			    "argument '%s' (smtp.py knows host, ssl, user, "
			    "password, sendername, sender, dest, matches)",
			    given->items[i]->text);
	return 0;
}

int
smtp_options(struct action *a, const char *json, struct err *err)
{
	struct value *given = jsonargs_read(json, err);
	struct value *props;

	if (given == NULL)
		return -1;
	if (check_options(given, err) == -1) {
		value_free(given);
		return -1;
	}
	props = value_dict();
	for (size_t i = 0; i < NOPTIONS; i++) {
		const struct value *v = value_get(given, options[i].option);

		value_set(props, options[i].property,
		    v != NULL                  ? value_copy(v)
		    : options[i].value != NULL ? value_text(options[i].value)
		                               : value_none());
	}
	value_set(props, "norestored", value_int(1));
	value_free(given);
	if (a->shadow != NULL) {
		value_free(a->shadow);
		a->shadow = props;
	} else {
		value_free(a->props);
		a->props = props;
	}
	return 0;
}

/* ---- a mail */

static const char *
prop(const struct action *a, const char *name)
{
	const char *text = value_str(value_get(a->props, name));

	return text == NULL ? "" : text;
}

/* A line of the child's input; a value is one line. */
static void
add_line(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "%s ", key);
	for (; *value != '\0'; value++)
		buf_addc(out, *value == '\n' || *value == '\r' ? ' ' : *value);
	buf_addc(out, '\n');
}

/* dest = "root, me@example.org": comma and blanks between them. */
static void
add_recipients(struct buf *out, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		char *one = xmemdup0(list, n);
		char *start = one + strspn(one, " \t");
		size_t len = strlen(start);

		while (len > 0 &&
		       (start[len - 1] == ' ' || start[len - 1] == '\t'))
			start[--len] = '\0';
		if (len > 0)
			add_line(out, "to", start);
		free(one);
		list += n + (list[n] == ',');
	}
}

static void
add_envelope(struct buf *out, const struct action *a)
{
	const struct value *ssl = value_get(a->props, "ssl");

	add_line(out, "host", prop(a, "host"));
	if (ssl != NULL && ssl->type != VALUE_NONE &&
	    action_flag(a, "ssl", false))
		add_line(out, "ssl", "1");
	if (prop(a, "user")[0] != '\0') {
		add_line(out, "user", prop(a, "user"));
		add_line(out, "password", prop(a, "password"));
	}
	add_line(out, "from", prop(a, "fromaddr"));
	add_recipients(out, prop(a, "toaddr"));
	buf_addc(out, '\n');
}

/* Value of a tag for the ticket of op, owned by the caller. */
static char *
tag_text(struct actionset *s, struct op *op, const char *name)
{
	struct tagctx ctx = {.env = &s->env,
	    .ticket = op->ticket,
	    .known = op->known,
	    .given = call_given(op->call)};
	struct buf b = BUF_INIT;

	(void)actiontags_value(&b, name, strlen(name), &ctx);
	return buf_detach(&b);
}

/* fail2ban: "matches" of the ban, else of the address in the database. */
static void
add_matches(
    struct buf *body, struct actionset *s, struct op *op, const char *which)
{
	char *lines, *ip;

	if (strcmp(which, "matches") != 0 && strcmp(which, "ipmatches") != 0 &&
	    strcmp(which, "ipjailmatches") != 0)
		return;
	lines = tag_text(s, op, which);
	ip = tag_text(s, op, "ip");
	buf_addf(body, "\n\nMatches for %s:\n%s",
	    strcmp(which, "matches") == 0 ? "this ban" : ip, lines);
	free(lines);
	free(ip);
}

static void
ban_text(struct mail *m, struct actionset *s, struct op *op, const char *which)
{
	char *ip = tag_text(s, op, "ip");
	char *bantime = tag_text(s, op, "bantime");
	char *failures = tag_text(s, op, "failures");

	buf_addf(
	    &m->subject, "[Fail2Ban] %s: banned %s from ", s->env.jail, ip);
	buf_addf(&m->body,
	    "Hi,\n\nThe IP %s has just been banned for %s seconds\n"
	    "by Fail2Ban after %s attempts against %s.",
	    ip, bantime, failures, s->env.jail);
	add_matches(&m->body, s, op, which);
	free(ip);
	free(bantime);
	free(failures);
}

static void
make_input(struct buf *out, struct actionset *s, struct frame *f)
{
	char host[256] = "";
	struct mail m = {.subject = BUF_INIT,
	    .body = BUF_INIT,
	    .from_name = prop(f->a, "fromname"),
	    .from = prop(f->a, "fromaddr"),
	    .to = prop(f->a, "toaddr")};

	(void)gethostname(host, sizeof(host) - 1);
	if (f->cmd == CMD_START || f->cmd == CMD_STOP) {
		bool start = f->cmd == CMD_START;

		buf_addf(&m.subject, "[Fail2Ban] %s: %s on ", s->env.jail,
		    start ? "started" : "stopped");
		buf_addf(&m.body, "Hi,\n\nThe jail %s has been %s.",
		    s->env.jail, start ? "started successfully" : "stopped");
	} else
		ban_text(&m, s, f->op, prop(f->a, "matches"));
	buf_adds(&m.subject, host);
	buf_adds(&m.body, "\n\nRegards,\nFail2Ban");
	add_envelope(out, f->a);
	mail_print(out, &m);
	buf_release(&m.subject);
	buf_release(&m.body);
}

/* The child says in one line why it failed. */
static void
take_reason(struct actionset *s)
{
	const struct command_result *r = s->result;

	if (r != NULL && r->timed_out)
		actionset_why(s, "the mail server did not answer in time");
	else if (r != NULL && r->err.n > 0)
		actionset_why(
		    s, "%.*s", (int)strcspn(r->err.p, "\r\n"), r->err.p);
	else
		actionset_why(s, "the mail could not be sent");
}

enum verdict
step_smtp(struct actionset *s, struct frame *f, bool ok)
{
	static const char *const argv[] = {"/proc/self/exe", SMTP_WORD, NULL};
	struct command c = {.text = "smtp.py", .argv = argv, .quiet = true};
	struct buf input = BUF_INIT;
	enum verdict v;

	if (f->pc == 1) {
		if (!ok)
			take_reason(s);
		return ok ? STEP_OK : STEP_FAIL;
	}
	if (f->cmd != CMD_START && f->cmd != CMD_STOP && f->cmd != CMD_BAN &&
	    f->cmd != CMD_REBAN)
		return STEP_OK;
	make_input(&input, s, f);
	c.input = input.p;
	c.input_n = input.n;
	f->pc = 1;
	v = actionset_launch(s, f->a, &c);
	buf_release(&input);
	return v;
}
