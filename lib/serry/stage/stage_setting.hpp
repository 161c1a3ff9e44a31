#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serry/plan/split.hpp"

namespace serry {

/// What a stage may use on this rank, and where it stands.
struct StageSetting {
    int rank = 0;
    int rank_count = 1;
    Placement tasks{};               ///< of the stage, over the ranks
    std::uint64_t memory_bytes = 0;  ///< for this stage altogether
    std::uint64_t table_slots = 0;   ///< most slots of a combine table; 0: from the memory
    std::string scratch{};

    std::uint64_t task_count() const { return tasks.partition_count(); }
    /// The tasks of this rank, in ascending order.
    std::vector<PartitionRange> own_tasks() const {
        return tasks.ranges_of(static_cast<std::uint64_t>(rank),
                               static_cast<std::uint64_t>(rank_count));
    }
};

}  // namespace serry
