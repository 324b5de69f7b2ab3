/*
 * sshd tells the address to the shell it starts (SSH_CONNECTION), to logind
 * and to utmp. sudo takes it out of the environment, so the processes above us
 * are asked as well; a service manager has no such processes, but then logind
 * or utmp know. The list of connections is not asked: it does not tell a
 * log-in from an attempt.
 */
#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <utmpx.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/io.h"
#include "tools/sessions.h"

#define MAX_ANCESTORS 64
#define MAX_FILE (1u << 20)

static void
add_address(struct value *list, const char *p, size_t n)
{
	struct buf text = BUF_INIT;
	struct addr a;

	if (list->n >= SESSIONS_MAX || !addr_parse(&a, p, n) ||
	    !addr_is_single(&a))
		return;
	addr_print(&text, &a);
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(value_str(list->items[i]), text.p) == 0)
			goto out;
	value_adds(list, text.p);
out:
	buf_release(&text);
}

/* ---- who started us */

static int
read_proc(struct buf *out, const struct sessions_from *from, pid_t pid,
    const char *name)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "%s/%d/%s", from->proc, (int)pid, name);
	buf_reset(out);
	rc = io_read_file(out, path.p, MAX_FILE);
	buf_release(&path);
	return rc;
}

/* The parent's number stands behind "(name) S", the name may hold anything. */
static pid_t
parent_of(const struct sessions_from *from, pid_t pid)
{
	struct buf text = BUF_INIT;
	const char *p;
	long parent = 0;

	if (read_proc(&text, from, pid, "stat") == 0 &&
	    (p = strrchr(text.p, ')')) != NULL && strlen(p) > 4)
		parent = strtol(p + 3, NULL, 10);
	buf_release(&text);
	return parent > 1 && parent != pid ? (pid_t)parent : 0;
}

/* SSH_CONNECTION=ADDRESS PORT ADDRESS PORT */
static void
add_environment(struct value *list, const struct buf *env)
{
	static const char name[] = "SSH_CONNECTION=";
	const char *p = env->p, *end = env->p + env->n;

	while (p < end) {
		size_t n = strnlen(p, (size_t)(end - p));

		if (n > sizeof(name) &&
		    memcmp(p, name, sizeof(name) - 1) == 0) {
			p += sizeof(name) - 1;
			n -= sizeof(name) - 1;
			add_address(list, p, strcspn(p, " "));
		}
		p += n + 1;
	}
}

static void
add_ancestors(struct value *list, const struct sessions_from *from)
{
	struct buf env = BUF_INIT;
	pid_t pid = from->pid;

	for (int i = 0; pid > 0 && i < MAX_ANCESTORS; i++) {
		if (read_proc(&env, from, pid, "environ") == 0)
			add_environment(list, &env);
		pid = parent_of(from, pid);
	}
	buf_release(&env);
}

/* ---- systemd-logind */

static bool
has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, line, n) == 0 && (p[n] == '\n' || p[n] == '\0'))
			return true;
	}
	return false;
}

static void
add_session(struct value *list, const char *text)
{
	static const char name[] = "\nREMOTE_HOST=";
	const char *p = strstr(text, name);

	if (p == NULL || !has_line(text, "REMOTE=1") ||
	    has_line(text, "STATE=closing"))
		return;
	p += sizeof(name) - 1;
	add_address(list, p, strcspn(p, "\n"));
}

static void
add_logind(struct value *list, const struct sessions_from *from)
{
	DIR *dir = opendir(from->sessions);
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		struct buf path = BUF_INIT, text = BUF_INIT;

		/* beside the files there are pipes NAME.ref */
		buf_addf(&path, "%s/%s", from->sessions, e->d_name);
		if (strchr(e->d_name, '.') == NULL &&
		    io_read_file(&text, path.p, MAX_FILE) == 0)
			add_session(list, text.p);
		buf_release(&path);
		buf_release(&text);
	}
	(void)closedir(dir);
}

/* ---- utmp */

static void
add_entry(struct value *list, const struct utmpx *u)
{
	struct addr a = {.family = AF_INET, .plen = 32};
	struct buf text = BUF_INIT;

	/* an entry may outlive the session */
	if (u->ut_type != USER_PROCESS ||
	    (kill(u->ut_pid, 0) == -1 && errno == ESRCH))
		return;
	memcpy(a.bytes, u->ut_addr_v6, 16);
	if (u->ut_addr_v6[1] != 0 || u->ut_addr_v6[2] != 0 ||
	    u->ut_addr_v6[3] != 0) {
		a.family = AF_INET6;
		a.plen = 128;
	} else if (u->ut_addr_v6[0] == 0)
		return; /* somebody at the machine itself */
	addr_print(&text, &a);
	add_address(list, text.p, text.n);
	buf_release(&text);
}

static void
add_utmp(struct value *list, const struct sessions_from *from)
{
	struct utmpx *u;

	if (from->utmp != NULL)
		(void)utmpxname(from->utmp);
	setutxent();
	while ((u = getutxent()) != NULL)
		add_entry(list, u);
	endutxent();
}

struct value *
sessions_addresses(const struct sessions_from *from)
{
	struct value *list = value_list();

	add_ancestors(list, from);
	add_logind(list, from);
	add_utmp(list, from);
	return list;
}
