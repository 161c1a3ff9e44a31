#include "serry/shuffle/routed.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("a grid of windows knows where partitions begin, and which windows reach how far") {
    // Partitions of 3, 0 and 4 records.
    WindowGrid const grid{.width = 3, .step = 2, .ends = {3, 3, 7}};
    CHECK(grid.begin_of(0) == 0);
    CHECK(grid.begin_of(1) == 3);
    CHECK(grid.begin_of(2) == 3);
    for (std::uint64_t const index : {0, 1, 2}) CHECK(grid.partition_of(index) == 0);
    for (std::uint64_t const index : {3, 4, 5, 6}) CHECK(grid.partition_of(index) == 2);
    // The last window of partition 0 may begin at record 2.
    CHECK(grid.reaches(0, 3));
    CHECK(grid.reaches(0, 4));
    CHECK_FALSE(grid.reaches(0, 5));
}

TEST_CASE("windows of one record reach no other partition") {
    WindowGrid const grid{.width = 1, .step = 1, .ends = {3, 7}};
    CHECK_FALSE(grid.reaches(0, 3));
}
