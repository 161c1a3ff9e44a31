#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace serry::test {

/// The values of some of the leaves [begin, begin + size), folded as the documented tree says:
/// halves first, then the two together; what is absent is passed over. `size` is a power of two.
template <typename V, typename F>
std::optional<V> fold_block(std::map<std::uint32_t, V> const& leaves,
                            F const& combine,
                            std::uint64_t begin,
                            std::uint64_t size) {
    auto const first = leaves.lower_bound(static_cast<std::uint32_t>(begin));
    if (first == leaves.end() || first->first >= begin + size) return std::nullopt;
    if (size == 1) return first->second;
    std::optional<V> left = fold_block(leaves, combine, begin, size / 2);
    std::optional<V> right = fold_block(leaves, combine, begin + size / 2, size / 2);
    if (!left) return right;
    if (!right) return left;
    return std::invoke(combine, *left, *right);
}

/// The same over all leaves; requires at least one.
template <typename V, typename F>
V fold_leaves(std::map<std::uint32_t, V> const& leaves, F const& combine) {
    std::uint64_t const last = leaves.rbegin()->first;
    return *fold_block(leaves, combine, 0, std::bit_ceil(last + 1));
}

}  // namespace serry::test
