#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/shuffle/store_holder.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// Where a persisted dataset is held.
enum class PersistLevel : std::uint8_t {
    memory,           ///< StorageError (does_not_fit) if it is too large
    memory_and_disk,  ///< what does not fit in scratch
    disk,             ///< all of it in scratch
};

/// Records that can be kept as the objects they are, side by side: nothing outside of them, and
/// they stay in this process.
template <typename T>
concept Packed = std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<
                     T> && !has_views<T> && alignof(T) <= alignof(std::max_align_t);

/// persist(): passes records on, and keeps them when all partitions were run to their ends.
template <Encodable T>
class PersistTransformation final : public TypedTransformation<T>, public StoreHolder {
public:
    /// `checkpoint_name`: of what the program wants a checkpoint of; empty for persist().
    PersistTransformation(Lineage& lineage,
                          CallSite at,
                          TypedPointer<T> const& parent,
                          PersistLevel level,
                          std::string const& checkpoint_name = {})
        : TypedTransformation<T>(
            lineage,
            {.name = checkpoint_name.empty() ? "persist" : "checkpoint \"" + checkpoint_name + '"',
             .at = at,
             .dependency = Dependency::narrow,
             .parents = {parent},
             .argument_fingerprint = static_cast<std::uint64_t>(level)}),
          parent_(parent.get()),
          level_(level),
          is_checkpoint_(!checkpoint_name.empty()),
          is_hash_partitioned_(parent->is_hash_partitioned()) {}

    bool holds_input(std::size_t) const override { return store_ != nullptr; }
    bool is_hash_partitioned() const override { return is_hash_partitioned_; }

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        if (is_released_)
            throw UsageError(this->label() + ": was unpersisted, and what it was made of is forgotten; "
                             "unpersist it after its last use");
        if (store_)
            pipeline.add_head<Reader>(*store_, next);
        else
            parent_->attach(pipeline, pipeline.add<Keeper>(*this, pipeline.setting(), next));
    }

    PartitionStore* store_of(std::size_t) override { return is_released_ ? nullptr : store_.get(); }
    void hold(std::size_t, std::unique_ptr<PartitionStore> store) override {
        store_ = std::move(store);
        parent_ = nullptr;
        this->forget_parent(0);
    }
    std::unique_ptr<PartitionStore> make_store(StageSetting const& setting) const override {
        return std::make_unique<PartitionStore>(
            this->placement().ranges_of(static_cast<std::uint64_t>(setting.rank),
                                        static_cast<std::uint64_t>(setting.rank_count)),
            storage_limit_bytes(setting), setting.scratch);
    }
    bool is_checkpoint() const override { return is_checkpoint_; }

    /// Let go of the records. Nothing before they were held.
    void release() {
        if (!store_) return;
        store_ = std::make_unique<PartitionStore>(0, 0, 0, "");
        is_released_ = true;
    }

private:
    std::uint64_t storage_limit_bytes(StageSetting const& setting) const {
        switch (level_) {
            case PersistLevel::memory:
                return std::numeric_limits<std::uint64_t>::max();
            case PersistLevel::memory_and_disk:
                return setting.memory_bytes / 2;
            case PersistLevel::disk:
                return 0;
        }
        return 0;
    }

    class Keeper final : public Operator, public Consumer<T> {
    public:
        Keeper(PersistTransformation& step, StageSetting const& setting, Consumer<T>& next)
            : step_(step),
              limit_bytes_(setting.memory_bytes / 2),
              store_(step.make_store(setting)),
              next_(next) {}

        void begin(TaskContext& task) override {
            run_ = &store_->partition(task.partition().index);
            record_ = 0;
        }
        void consume(std::span<T const> batch) override {
            std::size_t i = 0;
            try {
                if constexpr (Packed<T>)
                    run_->append({reinterpret_cast<char const*>(batch.data()), batch.size_bytes()});
                else
                    for (; i < batch.size(); ++i) keep(batch[i]);
                check_limit();
            } catch (...) {
                rethrow_located(step_, record_ + i);
            }
            record_ += batch.size();
            next_.consume(batch);
        }
        void finish() override {
            try {
                run_->close();
                check_limit();
            } catch (...) {
                rethrow_located(step_, record_);
            }
            next_.finish();
        }
        std::uint64_t spilled_bytes() const override {
            return store_->storage().file.written_bytes();
        }
        void commit() override { step_.hold(0, std::move(store_)); }

    private:
        void keep(T const& record) {
            run_->append_by([&](ByteWriter& out) { encode(record, out); });
        }

        void check_limit() const {
            if (step_.level_ == PersistLevel::memory
                && store_->storage().memory_bytes > limit_bytes_)
                throw StorageError(
                    "a dataset persisted in memory is larger than the " + format_bytes(limit_bytes_)
                        + " that a rank has for it; persist it with memory_and_disk, set a larger "
                          "--memory, or use more ranks",
                    ExitCode::does_not_fit);
        }

        PersistTransformation& step_;
        std::uint64_t limit_bytes_;
        std::unique_ptr<PartitionStore> store_;
        Consumer<T>& next_;
        Run* run_ = nullptr;
        std::uint64_t record_ = 0;
    };

    /// The records are where they are looked at. Blocks are aligned as any new memory is.
    class PackedReader final : public PartitionReader {
    public:
        PackedReader(PartitionStore& store, Consumer<T>& next) : store_(store), next_(next) {}

        void read(TaskContext& task) override {
            read_blocks(store_, task, [&](std::string_view block) { read_block(block, task); });
            next_.finish();
        }

    private:
        void read_block(std::string_view block, TaskContext& task) {
            std::span<T const> rest(reinterpret_cast<T const*>(block.data()),
                                    block.size() / sizeof(T));
            while (!rest.empty() && !task.enough) {
                auto const batch = rest.first(std::min(rest.size(), batch_records));
                rest = rest.subspan(batch.size());
                task.poll();
                task.records_in += batch.size();
                next_.consume(batch);
            }
        }

        PartitionStore& store_;
        Consumer<T>& next_;
    };
    using Reader = std::conditional_t<Packed<T>, PackedReader, StoredRecordReader<T>>;

    TypedTransformation<T>* parent_;
    PersistLevel level_;
    bool is_checkpoint_;
    bool is_hash_partitioned_;
    bool is_released_ = false;
    std::unique_ptr<PartitionStore> store_;
};

}  // namespace serry
