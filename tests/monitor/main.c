/* The monitor itself: test_server has another one in its place. */
#define SUITES "monitor/suites.h"
#include "../run.h"
