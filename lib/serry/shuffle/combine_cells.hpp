#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/narrow_values.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

/// What a rank knows of a key's value, in cells that tables keep: one value of an exact combiner,
/// integers of 64 bits in 32 as long as they fit; else the value of one source partition ("leaf")
/// and, beside the cell, those of earlier ones, folded as Spines says.
template <typename V, typename F, bool is_ordered>
class CombineCells {
public:
    static constexpr bool is_narrow = !is_ordered && std::is_integral_v<V> && sizeof(V) == 8;

private:
    using Narrow = NarrowValues<std::conditional_t<is_narrow, V, std::int64_t>>;  // or not used
    struct ExactCell {
        V value;
    };
    struct OrderedCell {
        std::uint32_t leaf;
        typename Spines<V>::Spine spine;  ///< values of earlier leaves
        V value;                          ///< of `leaf`
    };

public:
    using Cell = std::conditional_t<is_narrow,
                                    typename Narrow::Cell,
                                    std::conditional_t<is_ordered, OrderedCell, ExactCell>>;

    /// Borrows `combine`.
    CombineCells(F const& combine, Leaves leaves) : combine_(combine), leaves_(std::move(leaves)) {}

    /// Make a new cell hold `value`. False when there is no room for it.
    bool fill(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_narrow) {
            return narrow_.set(cell, value);
        } else {
            cell.value = value;
            adopt_views(cell.value, arena_);
            if constexpr (is_ordered) {
                cell.leaf = leaf;
                cell.spine = {};
            }
            return true;
        }
    }

    /// Combine `value` into a cell; leaves ascend. False when there is no room for the result.
    bool combine(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_narrow)
            return narrow_.set(cell, std::invoke(combine_, narrow_.get(cell), value));
        else
            return combine_wide(cell, value, leaf);
    }

    /// The cell will be combined with soon, and its memory has been fetched.
    [[gnu::always_inline]] void prefetch_behind([[maybe_unused]] Cell const& cell) const {
        if constexpr (is_ordered) spines_.prefetch(cell.spine);
    }

    /// Give what the cell holds, once: visit(value, leaf) in ascending order of leaf; one value for
    /// exact combiners.
    template <typename Visit>
    void take(Cell& cell, Visit visit) {
        if constexpr (is_ordered) {
            spines_.finish(cell.spine, {cell.leaf, std::move(cell.value)}, leaves_,
                           adopting<V>(combine_, arena_), partials_);
            for (std::size_t i = partials_.size(); i-- > 0;)
                visit(partials_[i].value, partials_[i].leaf);
        } else if constexpr (is_narrow) {
            visit(narrow_.get(cell), 0U);
        } else {
            visit(cell.value, 0U);
        }
    }

    /// For what lives as long as the cells.
    Arena& arena() { return arena_; }
    std::size_t memory_bytes() const {
        return arena_.allocated_bytes() + spines_.memory_bytes() + narrow_.memory_bytes();
    }
    /// Forget what all cells hold, and give the memory back.
    void release() {
        arena_ = Arena();
        spines_ = Spines<V>();
        narrow_ = Narrow();
    }

private:
    bool combine_wide(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_ordered) {
            if (cell.leaf != leaf) {
                spines_.push(cell.spine, {cell.leaf, std::move(cell.value)}, leaf, leaves_,
                             adopting<V>(combine_, arena_));
                cell.leaf = leaf;
                cell.value = value;
                adopt_views(cell.value, arena_);
                return true;
            }
        }
        assign(cell.value, std::invoke(combine_, std::as_const(cell.value), value));
        return true;
    }

    void assign(V& to, V combined) {
        if constexpr (has_views<V>) {
            // A combiner that chose one of its arguments most often chose the one that is stored.
            if constexpr (std::is_trivially_copyable_v<V>)
                if (std::memcmp(&to, &combined, sizeof to) == 0) return;
            adopt_views(combined, arena_);
        }
        to = std::move(combined);
    }

    F const& combine_;
    Leaves leaves_;
    Arena arena_;
    Spines<V> spines_;
    Narrow narrow_;
    std::vector<typename Spines<V>::Entry> partials_;
};

}  // namespace serry
