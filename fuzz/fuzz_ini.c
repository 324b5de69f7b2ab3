#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "conf/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ini *ini = ini_new();
	struct ini_source src = {"fuzz.conf", (const char *)data, size};
	struct err err = ERR_INIT;

	src.n = utf8_valid(src.p, size);
	if (ini_parse(ini, &src, &err) == 0)
		for (size_t i = 0; i < ini_count(ini); i++) {
			struct ini_section *s = ini_at(ini, i);

			for (size_t k = 0; k < ini_options(s); k++)
				if (ini_get(s, ini_option(s, k)) == NULL)
					__builtin_trap();
		}
	else if (err.count == 0)
		__builtin_trap();
	err_release(&err);
	ini_free(ini);
	return 0;
}
