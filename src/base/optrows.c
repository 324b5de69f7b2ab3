#include <stdlib.h>

#include "base/mem.h"
#include "base/optrows.h"

static void
set(void *place, enum optrow_does does, const char *arg)
{
	switch (does) {
	case OPTROW_TEXT:
		*(const char **)place = arg;
		break;
	case OPTROW_COPY:
		free(*(char **)place);
		*(char **)place = xstrdup(arg);
		break;
	case OPTROW_ON:
	case OPTROW_OFF:
		*(bool *)place = does == OPTROW_ON;
		break;
	case OPTROW_MORE:
		++*(int *)place;
		break;
	case OPTROW_LESS:
		--*(int *)place;
		break;
	case OPTROW_NOTHING:
		break;
	}
}

bool
optrows_set(
    void *target, const struct optrow *rows, int option, const char *arg)
{
	for (; rows->option != 0; rows++)
		if (rows->option == option) {
			set((char *)target + rows->offset, rows->does, arg);
			return true;
		}
	return false;
}

void
optrows_release(void *target, const struct optrow *rows)
{
	for (; rows->option != 0; rows++)
		if (rows->does == OPTROW_COPY)
			free(*(char **)((char *)target + rows->offset));
}
