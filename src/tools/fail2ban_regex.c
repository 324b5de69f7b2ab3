#include "tools/regextest.h"

int
main(int argc, char **argv)
{
	return regextest_main(argc, argv);
}
