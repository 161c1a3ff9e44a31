#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/plan/split.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// Consecutive source partitions [begin, end) of `count`: those whose records a rank has seen
/// whole.
struct LeafRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t count = 0;
};

/// All the source partitions whose records a rank has seen whole.
class Leaves {
public:
    Leaves() = default;
    Leaves(LeafRange range) : ranges_{range} {}
    Leaves(std::uint64_t begin, std::uint64_t end, std::uint64_t count)
        : Leaves(LeafRange{begin, end, count}) {}
    /// `own` in ascending order, of `count` leaves.
    Leaves(std::vector<PartitionRange> const& own, std::uint64_t count) {
        for (PartitionRange const& range : own) ranges_.push_back({range.begin, range.end, count});
    }

    /// The range that holds `leaf`, which is one of them.
    LeafRange const& around(std::uint32_t leaf) const {
        std::size_t i = 0;
        while (i + 1 < ranges_.size() && ranges_[i].end <= leaf) ++i;
        return ranges_[i];
    }

private:
    std::vector<LeafRange> ranges_;
};

/// `f` as Spines need it for values that they keep: what its results view is copied into `arena`.
/// Borrows both.
template <typename V, typename F>
auto adopting(F const& f, Arena& arena) {
    if constexpr (has_views<V>) {
        return [&f, &arena](V const& left, V const& right) {
            V result = std::invoke(f, left, right);
            adopt_views(result, arena);
            return result;
        };
    } else {
        return std::cref(f);
    }
}

/// Folds values along a fixed binary tree over source partitions (its leaves), so that the result
/// of a combiner that rounds, such as a floating-point sum, depends on the partitions and not on
/// which rank had which. The node above leaves a < b is the smallest aligned block of 2^k leaves
/// with both in it; an absent leaf is passed over. Values come in ascending order of leaf; each
/// waits on its key's spine until the blocks it belongs to are known to be complete. A spine is at
/// most log2(leaves) deep.
template <typename V>
class Spines {
public:
    /// Top of a key's spine; `none` for an empty one.
    using Spine = std::uint32_t;
    static constexpr Spine none = 0;

    Spines() : nodes_(1) {}

    struct Entry {
        std::uint32_t leaf;
        V value;
    };

    /// Put `entry` on the spine, knowing that the key's next value is of `next_leaf`: what that
    /// completes within `known` is folded first.
    template <typename F>
    void push(Spine& spine, Entry entry, std::uint32_t next_leaf, Leaves const& known, F const& f) {
        int const limit = level(entry.leaf, next_leaf);
        while (spine != none && level(nodes_[spine].leaf, entry.leaf) < limit
               && starts_within(nodes_[spine].leaf, entry.leaf, known))
            entry.value = std::invoke(f, pop(spine).value, std::move(entry.value));
        put(spine, std::move(entry));
    }

    /// Fold what lies in blocks that `known` holds whole: no more values will come. Leaves the
    /// entries from the top of the spine downward in `entries` (cleared first), that is, in
    /// descending order.
    template <typename F>
    void finish(Spine& spine,
                Entry entry,
                Leaves const& known,
                F const& f,
                std::vector<Entry>& entries) {
        entries.clear();
        for (;;) {
            while (spine != none && starts_within(nodes_[spine].leaf, entry.leaf, known)
                   && ends_within(nodes_[spine].leaf, entry.leaf, known))
                entry.value = std::invoke(f, pop(spine).value, std::move(entry.value));
            entries.push_back(std::move(entry));
            if (spine == none) return;
            entry = pop(spine);
        }
    }

    std::size_t memory_bytes() const { return nodes_.capacity() * sizeof(Node); }

private:
    struct Node {
        std::uint32_t leaf = 0;
        Spine below = none;
        V value{};
    };

    static int level(std::uint32_t a, std::uint32_t b) {
        return static_cast<int>(std::bit_width(a ^ b));
    }
    static bool starts_within(std::uint32_t a, std::uint32_t b, Leaves const& known) {
        return (std::uint64_t{a} >> level(a, b) << level(a, b)) >= known.around(b).begin;
    }
    static bool ends_within(std::uint32_t a, std::uint32_t b, Leaves const& known) {
        std::uint64_t const end = ((std::uint64_t{a} >> level(a, b)) + 1) << level(a, b);
        LeafRange const& around = known.around(b);
        return around.end == around.count || end <= around.end;
    }

    void put(Spine& spine, Entry entry) {
        Spine node = free_;
        if (node != none) {
            free_ = nodes_[node].below;
        } else {
            node = static_cast<Spine>(nodes_.size());
            nodes_.emplace_back();
        }
        nodes_[node].leaf = entry.leaf;
        nodes_[node].value = std::move(entry.value);
        nodes_[node].below = spine;
        spine = node;
    }

    Entry pop(Spine& spine) {
        Node& node = nodes_[spine];
        Entry entry{node.leaf, std::move(node.value)};
        Spine const below = node.below;
        node.below = free_;
        free_ = spine;
        spine = below;
        return entry;
    }

    std::vector<Node> nodes_;
    Spine free_ = none;
};

}  // namespace serry
