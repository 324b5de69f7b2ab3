/*
 * A hostile peer on the control socket: the first byte says in how large
 * pieces the rest is written and whether the peer may only read.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "../tests/quiet.h"
#include "server/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
on_request(
    void *arg, struct request *rq, const struct value *words, bool readonly)
{
	(void)arg;
	(void)readonly;
	request_answer(rq, value_copy(words));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct control *c;
	uv_loop_t loop;
	size_t piece;
	int fds[2];

	if (n == 0 || n > 4096)
		return 0;
	(void)signal(SIGPIPE, SIG_IGN);
	quiet_log();
	piece = 1 + (p[0] & 0x7f);
	if (uv_loop_init(&loop) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		abort();
	c = control_new_unbound(&loop, on_request, NULL);
	if (control_adopt(c, fds[1], p[0] & 0x80) != 0)
		abort();
	for (size_t at = 1; at < n; at += piece) {
		char drop[4096];

		(void)!write(fds[0], p + at, n - at < piece ? n - at : piece);
		(void)uv_run(&loop, UV_RUN_NOWAIT);
		while (recv(fds[0], drop, sizeof(drop), MSG_DONTWAIT) > 0)
			continue;
	}
	(void)shutdown(fds[0], SHUT_WR);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	(void)close(fds[0]);
	control_free(c);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) != 0)
		abort();
	return 0;
}
