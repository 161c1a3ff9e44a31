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

TEST_CASE("one waits for what becomes true, and no longer than one has patience") {
    int looks = 0;
    CHECK(serry::is_true_within(10, [&] { return ++looks == 3; }));
    CHECK(looks == 3);
    CHECK(serry::is_true_within(0, [] { return true; }));
    double const start = serry::now_seconds();
    CHECK_FALSE(serry::is_true_within(0.05, [] { return false; }));
    CHECK(serry::now_seconds() - start >= 0.05);
}
