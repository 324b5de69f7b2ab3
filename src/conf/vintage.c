#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "conf/vintage.h"

#define MARK "banaction"
#define MAX_BYTES (64u << 10)

/* A line of text that sets the option. */
static bool
has_mark(const char *text)
{
	const char *line = text;

	while (line != NULL) {
		line += *line == '\n';
		if (strncmp(line, MARK, strlen(MARK)) == 0 &&
		    strchr(" \t=:", line[strlen(MARK)]) != NULL)
			return true;
		line = strchr(line, '\n');
	}
	return false;
}

bool
vintage_is_1_1_1(const char *dir)
{
	char *pattern = xasprintf("%s/paths-*.conf", dir);
	struct buf text = BUF_INIT;
	bool found = false;
	glob_t g = {0};

	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && !found; i++) {
			buf_reset(&text);
			if (io_read_file(&text, g.gl_pathv[i], MAX_BYTES) == 0)
				found = has_mark(text.p);
		}
	globfree(&g);
	buf_release(&text);
	free(pattern);
	return found;
}
