#include "serry/plan/split.hpp"

#include <algorithm>

namespace serry {

std::uint64_t default_partition_count(std::uint64_t total_bytes) {
    // 64 partitions give a small cluster work for everyone; 1 MiB keeps a task longer than its
    // overhead, 32 MiB bounds what one task holds.
    constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
    std::uint64_t const target = std::clamp(total_bytes / 64, mebibyte, 32 * mebibyte);
    return std::max<std::uint64_t>(1, total_bytes / target + (total_bytes % target != 0));
}

std::uint64_t first_partition_of(std::uint64_t rank,
                                 std::uint64_t rank_count,
                                 std::uint64_t partition_count) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(rank) * partition_count + rank_count - 1)
                                      / rank_count);
}

std::uint64_t rank_of_partition(std::uint64_t partition,
                                std::uint64_t partition_count,
                                std::uint64_t rank_count) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(partition) * rank_count / partition_count);
}

}  // namespace serry
