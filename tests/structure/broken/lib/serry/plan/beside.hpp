#include "plan.hpp"  // not from the include root
