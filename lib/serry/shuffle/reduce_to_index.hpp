#pragma once

#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/shuffle/index_table.hpp"
#include "serry/shuffle/reduce.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// reduce_to_index: the values of each index combined in arrays, and `zero` where there are none.
/// Partitions are ranges of the indices.
template <typename K, typename V, typename F>
class IndexReduction final : public StoredStep<KeyValue<K, V>> {
public:
    IndexReduction(Lineage& lineage,
                   CallSite at,
                   TypedPointer<KeyValue<K, V>> const& parent,
                   std::uint64_t index_count,
                   F combine,
                   V zero,
                   std::uint64_t partition_count)
        : StoredStep<KeyValue<K, V>>(lineage,
                                     {.name = "reduce_to_index",
                                      .at = at,
                                      .dependency = Dependency::wide,
                                      .parents = {parent},
                                      .argument_fingerprint = index_count,
                                      .partition_count = partition_count},
                                     *parent),
          index_count_(index_count),
          combine_(std::move(combine)),
          zero_(std::move(zero)) {}

    void attach(Pipeline& pipeline, Consumer<KeyValue<K, V>>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

    std::unique_ptr<StageEnd> open_end(std::size_t, StageSetting const& setting) override {
        using Table = IndexTable<V, F, !is_exact<F, V>>;
        Leaves leaves(setting.own_tasks(), setting.task_count());
        return std::make_unique<ReduceEnd<K, V, F, Table>>(
            *this, this->parent(), combine_, setting,
            std::tuple<F const&, std::uint64_t, std::uint64_t, Leaves>(
                combine_, index_count_, setting.memory_bytes / 4, std::move(leaves)),
            [this](std::unique_ptr<PartitionStore> store) { this->hold(0, std::move(store)); },
            index_count_);
    }

private:
    class Reader final : public PartitionReader {
    public:
        Reader(IndexReduction& step, Consumer<KeyValue<K, V>>& next) : step_(step), next_(next) {}

        void read(TaskContext& task) override {
            Partition const own = task.partition();
            std::uint64_t const end = first_index_of(own.index + 1, own.count, step_.index_count_);
            index_ = first_index_of(own.index, own.count, step_.index_count_);
            read_blocks(step_.store(), task,
                        [&](std::string_view block) { read_block(block, task); });
            add_zeros(end, task);
            pass_on(task);
            next_.finish();
        }

    private:
        /// A batch never reaches over the end of a block: views in it point into the block.
        void read_block(std::string_view block, TaskContext& task) {
            ByteReader reader(block);
            while (reader.remaining() > 0 && !task.enough) {
                ByteReader record(reader.take(reader.take_varint()));
                ByteReader key(record.take(record.take_varint()));
                add_zeros(key.take_varint(), task);
                add(decode<V>(record), task);
            }
            pass_on(task);
        }

        void add_zeros(std::uint64_t end, TaskContext& task) {
            while (index_ < end && !task.enough) add(step_.zero_, task);
        }
        void add(V value, TaskContext& task) {
            batch_.add(KeyValue<K, V>(static_cast<K>(index_++), std::move(value)));
            if (batch_.is_full()) pass_on(task);
        }
        void pass_on(TaskContext& task) {
            if (batch_.empty()) return;
            task.poll();
            task.records_in += batch_.size();
            next_.consume(batch_.records());
            batch_.clear();
        }

        IndexReduction& step_;
        Consumer<KeyValue<K, V>>& next_;
        Batch<KeyValue<K, V>> batch_;
        std::uint64_t index_ = 0;
    };

    std::uint64_t index_count_;
    F combine_;
    V zero_;
};

}  // namespace serry
