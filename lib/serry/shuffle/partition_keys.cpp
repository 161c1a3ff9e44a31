#include "serry/shuffle/partition_keys.hpp"

#include <string_view>

#include "serry/base/hash.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

std::vector<std::uint64_t> partition_keys(std::uint64_t partition_count) {
    constexpr std::uint64_t none = 0;
    std::vector<std::uint64_t> keys(partition_count, none);
    ByteWriter scratch;
    for (std::uint64_t key = 1, missing = partition_count; missing > 0; ++key) {
        std::uint64_t const hash = hash_key(key_bytes(key, scratch));
        std::uint64_t& wanted = keys[partition_of_hash(hash, partition_count)];
        if (wanted != none) continue;
        wanted = key;
        --missing;
    }
    return keys;
}

}  // namespace serry
