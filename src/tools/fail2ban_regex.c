#include "base/io.h"
#include "tools/regextest.h"

int
main(int argc, char **argv)
{
	io_open_standard();
	return regextest_main(argc, argv);
}
