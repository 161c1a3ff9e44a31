#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"
#include "serry/serde/order_key.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/shuffle/sort_sender.hpp"
#include "serry/shuffle/store_holder.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// Order by key(record). An order says what is put before a record for the machinery to sort by, or
/// gives a BufferOrder that looks at the records themselves.
template <typename T, typename F>
struct KeyOrder {
    static constexpr bool is_sampled = true;
    static constexpr bool orders_values = false;

    F key;
    bool is_descending = false;

    void put_key(T const& record, std::uint64_t, ByteWriter& out) const {
        put_order_key(std::invoke(key, record), is_descending, out);
    }
    std::unique_ptr<BufferOrder> by_value(Transformation const&) const { return nullptr; }
    static constexpr std::uint64_t extra_bytes(std::string_view) { return 0; }
};

/// Order by the number of the partition that the key's hash belongs to, then by key.
template <typename K, typename V>
struct PartitionOrder {
    static constexpr bool is_sampled = false;
    static constexpr bool orders_values = false;

    bool is_descending = false;

    void put_key(KeyValue<K, V> const& record,
                 std::uint64_t partition_count,
                 ByteWriter& out) const {
        ByteWriter scratch;
        std::uint64_t const hash = hash_key(key_bytes(record.key, scratch));
        auto const partition = static_cast<std::uint32_t>(partition_of_hash(hash, partition_count));
        put_order_key(partition, false, out);
        put_order_key(record.key, is_descending, out);
    }
    std::unique_ptr<BufferOrder> by_value(Transformation const&) const { return nullptr; }
    static constexpr std::uint64_t extra_bytes(std::string_view) { return 0; }
};

/// Order by before(record, record).
template <typename T, typename F>
struct FunctionOrder {
    static constexpr bool is_sampled = true;
    static constexpr bool orders_values = true;

    F before;

    class ByValue final : public BufferOrder {
    public:
        ByValue(Transformation const& step, F const& before) : step_(step), before_(before) {}

        bool comes_before(std::string_view value_a, std::string_view value_b) override {
            return call(decoded(value_a), decoded(value_b));
        }

        void sort(SortBuffer& buffer) override {
            std::vector<T> records;
            records.reserve(buffer.record_count());
            for (SortEntry& entry : buffer.entries()) {
                entry.prefix = records.size();
                records.push_back(decoded(buffer.record(entry).value));
            }
            merge_sort(buffer.entries(), buffer.scratch(),
                       [&](SortEntry const& a, SortEntry const& b) {
                           return call(records[a.prefix], records[b.prefix]);
                       });
        }

    private:
        static T decoded(std::string_view bytes) {
            ByteReader reader(bytes);
            return decode<T>(reader);
        }
        bool call(T const& a, T const& b) {
            ++call_count_;
            try {
                return std::invoke(before_, a, b);
            } catch (...) {
                rethrow_located(step_, call_count_ - 1);
            }
        }

        Transformation const& step_;
        F const& before_;
        std::uint64_t call_count_ = 0;
    };

    void put_key(T const&, std::uint64_t, ByteWriter&) const {}
    std::unique_ptr<BufferOrder> by_value(Transformation const& step) const {
        return std::make_unique<ByValue>(step, before);
    }
    /// Sorting holds the records decoded.
    static constexpr std::uint64_t extra_bytes(std::string_view value) {
        return sizeof(T) + (std::is_trivially_copyable_v<T> ? 0 : value.size());
    }
};

/// Gives a sort's sender its records.
template <typename T, typename Order>
class SortInput final : public Operator, public Consumer<T> {
public:
    SortInput(Transformation const& step,
              Order const& order,
              std::uint64_t partition_count,
              SortSender& sender)
        : step_(step),
          order_(order),
          partition_count_(partition_count),
          sender_(sender),
          placement_(step.parents()[0]->placement()) {}

    void begin(TaskContext& task) override {
        task_ = &task;
        record_ = 0;
        block_ = placement_.block_of(task.partition().index);
        sender_.begin_partition(task.partition().index);
    }

    void consume(std::span<T const> batch) override {
        task_->poll();
        std::size_t i = 0;
        try {
            for (; i < batch.size(); ++i) add(batch[i]);
        } catch (...) {
            rethrow_located(step_, record_ + i);
        }
        record_ += batch.size();
        task_->records_out += batch.size();
    }
    void finish() override {}

private:
    void add(T const& record) {
        key_.clear();
        order_.put_key(record, partition_count_, key_);
        // Equal records come by rank, and ranks in the order of their partitions: within a block.
        if (placement_.block_count() > 1) put_order_key(block_, false, key_);
        body_.clear();
        put_key(key_.view(), false, 0, body_);
        std::size_t const value_at = body_.size();
        encode(record, body_);
        std::string_view const value = body_.view().substr(value_at);
        sender_.add(key_.view(), value, body_.view(), Order::extra_bytes(value));
    }

    Transformation const& step_;
    Order const& order_;
    std::uint64_t partition_count_;
    SortSender& sender_;
    Placement placement_;
    std::uint32_t block_ = 0;
    TaskContext* task_ = nullptr;
    std::uint64_t record_ = 0;
    ByteWriter key_, body_;
};

/// The receiving side of a sort: stores the records of each section as a partition, without keys.
class SortedSections final : public MergedRecords {
public:
    SortedSections(PartitionStore& store, std::uint64_t first_partition)
        : store_(store), partition_(first_partition), first_partition_(first_partition) {}

    void take(WireRecord const& record) override {
        partition_ = first_partition_ + record.leaf;
        store_.fill(partition_).append_unframed(record.value);
    }
    void end() override {
        for (Run& run : store_.runs()) run.close();
    }

    /// The partition being stored, for messages.
    std::uint64_t partition() const { return partition_; }

private:
    PartitionStore& store_;
    std::uint64_t partition_;
    std::uint64_t first_partition_;
};

/// A sort: by (order, source partition, index in it), cut into partitions.
template <typename T, typename Order>
class SortTransformation final : public StoredStep<T> {
public:
    SortTransformation(Lineage& lineage,
                       std::string name,
                       CallSite at,
                       TypedPointer<T> const& parent,
                       Order order,
                       std::uint64_t partition_count,
                       std::uint64_t argument_fingerprint = 0)
        : StoredStep<T>(lineage,
                        {.name = std::move(name),
                         .at = at,
                         .dependency = Dependency::wide,
                         .parents = {parent},
                         .argument_fingerprint = argument_fingerprint,
                         .partition_count = partition_count},
                        *parent),
          order_(std::move(order)) {}

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<StoredRecordReader<T>>(this->store(), next);
    }

    std::unique_ptr<StageEnd> open_end(std::size_t, StageSetting const& setting) override {
        if (Order::orders_values && setting.tasks.block_count() > 1)
            throw UsageError(this->label()
                             + ": cannot sort a union by a function, which leaves open the order of "
                               "equal records of its parts; sort it by a key, or sort its parts");
        return std::make_unique<End>(*this, setting);
    }

private:
    class End final : public StageEnd {
    public:
        End(SortTransformation& step, StageSetting const& setting)
            : step_(step),
              by_value_(step.order_.by_value(step)),
              store_(make_store_for(step, setting)),
              sections_(*store_, first_of(step, setting)),
              sender_(setting,
                      {.partition_count = step.partition_count(),
                       .is_sampled = Order::is_sampled,
                       .by_value = by_value_.get()}),
              receiver_(setting.rank_count,
                        SortedStreams{by_value_.get()},
                        store_->storage(),
                        sections_) {}

        void attach(Pipeline& pipeline) override {
            auto& input = pipeline.add<SortInput<T, Order>>(step_, step_.order_,
                                                            step_.partition_count(), sender_);
            step_.parent().attach(pipeline, input);
        }
        void end_tasks() override { sender_.end_tasks(); }
        void agree(Collectives& ranks) override { sender_.agree(ranks); }

        Outgoing* outgoing() override { return &sender_; }
        Incoming* incoming() override { return &receiver_; }
        std::uint64_t merging_partition() const override { return sections_.partition(); }
        std::uint64_t spilled_bytes() const override {
            return sender_.spilled_bytes() + store_->storage().file.written_bytes();
        }

        void commit() override { step_.hold(0, std::move(store_)); }

    private:
        static std::uint64_t first_of(SortTransformation const& step, StageSetting const& setting) {
            return first_partition_of(static_cast<std::uint64_t>(setting.rank),
                                      static_cast<std::uint64_t>(setting.rank_count),
                                      step.partition_count());
        }

        SortTransformation& step_;
        std::unique_ptr<BufferOrder> by_value_;
        std::unique_ptr<PartitionStore> store_;
        SortedSections sections_;
        SortSender sender_;
        MergingReceiver receiver_;
    };

    Order order_;
};

}  // namespace serry
