#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serry/base/hash.hpp"
#include "serry/base/key_value.hpp"
#include "serry/serde/codec.hpp"
#include "shuffle/fold_oracle.hpp"

namespace serry::test {

template <typename T>
using Partitions = std::vector<std::vector<T>>;

/// What reduce_by_key gives, by definition: in each source partition the values of a key folded
/// from the left, the partitions' results along the tree; ordered by (hash, key), cut by hash.
template <typename K, typename V, typename F>
Partitions<KeyValue<K, V>> reduce_by_oracle(Partitions<KeyValue<K, V>> const& sources,
                                            F const& combine,
                                            std::uint64_t partition_count) {
    std::map<std::pair<std::uint64_t, std::string>, std::map<std::uint32_t, V>> groups;
    ByteWriter scratch;
    for (std::size_t leaf = 0; leaf < sources.size(); ++leaf)
        for (auto const& [key, value] : sources[leaf]) {
            std::string const bytes(key_bytes(key, scratch));
            auto& values = groups[{hash_key(bytes), bytes}];
            auto const [at, is_first] = values.try_emplace(static_cast<std::uint32_t>(leaf), value);
            if (!is_first) at->second = std::invoke(combine, std::as_const(at->second), value);
        }
    Partitions<KeyValue<K, V>> result(partition_count);
    for (auto const& [key, values] : groups)
        result[partition_of_hash(key.first, partition_count)].emplace_back(
            key_from_bytes<K>(key.second), fold_leaves(values, combine));
    return result;
}

/// What reduce() gives: every partition from the left, the partitions along the tree.
template <typename T, typename F>
std::optional<T> fold_by_oracle(Partitions<T> const& partitions, F const& combine) {
    std::map<std::uint32_t, T> leaves;
    for (std::size_t leaf = 0; leaf < partitions.size(); ++leaf)
        for (T const& record : partitions[leaf]) {
            auto const [at, is_first] =
                leaves.try_emplace(static_cast<std::uint32_t>(leaf), record);
            if (!is_first) at->second = std::invoke(combine, std::as_const(at->second), record);
        }
    if (leaves.empty()) return std::nullopt;
    return fold_leaves(leaves, combine);
}

/// `records` cut as parallelize() cuts them.
template <typename T>
Partitions<T> cut(std::vector<T> const& records, std::uint64_t partition_count) {
    Partitions<T> partitions(partition_count);
    for (std::uint64_t p = 0; p < partition_count; ++p) {
        std::uint64_t const begin = (p * records.size() + partition_count - 1) / partition_count;
        std::uint64_t const end =
            ((p + 1) * records.size() + partition_count - 1) / partition_count;
        partitions[p].assign(records.begin() + static_cast<std::ptrdiff_t>(begin),
                             records.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return partitions;
}

/// Bit for bit: records compare by what they are encoded as.
template <typename T>
std::string bytes_of(std::vector<T> const& records) {
    ByteWriter out;
    for (T const& record : records) encode(record, out);
    return std::string(out.view());
}
template <typename T>
std::string bytes_of(Partitions<T> const& partitions) {
    std::string all;
    for (auto const& partition : partitions) all += bytes_of(partition);
    return all;
}

}  // namespace serry::test
