#include "serry/base/clock.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

TEST_CASE("the clock counts seconds, and goes forward") {
    double const start = serry::now_seconds();
    usleep(20000);
    double const passed = serry::now_seconds() - start;
    CHECK(passed >= 0.02);
    CHECK(passed < 10);
}
