#include "serry/shuffle/group_collector.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"

using namespace serry;

TEST_CASE("records are grouped by key in the partition of their hash") {
    constexpr std::uint64_t partitions = 6;
    std::map<std::pair<std::uint64_t, std::string>, std::string> records;
    for (int i = 0; i < 200; ++i) {
        std::string const key = "key " + std::to_string(i);
        std::uint64_t const partition = partition_of_hash(hash_key(key), partitions);
        if (partition >= 2 && partition < 5) records[{hash_key(key), key}] = std::to_string(i);
    }
    PartitionStore store(2, 5, 1'000'000, "/nowhere");
    GroupCollector collector(store, partitions);
    for (auto const& [at, value] : records) {
        WireRecord record{
            .hash = at.first, .key = at.second, .leaf = 0, .value = value, .framed = {}};
        collector.take(record);
        std::uint64_t const partition = collector.partition();
        CHECK(partition == partition_of_hash(at.first, partitions));
        // What lies behind holds no open block.
        if (partition > 2) CHECK(store.partition(partition - 1).block_count() > 0);
        collector.take(record);
    }
    collector.end();
    auto expected = records.begin();
    for (std::uint64_t p = 2; p < 5; ++p)
        for (GroupCursor cursor(store.partition(p)); cursor.has_group();
             cursor.next(), ++expected) {
            REQUIRE(expected != records.end());
            CHECK(partition_of_hash(cursor.hash(), partitions) == p);
            CHECK(cursor.key() == expected->first.second);
            CHECK(cursor.first_chunk().value_count == 2);
            CHECK(cursor.first_chunk().values == expected->second + expected->second);
        }
    CHECK(expected == records.end());
}

TEST_CASE("nothing collected is empty partitions") {
    PartitionStore store(0, 2, 0, "/nowhere");
    GroupCollector collector(store, 2);
    collector.end();
    for (Run& run : store.runs()) CHECK_FALSE(GroupCursor(run).has_group());
}
