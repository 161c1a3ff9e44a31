#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "serry/shuffle/joins.hpp"
#include "serry/shuffle/values.hpp"

namespace serry {

// What MergeTransformation does with records that were sent to a partition by its key (see
// partition_keys): the values of a key are then the partition's records, in the order of their
// source partitions. Keys are dropped.

struct RoutedRecords {
    static constexpr bool keeps_key = false;

    template <typename V>
    void operator()(std::uint64_t, Values<V> const& records, MergeOutput<V>& out) const {
        for (V record : records) {
            if (out.has_enough()) return;
            out.add(records.keep(std::move(record), out.arena()));
        }
    }
};

/// The first with the first, the second with the second, and so on. Both sides have as many.
struct ZipRouted {
    static constexpr bool keeps_key = false;

    template <typename L, typename R>
    void operator()(std::uint64_t,
                    Values<L> const& left,
                    Values<R> const& right,
                    MergeOutput<Joined<L, R>>& out) const {
        auto match = right.begin();
        for (L record : left) {
            if (out.has_enough()) return;
            R other = *match;
            out.add({left.keep(std::move(record), out.arena()),
                     right.keep(std::move(other), out.arena())});
            ++match;
        }
    }
};

/// Each of the left with all of the right.
struct CrossRouted {
    static constexpr bool keeps_key = false;

    template <typename L, typename R>
    void operator()(std::uint64_t,
                    Values<L> const& left,
                    Values<R> const& right,
                    MergeOutput<Joined<L, R>>& out) const {
        for (L const& record : left)
            for (R match : right) {
                if (out.has_enough()) return;
                L own = record;
                out.add({left.keep(std::move(own), out.arena()),
                         right.keep(std::move(match), out.arena())});
            }
    }
};

/// f(left, right, emit): whatever a function makes of both sides of a partition.
template <typename F, typename Out>
struct CallRouted {
    static constexpr bool keeps_key = false;
    static constexpr bool calls_user = true;

    F f;

    template <typename L, typename R>
    void operator()(std::uint64_t,
                    Values<L> const& left,
                    Values<R> const& right,
                    MergeOutput<Out>& out) const {
        std::invoke(f, left, right, [&out](Out record) {
            if constexpr (Encodable<Out>) adopt_views(record, out.arena());
            out.add(std::move(record));
        });
    }
};

/// Where windows lie in a dataset: they begin at the records 0, step, 2 step, ..., and hold `width`
/// records, all of them within the dataset.
struct WindowGrid {
    std::uint64_t width = 1;
    std::uint64_t step = 1;
    std::vector<std::uint64_t> ends{};  ///< of the partitions: the index behind their last record

    std::uint64_t begin_of(std::uint64_t partition) const {
        return partition == 0 ? 0 : ends[partition - 1];
    }
    std::uint64_t partition_of(std::uint64_t index) const {
        auto const found = std::upper_bound(ends.begin(), ends.end(), index);
        return static_cast<std::uint64_t>(found - ends.begin());
    }
    /// Whether a window that begins in `partition` may hold the record `index` behind it.
    bool reaches(std::uint64_t partition, std::uint64_t index) const {
        return ends[partition] + width > index + 1;
    }
};

/// The windows that begin in a partition. Its records come with their indices, and behind them
/// those of later partitions which its last windows reach.
template <typename T>
struct CutWindows {
    static constexpr bool keeps_key = false;

    std::shared_ptr<WindowGrid const> grid;

    void operator()(std::uint64_t,
                    Values<std::pair<std::uint64_t, T>> const& records,
                    MergeOutput<std::vector<T>>& out) const {
        std::vector<T> window;
        std::uint64_t next_begin = 0, end = 0;
        for (auto const& [index, record] : records) {
            if (out.has_enough()) return;
            if (end == 0) {
                end = grid->ends[grid->partition_of(index)];
                next_begin = (index + grid->step - 1) / grid->step * grid->step;
            }
            if (next_begin >= end) return;
            if (index < next_begin) continue;
            window.push_back(record);
            if (window.size() < grid->width) continue;
            out.add(window);
            next_begin += grid->step;
            auto const passed = std::min<std::uint64_t>(grid->step, window.size());
            window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(passed));
        }
    }
};

}  // namespace serry
