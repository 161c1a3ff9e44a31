#pragma once

#include <cstdint>
#include <optional>

#include "serry/shuffle/group_store.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/partition_store.hpp"

namespace serry {

/// Stores merged records as groups, by partition.
class GroupCollector final : public MergedRecords {
public:
    GroupCollector(PartitionStore& store, std::uint64_t partition_count)
        : store_(store), partition_count_(partition_count) {}

    void take(WireRecord const& record) override;
    void end() override;

    /// The partition at work, for messages.
    std::uint64_t partition() const { return partition_; }

private:
    PartitionStore& store_;
    std::uint64_t partition_count_;
    std::uint64_t partition_ = 0;
    std::optional<GroupWriter> writer_;
};

}  // namespace serry
