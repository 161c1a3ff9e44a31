#pragma once

#include <string>

namespace serry {

/// "serry 0.1.0, GCC 12.2.0, optimised": of the library that is linked.
std::string build_info();

}  // namespace serry
