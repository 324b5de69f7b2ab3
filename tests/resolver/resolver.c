/*
 * The asking side of the resolver with helpers that this program plays
 * itself: they answer, hang, die or talk rubbish, as the name says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pack.h"
#include "server/resolver.h"
#include "server/resolver_impl.h"
#include "server/spawn.h"
#include "server/worker.h"

enum {
	HEADER = 4, /* of a packet */
	TURNS_MAX = 400,
};

/* ---- the helper */

static void
reply(const char *error, const char *address)
{
	struct buf b = BUF_INIT;
	struct value *list = value_list();

	buf_add(&b, "\0\1\0\0", HEADER);
	pack_str(&b, error);
	if (address != NULL)
		value_adds(list, address);
	pack_value(&b, list);
	(void)send(SPAWN_FD, b.p, b.n, MSG_NOSIGNAL);
	value_free(list);
	buf_release(&b);
}

static void
answer(const char *name)
{
	static int asked;
	char address[32];

	if (strncmp(name, "hang", 4) == 0)
		for (;;)
			(void)pause();
	if (strcmp(name, "die") == 0)
		_exit(1);
	if (strcmp(name, "rubbish") == 0)
		reply("", "no address");
	else if (strcmp(name, "nobody") == 0)
		reply("[Errno -2] Name or service not known", NULL);
	else {
		(void)snprintf(address, sizeof(address), "192.0.2.%d", ++asked);
		reply("", address);
	}
}

static int
helper_main(void)
{
	char p[4096];
	ssize_t n;

	while ((n = recv(SPAWN_FD, p, sizeof(p), 0)) > HEADER) {
		struct unpack u;

		if (p[0] != RESOLVER_ASK)
			continue;
		unpack_init(&u, p + HEADER, (size_t)n - HEADER);
		(void)unpack_u8(&u);
		(void)unpack_u8(&u);
		answer(unpack_str(&u, RESOLVER_NAME));
	}
	return 0;
}

/* ---- the tests */

static uv_loop_t loop;
static struct resolver *r;
static int failures;

struct result {
	int calls;
	char text[128]; /* addresses, or '!' and the error */
};

static void
on_answer(void *arg, const struct value *addresses, const char *error)
{
	struct result *to = arg;

	to->calls++;
	(void)snprintf(to->text, sizeof(to->text), "%s%s",
	    error == NULL ? "" : "!", error == NULL ? "" : error);
	for (size_t i = 0; error == NULL && i < addresses->n; i++)
		(void)snprintf(to->text, sizeof(to->text), "%s",
		    value_str(addresses->items[i]));
}

static void
wait_for(const struct result *result)
{
	for (int i = 0; i < TURNS_MAX && result->calls == 0; i++)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void
expect(const char *what, const struct result *result, const char *wanted)
{
	if (result->calls == 1 && strcmp(result->text, wanted) == 0)
		return;
	(void)printf("%s: %d calls, '%s' instead of '%s'\n", what,
	    result->calls, result->text, wanted);
	failures++;
}

static void
one_question_serves_all_who_ask_and_is_remembered(void)
{
	struct result first = {0}, second = {0}, third = {0}, later = {0};

	resolver_name(r, "count", on_answer, &first);
	resolver_name(r, "count", on_answer, &second);
	wait_for(&first);
	expect("first asker", &first, "192.0.2.1");
	expect("second asker", &second, "192.0.2.1");
	resolver_name(r, "count", on_answer, &third);
	expect("from the cache", &third, "192.0.2.1");
	clock_advance(299);
	third.calls = 0;
	resolver_name(r, "count", on_answer, &third);
	expect("after 299 s", &third, "192.0.2.1");
	clock_advance(2);
	resolver_name(r, "count", on_answer, &later);
	wait_for(&later);
	expect("after 301 s", &later, "192.0.2.2");
}

static void
no_address_is_remembered_too(void)
{
	struct result first = {0}, second = {0};

	resolver_name(r, "nobody", on_answer, &first);
	wait_for(&first);
	expect("no address", &first, "![Errno -2] Name or service not known");
	resolver_name(r, "nobody", on_answer, &second);
	expect("again", &second, "![Errno -2] Name or service not known");
}

static void
helper_that_dies_or_lies_is_replaced(void)
{
	struct result dies = {0}, lies = {0}, good = {0};

	resolver_name(r, "die", on_answer, &dies);
	wait_for(&dies);
	expect("death", &dies, "!the resolver process died");
	resolver_name(r, "rubbish", on_answer, &lies);
	wait_for(&lies);
	expect("rubbish", &lies, "!a message is malformed");
	resolver_name(r, "good", on_answer, &good);
	wait_for(&good);
	expect("the next one", &good, "192.0.2.1");
}

static void
names_that_hang_end_after_30_seconds(void)
{
	static const char *const names[] = {"hang1", "hang2", "hang3", "hang4"};
	struct result hang[4] = {{0}}, waits = {0}, dropped = {0};

	for (int i = 0; i < 4; i++)
		resolver_name(r, names[i], on_answer, &hang[i]);
	resolver_name(r, "behind", on_answer, &waits);
	resolver_name(r, "hang1", on_answer, &dropped);
	resolver_cancel(r, &dropped);
	clock_advance(29);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	if (hang[0].calls != 0) {
		(void)printf("given up too early\n");
		failures++;
	}
	clock_advance(2);
	for (int i = 0; i < 4; i++) {
		wait_for(&hang[i]);
		expect(names[i], &hang[i], "!timed out");
	}
	wait_for(&waits);
	expect("who waited as long", &waits, "!timed out");
	waits.calls = 0;
	resolver_name(r, "next", on_answer, &waits);
	wait_for(&waits);
	expect("helpers are there again", &waits, "192.0.2.1");
	if (dropped.calls != 0) {
		(void)printf("who does not want to know is told\n");
		failures++;
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], RESOLVER_WORD) == 0)
		return helper_main();
	clock_set(1700000000);
	(void)uv_loop_init(&loop);
	r = resolver_new(&loop);
	one_question_serves_all_who_ask_and_is_remembered();
	no_address_is_remembered_too();
	helper_that_dies_or_lies_is_replaced();
	names_that_hang_end_after_30_seconds();
	resolver_free(r);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
