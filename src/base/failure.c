#include "failure.h"

void
failure_release(struct failure *f)
{
	value_free(f->id);
	value_free(f->data);
	value_free(f->matches);
	f->id = f->data = f->matches = NULL;
}
