/*
 * Line splitting and decoding: the first byte chooses the encoding; whatever
 * comes, lines cover the input without a gap and are valid UTF-8.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "sensor/codec.h"
#include "sensor/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = {
	    "utf-8", "ascii", "latin1", "utf-16-le", "utf-16-be", "cp1252"};
	struct buf scratch = BUF_INIT;
	struct codec *c;
	const char *p = (const char *)data + 1;

	if (n == 0)
		return 0;
	c = codec_new(names[data[0] % (sizeof(names) / sizeof(names[0]))]);
	assert(c != NULL);
	n--;
	while (n > 0) {
		size_t used = lines_next(c, p, n, (data[0] & 0x80) != 0);
		const char *text;
		size_t text_n;

		assert(used <= n);
		if (used == 0)
			break;
		(void)codec_decode(c, p, used, &scratch, &text, &text_n);
		assert(lines_strip(text, text_n) <= text_n);
		assert(utf8_valid(text, text_n) == text_n);
		p += used;
		n -= used;
	}
	codec_free(c);
	buf_release(&scratch);
	return 0;
}
