#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/slot_table.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

/// The sending side of reduce_by_key on one rank: the values of a key are combined where they
/// appear.
///
/// Keys of up to 7 bytes and longer ones have tables of their own, so that slots are small: how
/// many of them fit the caches is what decides the speed. Keys of more than 15 bytes lie in an
/// arena. Look-ups go in groups, so that the slots' cache lines come in while others are worked on.
/// The tables grow up to `most_slots` each and then freeze: keys inside go on combining, others are
/// refused, and are the caller's to pass on.
///
/// A combiner that is not exact is folded as Spines says, per source partition ("leaf").
template <typename V, typename F, bool is_ordered>
class CombineTable {
public:
    CombineTable(F const& combine, std::uint64_t most_slots, Leaves leaves)
        : combine_(combine), leaves_(std::move(leaves)), tiny_(most_slots), wide_(most_slots) {}

    /// Where the key's slot is looked for first. To be prefetched by the caller in a loop that does
    /// other work as well: GCC 12 takes a function that only prefetches for one without effect, and
    /// drops it.
    char const* home_address(KeyProbe const& probe) const {
        char const* const tiny = tiny_.home_address(probe.hash);
        char const* const wide = wide_.home_address(probe.hash);
        return probe.is_tiny() ? tiny : wide;
    }

    /// Combine `value` into its key's. False when the key is not inside and the table is frozen.
    bool add(KeyProbe const& probe, V const& value, std::uint32_t leaf) {
        return probe.is_tiny() ? add_tiny(probe, value, leaf) : add_wide(probe, value, leaf);
    }
    /// The same for a key that is tiny, or is not.
    bool add_tiny(KeyProbe const& probe, V const& value, std::uint32_t leaf) {
        return add_to(tiny_, probe, value, leaf);
    }
    bool add_wide(KeyProbe const& probe, V const& value, std::uint32_t leaf) {
        return add_to(wide_, probe, value, leaf);
    }

    std::size_t size() const { return tiny_.size() + wide_.size(); }
    std::size_t slot_count() const { return tiny_.slot_count() + wide_.slot_count(); }
    /// Whether a key was refused.
    bool is_frozen() const { return is_frozen_; }
    std::size_t memory_bytes() const {
        return tiny_.memory_bytes() + wide_.memory_bytes() + arena_.allocated_bytes()
               + spines_.memory_bytes();
    }

    /// Visit the hash and number of every used slot.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        tiny_.for_each_used(
            [&](auto const& slot, std::size_t at) { visit(slot.key.hash(), at << 1); });
        wide_.for_each_used(
            [&](auto const& slot, std::size_t at) { visit(slot.key.hash(), at << 1 | 1); });
    }
    char const* slot_address(std::size_t number) const {
        return number & 1 ? reinterpret_cast<char const*>(&wide_.at(number >> 1))
                          : reinterpret_cast<char const*>(&tiny_.at(number >> 1));
    }

    /// The key in a used slot; valid until a key is added.
    std::string_view key_at(std::size_t number) const {
        return number & 1 ? wide_.at(number >> 1).key.bytes() : tiny_.at(number >> 1).key.bytes();
    }

    /// Give what this rank knows of the key in a used slot, once: visit(value, leaf) in ascending
    /// order of leaf; one value for exact combiners.
    template <typename Visit>
    void take_values(std::size_t number, Visit visit) {
        Cell& cell = number & 1 ? wide_.at(number >> 1).cell : tiny_.at(number >> 1).cell;
        if constexpr (is_ordered) {
            spines_.finish(cell.spine, {cell.leaf, std::move(cell.value)}, leaves_,
                           adopting<V>(combine_, arena_), partials_);
            for (std::size_t i = partials_.size(); i-- > 0;)
                visit(partials_[i].value, partials_[i].leaf);
        } else {
            visit(cell.value, 0U);
        }
    }

    /// Empty the table and give its memory back.
    void release() {
        tiny_.release();
        wide_.release();
        arena_ = Arena();
        spines_ = Spines<V>();
    }

    /// Of the larger kind of slots, for those who divide memory.
    static constexpr std::size_t slot_bytes();

private:
    struct ExactCell {
        V value;
    };
    struct OrderedCell {
        std::uint32_t leaf;
        typename Spines<V>::Spine spine;  ///< values of earlier leaves
        V value;                          ///< of `leaf`
    };
    using Cell = std::conditional_t<is_ordered, OrderedCell, ExactCell>;

    template <typename SlotKey>
    bool add_to(SlotTable<SlotKey, Cell>& table,
                KeyProbe const& probe,
                V const& value,
                std::uint32_t leaf) {
        auto* slot = &table.find(probe);
        if (!slot->key.is_free()) {
            combine(slot->cell, value, leaf);
            return true;
        }
        if (!table.has_room()) {
            if (!table.grow()) {
                is_frozen_ = true;
                return false;
            }
            slot = &table.find(probe);
        }
        table.put(*slot, kept_key<SlotKey>(probe), first_cell(value, leaf));
        return true;
    }

    template <typename SlotKey>
    SlotKey kept_key(KeyProbe const& probe) {
        if constexpr (std::is_same_v<SlotKey, WideKey>) {
            if (probe.is_long()) {
                char* const to = arena_.allocate(sizeof probe.size + probe.size);
                std::memcpy(to, &probe.size, sizeof probe.size);
                std::memcpy(to + sizeof probe.size, probe.data, probe.size);
                return WideKey::of_long(probe.hash, to);
            }
        }
        return SlotKey::of(probe);
    }

    Cell first_cell(V value, [[maybe_unused]] std::uint32_t leaf) {
        adopt_views(value, arena_);
        if constexpr (is_ordered)
            return {leaf, Spines<V>::none, std::move(value)};
        else
            return {std::move(value)};
    }

    void combine(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_ordered) {
            if (cell.leaf != leaf) {
                spines_.push(cell.spine, {cell.leaf, std::move(cell.value)}, leaf, leaves_,
                             adopting<V>(combine_, arena_));
                cell.leaf = leaf;
                cell.value = value;
                adopt_views(cell.value, arena_);
                return;
            }
        }
        assign(cell.value, std::invoke(combine_, std::as_const(cell.value), value));
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
    SlotTable<TinyKey, Cell> tiny_;
    SlotTable<WideKey, Cell> wide_;
    bool is_frozen_ = false;
    Arena arena_;
    Spines<V> spines_;
    std::vector<typename Spines<V>::Entry> partials_;
};

template <typename V, typename F, bool is_ordered>
constexpr std::size_t CombineTable<V, F, is_ordered>::slot_bytes() {
    return sizeof(typename SlotTable<WideKey, Cell>::Slot);
}

}  // namespace serry
