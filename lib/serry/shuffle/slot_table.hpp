#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/shuffle/slot_memory.hpp"

namespace serry {

/// A key as tables compare it. Short keys are their bytes; long ones a hash and a mark, and are
/// then compared where they lie.
struct KeyProbe {
    // No initial values: arrays of these are filled group by group.
    std::uint64_t low, high;  ///< a ShortKey, or {hash, long_mark}
    std::uint64_t hash;
    char const* data;
    std::size_t size;

    static constexpr std::uint64_t long_mark = std::uint64_t{0xff} << 56;

    /// `key` must stay where it is as long as the probe is used.
    static KeyProbe of(std::string_view key) {
        if (key.size() > short_key_bytes) {
            std::uint64_t const hash = hash_long(key);
            return {hash, long_mark, hash, key.data(), key.size()};
        }
        ShortKey const words = load_short(key);
        return {words.low, words.high, hash_short(words), key.data(), key.size()};
    }

    std::string_view bytes() const { return {data, size}; }
    bool is_long() const { return high == long_mark; }
    bool is_tiny() const { return size < 8; }
};

/// A key of up to 7 bytes in one word: the bytes, and in the last one the size + 1. 0 in a free
/// slot.
struct TinyKey {
    std::uint64_t word = 0;

    static TinyKey of(KeyProbe const& probe) { return {probe.low | probe.high}; }
    bool is_free() const { return word == 0; }
    bool is(KeyProbe const& probe) const { return word == (probe.low | probe.high); }
    std::uint64_t hash() const {
        constexpr std::uint64_t size_byte = std::uint64_t{0xff} << 56;
        return hash_short({word & ~size_byte, word & size_byte});
    }
    std::string_view bytes() const {
        return {reinterpret_cast<char const*>(&word), static_cast<std::size_t>(word >> 56) - 1};
    }
};

/// A key of up to 15 bytes in two words, or the hash of a longer one and where it lies, behind its
/// size. high is 0 in a free slot.
struct WideKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    static WideKey of(KeyProbe const& probe) { return {probe.low, probe.high}; }
    /// `kept`: the size of the key as a std::size_t, then its bytes; outlives the slot.
    static WideKey of_long(std::uint64_t hash, char const* kept) {
        return {hash, KeyProbe::long_mark | reinterpret_cast<std::uintptr_t>(kept)};
    }

    bool is_free() const { return high == 0; }
    bool is_long() const { return high >= KeyProbe::long_mark; }
    bool is(KeyProbe const& probe) const {
        if (low != probe.low) return false;
        if (high == probe.high) return true;
        return probe.is_long() && is_long() && bytes() == probe.bytes();
    }
    std::uint64_t hash() const { return is_long() ? low : hash_short({low, high}); }
    std::string_view bytes() const {
        if (!is_long()) return {reinterpret_cast<char const*>(this), ShortKey{low, high}.size()};
        auto const* const kept = std::bit_cast<char const*>(high & ~KeyProbe::long_mark);
        std::size_t size = 0;
        std::memcpy(&size, kept, sizeof size);
        return {kept + sizeof size, size};
    }
};

/// Slots of keys and cells: open addressing with linear probing, filled to two thirds, grown up to
/// `most_slots`. What a cell means is the owner's business.
template <typename SlotKey, typename Cell>
class SlotTable {
public:
    struct Slot {
        SlotKey key;
        Cell cell;
    };

    explicit SlotTable(std::uint64_t most_slots)
        : most_slots_(std::max<std::uint64_t>(most_slots, 2)) {
        allocate(std::min<std::uint64_t>(first_slots, most_slots_));
    }
    ~SlotTable() { destroy_cells(); }
    SlotTable(SlotTable const&) = delete;
    SlotTable& operator=(SlotTable const&) = delete;

    /// Where the slot of a key with this hash lies, or begins to be looked for.
    char const* home_address(std::uint64_t hash) const {
        return reinterpret_cast<char const*>(slots_ + home(hash));
    }

    /// The slot of the key, or the free one where it belongs.
    Slot& find(KeyProbe const& probe) const {
        for (Slot* slot = slots_ + home(probe.hash);;) {
            if (slot->key.is(probe) || slot->key.is_free()) return *slot;
            if (++slot == end_) slot = slots_;
        }
    }

    /// Whether a key more may be put into a free slot; if not, grow().
    bool has_room() const { return size_ < limit_; }
    /// Slots move. False when the table has its largest size.
    bool grow() {
        std::uint64_t const wanted =
            slot_count() * sizeof(Slot) < doubling_bytes ? slot_count() * 2 : slot_count() / 2 * 3;
        if (slot_count() == most_slots_) return false;
        move_to(std::min<std::uint64_t>(wanted, most_slots_));
        return true;
    }
    /// Fill a free slot.
    void put(Slot& slot, SlotKey key, Cell&& cell) {
        new (&slot.cell) Cell(std::move(cell));
        slot.key = key;
        ++size_;
    }

    std::size_t size() const { return size_; }
    std::size_t slot_count() const { return static_cast<std::size_t>(end_ - slots_); }
    std::size_t memory_bytes() const { return memory_.byte_count(); }
    Slot& at(std::size_t index) const { return slots_[index]; }

    template <typename Visit>
    void for_each_used(Visit visit) const {
        for (Slot const* slot = slots_; slot != end_; ++slot)
            if (!slot->key.is_free()) visit(*slot, static_cast<std::size_t>(slot - slots_));
    }

    /// Empty the table and give its memory back.
    void release() {
        destroy_cells();
        memory_ = SlotMemory();
        slots_ = end_ = nullptr;
        size_ = limit_ = 0;
    }

private:
    static constexpr std::uint64_t first_slots = 256;
    /// Larger tables grow by half: a table that is half empty is one that does not fit the caches.
    static constexpr std::uint64_t doubling_bytes = std::uint64_t{4} << 20;

    // By middle bits: the top ones order partitions and output, and a stream in that order must not
    // fill the table from one end to the other.
    std::size_t home(std::uint64_t hash) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::size_t>(static_cast<Wide>(std::rotl(hash, 24)) * slot_count()
                                        >> 64);
    }

    /// Take fresh memory, and return what there was. Throws without a change when there is none.
    SlotMemory allocate(std::uint64_t slot_count) {
        SlotMemory other(slot_count * sizeof(Slot));
        std::swap(memory_, other);
        slots_ = static_cast<Slot*>(memory_.zeroed_bytes());
        end_ = slots_ + slot_count;
        limit_ = std::max<std::uint64_t>(1, slot_count / 3 * 2);
        return other;
    }

    void move_to(std::uint64_t slot_count) {
        Slot* const old_end = end_;
        Slot* old = slots_;
        SlotMemory const old_memory = allocate(slot_count);
        for (; old != old_end; ++old) {
            if (old->key.is_free()) continue;
            Slot* to = slots_ + home(old->key.hash());
            while (!to->key.is_free())
                if (++to == end_) to = slots_;
            to->key = old->key;
            new (&to->cell) Cell(std::move(old->cell));
            old->cell.~Cell();
        }
    }

    void destroy_cells() {
        if constexpr (!std::is_trivially_destructible_v<Cell>)
            for_each_used([](Slot const& slot, std::size_t) { slot.cell.~Cell(); });
    }

    std::uint64_t most_slots_;
    SlotMemory memory_;
    Slot* slots_ = nullptr;
    Slot* end_ = nullptr;
    std::uint64_t size_ = 0;
    std::uint64_t limit_ = 0;
};

}  // namespace serry
