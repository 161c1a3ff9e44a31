#include "serry/shuffle/partition_store.hpp"

namespace serry {

PartitionStore::PartitionStore(std::vector<PartitionRange> own,
                               std::uint64_t memory_limit_bytes,
                               std::string const& scratch)
    : own_(std::move(own)), storage_(memory_limit_bytes, scratch) {
    for (PartitionRange const& range : own_)
        for (std::uint64_t p = range.begin; p < range.end; ++p) runs_.emplace_back(storage_);
}

std::uint64_t PartitionStore::byte_count() const {
    std::uint64_t sum = 0;
    for (Run const& run : runs_) sum += run.byte_count();
    return sum;
}

Run& PartitionStore::fill(std::uint64_t partition) {
    Run& run = this->partition(partition);
    if (filled_ && filled_ != &run) filled_->close();
    filled_ = &run;
    return run;
}

Run& PartitionStore::partition(std::uint64_t partition) {
    std::size_t before = 0;
    for (PartitionRange const& range : own_) {
        if (partition < range.end) return runs_.at(before + (partition - range.begin));
        before += range.end - range.begin;
    }
    return runs_.at(before);  // throws
}

}  // namespace serry
