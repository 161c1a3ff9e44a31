#include "serry/plan/split.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("small inputs are cut into pieces of 1 MiB, but never into none") {
    CHECK(default_partition_count(0) == 1);
    CHECK(default_partition_count(1) == 1);
    CHECK(default_partition_count(mebibyte) == 1);
    CHECK(default_partition_count(mebibyte + 1) == 2);
    CHECK(default_partition_count(10 * mebibyte) == 10);
    CHECK(default_partition_count(64 * mebibyte) == 64);
}

TEST_CASE("inputs up to 2 GiB are cut into 64 pieces, larger ones into pieces of 32 MiB") {
    for (std::uint64_t mebibytes : {64, 65, 100, 1000, 2048}) {
        std::uint64_t const count = default_partition_count(mebibytes * mebibyte);
        CHECK(count >= 64);
        CHECK(count <= 65);
    }
    CHECK(default_partition_count(2048 * mebibyte) == 64);
    CHECK(default_partition_count(2048 * mebibyte + 1) == 65);
    CHECK(default_partition_count(mebibyte * mebibyte) == mebibyte / 32);
}

TEST_CASE("no piece is larger than 32 MiB, whatever the input") {
    for (std::uint64_t bytes = 1; bytes < most_bytes / 3; bytes = bytes * 3 + 1) {
        std::uint64_t const count = default_partition_count(bytes);
        CHECK(count > (bytes - 1) / (32 * mebibyte));
        CHECK(count <= bytes / mebibyte + 1);
    }
    CHECK(default_partition_count(most_bytes) == most_bytes / (32 * mebibyte) + 1);
}

TEST_CASE("ranks have contiguous blocks of partitions that cover all, each of which is theirs") {
    for (std::uint64_t ranks : {1, 2, 3, 4, 7, 64, 1000})
        for (std::uint64_t partitions : {0, 1, 2, 3, 5, 7, 8, 63, 64, 65, 1000, 1001}) {
            REQUIRE(first_partition_of(0, ranks, partitions) == 0);
            REQUIRE(first_partition_of(ranks, ranks, partitions) == partitions);
            for (std::uint64_t r = 0; r < ranks; ++r) {
                std::uint64_t const first = first_partition_of(r, ranks, partitions);
                std::uint64_t const end = first_partition_of(r + 1, ranks, partitions);
                REQUIRE(first <= end);
                REQUIRE(end - first >= partitions / ranks);
                REQUIRE(end - first <= partitions / ranks + 1);
                for (std::uint64_t p = first; p < end; ++p)
                    REQUIRE(rank_of_partition(p, partitions, ranks) == r);
            }
        }
}

TEST_CASE("counts of ranks and partitions may be as large as they like") {
    CHECK(first_partition_of(1, 2, most_bytes) == most_bytes / 2 + 1);
    CHECK(first_partition_of(most_bytes, most_bytes, most_bytes) == most_bytes);
    CHECK(rank_of_partition(most_bytes - 1, most_bytes, 1000000) == 999999);
    CHECK(rank_of_partition(most_bytes / 2, most_bytes, 2) == 0);
    CHECK(rank_of_partition(most_bytes / 2 + 1, most_bytes, 2) == 1);
}

TEST_CASE("splits are the same when file and bounds are") {
    CHECK(Split{1, 2, 3} == Split{1, 2, 3});
    CHECK(Split{1, 2, 3} != Split{0, 2, 3});
    CHECK(Split{1, 2, 3} != Split{1, 1, 3});
    CHECK(Split{1, 2, 3} != Split{1, 2, 4});
    CHECK(SplitRequest{}.partition_count == 0);
}

TEST_CASE("a placement of one block is dealt as first_partition_of says") {
    for (std::uint64_t partitions : {1, 2, 5, 64})
        for (std::uint64_t ranks : {1, 2, 3, 7})
            for (std::uint64_t rank = 0; rank < ranks; ++rank) {
                std::uint64_t const begin = first_partition_of(rank, ranks, partitions);
                std::uint64_t const end = first_partition_of(rank + 1, ranks, partitions);
                std::vector<PartitionRange> expected;
                if (begin < end) expected.push_back({begin, end});
                CHECK(Placement(partitions).ranges_of(rank, ranks) == expected);
            }
}

TEST_CASE("blocks are dealt one by one, and what is adjacent is one range") {
    Placement placement(3);
    placement.append(Placement(4));
    CHECK(placement.partition_count() == 7);
    CHECK(placement.ranges_of(0, 2) == std::vector<PartitionRange>{{0, 2}, {3, 5}});
    CHECK(placement.ranges_of(1, 2) == std::vector<PartitionRange>{{2, 3}, {5, 7}});
    CHECK(placement.ranges_of(0, 1) == std::vector<PartitionRange>{{0, 7}});
    CHECK(placement.block_count() == 2);
    CHECK(placement.block_of(2) == 0);
    CHECK(placement.block_of(3) == 1);
    CHECK(Placement().partition_count() == 0);
    CHECK(Placement().ranges_of(0, 1).empty());
}

TEST_CASE("a partition has a split of its own, or as many as its end says") {
    SplitList list{.splits = {{0, 0, 1}, {0, 1, 2}, {1, 0, 5}}};
    CHECK(list.partition_count() == 3);
    REQUIRE(list.splits_of(1).size() == 1);
    CHECK(list.splits_of(1)[0] == Split{0, 1, 2});
    CHECK(list.first_split(2) == 2);

    list.split_ends = {0, 2, 2, 3};
    CHECK(list.partition_count() == 4);
    CHECK(list.splits_of(0).empty());
    REQUIRE(list.splits_of(1).size() == 2);
    CHECK(list.splits_of(1)[1] == Split{0, 1, 2});
    CHECK(list.splits_of(2).empty());
    CHECK(list.splits_of(3)[0] == Split{1, 0, 5});
    CHECK(list.first_split(4) == 3);
}
