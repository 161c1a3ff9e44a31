#include "serry/checkpoint/checkpoint_policy.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("every stage, or after some time") {
    CheckpointPolicy const always("stage", 1000, 5);
    CHECK(always.is_due(1 << 30, 5));
    CheckpointPolicy after("10s", 1000, 5);
    CHECK_FALSE(after.is_due(1, 14.9));
    CHECK(after.is_due(1, 15));
    after.committed(1, 1, 16);
    CHECK_FALSE(after.is_due(1, 25.9));
    CHECK(after.is_due(1, 26));
}

TEST_CASE("the automatic interval is Young's, of what checkpoints have cost") {
    CheckpointPolicy policy("auto", 3600, 0);
    double const first = policy.expected_seconds(100'000'000);
    CHECK(first == doctest::Approx(1.01));
    CHECK(policy.interval_seconds(2) == doctest::Approx(120));
    double const interval = policy.interval_seconds(first);
    CHECK(interval == doctest::Approx(std::sqrt(2 * 1.01 * 3600)));
    CHECK_FALSE(policy.is_due(100'000'000, interval - 0.1));
    CHECK(policy.is_due(100'000'000, interval + 0.1));
    policy.committed(100'000'000, 0.5, 100);
    CHECK(policy.expected_seconds(100'000'000) == doctest::Approx(0.51));
    policy.committed(1000, 0.2, 101);  // says nothing of how fast the disk is
    CHECK(policy.expected_seconds(100'000'000) == doctest::Approx(0.51));
}

TEST_CASE("checkpoints take no more than a twentieth of the time") {
    CheckpointPolicy policy("auto", 1, 0);  // failures all the time: Young would checkpoint, too
    CHECK_FALSE(policy.is_due(100'000'000, 10));
    CHECK(policy.is_due(100'000'000, 21));
    policy.committed(100'000'000, 1, 21);
    CHECK_FALSE(policy.is_due(100'000'000, 35));
    CHECK(policy.is_due(100'000'000, 41));
}
