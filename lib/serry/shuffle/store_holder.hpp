#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "serry/plan/lineage.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/stage/stage_end.hpp"
#include "serry/stage/stage_setting.hpp"
#include "serry/stage/typed_transformation.hpp"

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

/// A wide step of one input that holds the result of its exchange.
template <typename T>
class StoredStep : public TypedTransformation<T>, public WideStep, public StoreHolder {
public:
    /// `recorded` names `parent` as the only one.
    StoredStep(Lineage& lineage, Transformation::Recorded recorded, TypedTransformation<T>& parent)
        : TypedTransformation<T>(lineage, std::move(recorded)), parent_(&parent) {}

    bool holds_input(std::size_t) const final { return store_ != nullptr; }
    PartitionStore* store_of(std::size_t) final { return store_.get(); }
    void hold(std::size_t, std::unique_ptr<PartitionStore> store) final {
        store_ = std::move(store);
        parent_ = nullptr;
        this->forget_parent(0);
    }
    std::unique_ptr<PartitionStore> make_store(StageSetting const& setting) const final {
        return make_store_for(*this, setting);
    }

protected:
    /// Until the result is held.
    TypedTransformation<T>& parent() const { return *parent_; }
    /// From then on.
    PartitionStore& store() const { return *store_; }

private:
    TypedTransformation<T>* parent_;
    std::unique_ptr<PartitionStore> store_;
};

}  // namespace serry
