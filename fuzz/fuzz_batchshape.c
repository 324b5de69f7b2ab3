/* A line of a batch is made of the harmless bytes of its command only. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/batchshape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0((const char *)data, size);
	struct batch_argv argv;
	struct batch_line l;

	batch_line_init(&l);
	if (batch_line_parse(&l, text)) {
		if (strpbrk(l.line.p, "\n;|&$`'\"()\\<>#*?~") != NULL ||
		    l.line.n == 0 || strlen(l.line.p) != l.line.n)
			__builtin_trap();
		batch_argv_init(&argv, &l);
		if (argv.argv[0] == NULL || argv.argv[1] == NULL)
			__builtin_trap();
		batch_argv_release(&argv);
	}
	batch_line_release(&l);
	free(text);
	return 0;
}
