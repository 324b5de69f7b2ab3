#define SUITES "server/suites.h"
#include "../run.h"
