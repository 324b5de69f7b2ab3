/* The column "data": what is read is written so that it reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/quiet.h"
#include "engine/ticketjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ticket *t = ticket_new("192.0.2.1", 9, 1);
	struct ticket *again = ticket_new("192.0.2.1", 9, 1);
	struct buf a = BUF_INIT, b = BUF_INIT, text = BUF_INIT;

	quiet_log();
	ticketjson_read(t, (const char *)p, n);
	ticket_matches(&text, t);
	ticketjson_write(&a, t, 1000000);
	ticketjson_read(again, a.p, a.n);
	ticketjson_write(&b, again, 1000000);
	if (a.n != b.n || memcmp(a.p, b.p, a.n) != 0)
		abort();
	ticket_free(t);
	ticket_free(again);
	buf_release(&a);
	buf_release(&b);
	buf_release(&text);
	return 0;
}
