#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "serry/plan/lineage.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/stage/stage_setting.hpp"

namespace serry {

/// A step that holds what it needs of its inputs as stored partitions: the results of exchanges,
/// and persisted records. A checkpoint is such a store, and brings it back.
class StoreHolder {
public:
    virtual ~StoreHolder() = default;

    /// What is held of an input; null if nothing is, or not any more.
    virtual PartitionStore* store_of(std::size_t input) = 0;
    /// Hold it, and forget what came before. As when a stage is committed.
    virtual void hold(std::size_t input, std::unique_ptr<PartitionStore> store) = 0;
    /// An empty store for this rank's partitions, once the step has a placement.
    virtual std::unique_ptr<PartitionStore> make_store(StageSetting const& setting) const = 0;
    /// Whether the program asks for a checkpoint of it.
    virtual bool is_checkpoint() const { return false; }
};

/// As steps keep what exchanges brought: in half of the memory, beyond it in scratch.
inline std::unique_ptr<PartitionStore> make_store_for(Transformation const& step,
                                                      StageSetting const& setting) {
    return std::make_unique<PartitionStore>(
        step.placement().ranges_of(static_cast<std::uint64_t>(setting.rank),
                                   static_cast<std::uint64_t>(setting.rank_count)),
        setting.memory_bytes / 2, setting.scratch);
}

}  // namespace serry
