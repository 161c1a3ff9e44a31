#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "shuffle/reduce_oracle.hpp"

namespace serry::test {

template <typename K, typename V>
using Pairs = std::vector<KeyValue<K, V>>;

/// What any step that brings the records of a key together gives, by definition: for each key, in
/// the order of (hash, key), what `merge(left values, right values, emit)` emits.
template <typename Out, typename K, typename L, typename R, typename Merge>
Partitions<KeyValue<K, Out>> merge_by_oracle(Partitions<KeyValue<K, L>> const& left,
                                             Partitions<KeyValue<K, R>> const& right,
                                             std::uint64_t partition_count,
                                             Merge merge) {
    std::map<std::pair<std::uint64_t, std::string>, std::pair<std::vector<L>, std::vector<R>>>
        groups;
    ByteWriter scratch;
    auto const group_of = [&](K const& key) -> auto& {
        std::string const bytes(key_bytes(key, scratch));
        return groups[{hash_key(bytes), bytes}];
    };
    for (auto const& partition : left)
        for (auto const& [key, value] : partition) group_of(key).first.push_back(value);
    for (auto const& partition : right)
        for (auto const& [key, value] : partition) group_of(key).second.push_back(value);
    Partitions<KeyValue<K, Out>> result(partition_count);
    for (auto const& [at, values] : groups) {
        auto& partition = result[partition_of_hash(at.first, partition_count)];
        K const key = key_from_bytes<K>(at.second);
        merge(values.first, values.second, [&](Out out) { partition.emplace_back(key, out); });
    }
    return result;
}

using Size = KeyValue<std::uint64_t, std::uint64_t>;

/// Counts the records of a partition.
struct SizeCounter {
    std::uint64_t partition;
    std::uint64_t count = 0;

    template <typename T, typename Emit>
    void operator()(std::span<T const> batch, Emit const&) {
        count += batch.size();
    }
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(Size(partition, count));
    }
};

/// Records, and which partition they are in.
template <typename T>
void check_partitions(Dataset<T> const& dataset, Partitions<T> const& expected) {
    std::vector<Size> sizes;
    for (auto const& partition : expected) sizes.emplace_back(sizes.size(), partition.size());
    auto const counted = dataset.template map_partitions<Size>(
        [](Partition partition) { return SizeCounter{partition.index}; });
    CHECK((counted.collect().to_vector() == sizes));
    CHECK((bytes_of(dataset.collect().to_vector()) == bytes_of(expected)));
}

/// Every operator on two datasets of the records given, against the oracle.
template <typename K, typename L, typename R>
void check_joins(Dataset<KeyValue<K, L>> const& a,
                 Dataset<KeyValue<K, R>> const& b,
                 Partitions<KeyValue<K, L>> const& left,
                 Partitions<KeyValue<K, R>> const& right,
                 std::uint64_t count) {
    std::uint64_t const n = count ? count : std::max(left.size(), right.size());
    CAPTURE(n);
    using MaybeL = std::optional<L>;
    using MaybeR = std::optional<R>;
    auto const pairs = [](auto const& ls, auto const& rs, auto const& emit) {
        for (auto const& l : ls)
            for (auto const& r : rs) emit({l, r});
    };
    auto const lonely_left = [](auto const& ls, auto const& rs, auto const& emit) {
        if (rs.empty())
            for (auto const& l : ls) emit({l, {}});
    };
    auto const lonely_right = [](auto const& ls, auto const& rs, auto const& emit) {
        if (ls.empty())
            for (auto const& r : rs) emit({{}, r});
    };
    check_partitions(a.join(b, count), merge_by_oracle<Joined<L, R>>(left, right, n, pairs));
    check_partitions(a.left_outer_join(b, count),
                     merge_by_oracle<Joined<L, MaybeR>>(
                         left, right, n, [&](auto const& ls, auto const& rs, auto const& emit) {
                             pairs(ls, rs, emit);
                             lonely_left(ls, rs, emit);
                         }));
    check_partitions(a.right_outer_join(b, count),
                     merge_by_oracle<Joined<MaybeL, R>>(
                         left, right, n, [&](auto const& ls, auto const& rs, auto const& emit) {
                             pairs(ls, rs, emit);
                             lonely_right(ls, rs, emit);
                         }));
    check_partitions(a.full_outer_join(b, count),
                     merge_by_oracle<Joined<MaybeL, MaybeR>>(
                         left, right, n, [&](auto const& ls, auto const& rs, auto const& emit) {
                             pairs(ls, rs, emit);
                             lonely_left(ls, rs, emit);
                             lonely_right(ls, rs, emit);
                         }));
    auto const if_right = [](bool wanted) {
        return [wanted](auto const& ls, auto const& rs, auto const& emit) {
            if (rs.empty() != wanted)
                for (auto const& l : ls) emit(l);
        };
    };
    check_partitions(a.semi_join(b, count), merge_by_oracle<L>(left, right, n, if_right(true)));
    check_partitions(a.subtract_by_key(b, count),
                     merge_by_oracle<L>(left, right, n, if_right(false)));
    check_partitions(a.partition_by_key(n),
                     merge_by_oracle<L>(left, Partitions<KeyValue<K, R>>(), n, if_right(false)));
}

/// The same of what holds values: for values that own what they hold.
template <typename K, typename L, typename R>
void check_groups(Dataset<KeyValue<K, L>> const& a,
                  Dataset<KeyValue<K, R>> const& b,
                  Partitions<KeyValue<K, L>> const& left,
                  Partitions<KeyValue<K, R>> const& right,
                  std::uint64_t n) {
    using Group = std::vector<L>;
    using Both = std::pair<std::vector<L>, std::vector<R>>;
    check_partitions(
        a.group_by_key(n).map_values([](Values<L> const& values) { return values.to_vector(); }),
        merge_by_oracle<Group>(left, Partitions<KeyValue<K, R>>(), n,
                               [](auto const& ls, auto const&, auto const& emit) { emit(ls); }));
    check_partitions(
        a.cogroup(b, n).map_values([](Cogrouped<L, R> const& values) {
            return Both(values.left.to_vector(), values.right.to_vector());
        }),
        merge_by_oracle<Both>(left, right, n, [](auto const& ls, auto const& rs, auto const& emit) {
            emit({ls, rs});
        }));
}

/// All of it for `left` and `right` in so many partitions.
template <typename K, typename L, typename R>
void check_all(Context& context,
               Pairs<K, L> const& left,
               std::uint64_t left_partitions,
               Pairs<K, R> const& right,
               std::uint64_t right_partitions,
               std::uint64_t count) {
    auto const a = parallelize(context, left, left_partitions);
    auto const b = parallelize(context, right, right_partitions);
    auto const in_a = cut(left, left_partitions);
    auto const in_b = cut(right, right_partitions);
    check_joins(a, b, in_a, in_b, count);
    check_groups(a, b, in_a, in_b, count ? count : std::max(left_partitions, right_partitions));
}

}  // namespace serry::test
