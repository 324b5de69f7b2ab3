#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/optlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0((const char *)data, size), *name = NULL;
	struct value *opts = NULL, *items = optlist_split(text);

	if (optlist_parse(&name, &opts, text, NULL) == 0 && name[0] == '\0')
		__builtin_trap();
	for (size_t i = 0; i < items->n; i++)
		if (items->items[i]->text_n == 0)
			__builtin_trap();
	value_free(opts);
	value_free(items);
	free(name);
	free(text);
	return 0;
}
