#define SUITES "tools/suites.h"
#include "../run.h"
