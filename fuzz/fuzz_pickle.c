/* Whatever decodes must encode, and decode again to the same. */
#include <stdint.h>
#include <stdlib.h>

#include "base/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct value *v = NULL, *again = NULL;
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT, repr[2] = {BUF_INIT, BUF_INIT};
	long used = pickle_decode(&v, (const char *)p, n, &err);

	if (used > 0) {
		pickle_encode(&b, v);
		if (pickle_decode(&again, b.p, b.n, NULL) != (long)b.n)
			abort();
		/* as text, because nan is not equal to itself */
		value_repr(&repr[0], v);
		value_repr(&repr[1], again);
		if (!buf_eq(&repr[0], repr[1].p))
			abort();
	} else if (err.count != 1)
		abort();
	value_free(v);
	value_free(again);
	buf_release(&b);
	buf_release(&repr[0]);
	buf_release(&repr[1]);
	err_release(&err);
	return 0;
}
