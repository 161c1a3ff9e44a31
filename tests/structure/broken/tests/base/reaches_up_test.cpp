// clang-format off
#include <string>  // another before the header that is tested

#include "serry/base/reaches_up.hpp"
