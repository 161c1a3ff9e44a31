#include "serry/base/build_info.hpp"

namespace serry {

std::string build_info() {
#ifdef __clang__
    std::string const compiler = __VERSION__;
#else
    std::string const compiler = "GCC " __VERSION__;
#endif
#ifdef __OPTIMIZE__
    std::string const kind = "optimised";
#else
    std::string const kind = "not optimised";
#endif
    return "serry " SERRY_VERSION ", " + compiler + ", " + kind;
}

}  // namespace serry
