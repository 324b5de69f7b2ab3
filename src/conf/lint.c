#include "conf/config.h"
int
config_lint(const struct config_opts *o, struct err *err)
{
	(void)o;
	(void)err;
	return 0;
}
