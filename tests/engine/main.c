#define SUITES "engine/suites.h"
#include "../run.h"
