/* Texts as an expression and as a time span: a result or one reason. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/expr.h"
#include "base/mem.h"
#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const names[] = {
	    "ban.Time", "ban.Count", "banFactor", NULL};
	static const struct number values[] = {
	    {600, true}, {3, true}, {1.5, false}};
	char *text = xmemdup0((const char *)p, n);
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	struct expr *e = expr_new(text, names, &err);
	struct number v;
	struct span s;

	if (e != NULL && expr_eval(e, values, &v, &err) == 0) {
		if (v.is_int && (!isfinite(v.f) || v.f != floor(v.f)))
			abort();
		number_print(&out, &v);
	} else if (err.count != 1)
		abort();
	expr_free(e);
	err_reset(&err);
	if (span_parse(&s, text, &err) == 0) {
		if (!isfinite(s.seconds))
			abort();
		span_print(&out, &s);
		span_pretty(&out, s.seconds);
	} else if (err.count != 1)
		abort();
	buf_release(&out);
	err_release(&err);
	free(text);
	return 0;
}
