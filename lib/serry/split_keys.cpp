#include "serry/split_keys.hpp"

#include <algorithm>

#include "serry/base/options.hpp"

namespace serry {

std::uint64_t piece_count(std::uint64_t count, std::uint64_t total, std::uint64_t partition_count) {
    constexpr std::uint64_t pieces_a_share = 4;
    __extension__ using Wide = unsigned __int128;
    Wide const shares = static_cast<Wide>(count) * partition_count;
    if (shares <= total) return 1;
    Wide const wanted = (shares * pieces_a_share + total - 1) / total;
    // More partitions than there can be are refused by the join.
    return static_cast<std::uint64_t>(
        std::min<Wide>(wanted, std::min({count, partition_count, most_partitions})));
}

}  // namespace serry
