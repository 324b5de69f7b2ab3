/*
 * What a taken worker may send: every message type with any contents into a
 * parent that knows one jail with one log, and answers into a socket.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tests/monitor/nobody.h"
#include "../tests/quiet.h"
#include "base/mem.h"

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

static const struct monitor_ops ops = {
    .failure = on_failure,
    .position = nobody_position,
    .stored = nobody_stored,
};

/* The parent may have given up the last one. */
static void
connect_worker(void)
{
	if (m->channel != NULL)
		return;
	if (worker >= 0)
		(void)close(worker);
	if ((worker = nobody_connect(m)) < 0)
		abort();
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

	quiet_log();
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
