#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "serry/base/combiners.hpp"
#include "serry/shuffle/combine_table.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/partition_store.hpp"
#include "serry/shuffle/reduce_in_place.hpp"
#include "serry/shuffle/send_order.hpp"
#include "serry/shuffle/store_holder.hpp"
#include "serry/stage/stage_end.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// The sending side of reduce_by_key: combines in a table; once that is frozen, records of keys
/// that are not in it wait as they are, and are exchanged when enough of them wait. `Table` is a
/// CombineTable or, for keys that are indices, an IndexTable, which refuses none.
template <typename K, typename V, bool is_ordered, typename Table>
class ReduceSender final : public Operator, public Consumer<KeyValue<K, V>>, public Outgoing {
public:
    /// `table`: what a Table is made of.
    template <typename... TableArguments>
    ReduceSender(Transformation const& step,
                 StageSetting const& setting,
                 std::uint64_t partition_count,
                 std::tuple<TableArguments...> table)
        : step_(step),
          table_(std::make_from_tuple<Table>(std::move(table))),
          waiting_limit_bytes_(setting.memory_bytes / 8),
          partition_count_(partition_count),
          rank_count_(static_cast<std::uint64_t>(setting.rank_count)) {}

    void begin(TaskContext& task) override {
        task_ = &task;
        leaf_ = static_cast<std::uint32_t>(task.partition().index);
        record_ = 0;
    }

    void consume(std::span<KeyValue<K, V> const> batch) override {
        task_->poll();
        std::size_t i = position_ = 0;
        try {
            for (; i < batch.size(); i += group)
                add_group(batch.subspan(i, std::min(group, batch.size() - i)));
        } catch (...) {
            rethrow_located(step_, record_ + i + position_);
        }
        record_ += batch.size();
        task_->records_out += batch.size();
    }
    void finish() override {}

    bool is_full() const override {
        return waiting_.size() + waiting_entries_.size() * sizeof(SendEntry) > waiting_limit_bytes_;
    }

    void open(bool is_final) override {
        is_final_ = is_final;
        entries_.swap(waiting_entries_);
        if (is_final) {
            entries_.reserve(entries_.size() + table_.size());
            table_.for_each_used([&](std::uint64_t hash, std::size_t at) {
                entries_.push_back({hash, std::uint64_t{at} << 1 | 1});
            });
        }
        SendEntries scratch;
        sort_by_hash(entries_, scratch);
        order_equal_hashes(entries_,
                           [this](SendEntry const& entry) { return key_of_entry(entry); });
        auto const cuts = cut_by_rank(entries_, partition_count_, rank_count_);
        streams_.resize(rank_count_);
        for (std::size_t r = 0; r < rank_count_; ++r) {
            streams_[r].next = cuts[r];
            streams_[r].end = cuts[r + 1];
        }
    }

    Load load() const override {
        auto const leads_on = [](Stream const& stream) { return stream.next < stream.end; };
        constexpr std::uint64_t small_record_bytes = 24;
        return {.receivers = static_cast<std::uint64_t>(
                    std::count_if(streams_.begin(), streams_.end(), leads_on)),
                .byte_count = waiting_.size() + entries_.size() * small_record_bytes};
    }

    Filled fill(int rank, std::span<char> room) override {
        Stream& stream = streams_[static_cast<std::size_t>(rank)];
        std::size_t done = 0;
        while (done < room.size()) {
            if (stream.rest_at == stream.rest.size() && !refill(stream)) break;
            std::size_t const count =
                std::min(room.size() - done, stream.rest.size() - stream.rest_at);
            std::memcpy(room.data() + done, stream.rest.data() + stream.rest_at, count);
            stream.rest_at += count;
            done += count;
        }
        return {done, stream.next == stream.end && stream.rest_at == stream.rest.size()};
    }

    void close() override {
        waiting_.clear();
        entries_.clear();
        waiting_entries_.clear();
        if (!is_final_) return;
        table_.release();
        for (auto* entries : {&entries_, &waiting_entries_}) *entries = {};
        streams_.clear();
    }

    std::uint64_t record_count() const override { return record_count_; }

private:
    static constexpr std::size_t group = Table::most_in_group;

    /// The records for one rank: entries [next, end), and before them encoded bytes from rest_at
    /// on.
    struct Stream {
        std::uint64_t next = 0;
        std::uint64_t end = 0;
        ByteWriter rest;
        std::size_t rest_at = 0;
    };

    void add_group(std::span<KeyValue<K, V> const> records) {
        position_ = 0;
        KeyValue<K, V> const* const first = records.data();
        if constexpr (requires { Table::bytes_for(0); }) {
            table_.add_group(
                records.size(), [first](std::size_t i) { return first[i].key; },
                [first](std::size_t i) -> V const& { return first[i].value; }, leaf_, position_);
        } else if constexpr (std::is_same_v<K,
                                            std::string_view> || std::is_same_v<K, std::string>) {
            combine(records, [first](std::size_t i) { return std::string_view(first[i].key); });
        } else if constexpr (std::is_integral_v<K> && NumberKey<K>) {
            combine(records, [first](std::size_t i) {  // key_bytes() of it are where it lies
                return std::string_view(reinterpret_cast<char const*>(&first[i].key), sizeof(K));
            });
        } else {
            std::size_t ends[group + 1] = {};
            group_keys_.clear();
            for (std::size_t i = 0; i < records.size(); ++i) {
                codec::encode<true>(records[i].key, group_keys_);
                ends[i + 1] = group_keys_.size();
            }
            std::string_view const keys = group_keys_.view();
            combine(records,
                    [&](std::size_t i) { return keys.substr(ends[i], ends[i + 1] - ends[i]); });
        }
    }

    // What the table calls for every record holds pointers, not references to them, which the
    // compiler would have to follow anew after each store.
    template <typename KeyOf>
    void combine(std::span<KeyValue<K, V> const> records, KeyOf key_of) {
        KeyValue<K, V> const* const first = records.data();
        table_.add_group(
            records.size(), key_of, [first](std::size_t i) -> V const& { return first[i].value; },
            leaf_,
            [this, first, key_of](std::size_t i, std::uint64_t hash) {
                wait(hash, key_of(i), first[i].value);
            },
            position_);
    }

    void wait(std::uint64_t hash, std::string_view key, V const& value) {
        waiting_entries_.push_back({hash, std::uint64_t{waiting_.size()} << 1});
        put_record(key, value, leaf_, waiting_);
    }

    void put_record(std::string_view key, V const& value, std::uint32_t leaf, ByteWriter& out) {
        frame(out, [&](ByteWriter& body) {
            put_key(key, is_ordered, leaf, body);
            encode(value, body);
        });
        ++record_count_;
    }

    std::string_view key_of_entry(SendEntry const& entry) const {
        if (entry.reference & 1) return table_.key_at(entry.reference >> 1);
        ByteReader reader(waiting_.view().substr(entry.reference >> 1));
        reader.take_varint();
        return reader.take(reader.take_varint());
    }

    bool refill(Stream& stream) {
        if (stream.next == stream.end) return false;
        stream.rest.clear();
        stream.rest_at = 0;
        std::uint64_t const stop = std::min(stream.end, stream.next + 64);
        for (; stream.next < stop; ++stream.next) {
            look_ahead(stream);
            put_entry(entries_[stream.next], stream.rest);
            if (stream.rest.size() > most_rest_bytes) {
                ++stream.next;
                break;
            }
        }
        return true;
    }

    /// Functions that only fetch must be inlined early: alone, GCC takes them for functions without
    /// effects, and leaves out their calls.
    [[gnu::always_inline]] void look_ahead(Stream const& stream) const {
        constexpr std::uint64_t ahead = 16;
        auto const reference = [&](std::uint64_t by) {
            return stream.next + by < stream.end ? entries_[stream.next + by].reference : 0;
        };
        if (std::uint64_t const far = reference(ahead); far & 1) table_.prefetch(far >> 1);
        if (std::uint64_t const near = reference(ahead / 2); near & 1)
            table_.prefetch_behind(near >> 1);
    }

    void put_entry(SendEntry const& entry, ByteWriter& out) {
        if (entry.reference & 1) {
            std::size_t const at = entry.reference >> 1;
            table_.take_values(at, [&](V const& value, std::uint32_t leaf) {
                put_record(table_.key_at(at), value, leaf, out);
            });
        } else {
            ByteReader reader(waiting_.view().substr(entry.reference >> 1));
            put_framed(reader.take(reader.take_varint()), out);
        }
    }

    static constexpr std::size_t most_rest_bytes = 4096;

    Transformation const& step_;
    Table table_;
    std::uint64_t waiting_limit_bytes_;
    std::uint64_t partition_count_;
    std::uint64_t rank_count_;
    TaskContext* task_ = nullptr;
    std::uint32_t leaf_ = 0;
    std::uint64_t record_ = 0;  ///< of the task, the first of the batch
    std::size_t position_ = 0;  ///< in the group, of the record that is worked on
    std::uint64_t record_count_ = 0;
    bool is_final_ = false;

    ByteWriter waiting_;  ///< framed records of keys that the frozen table refused
    SendEntries waiting_entries_;
    SendEntries entries_;
    std::vector<Stream> streams_;
    ByteWriter group_keys_;
};

/// The receiving side: folds the merged records of each key and stores the result by partition.
template <typename K, typename V, typename F, bool is_ordered>
class ReduceGroups final : public MergedRecords {
public:
    ReduceGroups(Transformation const& step,
                 F const& combine,
                 PartitionStore& store,
                 std::uint64_t partition_count)
        : step_(step), combine_(combine), store_(store), partition_count_(partition_count) {}

    void take(WireRecord const& record) override {
        try {
            if (has_group_ && record.hash == hash_ && are_same(record.key, key_.view()))
                add(record);
            else
                start(record);
        } catch (...) {
            rethrow_located(step_, record_);
        }
        ++record_;
    }

    void end() override {
        try {
            store_group();
        } catch (...) {
            rethrow_located(step_, record_);
        }
        for (Run& run : store_.runs()) run.close();
    }

    std::uint64_t group_count() const { return group_count_; }
    /// The partition being folded, for messages.
    std::uint64_t partition() const { return partition_of_hash(hash_, partition_count_); }

private:
    void start(WireRecord const& record) {
        store_group();
        has_group_ = true;
        hash_ = record.hash;
        key_.clear();
        key_.put(record.key);
        leaf_ = record.leaf;
        value_ = decoded(record.value);
    }

    void add(WireRecord const& record) {
        V value = decoded(record.value);
        if constexpr (is_ordered) {
            if (record.leaf != leaf_) {
                spines_.push(spine_, {leaf_, std::move(value_)}, record.leaf, all_leaves_,
                             adopting<V>(combine_, arena_));
                leaf_ = record.leaf;
                value_ = std::move(value);
                return;
            }
        }
        value_ = std::invoke(combine_, std::as_const(value_), std::as_const(value));
        adopt_views(value_, arena_);
    }

    V decoded(std::string_view bytes) {
        ByteReader reader(bytes);
        V value = decode<V>(reader);
        adopt_views(value, arena_);
        return value;
    }

    void store_group() {
        if (!has_group_) return;
        if constexpr (is_ordered) {
            spines_.finish(spine_, {leaf_, std::move(value_)}, all_leaves_,
                           adopting<V>(combine_, arena_), folded_);
            value_ = std::move(folded_[0].value);
        }
        store_.fill(partition()).append_by([&](ByteWriter& body) {
            put_key(key_.view(), false, 0, body);
            encode(value_, body);
        });
        ++group_count_;
        has_group_ = false;
        if constexpr (has_views<V>) arena_.clear();
    }

    Leaves const all_leaves_{LeafRange{0, 1, 1}};

    Transformation const& step_;
    F const& combine_;
    PartitionStore& store_;
    std::uint64_t partition_count_;
    std::uint64_t record_ = 0;
    std::uint64_t group_count_ = 0;

    bool has_group_ = false;
    std::uint64_t hash_ = 0;
    ByteWriter key_;
    std::uint32_t leaf_ = 0;
    V value_{};
    Spines<V> spines_;
    typename Spines<V>::Spine spine_;
    std::vector<typename Spines<V>::Entry> folded_;
    Arena arena_;
};

/// The end of a stage whose records are combined by `step`, in a Table first. Committed, it hands
/// the result to `keep`.
template <typename K, typename V, typename F, typename Table>
class ReduceEnd final : public StageEnd {
public:
    using Keep = std::function<void(std::unique_ptr<PartitionStore>)>;

    /// `table`: what a Table is made of. `index_count`: as MergingReceiver's.
    template <typename... TableArguments>
    ReduceEnd(Transformation const& step,
              TypedTransformation<KeyValue<K, V>>& parent,
              F const& combine,
              StageSetting const& setting,
              std::tuple<TableArguments...> table,
              Keep keep,
              std::uint64_t index_count = 0)
        : parent_(parent),
          keep_(std::move(keep)),
          store_(make_store_for(step, setting)),
          groups_(step, combine, *store_, step.partition_count()),
          receiver_(setting.rank_count, is_ordered, store_->storage(), groups_, index_count),
          add_sender_([&step, setting, table = std::move(table)](Pipeline& pipeline) {
              return &pipeline.add<Sender>(step, setting, step.partition_count(), table);
          }) {}

    void attach(Pipeline& pipeline) override {
        sender_ = add_sender_(pipeline);
        parent_.attach(pipeline, *sender_);
    }
    Outgoing* outgoing() override { return sender_; }
    Incoming* incoming() override { return &receiver_; }
    std::uint64_t merging_partition() const override { return groups_.partition(); }
    std::uint64_t spilled_bytes() const override { return store_->storage().file.written_bytes(); }
    void commit() override { keep_(std::move(store_)); }

private:
    static constexpr bool is_ordered = !is_exact<F, V>;
    using Sender = ReduceSender<K, V, is_ordered, Table>;

    TypedTransformation<KeyValue<K, V>>& parent_;
    Keep keep_;
    std::unique_ptr<PartitionStore> store_;
    ReduceGroups<K, V, F, is_ordered> groups_;
    MergingReceiver receiver_;
    std::function<Sender*(Pipeline&)> add_sender_;
    Sender* sender_ = nullptr;
};

/// reduce_by_key: the values of each key combined, within ranks first, then between them.
template <typename K, typename V, typename F>
class ReduceTransformation final : public StoredStep<KeyValue<K, V>> {
public:
    ReduceTransformation(Lineage& lineage,
                         CallSite at,
                         TypedPointer<KeyValue<K, V>> const& parent,
                         F combine,
                         std::uint64_t partition_count)
        : StoredStep<KeyValue<K, V>>(lineage,
                                     {.name = "reduce_by_key",
                                      .at = at,
                                      .dependency = Dependency::wide,
                                      .parents = {parent},
                                      .partition_count = partition_count},
                                     *parent),
          combine_(std::move(combine)) {}

    void attach(Pipeline& pipeline, Consumer<KeyValue<K, V>>& next) override {
        if (this->is_in_place(0))
            this->parent().attach(pipeline,
                                  pipeline.add<ReduceInPlace<K, V, F>>(*this, combine_, next));
        else
            pipeline.add_head<StoreReader<K, V>>(this->store(), next);
    }
    bool can_use_in_place() const override { return true; }
    bool is_hash_partitioned() const override { return true; }

    std::unique_ptr<StageEnd> open_end(std::size_t, StageSetting const& setting) override {
        Leaves leaves(setting.own_tasks(), setting.task_count());
        return std::make_unique<ReduceEnd<K, V, F, Table>>(
            *this, this->parent(), combine_, setting,
            std::tuple<F const&, std::uint64_t, Leaves>(combine_, slots_for(setting),
                                                        std::move(leaves)),
            [this](std::unique_ptr<PartitionStore> store) { this->hold(0, std::move(store)); });
    }

private:
    using Table = CombineTable<V, F, !is_exact<F, V>, number_bytes<K>>;

    /// An eighth of the memory for each of the combine table's two (growing holds more), an eighth
    /// for records that wait, half for what is received.
    static std::uint64_t slots_for(StageSetting const& setting) {
        std::uint64_t const slots = setting.table_slots
                                        ? setting.table_slots
                                        : setting.memory_bytes / 8 / Table::slot_bytes();
        return std::max<std::uint64_t>(slots, 2);
    }

    F combine_;
};

}  // namespace serry
