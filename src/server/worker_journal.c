#include "server/worker_impl.h"
struct worker_journals *
worker_journals_new(struct worker *w)
{
	(void)w;
	return NULL;
}
void
worker_journals_free(struct worker_journals *j)
{
	(void)j;
}
bool
worker_journals_turn(struct worker_journals *j, int milliseconds)
{
	(void)j;
	(void)milliseconds;
	return false;
}
void
worker_journals_touched(struct worker_journals *j, int watch)
{
	(void)j;
	(void)watch;
}
void
worker_journals_tell(struct worker_journals *j)
{
	(void)j;
}
bool
worker_journals_in_operation(const struct worker_journals *j, uint32_t jail)
{
	(void)j;
	(void)jail;
	return true;
}
void
worker_journals_detach(struct worker_journals *j, uint32_t jail)
{
	(void)j;
	(void)jail;
}
void
worker_journals_message(
    struct worker_journals *j, unsigned type, struct unpack *u, int fd)
{
	(void)j;
	(void)type;
	(void)u;
	(void)fd;
}
