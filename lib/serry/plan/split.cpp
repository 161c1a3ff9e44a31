#include "serry/plan/split.hpp"

#include <algorithm>
#include <numeric>

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

std::uint64_t Placement::partition_count() const {
    return std::accumulate(blocks_.begin(), blocks_.end(), std::uint64_t{0});
}

std::vector<PartitionRange> Placement::ranges_of(std::uint64_t rank,
                                                 std::uint64_t rank_count) const {
    std::vector<PartitionRange> ranges;
    std::uint64_t before = 0;
    for (std::uint64_t const block : blocks_) {
        PartitionRange const own{before + first_partition_of(rank, rank_count, block),
                                 before + first_partition_of(rank + 1, rank_count, block)};
        before += block;
        if (own.begin == own.end) continue;
        if (!ranges.empty() && ranges.back().end == own.begin)
            ranges.back().end = own.end;
        else
            ranges.push_back(own);
    }
    return ranges;
}

std::uint32_t Placement::block_of(std::uint64_t partition) const {
    std::uint32_t block = 0;
    while (block + 1 < blocks_.size() && partition >= blocks_[block]) partition -= blocks_[block++];
    return block;
}

void Placement::append(Placement const& other) {
    blocks_.insert(blocks_.end(), other.blocks_.begin(), other.blocks_.end());
}

}  // namespace serry
