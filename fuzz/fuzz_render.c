/* Any answer of a server prints, whatever was asked. */
#include <stdint.h>

#include "base/pickle.h"
#include "tools/json.h"
#include "tools/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char *const commands[][4] = {
    {"ping"},
    {"status"},
    {"status", "j"},
    {"status", "--all"},
    {"stats"},
    {"echo"},
    {"get", "dbfile"},
    {"get", "j", "banip"},
    {"get", "j", "ignoreip"},
    {"get", "j", "failregex"},
    {"get", "j", "journalmatch"},
    {"get", "j", "datepattern"},
    {"get", "j", "actions"},
    {"get", "j", "actionmethods", "a"},
};

static void
render(const char *const *words, const struct value *v)
{
	struct value *command = value_list();
	struct buf b = BUF_INIT;

	for (int i = 0; i < 4 && words[i] != NULL; i++)
		value_adds(command, words[i]);
	render_answer(&b, command, v, true);
	buf_release(&b);
	value_free(command);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct value *v = NULL;
	struct buf b = BUF_INIT;

	if (pickle_decode(&v, (const char *)p, n, NULL) <= 0)
		return 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		render(commands[i], v);
	json_answer(&b, v);
	render_error(&b, v);
	render_args(&b, v);
	buf_release(&b);
	value_free(v);
	return 0;
}
