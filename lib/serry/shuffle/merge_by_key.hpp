#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "serry/base/arena.hpp"
#include "serry/shuffle/group_store.hpp"
#include "serry/shuffle/key_exchange.hpp"
#include "serry/shuffle/store_holder.hpp"
#include "serry/shuffle/values.hpp"
#include "serry/stage/batch.hpp"

namespace serry {

/// Groups the records of an input that is hash-partitioned already: they come in order.
template <typename K, typename V>
class GroupBuilder final : public Operator, public Consumer<KeyValue<K, V>> {
public:
    void begin_run(Run& run) { writer_.emplace(run); }
    void consume(std::span<KeyValue<K, V> const> batch) override {
        for (KeyValue<K, V> const& record : batch) {
            value_.clear();
            encode(record.value, value_);
            writer_->add(key_bytes(record.key, key_), value_.view());
        }
    }
    void finish() override { writer_->end(); }

private:
    std::optional<GroupWriter> writer_;
    ByteWriter key_, value_;
};

/// An input of a step that brings the records of a key together: the groups that an exchange
/// brought, or what makes them.
template <typename K, typename V>
struct GroupInput {
    TypedTransformation<KeyValue<K, V>>* parent = nullptr;
    std::unique_ptr<PartitionStore> store;

    /// Opens the groups of one partition after the other; those of an input in place are made for
    /// the time of a task.
    class Reader {
    public:
        Reader(GroupInput& input, StageSetting const& setting)
            : input_(input), setting_(setting), pipeline_(setting) {
            if (!input.store) input.parent->attach(pipeline_, builder_);
        }

        GroupCursor open(TaskContext& task) {
            if (input_.store) return GroupCursor(input_.store->partition(task.partition().index));
            spilled_bytes_ = spilled_until_now();
            run_.reset();
            storage_.emplace(setting_.memory_bytes / 8, setting_.scratch);
            run_.emplace(*storage_);
            builder_.begin_run(*run_);
            pipeline_.run(task);
            run_->close();
            return GroupCursor(*run_);
        }
        /// Whether the groups were counted by those who made them.
        bool is_in_place() const { return !input_.store; }
        std::uint64_t spilled_bytes() const {
            return spilled_until_now() + pipeline_.spilled_bytes();
        }
        void commit() { pipeline_.commit(); }

    private:
        std::uint64_t spilled_until_now() const {
            return spilled_bytes_ + (storage_ ? storage_->file.written_bytes() : 0);
        }

        GroupInput& input_;
        StageSetting setting_;
        Pipeline pipeline_;
        GroupBuilder<K, V> builder_;
        std::optional<Storage> storage_;
        std::optional<Run> run_;
        std::uint64_t spilled_bytes_ = 0;  ///< by tasks before this one
    };
};

/// Takes what a merge by key makes of a key.
template <typename Out>
class MergeOutput {
public:
    explicit MergeOutput(Consumer<Out>& next) : next_(next) {}

    void begin(TaskContext& task) {
        task_ = &task;
        batch_.clear();
        arena_.clear();
    }
    /// What the record views stays where it is until the merge moves on, or lies in arena().
    void add(Out record) {
        batch_.add(std::move(record));
        if (batch_.is_full()) flush();
    }
    /// Whether no more records are needed.
    bool has_enough() const { return task_->enough; }
    /// For what records view and does not stay; cleared with every batch.
    Arena& arena() { return arena_; }
    void flush() {
        task_->poll();
        if (!batch_.empty()) next_.consume(batch_.records());
        batch_.clear();
        arena_.clear();
    }
    void finish() {
        flush();
        next_.finish();
    }

private:
    Consumer<Out>& next_;
    TaskContext* task_ = nullptr;
    Batch<Out> batch_;
    Arena arena_;
};

/// A step that takes the groups of each key from all its inputs: merge(key, values of each input,
/// output). At least one input has values. `F::keeps_key` says whether the result's records have
/// the keys of the inputs; they then lie in the order of the groups.
template <typename K, typename Out, typename F, typename... V>
class MergeTransformation final : public TypedTransformation<Out>,
                                  public WideStep,
                                  public StoreHolder {
public:
    MergeTransformation(Lineage& lineage,
                        char const* name,
                        CallSite at,
                        F merge,
                        std::uint64_t partition_count,
                        TypedPointer<KeyValue<K, V>> const&... parents)
        : TypedTransformation<Out>(lineage,
                                   {.name = name,
                                    .at = at,
                                    .dependency = Dependency::wide,
                                    .parents = {parents...},
                                    .partition_count = partition_count}),
          merge_(std::move(merge)),
          inputs_(GroupInput<K, V>{parents.get(), nullptr}...) {}

    void attach(Pipeline& pipeline, Consumer<Out>& next) override {
        pipeline.add_head<Reader>(*this, pipeline.setting(), next);
    }
    bool holds_input(std::size_t input) const override {
        bool held = false;
        each_input([&](std::size_t i, auto const& one) { held |= i == input && one.store; });
        return held;
    }
    PartitionStore* store_of(std::size_t input) override {
        PartitionStore* store = nullptr;
        each_input([&](std::size_t i, auto& one) { store = i == input ? one.store.get() : store; });
        return store;
    }
    void hold(std::size_t input, std::unique_ptr<PartitionStore> store) override {
        each_input([&](std::size_t i, auto& one) {
            if (i != input) return;
            one.store = std::move(store);
            one.parent = nullptr;
        });
        this->forget_parent(input);
    }
    std::unique_ptr<PartitionStore> make_store(StageSetting const& setting) const override {
        return make_store_for(*this, setting);
    }
    bool is_hash_partitioned() const override { return F::keeps_key; }
    bool can_use_in_place() const override { return true; }

    std::unique_ptr<StageEnd> open_end(std::size_t input, StageSetting const& setting) override {
        std::unique_ptr<StageEnd> end;
        each_input([&](std::size_t i, auto& one) {
            if (i == input) end = make_end(i, one, setting);
        });
        return end;
    }

private:
    static constexpr std::size_t input_count = sizeof...(V);

    template <typename Inputs, typename Visit>
    static void visit_inputs(Inputs& inputs, Visit const& visit) {
        std::apply(
            [&](auto&... one) {
                std::size_t i = 0;
                (visit(i++, one), ...);
            },
            inputs);
    }
    template <typename Visit>
    void each_input(Visit const& visit) const {
        visit_inputs(inputs_, visit);
    }
    template <typename Visit>
    void each_input(Visit const& visit) {
        visit_inputs(inputs_, visit);
    }

    template <typename Value>
    std::unique_ptr<StageEnd> make_end(std::size_t i,
                                       GroupInput<K, Value>& one,
                                       StageSetting const& setting) {
        return std::make_unique<KeyExchangeEnd<K, Value>>(
            *this, *one.parent, setting,
            [this, i](std::unique_ptr<PartitionStore> store) { hold(i, std::move(store)); });
    }

    class Reader final : public PartitionReader {
    public:
        Reader(MergeTransformation& step, StageSetting const& setting, Consumer<Out>& next)
            : step_(step), inputs_(make_readers(step.inputs_, setting)), output_(next) {}

        void read(TaskContext& task) override {
            output_.begin(task);
            auto cursors = std::apply(
                [&](auto&... input) {
                    return std::array<GroupCursor, input_count>{input->open(task)...};
                },
                inputs_);
            std::uint64_t group = 0;
            try {
                for (; GroupCursor const* const first = first_of(cursors); ++group) {
                    if (task.enough) break;
                    merge_groups(cursors, *first, std::index_sequence_for<V...>());
                }
            } catch (...) {
                if constexpr (requires { F::calls_user; }) rethrow_located(step_, group);
                throw;
            }
            std::size_t i = 0;
            auto const count = [&](auto& input) {
                GroupCursor const& cursor = cursors[i++];
                if (input->is_in_place()) return;
                task.records_in += cursor.value_count();
                task.bytes_in += cursor.byte_count();
            };
            std::apply([&](auto&... input) { (count(input), ...); }, inputs_);
            output_.finish();
        }
        std::uint64_t spilled_bytes() const override {
            return std::apply([](auto const&... input) { return (input->spilled_bytes() + ...); },
                              inputs_);
        }
        void commit() override {
            std::apply([](auto&... input) { (input->commit(), ...); }, inputs_);
        }

    private:
        using Readers = std::tuple<std::unique_ptr<typename GroupInput<K, V>::Reader>...>;

        static Readers make_readers(std::tuple<GroupInput<K, V>...>& inputs,
                                    StageSetting const& setting) {
            return std::apply(
                [&](auto&... input) {
                    return Readers(
                        std::make_unique<typename std::remove_cvref_t<decltype(input)>::Reader>(
                            input, setting)...);
                },
                inputs);
        }

        /// Null when all have ended.
        static GroupCursor const* first_of(std::array<GroupCursor, input_count> const& cursors) {
            GroupCursor const* first = nullptr;
            for (GroupCursor const& cursor : cursors)
                if (cursor.has_group() && (!first || comes_before(cursor, *first))) first = &cursor;
            return first;
        }

        template <std::size_t... i>
        void merge_groups(std::array<GroupCursor, input_count>& cursors,
                          GroupCursor const& first,
                          std::index_sequence<i...>) {
            std::array<bool, input_count> const has_key{
                (cursors[i].has_group() && !comes_before(first, cursors[i]))...};
            step_.merge_(key_from_bytes<K>(first.key()),
                         (has_key[i] ? values_of<V>(cursors[i]) : Values<V>())..., output_);
            bool moves = false;
            for (std::size_t c = 0; c < input_count; ++c)
                moves |= has_key[c] && cursors[c].next_moves();
            if (moves) output_.flush();
            for (std::size_t c = 0; c < input_count; ++c)
                if (has_key[c]) cursors[c].next();
        }

        template <typename Value>
        static Values<Value> values_of(GroupCursor const& cursor) {
            GroupChunk const& chunk = cursor.first_chunk();
            return {chunk.value_count, chunk.values, cursor.tail()};
        }

        MergeTransformation& step_;
        Readers inputs_;
        MergeOutput<Out> output_;
    };

    F merge_;
    std::tuple<GroupInput<K, V>...> inputs_;
};

}  // namespace serry
