#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/base/huge_pages.hpp"
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
    /// Top of a key's spine: where it is, and its leaf, so that what need not be folded is not
    /// looked at. An empty spine is {}.
    struct Spine {
        std::uint32_t node = 0;
        std::uint32_t leaf = 0;

        bool empty() const { return node == 0; }
    };

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
        while (!spine.empty() && level(spine.leaf, entry.leaf) < limit
               && starts_within(spine.leaf, entry.leaf, known))
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
            while (!spine.empty() && starts_within(spine.leaf, entry.leaf, known)
                   && ends_within(spine.leaf, entry.leaf, known))
                entry.value = std::invoke(f, pop(spine).value, std::move(entry.value));
            entries.push_back(std::move(entry));
            if (spine.empty()) return;
            entry = pop(spine);
        }
    }

    /// The spine's top will be looked at soon.
    [[gnu::always_inline]] void prefetch(Spine spine) const {
        __builtin_prefetch(&nodes_[spine.node], 1);
    }

    std::size_t memory_bytes() const { return nodes_.capacity() * sizeof(Node); }

private:
    struct Node {
        Spine below;
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
        std::uint32_t at = free_.node;
        if (at != 0) {
            free_ = nodes_[at].below;
        } else {
            at = static_cast<std::uint32_t>(nodes_.size());
            nodes_.emplace_back();
        }
        nodes_[at].value = std::move(entry.value);
        nodes_[at].below = spine;
        spine = {at, entry.leaf};
    }

    Entry pop(Spine& spine) {
        Node& node = nodes_[spine.node];
        Entry entry{spine.leaf, std::move(node.value)};
        Spine const below = node.below;
        node.below = free_;
        free_ = spine;
        spine = below;
        return entry;
    }

    std::vector<Node, HugePages<Node>> nodes_;  ///< the first is none
    Spine free_;
};

}  // namespace serry
