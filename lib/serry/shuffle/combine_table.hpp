#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/shuffle/combine_cells.hpp"
#include "serry/shuffle/slot_table.hpp"

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
///
/// `number_bytes`: 0, or the size of every key, which then is a number of up to 8 bytes.
template <typename V, typename F, bool is_ordered, std::size_t number_bytes = 0>
class CombineTable {
public:
    CombineTable(F const& combine, std::uint64_t most_slots, Leaves leaves)
        : cells_(combine, std::move(leaves)), tiny_(most_slots), wide_(most_slots) {}

    /// Keys that are looked for together.
    static constexpr std::size_t most_in_group = 512;

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
        if constexpr (number_bytes > 0)
            choose_all(group, count);
        else
            choose_by_size(group, count, key_of);
        load_tiny_keys(group, key_of);
        load_wide_keys(group.wide, key_of);
        add_keys(
            tiny_, group.tiny, value_of, leaf,
            [&](std::size_t i, Tiny key) { refuse(i, key.hash()); }, position);
        add_keys(
            wide_, group.wide, value_of, leaf,
            [&](std::size_t i, KeyProbe const& key) { refuse(i, key.hash); }, position);
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
        auto const slot = wide_.find(probe);
        if (slot.key().is_free()) return put_new(wide_, probe, value, leaf);
        return cells_.combine(slot.cell(), value, leaf);
    }

    std::size_t size() const { return tiny_.size() + wide_.size(); }
    std::size_t slot_count() const { return tiny_.slot_count() + wide_.slot_count(); }
    /// Whether a key was refused.
    bool is_frozen() const { return is_frozen_; }
    std::size_t memory_bytes() const {
        return tiny_.memory_bytes() + wide_.memory_bytes() + cells_.memory_bytes();
    }

    /// Visit the hash and number of every used slot.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        tiny_.for_each_used([&](Tiny key, std::size_t at) { visit(key.hash(), at << 1); });
        wide_.for_each_used([&](WideKey key, std::size_t at) { visit(key.hash(), at << 1 | 1); });
    }
    /// A used slot will be looked at soon.
    [[gnu::always_inline]] void prefetch(std::size_t number) const {
        __builtin_prefetch(number & 1 ? static_cast<void const*>(&wide_.at(number >> 1).key())
                                      : static_cast<void const*>(&tiny_.at(number >> 1).key()));
    }
    /// The same, some time after prefetch(): what the slot refers to.
    [[gnu::always_inline]] void prefetch_behind(std::size_t number) const {
        cells_.prefetch_behind(number & 1 ? wide_.at(number >> 1).cell()
                                          : tiny_.at(number >> 1).cell());
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
        cells_.take(cell, visit);
    }

    /// Empty the table and give its memory back.
    void release() {
        tiny_.release();
        wide_.release();
        cells_.release();
    }

    /// Of the larger kind of slots, for those who divide memory.
    static constexpr std::size_t slot_bytes();

private:
    using Cells = CombineCells<V, F, is_ordered>;
    using Cell = typename Cells::Cell;
    using Tiny = std::conditional_t<(number_bytes > 0), NumberSlotKey<number_bytes>, TinyKey>;

    /// Slots that are on their way into the caches while one is worked on.
    static constexpr std::size_t ahead = 32;

    /// Keys of one kind in a group: their records, and where they are looked for first.
    template <typename Probe>
    struct Keys {
        std::uint16_t records[most_in_group + 1];  // the last is written to, and does not count
        Probe probes[most_in_group];
        std::size_t homes[most_in_group + ahead];
        std::size_t count = 0;
    };

    struct Group {
        Keys<Tiny> tiny;
        Keys<KeyProbe> wide;
    };

    static void choose_all(Group& group, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            group.tiny.records[i] = static_cast<std::uint16_t>(i);
        group.tiny.count = count;
        group.wide.count = 0;
    }

    /// By size alone at first: which is which cannot be predicted, and must not be a branch.
    template <typename KeyOf>
    static void choose_by_size(Group& group, std::size_t count, KeyOf key_of) {
        std::size_t tiny_count = 0;
        for (std::size_t i = 0; i < count; ++i) {
            group.tiny.records[tiny_count] = group.wide.records[i - tiny_count] =
                static_cast<std::uint16_t>(i);
            tiny_count += key_of(i).size() - 1 < TinyKey::most_bytes;
        }
        group.tiny.count = tiny_count;
        group.wide.count = count - tiny_count;
    }

    template <typename KeyOf>
    void load_tiny_keys(Group& group, KeyOf key_of) const {
        Keys<Tiny>& keys = group.tiny;
        std::size_t count = 0;
        for (std::size_t k = 0; k < keys.count; ++k) {
            std::uint16_t const record = keys.records[k];
            if (!Tiny::load(key_of(record), keys.probes[count])) [[unlikely]] {
                group.wide.records[group.wide.count++] = record;
                continue;
            }
            keys.homes[count] = tiny_.home(keys.probes[count].place());
            keys.records[count++] = record;
        }
        keys.count = count;
    }

    template <typename KeyOf>
    void load_wide_keys(Keys<KeyProbe>& keys, KeyOf key_of) const {
        for (std::size_t k = 0; k < keys.count; ++k) {
            keys.probes[k] = KeyProbe::of(key_of(keys.records[k]));
            keys.homes[k] = wide_.home(keys.probes[k].place());
        }
    }

    template <typename SlotKey, typename Probe, typename ValueOf, typename Refuse>
    void add_keys(SlotTable<SlotKey, Cell>& table,
                  Keys<Probe>& keys,
                  ValueOf value_of,
                  std::uint32_t leaf,
                  Refuse refuse,
                  std::size_t& position) {
        std::fill_n(keys.homes + keys.count, ahead, std::size_t{0});
        for (std::size_t k = 0; k < ahead; ++k) __builtin_prefetch(table.address(keys.homes[k]), 1);
        for (std::size_t k = 0; k < keys.count; ++k) {
            __builtin_prefetch(table.address(keys.homes[k + ahead]), 1);
            if constexpr (is_ordered)
                cells_.prefetch_behind(table.slot_at(keys.homes[k + ahead / 2]).cell());
            std::size_t const record = keys.records[k];
            Probe const& probe = keys.probes[k];
            position = record;
            auto slot = table.slot_at(keys.homes[k]);
            if (!slot.key().is(probe)) [[unlikely]] {
                slot = table.find_away(slot, probe);
                if (slot.key().is_free()) {
                    std::size_t const slots_before = table.slot_count();
                    if (!put_new(table, probe, value_of(record), leaf)) refuse(record, probe);
                    if (table.slot_count() != slots_before) look_up_homes(table, keys, k + 1);
                    continue;
                }
            }
            if (!cells_.combine(slot.cell(), value_of(record), leaf)) [[unlikely]]
                refuse(record, probe);
        }
    }

    template <typename SlotKey, typename Probe>
    static void look_up_homes(SlotTable<SlotKey, Cell> const& table,
                              Keys<Probe>& keys,
                              std::size_t first) {
        for (std::size_t k = first; k < keys.count; ++k)
            keys.homes[k] = table.home(keys.probes[k].place());
    }

    template <typename SlotKey, typename Probe>
    [[gnu::noinline]] bool put_new(SlotTable<SlotKey, Cell>& table,
                                   Probe const& probe,
                                   V const& value,
                                   std::uint32_t leaf) {
        Cell cell{};
        if ((!table.has_room() && !table.grow()) || !cells_.fill(cell, value, leaf)) {
            is_frozen_ = true;
            return false;
        }
        table.put(table.find(probe), kept_key(probe), std::move(cell));
        return true;
    }

    Tiny kept_key(Tiny key) { return key; }
    WideKey kept_key(KeyProbe const& probe) {
        if (!probe.is_long()) return WideKey::of(probe);
        char* const to = cells_.arena().allocate(sizeof probe.size + probe.size);
        std::memcpy(to, &probe.size, sizeof probe.size);
        std::memcpy(to + sizeof probe.size, probe.data, probe.size);
        return WideKey::of_long(probe.hash, to);
    }

    Cells cells_;
    SlotTable<Tiny, Cell> tiny_;
    SlotTable<WideKey, Cell> wide_;
    bool is_frozen_ = false;
};

template <typename V, typename F, bool is_ordered, std::size_t number_bytes>
constexpr std::size_t CombineTable<V, F, is_ordered, number_bytes>::slot_bytes() {
    using Line = typename SlotTable<WideKey, Cell>::Line;
    return sizeof(Line) / SlotTable<WideKey, Cell>::width + (Cells::is_narrow ? sizeof(V) : 0);
}

}  // namespace serry
