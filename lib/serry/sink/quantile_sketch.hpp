#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "serry/base/natural_order.hpp"
#include "serry/base/random.hpp"

namespace serry {

/// Numbers in little memory, for quantiles (KLL: Karnin, Lang, Liberty 2016). A number on level h
/// stands for 2^h of those added. A full level is sorted, and every second of its numbers moves up:
/// from the first or the second on, as a coin says. The coins follow from the partition that the
/// sketch began with, so that the same numbers merged along the same tree give the same sketch.
template <typename T>
struct QuantileSketch {
    std::uint64_t capacity = 0;  ///< of the top level, in numbers; the one below has two thirds
    std::uint64_t lowest_capacity = 0;
    std::uint64_t partition = 0;
    std::uint64_t coin_count = 0;
    std::uint64_t count = 0;
    double squared_error = 0;  ///< sum over all that moved up of the square of what one stands for
    T least{};
    T greatest{};
    std::vector<std::vector<T>> levels;

    static QuantileSketch with(std::uint64_t capacity, std::uint64_t partition) {
        QuantileSketch sketch;
        sketch.capacity = capacity;
        sketch.partition = partition;
        sketch.levels.resize(1);
        sketch.lowest_capacity = sketch.capacity_of(0);
        return sketch;
    }

    void add(T value) {
        include_extremes(value, value);
        ++count;
        levels[0].push_back(value);
        if (levels[0].size() >= lowest_capacity) compress();
    }

    /// Add what `other`, of the same capacity, was given.
    void merge(QuantileSketch const& other) {
        if (other.count == 0) return;
        include_extremes(other.least, other.greatest);
        count += other.count;
        squared_error += other.squared_error;
        coin_count += other.coin_count;
        if (levels.size() < other.levels.size()) levels.resize(other.levels.size());
        for (std::size_t h = 0; h < other.levels.size(); ++h)
            levels[h].insert(levels[h].end(), other.levels[h].begin(), other.levels[h].end());
        compress();
    }

    /// A number of which about `fraction` of all numbers are at most as large, one that was added:
    /// the least for 0, the greatest for 1. Requires count > 0.
    std::vector<T> quantiles(std::vector<double> const& fractions) const {
        struct Weighted {
            T value;
            std::uint64_t weight;
        };
        std::vector<Weighted> all;
        for (std::size_t h = 0; h < levels.size(); ++h)
            for (T const& value : levels[h]) all.push_back({value, std::uint64_t{1} << h});
        std::sort(all.begin(), all.end(), [](Weighted const& a, Weighted const& b) {
            return NaturalOrder{}(a.value, b.value);
        });
        std::uint64_t below = 0;
        for (Weighted& item : all) item.weight = below += item.weight;
        std::vector<T> result;
        for (double const fraction : fractions) {
            double const rank = std::ceil(fraction * static_cast<double>(count));
            auto const found = std::find_if(all.begin(), all.end(), [&](Weighted const& item) {
                return static_cast<double>(item.weight) >= rank;
            });
            result.push_back(fraction <= 0                         ? least
                             : fraction >= 1 || found == all.end() ? greatest
                                                                   : found->value);
        }
        return result;
    }

    /// How far, as a fraction of the count, the rank of a quantile may be from what was asked for;
    /// it is farther with a probability of at most 1 % for each (Hoeffding's inequality over the
    /// coins). 0 as long as everything is still there.
    double rank_error() const {
        if (count == 0) return 0;
        double const log_of_200 = 5.298317366548036;
        return std::sqrt(2 * log_of_200 * squared_error) / static_cast<double>(count);
    }

    /// A capacity for which rank_error() is at most `rank_error`, in any way of merging.
    static std::uint64_t capacity_for(double rank_error) {
        return static_cast<std::uint64_t>(std::ceil(6 / rank_error));
    }

private:
    std::uint64_t capacity_of(std::size_t level) const {
        auto const depth = static_cast<double>(levels.size() - 1 - level);
        auto const room = static_cast<double>(capacity) * std::pow(2.0 / 3, depth);
        return std::max<std::uint64_t>(8, static_cast<std::uint64_t>(room));
    }

    void include_extremes(T low, T high) {
        least = count == 0 ? low : LeastOf{}(least, low);
        greatest = count == 0 ? high : GreatestOf{}(greatest, high);
    }

    /// Until every level is below its capacity.
    void compress() {
        for (std::size_t h = 0; h < levels.size(); ++h) {
            if (levels[h].size() < capacity_of(h)) continue;
            if (h + 1 == levels.size()) {
                levels.emplace_back();
                h = static_cast<std::size_t>(-1);  // the capacities have changed
                continue;
            }
            move_up(h);
        }
        lowest_capacity = capacity_of(0);
    }

    void move_up(std::size_t h) {
        std::sort(levels[h].begin(), levels[h].end(), NaturalOrder{});
        std::size_t const odd = levels[h].size() % 2;  // the first stays
        std::size_t const coin = RecordRandom(seed, partition, coin_count++).bits() >> 63;
        for (std::size_t i = odd + coin; i < levels[h].size(); i += 2)
            levels[h + 1].push_back(levels[h][i]);
        levels[h].resize(odd);
        squared_error += std::ldexp(1.0, 2 * static_cast<int>(h));
    }

    static constexpr std::uint64_t seed = 0x9e3779b97f4a7c15;
};

}  // namespace serry
