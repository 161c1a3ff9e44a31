#include "serry/sink/result_pieces.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("consecutive partitions are one piece, and a gap begins another") {
    ResultPieces pieces;
    std::uint64_t bytes = 0;
    for (std::uint64_t const partition : {2, 3, 7, 8, 9}) {
        pieces.begin_task(partition, bytes);
        bytes += 10 * partition;
        pieces.end_task(bytes);
    }
    REQUIRE(pieces.all().size() == 2);
    CHECK(pieces.all()[0].first_partition == 2);
    CHECK(pieces.all()[0].begin == 0);
    CHECK(pieces.all()[0].byte_count == 50);
    CHECK(pieces.all()[1].first_partition == 7);
    CHECK(pieces.all()[1].begin == 50);
    CHECK(pieces.all()[1].byte_count == 240);
}

TEST_CASE("a rank without tasks has no piece") { CHECK(ResultPieces().all().empty()); }
