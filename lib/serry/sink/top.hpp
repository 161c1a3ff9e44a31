#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/result_pieces.hpp"

namespace serry {

/// The first `most` of the records given, by `before`; of equal ones those that came earlier. Holds
/// at most twice as many. Records are copied, what their views point at as well.
template <typename T, typename Before>
class TopRecords {
public:
    /// Of records that can be referred to, which those of a std::vector<bool> cannot.
    using Sequence = std::conditional_t<std::is_same_v<T, bool>, std::deque<T>, std::vector<T>>;

    TopRecords(std::uint64_t most, Before const& before) : most_(most), before_(&before) {}

    void add(T const& record) {
        if (most_ == 0) return;
        if (is_pruned_ && !std::invoke(*before_, record, records_[most_ - 1])) return;
        records_.push_back(record);
        adopt_views(records_.back(), arena_);
        is_in_order_ = false;
        if (records_.size() / 2 >= most_) prune();
    }

    /// In order. Calls `before` unless nothing was added since the last call.
    Sequence const& records() {
        if (!is_in_order_) prune();
        return records_;
    }

private:
    void prune() {
        std::stable_sort(records_.begin(), records_.end(),
                         [this](T const& a, T const& b) { return std::invoke(*before_, a, b); });
        if (records_.size() > most_)
            records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(most_), records_.end());
        is_pruned_ = records_.size() == most_;
        is_in_order_ = true;
        if constexpr (has_views<T>) {
            Arena kept;
            for (T& record : records_) adopt_views(record, kept);
            arena_ = std::move(kept);
        }
    }

    std::uint64_t most_;
    Before const* before_;
    bool is_pruned_ = false;
    bool is_in_order_ = true;
    Sequence records_;
    Arena arena_;
};

/// top(n, before) on one rank: the first of each stretch of consecutive partitions that it has,
/// encoded one after the other.
template <Encodable T, typename Before>
class TopEnd final : public ActionEnd<T> {
public:
    TopEnd(TypedTransformation<T>& parent,
           Transformation const& action,
           std::uint64_t most,
           Before const& before)
        : ActionEnd<T>(parent), action_(action), most_(most), before_(before), top_(most, before) {}

    ByteWriter const& encoded() const { return encoded_; }
    std::uint64_t record_count() const { return record_count_; }
    std::vector<ResultPiece> const& pieces() const { return pieces_.all(); }

    void begin_task(TaskContext& task) override {
        if (task.partition().index != next_partition_) take_top();
        next_partition_ = task.partition().index + 1;
        ActionEnd<T>::begin_task(task);
        pieces_.begin_task(task.partition().index, encoded_.size());
    }

    /// Puts them in order while the stage still runs: `before` may throw.
    void end_tasks() override { take_top(); }

private:
    void use(std::span<T const> batch) override {
        std::size_t i = 0;
        try {
            for (; i < batch.size(); ++i) top_.add(batch[i]);
        } catch (...) {
            rethrow_located(action_, this->record_ + i);
        }
    }

    void take_top() {
        if (pieces_.all().empty()) return;
        try {
            for (T const& record : top_.records()) {
                encode(record, encoded_);
                ++record_count_;
            }
        } catch (...) {
            rethrow_located(action_, this->record_);
        }
        pieces_.end_task(encoded_.size());
        top_ = TopRecords<T, Before>(most_, before_);
    }

    Transformation const& action_;
    std::uint64_t most_;
    Before const& before_;
    TopRecords<T, Before> top_;
    ByteWriter encoded_;
    std::uint64_t record_count_ = 0;
    ResultPieces pieces_;
    std::uint64_t next_partition_ = 0;
};

}  // namespace serry
