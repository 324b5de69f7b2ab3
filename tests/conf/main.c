#define SUITES "conf/suites.h"
#include "../run.h"
