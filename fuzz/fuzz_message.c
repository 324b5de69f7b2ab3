/*
 * What a taken worker may send: every message type with any contents into a
 * parent that knows one jail with one log, and answers into a socket.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "server/monitor_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct monitor *m;
static uv_loop_t loop;
static int worker = -1; /* its end of the channel */

static void
on_failure(void *arg, const char *jail, const struct failure *f)
{
	(void)arg;
	(void)jail;
	(void)f;
}

static void
on_position(void *arg, const char *jail, const char *path,
    const struct monitor_pos *pos)
{
	(void)arg;
	(void)jail;
	(void)path;
	(void)pos;
}

static bool
on_stored(
    void *arg, const char *jail, const char *path, struct monitor_pos *ret)
{
	(void)arg;
	(void)jail;
	(void)path;
	(void)ret;
	return false;
}

static const struct monitor_ops ops = {
    .failure = on_failure,
    .position = on_position,
    .stored = on_stored,
};

static void
drop_log(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)level;
	(void)name;
	(void)msg;
	(void)n;
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

static const struct channel_ops channel = {
    .kinds = monitor_kinds,
    .nkinds = FROM_KINDS,
    .message = on_message,
    .closed = on_closed,
};

/* The parent may have given up the last one. */
static void
connect_worker(void)
{
	int pair[2];

	if (m->channel != NULL)
		return;
	if (worker >= 0)
		(void)close(worker);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	m->channel = channel_new(&loop, pair[0], &channel, NULL);
	worker = pair[1];
}

/* The worker reads what it was sent; no real one is started. */
static void
drain(void)
{
	static char packet[65536];

	(void)uv_timer_stop(&m->again);
	while (recv(worker, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		continue;
	(void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void
init(void)
{
	char path[] = "/tmp/fuzz_message.XXXXXX";
	struct filterspec spec;
	int fd = mkstemp(path);

	log_set_sink(drop_log, NULL);
	(void)uv_loop_init(&loop);
	m = monitor_new(&loop, &ops, NULL, NULL);
	if (fd < 0 || m == NULL)
		abort();
	filterspec_init(&spec);
	(void)monitor_jail_set(m, "j", &spec, "UTF-8", NULL);
	filterspec_release(&spec);
	(void)monitor_add_log(m, "j", path, false, NULL);
	(void)unlink(path);
	(void)close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct unpack u;
	char *copy;

	if (m == NULL)
		init();
	if (n == 0)
		return 0;
	connect_worker();
	copy = xmemdup0((const char *)data + 1, n - 1);
	unpack_init(&u, copy, n - 1);
	monitor_message(m, data[0] % FROM_KINDS, &u, -1);
	free(copy);
	drain();
	return 0;
}
