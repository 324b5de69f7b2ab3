#define SUITES "sensor/suites.h"
#include "../run.h"
