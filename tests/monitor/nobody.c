#include <sys/socket.h>

#include "nobody.h"

void
nobody_position(void *arg, const char *jail, const char *path,
    const struct monitor_pos *pos)
{
	(void)arg;
	(void)jail;
	(void)path;
	(void)pos;
}

bool
nobody_stored(
    void *arg, const char *jail, const char *path, struct monitor_pos *ret)
{
	(void)arg;
	(void)jail;
	(void)path;
	(void)ret;
	return false;
}

static void
on_message(void *arg, unsigned type, struct unpack *u, int fd)
{
	(void)arg;
	(void)type;
	(void)u;
	(void)fd;
}

static void
on_closed(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static const struct channel_ops ops = {
    .kinds = monitor_kinds,
    .nkinds = FROM_KINDS,
    .message = on_message,
    .closed = on_closed,
};

int
nobody_connect(struct monitor *m)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	m->channel = channel_new(m->loop, pair[0], &ops, m);
	return pair[1];
}
