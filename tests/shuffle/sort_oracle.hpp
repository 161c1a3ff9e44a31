#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "serry/base/hash.hpp"
#include "shuffle/reduce_oracle.hpp"

namespace serry::test {

/// A record and the priority that its place in the source gives it, whose leading zeros are its
/// level.
template <typename T>
struct Prioritised {
    T record;
    int level = 0;
};

/// What a sort gives, by definition: all records by (before, source partition, index), cut where
/// equidistant ones of a sample of them are. The sample: of all records if that makes no more than
/// the limit, else those of the lowest level that does.
template <typename T, typename Before>
Partitions<T> sort_by_oracle(Partitions<T> const& sources,
                             Before const& before,
                             std::uint64_t partition_count) {
    std::vector<Prioritised<T>> all;
    for (std::uint64_t p = 0; p < sources.size(); ++p)
        for (std::uint64_t i = 0; i < sources[p].size(); ++i) {
            std::uint64_t const hash = mix_fingerprint(mix_fingerprint(0x736f7274, p), i);
            all.push_back({sources[p][i], std::countl_zero(hash)});
        }
    std::stable_sort(all.begin(), all.end(),
                     [&](auto const& a, auto const& b) { return before(a.record, b.record); });
    std::uint64_t const limit =
        std::clamp<std::uint64_t>(256 * partition_count, 16384, std::uint64_t{1} << 18);
    std::vector<std::size_t> sample;
    for (int level = 0;; ++level) {
        sample.clear();
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i].level >= level) sample.push_back(i);
        if (sample.size() <= limit) break;
    }
    Partitions<T> result(partition_count);
    std::size_t at = 0;
    for (std::uint64_t p = 0; p < partition_count; ++p) {
        std::uint64_t const next =
            ((p + 1) * sample.size() + partition_count - 1) / partition_count;
        std::size_t const end = next < sample.size() ? sample[next] : all.size();
        for (; at < end; ++at) result[p].push_back(std::move(all[at].record));
    }
    return result;
}

}  // namespace serry::test
