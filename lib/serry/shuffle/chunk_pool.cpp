#include "serry/shuffle/chunk_pool.hpp"

#include <algorithm>

namespace serry {
namespace {

constexpr std::size_t least_region_bytes = std::size_t{64} << 10;
constexpr std::size_t most_region_bytes = std::size_t{4} << 20;

}  // namespace

char* ChunkPool::take(std::size_t byte_count) {
    Region& region = region_with(byte_count);
    char* const chunk = static_cast<char*>(region.memory.zeroed_bytes()) + region.taken_bytes;
    region.taken_bytes += byte_count;
    return chunk;
}

ChunkPool::Region& ChunkPool::region_with(std::size_t byte_count) {
    for (; current_ < regions_.size(); ++current_) {
        Region& region = regions_[current_];
        if (region.memory.byte_count() - region.taken_bytes >= byte_count) return region;
    }
    std::size_t const step = std::clamp(memory_bytes_, least_region_bytes, most_region_bytes);
    regions_.push_back({SlotMemory(std::max(step, byte_count)), 0});
    memory_bytes_ += regions_.back().memory.byte_count();
    return regions_.back();
}

void ChunkPool::clear() {
    for (Region& region : regions_) region.taken_bytes = 0;
    current_ = 0;
}

void ChunkPool::release() {
    regions_.clear();
    current_ = 0;
    memory_bytes_ = 0;
}

}  // namespace serry
