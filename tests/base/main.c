#define SUITES "base/suites.h"
#include "../run.h"
