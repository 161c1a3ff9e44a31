#pragma once

#include <cstdint>
#include <vector>

namespace serry {

/// For each of so many partitions a key whose hash lies in it. A record with that key goes to that
/// partition: exchanges by key bring records wherever one wants them. Looks at n ln n keys.
std::vector<std::uint64_t> partition_keys(std::uint64_t partition_count);

}  // namespace serry
