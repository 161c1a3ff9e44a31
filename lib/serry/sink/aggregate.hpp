#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

// How an AggregateEnd makes a value V of records T. Functions of a Folding may throw.
//
//     V start(std::uint64_t partition) const       what a partition with records starts from
//     void add(V&, T const&) const                 add a record
//     void merge(V& left, V const& right) const    add the value of partitions after `left`'s
//     static constexpr bool is_exact               whether partitions may be merged in any grouping

/// Aggregates every partition that has records, and its partitions along the fixed tree of Spines,
/// so that the result is the same bits at any number of ranks. Keeps at most
/// 2 log2(partitions / ranks) values, or one if merging is exact.
template <typename T, typename Folding>
class AggregateEnd final : public ActionEnd<T> {
public:
    using Value = typename Folding::Value;
    static_assert(Encodable<Value> && !has_views<Value>);

    /// Borrows `action` and `folding`.
    AggregateEnd(TypedTransformation<T>& parent,
                 Transformation const& action,
                 Folding const& folding)
        : ActionEnd<T>(parent), action_(action), folding_(folding) {}

    void prepare(StageSetting const& setting) override {
        leaves_ = {setting.own_tasks(), setting.task_count()};
    }

    void end_task(TaskContext& task) override {
        leaf_ = static_cast<std::uint32_t>(task.partition().index);
        if (!Folding::is_exact) end_leaf();
    }

    void end_tasks() override {
        if (Folding::is_exact) end_leaf();
        if (!last_) return;
        std::vector<Entry> entries;
        located([&] {
            spines_.finish(spine_, std::move(*last_), leaves_, merging(folding_), entries);
        });
        for (std::size_t i = entries.size(); i-- > 0;) {
            partials_.put_varint(entries[i].leaf);
            encode(entries[i].value, partials_);
        }
    }

    /// After the stage: this rank's partial results, (leaf, value) encoded one after the other in
    /// ascending order.
    ByteWriter const& partials() const { return partials_; }

    /// The partial results of all ranks, in their order, merged to the end; nothing if there are
    /// none. Local.
    static std::optional<Value> merged(std::string_view encoded, Folding const& folding) {
        Leaves const all(LeafRange{0, 1, 1});
        Spines<Value> spines;
        typename Spines<Value>::Spine spine;
        std::vector<Entry> entries;
        ByteReader reader(encoded);
        while (reader.remaining() > 0) {
            auto const leaf = static_cast<std::uint32_t>(reader.take_varint());
            entries.push_back({leaf, decode<Value>(reader)});
        }
        if (entries.empty()) return std::nullopt;
        // Of a union a rank has leaves before and behind those of others.
        std::stable_sort(entries.begin(), entries.end(),
                         [](Entry const& a, Entry const& b) { return a.leaf < b.leaf; });
        for (std::size_t i = 0; i + 1 < entries.size(); ++i)
            spines.push(spine, std::move(entries[i]), entries[i + 1].leaf, all, merging(folding));
        std::vector<Entry> folded;
        spines.finish(spine, std::move(entries.back()), all, merging(folding), folded);
        return std::move(folded[0].value);
    }

private:
    using Entry = typename Spines<Value>::Entry;

    static auto merging(Folding const& folding) {
        return [&folding](Value left, Value const& right) {
            folding.merge(left, right);
            return left;
        };
    }

    void use(std::span<T const> batch) override {
        if (batch.empty()) return;
        std::size_t i = 0;
        try {
            if (!value_) value_.emplace(folding_.start(this->task_->partition().index));
            for (; i < batch.size(); ++i) folding_.add(*value_, batch[i]);
        } catch (...) {
            rethrow_located(action_, this->record_ + i);
        }
    }

    void end_leaf() {
        if (!value_) return;
        if (last_)
            located([&] {
                spines_.push(spine_, std::move(*last_), leaf_, leaves_, merging(folding_));
            });
        last_.emplace(Entry{leaf_, std::move(*value_)});
        value_.reset();
    }

    template <typename Call>
    void located(Call const& call) {
        try {
            call();
        } catch (...) {
            rethrow_located(action_, this->record_);
        }
    }

    Transformation const& action_;
    Folding const& folding_;
    Leaves leaves_;
    std::uint32_t leaf_ = 0;
    std::optional<Value> value_;
    std::optional<Entry> last_;
    Spines<Value> spines_;
    typename Spines<Value>::Spine spine_;
    ByteWriter partials_;
};

}  // namespace serry
