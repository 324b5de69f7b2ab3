#include <stdarg.h>

#include "base/err.h"

void
err_release(struct err *e)
{
	buf_release(&e->text);
	e->count = 0;
	e->pos = (struct pos){NULL, 0};
}

void
err_reset(struct err *e)
{
	buf_reset(&e->text);
	e->count = 0;
	e->pos = (struct pos){NULL, 0};
}

static void add(struct err *e, const struct pos *pos, const char *fmt,
    va_list ap) __attribute__((format(printf, 3, 0)));

static void
add(struct err *e, const struct pos *pos, const char *fmt, va_list ap)
{
	if (e->count++ > 0)
		buf_addc(&e->text, '\n');
	if (pos != NULL && pos->file != NULL) {
		buf_adds(&e->text, pos->file);
		if (pos->line > 0)
			buf_addf(&e->text, ":%d", pos->line);
		buf_adds(&e->text, ": ");
	}
	buf_vaddf(&e->text, fmt, ap);
}

int
err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	add(e, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_at(struct err *e, const struct pos *pos, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	add(e, pos, fmt, ap);
	va_end(ap);
	return -1;
}

void
err_locate(struct err *e, struct pos pos)
{
	if (e != NULL && e->pos.file == NULL)
		e->pos = pos;
}

void
err_add_place(struct buf *out, const struct err *e)
{
	if (e->pos.file != NULL)
		buf_addf(out, " (%s:%d)", e->pos.file, e->pos.line);
}

const char *
err_text(const struct err *e)
{
	return e->text.p;
}
