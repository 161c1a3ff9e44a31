#include "serry/shuffle/partition_keys.hpp"

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "serry/serde/codec.hpp"

using namespace serry;

TEST_CASE("each partition's key lies in it") {
    ByteWriter scratch;
    for (std::uint64_t const count : {1, 2, 3, 64, 1000, 5000}) {
        auto const keys = partition_keys(count);
        REQUIRE(keys.size() == count);
        for (std::uint64_t p = 0; p < count; ++p)
            CHECK(partition_of_hash(hash_key(key_bytes(keys[p], scratch)), count) == p);
    }
    CHECK(partition_keys(0).empty());
}
