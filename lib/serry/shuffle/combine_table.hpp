#pragma once

#include <algorithm>
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
#include "serry/shuffle/narrow_values.hpp"
#include "serry/shuffle/slot_table.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

/// The sending side of reduce_by_key on one rank: the values of a key are combined where they
/// appear.
///
/// Tiny keys and others have tables of their own, so that slots are small: how many of them fit the
/// caches is what decides the speed. For the same reason exact combiners keep integers of 64 bits
/// in 32 as long as they fit. Keys of more than 15 bytes lie in an arena. Look-ups go in groups, so
/// that the slots' cache lines come in while others are worked on. The tables grow up to
/// `most_slots` each and then freeze: keys inside go on combining, others are refused, and are the
/// caller's to pass on.
///
/// A combiner that is not exact is folded as Spines says, per source partition ("leaf").
template <typename V, typename F, bool is_ordered>
class CombineTable {
public:
    CombineTable(F const& combine, std::uint64_t most_slots, Leaves leaves)
        : combine_(combine), leaves_(std::move(leaves)), tiny_(most_slots), wide_(most_slots) {}

    /// Keys that are looked for together.
    static constexpr std::size_t most_in_group = 256;

    /// Combine the values of records [0, count), count <= most_in_group, into those of their keys:
    /// key_of(i) and value_of(i) give them. Calls refuse(i, hash) for those that are not inside a
    /// frozen table. Records of one key are taken in order. `position` is the record that is worked
    /// on.
    template <typename KeyOf, typename ValueOf, typename Refuse>
    void add_group(std::size_t count,
                   KeyOf key_of,
                   ValueOf value_of,
                   std::uint32_t leaf,
                   Refuse refuse,
                   std::size_t& position) {
        Group group;
        choose_by_size(group, count, key_of);
        add_tiny_keys(group, key_of, value_of, leaf, refuse, position);
        add_wide_keys(group, key_of, value_of, leaf, refuse, position);
    }

    /// Combine `value` into its key's. False when the key is not inside and the table is frozen.
    bool add(std::string_view key, V const& value, std::uint32_t leaf) {
        bool is_taken = true;
        std::size_t position = 0;
        add_group(
            1, [&](std::size_t) { return key; }, [&](std::size_t) -> V const& { return value; },
            leaf, [&](std::size_t, std::uint64_t) { is_taken = false; }, position);
        return is_taken;
    }
    /// The same for a key that is not tiny.
    bool add(KeyProbe const& probe, V const& value, std::uint32_t leaf) {
        return add_to(wide_, probe.hash, probe, value, leaf);
    }

    std::size_t size() const { return tiny_.size() + wide_.size(); }
    std::size_t slot_count() const { return tiny_.slot_count() + wide_.slot_count(); }
    /// Whether a key was refused.
    bool is_frozen() const { return is_frozen_; }
    std::size_t memory_bytes() const {
        return tiny_.memory_bytes() + wide_.memory_bytes() + arena_.allocated_bytes()
               + spines_.memory_bytes() + narrow_.memory_bytes();
    }

    /// Visit the hash and number of every used slot.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        tiny_.for_each_used([&](TinyKey key, std::size_t at) { visit(key.hash(), at << 1); });
        wide_.for_each_used([&](WideKey key, std::size_t at) { visit(key.hash(), at << 1 | 1); });
    }
    char const* slot_address(std::size_t number) const {
        return number & 1 ? reinterpret_cast<char const*>(&wide_.at(number >> 1).key())
                          : reinterpret_cast<char const*>(&tiny_.at(number >> 1).key());
    }

    /// The key in a used slot; valid until a key is looked for.
    std::string_view key_at(std::size_t number) const {
        return number & 1 ? wide_.at(number >> 1).key().bytes()
                          : tiny_.at(number >> 1).key().bytes();
    }

    /// Give what this rank knows of the key in a used slot, once: visit(value, leaf) in ascending
    /// order of leaf; one value for exact combiners.
    template <typename Visit>
    void take_values(std::size_t number, Visit visit) {
        Cell& cell = number & 1 ? wide_.at(number >> 1).cell() : tiny_.at(number >> 1).cell();
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

    /// Empty the table and give its memory back.
    void release() {
        tiny_.release();
        wide_.release();
        arena_ = Arena();
        spines_ = Spines<V>();
        narrow_ = Narrow();
    }

    /// Of the larger kind of slots, for those who divide memory.
    static constexpr std::size_t slot_bytes();

private:
    static constexpr bool is_narrow = !is_ordered && std::is_integral_v<V> && sizeof(V) == 8;

    using Narrow = NarrowValues<std::conditional_t<is_narrow, V, std::int64_t>>;  // or not used
    struct ExactCell {
        V value;
    };
    struct OrderedCell {
        std::uint32_t leaf;
        typename Spines<V>::Spine spine;  ///< values of earlier leaves
        V value;                          ///< of `leaf`
    };
    using Cell = std::conditional_t<is_narrow,
                                    typename Narrow::Cell,
                                    std::conditional_t<is_ordered, OrderedCell, ExactCell>>;

    /// Slots that are on their way into the caches while one is worked on.
    static constexpr std::size_t ahead = 32;

    /// Which records of a group have which kind of key. Lists end with a place that is written to
    /// and does not count.
    struct Group {
        std::uint16_t tiny[most_in_group + 1], wide[most_in_group + 1];
        std::size_t tiny_count = 0, wide_count = 0;

        void add_wide(std::size_t i) { wide[wide_count++] = static_cast<std::uint16_t>(i); }
    };

    /// By size alone at first: which is which cannot be predicted, and must not be a branch.
    template <typename KeyOf>
    static void choose_by_size(Group& group, std::size_t count, KeyOf key_of) {
        for (std::size_t i = 0; i < count; ++i) {
            bool const is_tiny = key_of(i).size() - 1 < TinyKey::most_bytes;
            group.tiny[group.tiny_count] = group.wide[group.wide_count] =
                static_cast<std::uint16_t>(i);
            group.tiny_count += is_tiny;
            group.wide_count += !is_tiny;
        }
    }

    template <typename KeyOf, typename ValueOf, typename Refuse>
    void add_tiny_keys(Group& group,
                       KeyOf key_of,
                       ValueOf value_of,
                       std::uint32_t leaf,
                       Refuse refuse,
                       std::size_t& position) {
        TinyKey keys[most_in_group];
        std::uint64_t hashes[most_in_group];
        std::size_t count = 0;
        for (std::size_t k = 0; k < group.tiny_count; ++k) {
            std::size_t const i = group.tiny[k];
            std::string_view const key = key_of(i);
            if (!TinyKey::load(key, keys[count])) [[unlikely]] {
                group.add_wide(i);
                continue;
            }
            hashes[count] = keys[count].hash(key.size());
            group.tiny[count++] = static_cast<std::uint16_t>(i);
        }
        for (std::size_t k = 0; k < std::min(count, ahead); ++k)
            __builtin_prefetch(tiny_.home_line(hashes[k]), 1);
        for (std::size_t k = 0; k < count; ++k) {
            if (k + ahead < count) __builtin_prefetch(tiny_.home_line(hashes[k + ahead]), 1);
            position = group.tiny[k];
            if (!add_to(tiny_, hashes[k], keys[k], value_of(position), leaf))
                refuse(position, hashes[k]);
        }
    }

    template <typename KeyOf, typename ValueOf, typename Refuse>
    void add_wide_keys(Group const& group,
                       KeyOf key_of,
                       ValueOf value_of,
                       std::uint32_t leaf,
                       Refuse refuse,
                       std::size_t& position) {
        KeyProbe probes[most_in_group];
        for (std::size_t k = 0; k < group.wide_count; ++k) {
            probes[k] = KeyProbe::of(key_of(group.wide[k]));
            __builtin_prefetch(wide_.home_line(probes[k].hash), 1);
        }
        for (std::size_t k = 0; k < group.wide_count; ++k) {
            position = group.wide[k];
            if (!add_to(wide_, probes[k].hash, probes[k], value_of(position), leaf))
                refuse(position, probes[k].hash);
        }
    }

    template <typename SlotKey, typename Probe>
    bool add_to(SlotTable<SlotKey, Cell>& table,
                std::uint64_t hash,
                Probe const& probe,
                V const& value,
                std::uint32_t leaf) {
        auto const slot = table.find(hash, probe);
        if (slot.key().is_free()) [[unlikely]]
            return put_new(table, hash, probe, value, leaf);
        return combine(slot.cell(), value, leaf);
    }

    template <typename SlotKey, typename Probe>
    [[gnu::noinline]] bool put_new(SlotTable<SlotKey, Cell>& table,
                                   std::uint64_t hash,
                                   Probe const& probe,
                                   V const& value,
                                   std::uint32_t leaf) {
        Cell cell{};
        if ((!table.has_room() && !table.grow()) || !fill_cell(cell, value, leaf)) {
            is_frozen_ = true;
            return false;
        }
        table.put(table.find(hash, probe), kept_key(probe), std::move(cell));
        return true;
    }

    TinyKey kept_key(TinyKey key) { return key; }
    WideKey kept_key(KeyProbe const& probe) {
        if (!probe.is_long()) return WideKey::of(probe);
        char* const to = arena_.allocate(sizeof probe.size + probe.size);
        std::memcpy(to, &probe.size, sizeof probe.size);
        std::memcpy(to + sizeof probe.size, probe.data, probe.size);
        return WideKey::of_long(probe.hash, to);
    }

    bool fill_cell(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_narrow) {
            return narrow_.set(cell, value);
        } else {
            cell.value = value;
            adopt_views(cell.value, arena_);
            if constexpr (is_ordered) {
                cell.leaf = leaf;
                cell.spine = Spines<V>::none;
            }
            return true;
        }
    }

    bool combine(Cell& cell, V const& value, [[maybe_unused]] std::uint32_t leaf) {
        if constexpr (is_narrow)
            return narrow_.set(cell, std::invoke(combine_, narrow_.get(cell), value));
        else
            return combine_wide(cell, value, leaf);
    }

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
    SlotTable<TinyKey, Cell> tiny_;
    SlotTable<WideKey, Cell> wide_;
    bool is_frozen_ = false;
    Arena arena_;
    Spines<V> spines_;
    Narrow narrow_;
    std::vector<typename Spines<V>::Entry> partials_;
};

template <typename V, typename F, bool is_ordered>
constexpr std::size_t CombineTable<V, F, is_ordered>::slot_bytes() {
    using Line = typename SlotTable<WideKey, Cell>::Line;
    return sizeof(Line) / SlotTable<WideKey, Cell>::width + (is_narrow ? sizeof(V) : 0);
}

}  // namespace serry
