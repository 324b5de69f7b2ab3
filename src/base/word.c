/* fail2ban: what is not one of these words is false, without an error. */
#include <stddef.h>
#include <strings.h>

#include "base/word.h"

bool
word_is_true(const char *text)
{
	static const char *const words[] = {"1", "on", "true", "yes"};

	for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]);
	     i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}
