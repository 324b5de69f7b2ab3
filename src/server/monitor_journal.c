#include "server/monitor_impl.h"
void
monitor_journal_changed(struct monitor *m, const char *pattern)
{
	(void)m;
	(void)pattern;
}
void
monitor_journals_send(struct monitor *m)
{
	(void)m;
}
void
monitor_journal_attach(struct monitor *m, struct mjail *j)
{
	(void)m;
	(void)j;
}
void
monitor_journal_detach(struct monitor *m, struct mjail *j)
{
	(void)m;
	(void)j;
}
void
monitor_journals_free(struct monitor *m)
{
	(void)m;
}
void
monitor_journal_position(struct monitor *m, uint32_t jail, double time)
{
	(void)m;
	(void)jail;
	(void)time;
}
