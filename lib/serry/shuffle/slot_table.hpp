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

/// A key of 1 to 8 bytes in one word: the bytes, then zeros. Its last byte is not zero, so that the
/// size is known. 0 in a free slot.
struct TinyKey {
    std::uint64_t word;  // no initial value: arrays of these are filled group by group

    static constexpr std::size_t most_bytes = 8;

    /// False when the key, of 1 to 8 bytes, ends with a zero byte: then it is no tiny key.
    static bool load(std::string_view key, TinyKey& to) {
        to.word = load_tiny(key);
        return to.word >> (8 * (key.size() - 1)) != 0;
    }

    bool is_free() const { return word == 0; }
    bool is(TinyKey key) const { return word == key.word; }
    std::size_t size() const { return static_cast<std::size_t>(71 - std::countl_zero(word)) / 8; }
    std::uint64_t hash() const { return hash_short({word, std::uint64_t{size() + 1} << 56}); }
    /// Where tables put it: a hash of which only the high bits are good (multiplicative hashing:
    /// Knuth, 1973), since these are all that counts there.
    std::uint64_t place() const { return word * 0x9e3779b97f4a7c15ULL; }
    std::string_view bytes() const { return {reinterpret_cast<char const*>(&word), size()}; }
};

/// A key that is a number of `byte_count` bytes, in one word, zeros behind it. 0 in a free slot:
/// the key 0 is none of these.
template <std::size_t byte_count>
struct NumberSlotKey {
    std::uint64_t word;  // no initial value, as above

    /// False for the key 0.
    static bool load(std::string_view key, NumberSlotKey& to) {
        using Number = std::conditional_t<
            byte_count == 8, std::uint64_t,
            std::conditional_t<byte_count == 4, std::uint32_t,
                               std::conditional_t<byte_count == 2, std::uint16_t, std::uint8_t>>>;
        static_assert(sizeof(Number) == byte_count);
        Number number = 0;
        std::memcpy(&number, key.data(), sizeof number);
        to.word = number;
        return number != 0;
    }

    bool is_free() const { return word == 0; }
    bool is(NumberSlotKey key) const { return word == key.word; }
    std::uint64_t hash() const { return hash_short({word, std::uint64_t{byte_count + 1} << 56}); }
    std::uint64_t place() const { return TinyKey{word}.place(); }
    std::string_view bytes() const { return {reinterpret_cast<char const*>(&word), byte_count}; }
};

/// Any other key as tables compare it. Short ones are their bytes; long ones a hash and a mark, and
/// are then compared where they lie.
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
    std::uint64_t place() const { return place_of_hash(hash); }

    /// Middle bits: the top ones order partitions and output, and a stream in that order must not
    /// fill a table from one end to the other.
    static std::uint64_t place_of_hash(std::uint64_t hash) { return std::rotl(hash, 24); }
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
    std::uint64_t place() const { return KeyProbe::place_of_hash(hash()); }
    std::string_view bytes() const {
        if (!is_long()) return {reinterpret_cast<char const*>(this), ShortKey{low, high}.size()};
        auto const* const kept = std::bit_cast<char const*>(high & ~KeyProbe::long_mark);
        std::size_t size = 0;
        std::memcpy(&size, kept, sizeof size);
        return {kept + sizeof size, size};
    }
};

/// Slots of keys and cells: open addressing, filled to 13/16, grown up to `most_slots` (but one
/// line at least). What a cell means is the owner's business.
///
/// Slots come in lines: as many as a cache line takes, keys first, then cells. A key is looked for
/// at its home slot, then in the others of that line, then in the lines behind it. A key found in
/// its home line but not at home changes places with the one there: frequent keys get to their
/// homes, where no branch goes wrong for them.
template <typename SlotKey, typename Cell>
class SlotTable {
    static constexpr std::size_t line_bytes = 64;
    static constexpr std::size_t slots_in_line_bytes =
        line_bytes / (sizeof(SlotKey) + sizeof(Cell));

public:
    /// The slots of a line.
    static constexpr std::size_t width = slots_in_line_bytes < 2 ? 1 : slots_in_line_bytes;

    struct alignas(SlotKey) alignas(Cell) alignas(width > 1 ? line_bytes : 1) Line {
        SlotKey keys[width];
        Cell cells[width];
    };
    struct Slot {
        Line* line;
        std::size_t column;

        SlotKey& key() const { return line->keys[column]; }
        Cell& cell() const { return line->cells[column]; }
    };

    explicit SlotTable(std::uint64_t most_slots) : most_lines_(lines_of(most_slots)) {
        allocate(std::min<std::uint64_t>(first_lines, most_lines_));
    }
    ~SlotTable() { destroy_cells(); }
    SlotTable(SlotTable const&) = delete;
    SlotTable& operator=(SlotTable const&) = delete;

    /// Where a key is looked for first: its slot's key, in bytes from the first line. Valid until
    /// the table grows.
    std::size_t home(std::uint64_t place) const {
        __extension__ using Wide = unsigned __int128;
        auto const scaled = static_cast<Wide>(place) * line_count_;
        std::uint64_t const within_line = static_cast<std::uint64_t>(scaled) >> 32;
        return static_cast<std::size_t>(scaled >> 64) * sizeof(Line)
               + (within_line * width >> 32) * sizeof(SlotKey);
    }
    char const* address(std::size_t home) const {
        return reinterpret_cast<char const*>(lines_) + home;
    }

    Slot slot_at(std::size_t home) const {
        char* const first = reinterpret_cast<char*>(lines_);
        if constexpr (width == 1) return {reinterpret_cast<Line*>(first + home), 0};
        static_assert(width == 1 || sizeof(Line) == line_bytes);
        return {reinterpret_cast<Line*>(first + home / line_bytes * line_bytes),
                home % line_bytes / sizeof(SlotKey)};
    }

    /// The slot of a key that is not at its home, or the free one where it belongs. `probe` is what
    /// SlotKey::is takes. Other slots that were found before may have changed places.
    template <typename Probe>
    [[gnu::noinline]] Slot find_away(Slot home, Probe const& probe) {
        Slot slot = home;
        for (std::size_t looks = 1;; ++looks) {
            if (slot.key().is_free()) return slot;
            step(slot, looks);
            if (slot.key().is(probe)) break;
        }
        if constexpr (std::is_trivially_copyable_v<Cell>) {
            // Both stay behind none but taken slots, and so are still found.
            if (slot.line != home.line) return slot;
            std::swap(slot.key(), home.key());
            std::swap(slot.cell(), home.cell());
            return home;
        }
        return slot;
    }

    /// The same for any key.
    template <typename Probe>
    Slot find(Probe const& probe) {
        Slot const slot = slot_at(home(probe.place()));
        return slot.key().is(probe) ? slot : find_away(slot, probe);
    }

    /// Whether a key more may be put into a free slot; if not, grow().
    bool has_room() const { return size_ < limit_; }
    /// Slots move. False when the table has its largest size.
    bool grow() {
        if (line_count_ == most_lines_) return false;
        bool const is_small = memory_bytes() < doubling_bytes;
        std::uint64_t const wanted = is_small ? line_count_ * 2 : line_count_ / 2 * 3;
        move_to(std::min<std::uint64_t>(wanted, most_lines_));
        return true;
    }
    /// Fill a free slot.
    void put(Slot slot, SlotKey key, Cell&& cell) {
        new (&slot.cell()) Cell(std::move(cell));
        slot.key() = key;
        ++size_;
    }

    std::size_t size() const { return size_; }
    std::size_t slot_count() const { return line_count_ * width; }
    std::size_t memory_bytes() const { return memory_.byte_count(); }
    Slot at(std::size_t number) const { return {lines_ + number / width, number % width}; }

    /// visit(key, number) for every used slot.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        std::size_t number = 0;
        for (Line const* line = lines_; line != end_; ++line)
            for (SlotKey const& key : line->keys) {
                if (!key.is_free()) visit(key, number);
                ++number;
            }
    }

    /// Empty the table and give its memory back.
    void release() {
        destroy_cells();
        memory_ = SlotMemory();
        lines_ = end_ = nullptr;
        line_count_ = size_ = limit_ = 0;
    }

    /// The keys that a table of at most so many slots takes.
    static constexpr std::uint64_t most_keys(std::uint64_t most_slots) {
        return lines_of(most_slots) * width * 13 / 16;
    }

private:
    static constexpr std::uint64_t first_lines = 64;
    /// Larger tables grow by half: a table that is half empty is one that does not fit the caches.
    static constexpr std::uint64_t doubling_bytes = std::uint64_t{4} << 20;

    /// At least two slots, of which one stays free.
    static constexpr std::uint64_t lines_of(std::uint64_t most_slots) {
        return std::max<std::uint64_t>(most_slots / width, width > 1 ? 1 : 2);
    }

    void step(Slot& slot, std::size_t looks) const {
        if (++slot.column == width) slot.column = 0;
        if (looks % width == 0 && ++slot.line == end_) slot.line = lines_;
    }

    Slot find_free(std::uint64_t place) const {
        Slot slot = slot_at(home(place));
        for (std::size_t looks = 1; !slot.key().is_free(); ++looks) step(slot, looks);
        return slot;
    }

    /// Take fresh memory, and return what there was. Throws without a change when there is none.
    SlotMemory allocate(std::uint64_t line_count) {
        SlotMemory other(line_count * sizeof(Line));
        std::swap(memory_, other);
        lines_ = static_cast<Line*>(memory_.zeroed_bytes());
        end_ = lines_ + line_count;
        line_count_ = line_count;
        limit_ = most_keys(line_count * width);
        return other;
    }

    void move_to(std::uint64_t line_count) {
        Line* const old_end = end_;
        Line* old = lines_;
        SlotMemory const old_memory = allocate(line_count);
        for (; old != old_end; ++old)
            for (std::size_t i = 0; i < width; ++i) {
                if (old->keys[i].is_free()) continue;
                Slot const to = find_free(old->keys[i].place());
                to.key() = old->keys[i];
                new (&to.cell()) Cell(std::move(old->cells[i]));
                old->cells[i].~Cell();
            }
    }

    void destroy_cells() {
        if constexpr (!std::is_trivially_destructible_v<Cell>)
            for_each_used(
                [this](SlotKey const&, std::size_t number) { at(number).cell().~Cell(); });
    }

    std::uint64_t most_lines_;
    SlotMemory memory_;
    Line* lines_ = nullptr;
    Line* end_ = nullptr;
    std::uint64_t line_count_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t limit_ = 0;
};

}  // namespace serry
