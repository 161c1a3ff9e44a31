#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

/// reduce(f): every partition folded from its first record on, the partitions' results along the
/// fixed tree of Spines.
template <Encodable T, typename F>
class FoldEnd final : public ActionEnd<T> {
public:
    FoldEnd(TypedTransformation<T>& parent, Transformation const& action, F const& combine)
        : ActionEnd<T>(parent), action_(action), combine_(combine) {}

    void prepare(StageSetting const& setting) override {
        leaves_ = {setting.own_tasks(), setting.task_count()};
    }

    void end_task(TaskContext& task) override {
        if (!value_) return;
        auto const leaf = static_cast<std::uint32_t>(task.partition().index);
        adopt_views(*value_, arena_);
        located([&] {
            if (last_)
                spines_.push(spine_, std::move(*last_), leaf, leaves_,
                             adopting<T>(combine_, arena_));
        });
        last_.emplace(Entry{leaf, std::move(*value_)});
        value_.reset();
    }

    void end_tasks() override {
        if (!last_) return;
        std::vector<Entry> entries;
        located([&] {
            spines_.finish(spine_, std::move(*last_), leaves_, adopting<T>(combine_, arena_),
                           entries);
        });
        for (std::size_t i = entries.size(); i-- > 0;) {
            partials_.put_varint(entries[i].leaf);
            encode(entries[i].value, partials_);
        }
    }

    /// After the stage: this rank's partial results, (leaf, value) encoded one after the other in
    /// ascending order.
    ByteWriter const& partials() const { return partials_; }

private:
    using Entry = typename Spines<T>::Entry;

    void use(std::span<T const> batch) override {
        if (batch.empty()) return;
        std::size_t i = 0;
        try {
            if (!value_) {
                value_.emplace(batch[i++]);
                keep_views(*value_);
            }
            T value = std::move(*value_);
            for (; i < batch.size(); ++i) {
                value = std::invoke(combine_, std::as_const(value), batch[i]);
                keep_views(value);
            }
            *value_ = std::move(value);
        } catch (...) {
            rethrow_located(action_, this->record_ + i);
        }
    }

    void keep_views(T& value) {
        if constexpr (has_views<T>) {
            adopt_views(value, running_);
            if (running_.allocated_bytes() <= most_running_bytes_) return;
            // Most of it belongs to values before this one.
            Arena kept;
            adopt_views(value, kept);
            running_ = std::move(kept);
            most_running_bytes_ = least_running_bytes + 4 * running_.allocated_bytes();
        }
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
    F const& combine_;
    Leaves leaves_;
    std::optional<T> value_;
    std::optional<Entry> last_;
    Spines<T> spines_;
    typename Spines<T>::Spine spine_;
    Arena arena_;  ///< what the partitions' values view
    static constexpr std::size_t least_running_bytes = 65536;
    Arena running_;  ///< what the value of the partition at work views
    std::size_t most_running_bytes_ = least_running_bytes;
    ByteWriter partials_;
};

/// The partial results of all ranks, in their order, folded to the end; nothing if there are none.
/// Views in the result point into `arena`.
template <Encodable T, typename F>
std::optional<T> fold_partials(std::string_view encoded, F const& combine, Arena& arena) {
    Leaves const all(LeafRange{0, 1, 1});
    using Entry = typename Spines<T>::Entry;
    Spines<T> spines;
    typename Spines<T>::Spine spine;
    Arena meanwhile;
    auto const f = adopting<T>(combine, meanwhile);
    std::vector<Entry> entries;
    ByteReader reader(encoded);
    while (reader.remaining() > 0) {
        auto const leaf = static_cast<std::uint32_t>(reader.take_varint());
        entries.push_back({leaf, decode<T>(reader)});
    }
    if (entries.empty()) return std::nullopt;
    // Of a union a rank has leaves before and behind those of others.
    std::stable_sort(entries.begin(), entries.end(),
                     [](Entry const& a, Entry const& b) { return a.leaf < b.leaf; });
    for (std::size_t i = 0; i + 1 < entries.size(); ++i)
        spines.push(spine, std::move(entries[i]), entries[i + 1].leaf, all, f);
    std::vector<Entry> folded;
    spines.finish(spine, std::move(entries.back()), all, f, folded);
    T result = std::move(folded[0].value);
    adopt_views(result, arena);
    return result;
}

}  // namespace serry
