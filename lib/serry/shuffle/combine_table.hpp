#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/base/hash.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/slot_memory.hpp"
#include "serry/stage/tree_fold.hpp"

namespace serry {

/// The sending side of reduce_by_key on one rank: the values of a key are combined where they appear.
///
/// Open addressing with linear probing. Keys of up to 15 bytes lie in the slot, longer ones in an arena
/// with their hash in the slot; look-ups go in groups, so that the slots' cache lines come in while others are
/// worked on. The table grows up to `most_slots` and then freezes: keys inside go on combining, others
/// are refused, and are the caller's to pass on.
///
/// A combiner that is not exact is folded as TreeFold says, per source partition ("leaf").
template <typename V, typename F, bool is_ordered>
class CombineTable {
public:
    static constexpr std::size_t group = 32;

    /// A key as the table compares it; made by probe_for().
    struct Probe {
        // No initial values: arrays of these are filled group by group.
        std::uint64_t low, high;  ///< of a short key; of a long one its hash and long_tag
        std::uint64_t hash;
        char const* data;
        std::size_t size;

        std::string_view bytes() const { return {data, size}; }
        bool is_long() const { return high == long_tag; }
    };

    CombineTable(F const& combine, std::uint64_t most_slots, LeafRange leaves)
        : combine_(combine), most_slots_(most_slots), leaves_(leaves) {
        allocate(std::min<std::size_t>(first_slots, std::bit_floor(std::max<std::uint64_t>(most_slots, 2))));
    }
    ~CombineTable() { destroy_values(); }
    CombineTable(CombineTable const&) = delete;
    CombineTable& operator=(CombineTable const&) = delete;

    /// `key` must stay where it is as long as the probe is used.
    static Probe probe_for(std::string_view key) {
        if (key.size() > short_key_bytes) {
            std::uint64_t const hash = hash_long(key);
            return {hash, long_tag, hash, key.data(), key.size()};
        }
        ShortKey const words = load_short(key);
        return {words.low, words.high, hash_short(words), key.data(), key.size()};
    }

    void prefetch(Probe const& probe) const { __builtin_prefetch(&slots_[home(probe.hash)], 1); }

    /// Combine `value` into its key's. False when the key is not inside and the table is frozen.
    bool add(Probe const& probe, V const& value, std::uint32_t leaf) {
        for (std::size_t at = home(probe.hash);; at = (at + 1) & mask_) {
            Slot& slot = slots_[at];
            if (is_same_key(slot, probe)) {
                combine(slot, value, leaf);
                return true;
            }
            if (slot.key.high == 0) return insert(at, probe, value, leaf);
        }
    }

    std::size_t size() const { return size_; }
    std::size_t slot_count() const { return mask_ + 1; }
    bool is_frozen() const { return is_frozen_; }
    std::size_t memory_bytes() const {
        return memory_.byte_count() + arena_.allocated_bytes() + spines_.memory_bytes();
    }

    /// Visit the hash and number of every used slot.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        for (std::size_t at = 0; at <= mask_; ++at)
            if (slots_[at].key.high != 0) visit(hash_of(slots_[at]), at);
    }
    void prefetch_slot(std::size_t at) const { __builtin_prefetch(&slots_[at]); }

    /// The key in a used slot; valid as long as the table is.
    std::string_view key_at(std::size_t at) const {
        Slot const& slot = slots_[at];
        if (is_long(slot)) return long_key(slot);
        return {reinterpret_cast<char const*>(&slot.key), slot.key.size()};
    }

    /// Give what this rank knows of the key in a used slot, once: visit(value, leaf) in ascending order
    /// of leaf; one value for exact combiners.
    template <typename Visit>
    void take_values(std::size_t at, Visit visit) {
        Slot& slot = slots_[at];
        if constexpr (is_ordered) {
            spines_.finish(slot.spine, {slot.leaf, std::move(slot.value)}, leaves_, combine_, partials_);
            for (std::size_t i = partials_.size(); i-- > 0;) visit(partials_[i].value, partials_[i].leaf);
        } else {
            visit(slot.value, 0U);
        }
    }

    /// Empty the table and give its memory back.
    void release() {
        destroy_values();
        memory_ = SlotMemory();
        slots_ = nullptr;
        mask_ = 0;
        size_ = 0;
        arena_ = Arena();
        spines_ = Spines<V>();
    }

private:
    static constexpr std::uint64_t long_tag = std::uint64_t{0xff} << 56;
    static constexpr std::size_t first_slots = std::size_t{1} << 8;

    struct ExactSlot {
        ShortKey key;  ///< high is 0 in a free slot; long keys: {hash, long_tag | address in the arena}
        V value;
    };
    struct OrderedSlot {
        ShortKey key;
        std::uint32_t leaf;
        typename Spines<V>::Spine spine;
        V value;  ///< of `leaf`; values of earlier leaves are on the spine
    };
    using Slot = std::conditional_t<is_ordered, OrderedSlot, ExactSlot>;

    // Middle bits: the top ones order the partitions and the output, and a stream in that order must not
    // fill the table from one end to the other.
    std::size_t home(std::uint64_t hash) const { return static_cast<std::size_t>(hash >> 20) & mask_; }

    static bool is_long(Slot const& slot) { return slot.key.high >= long_tag; }
    static std::uint64_t hash_of(Slot const& slot) {
        return is_long(slot) ? slot.key.low : hash_short(slot.key);
    }

    /// In the arena a long key lies behind its size.
    static std::string_view long_key(Slot const& slot) {
        auto const* const at = reinterpret_cast<char const*>(slot.key.high & ~long_tag);
        std::size_t size = 0;
        std::memcpy(&size, at, sizeof size);
        return {at + sizeof size, size};
    }
    static bool is_same_key(Slot const& slot, Probe const& probe) {
        if (slot.key.low != probe.low) return false;
        if (slot.key.high == probe.high) return true;
        return probe.is_long() && is_long(slot) && long_key(slot) == probe.bytes();
    }
    std::uint64_t keep_long_key(std::string_view key) {
        char* const to = arena_.allocate(sizeof(std::size_t) + key.size());
        std::size_t const size = key.size();
        std::memcpy(to, &size, sizeof size);
        std::memcpy(to + sizeof size, key.data(), size);
        return long_tag | reinterpret_cast<std::uintptr_t>(to);
    }

    void combine(Slot& slot, V const& value, std::uint32_t leaf) {
        if constexpr (is_ordered) {
            if (slot.leaf != leaf) {
                spines_.push(slot.spine, {slot.leaf, std::move(slot.value)}, leaf, leaves_, combine_);
                slot.leaf = leaf;
                slot.value = value;
                adopt_views(slot.value, arena_);
                return;
            }
        }
        assign(slot.value, std::invoke(combine_, std::as_const(slot.value), value));
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

    bool insert(std::size_t at, Probe const& probe, V const& value, std::uint32_t leaf) {
        if (size_ + 1 > limit_) {
            if (slot_count() * 2 > most_slots_) {
                is_frozen_ = true;
                return false;
            }
            grow();
            at = free_slot(probe.hash);
        }
        Slot& slot = slots_[at];
        new (&slot.value) V(value);
        adopt_views(slot.value, arena_);
        slot.key = {probe.low, probe.is_long() ? keep_long_key(probe.bytes()) : probe.high};
        if constexpr (is_ordered) {
            slot.leaf = leaf;
            slot.spine = Spines<V>::none;
        }
        ++size_;
        return true;
    }

    std::size_t free_slot(std::uint64_t hash) const {
        std::size_t at = home(hash);
        while (slots_[at].key.high != 0) at = (at + 1) & mask_;
        return at;
    }

    void allocate(std::size_t slot_count) {
        memory_ = SlotMemory(slot_count * sizeof(Slot));
        slots_ = static_cast<Slot*>(memory_.zeroed_bytes());
        mask_ = slot_count - 1;
        limit_ = std::max<std::size_t>(1, slot_count / 8 * 7);
    }

    void grow() {
        SlotMemory old_memory = std::move(memory_);
        Slot* const old = slots_;
        std::size_t const old_count = mask_ + 1;
        allocate(2 * old_count);
        for (std::size_t at = 0; at < old_count; ++at) {
            if (old[at].key.high == 0) continue;
            Slot& to = slots_[free_slot(hash_of(old[at]))];
            if constexpr (std::is_trivially_copyable_v<V>) {
                to = old[at];
            } else {
                to.key = old[at].key;
                new (&to.value) V(std::move(old[at].value));
                if constexpr (is_ordered) to.leaf = old[at].leaf, to.spine = old[at].spine;
                old[at].value.~V();
            }
        }
    }

    void destroy_values() {
        if constexpr (!std::is_trivially_destructible_v<V>)
            for (std::size_t at = 0; slots_ && at <= mask_; ++at)
                if (slots_[at].key.high != 0) slots_[at].value.~V();
    }

    F const& combine_;
    std::uint64_t most_slots_;
    LeafRange leaves_;
    SlotMemory memory_;
    Slot* slots_ = nullptr;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    std::size_t limit_ = 0;
    bool is_frozen_ = false;
    Arena arena_;
    Spines<V> spines_;
    std::vector<typename Spines<V>::Entry> partials_;
};

}  // namespace serry
