#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/firewall.h"

#define OPTION "fail2ban_firewall"
/* Not $PATH: root and others have different ones. */
#define FOLDERS                                                                \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"        \
	"/run/current-system/sw/bin"

/* In order of preference. */
static const struct choice {
	const char *program;
	const char *action;
} choices[] = {
    {"nft", "nftables"},
    {"iptables", "iptables"},
};

static bool
is_in(const char *folders, const char *program)
{
	struct buf path = BUF_INIT;
	bool found = false;

	while (!found && *folders != '\0') {
		size_t n = strcspn(folders, ":");

		buf_reset(&path);
		buf_add(&path, folders, n);
		buf_addf(&path, "/%s", program);
		found = n > 0 && access(path.p, X_OK) == 0;
		folders += n + (folders[n] == ':');
	}
	buf_release(&path);
	return found;
}

const char *
firewall_choose(const char *folders)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (is_in(folders, choices[i].program))
			return choices[i].action;
	return choices[0].action;
}

const char *
firewall_lacks(const char *folders, const char *action)
{
	if (folders == NULL)
		folders = FOLDERS;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const struct choice *c = &choices[i];

		if (strncmp(action, c->action, strlen(c->action)) == 0 &&
		    !is_in(folders, c->program))
			return c->program;
	}
	return NULL;
}

static bool
is_shipped(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strcmp(slash == NULL ? file : slash + 1, "paths-common.conf") ==
	       0;
}

void
firewall_predefine(struct ini_section *defaults)
{
	struct pos none = {NULL, 0};

	if (ini_get(defaults, OPTION) != NULL) {
		struct pos pos = ini_pos(defaults, OPTION);

		if (pos.file == NULL || !is_shipped(pos.file))
			return;
	}
	ini_set(defaults, OPTION, firewall_choose(FOLDERS), none);
}
