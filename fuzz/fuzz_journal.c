/*
 * Journal entries: fields are separated by NUL; the line that comes out is
 * one, and valid UTF-8.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "sensor/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf date = BUF_INIT, line = BUF_INIT;
	const char *p = (const char *)data;
	struct journal_entry e;
	double time;

	journal_entry_init(&e);
	while (n > 0) {
		const char *end = memchr(p, '\0', n);
		size_t used = end == NULL ? n : (size_t)(end - p);

		journal_entry_add(&e, p, used);
		used += end != NULL;
		p += used;
		n -= used;
	}
	journal_line(&e, &date, &line, &time);
	assert(utf8_valid(line.p, line.n) == line.n);
	assert(memchr(line.p, '\n', line.n) == NULL);
	journal_entry_release(&e);
	buf_release(&date);
	buf_release(&line);
	return 0;
}
