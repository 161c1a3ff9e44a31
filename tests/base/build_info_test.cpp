#include "serry/base/build_info.hpp"

#include <doctest/doctest.h>

TEST_CASE("the library says its version, its compiler, and whether it was optimised") {
    std::string const info = serry::build_info();
    CHECK(info.starts_with("serry 0."));
    CHECK((info.find("GCC 1") != std::string::npos || info.find("Clang 1") != std::string::npos));
    CHECK(info.ends_with("optimised"));
}
