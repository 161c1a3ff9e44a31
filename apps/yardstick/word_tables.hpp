#pragma once

// Counting words in memory: keys of three sizes, and tables whose lines lie in the order of hashes.
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>

namespace yardstick {

// ---- memory -------------------------------------------------------------------------------------

/// Zeroed memory straight from the system, in huge pages from 2 MiB on.
class Pages {
public:
    Pages() = default;
    explicit Pages(std::size_t byte_count) : byte_count_(round_up(byte_count, 4096)) {
        std::size_t const align = byte_count >= huge ? huge : 0;
        void* const got = ::mmap(nullptr, byte_count_ + align, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) fail(byte_count);
        start_ = align == 0 ? static_cast<char*>(got) : trim(static_cast<char*>(got));
    }

    Pages(Pages&& other) noexcept { swap(other); }
    Pages& operator=(Pages&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Pages() {
        if (start_ != nullptr) ::munmap(start_, byte_count_);
    }

    char* data() const { return start_; }
    std::size_t byte_count() const { return byte_count_; }

    /// Make room for `byte_count` bytes, keeping what is there. The address may change.
    void grow(std::size_t byte_count) {
        if (byte_count <= byte_count_) return;
        std::size_t const wanted = round_up(std::max(byte_count, 2 * byte_count_), 4096);
        if (byte_count_ < huge) return move_to(Pages(wanted));
        void* const got = ::mremap(start_, byte_count_, wanted, MREMAP_MAYMOVE);
        if (got == MAP_FAILED) fail(wanted);
        start_ = static_cast<char*>(got);
        byte_count_ = wanted;
    }

    /// Give whole pages before `end` back to the system; their content is lost.
    void release_before(std::uintptr_t end) {
        std::size_t const bytes = (end - reinterpret_cast<std::uintptr_t>(start_)) / huge * huge;
        if (bytes > released_) ::madvise(start_ + released_, bytes - released_, MADV_DONTNEED);
        released_ = std::max(released_, bytes);
    }

private:
    static constexpr std::size_t huge = 2 << 20;

    void move_to(Pages other) {
        if (byte_count_ > 0) std::memcpy(other.start_, start_, byte_count_);
        swap(other);
    }

    static std::size_t round_up(std::size_t value, std::size_t to) {
        return (value + to - 1) / to * to;
    }

    [[noreturn]] static void fail(std::size_t byte_count) {
        throw std::runtime_error("cannot get " + std::to_string(byte_count) + " bytes of memory: "
                                 + std::strerror(errno) + "; use more ranks or nodes");
    }

    char* trim(char* got) {
        auto const address = reinterpret_cast<std::uintptr_t>(got);
        std::size_t const before = round_up(address, huge) - address;
        if (before > 0) ::munmap(got, before);
        if (before < huge) ::munmap(got + before + byte_count_, huge - before);
        ::madvise(got + before, byte_count_, MADV_HUGEPAGE);
        return got + before;
    }

    void swap(Pages& other) noexcept {
        std::swap(start_, other.start_);
        std::swap(byte_count_, other.byte_count_);
        std::swap(released_, other.released_);
    }

    char* start_ = nullptr;
    std::size_t byte_count_ = 0;
    std::size_t released_ = 0;
};

// ---- keys and hashes ----------------------------------------------------------------------------

inline std::uint64_t load_word(char const* at) {
    std::uint64_t bits;
    std::memcpy(&bits, at, 8);
    return bits;
}

/// The first `length` bytes of `bits`, 1 to 8, and zeros above.
inline std::uint64_t first_bytes(std::uint64_t bits, std::uint64_t length) {
    return bits & (~std::uint64_t{0} >> (64 - 8 * length));
}

inline std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
    auto const product = static_cast<unsigned __int128>(left) * right;
    return std::uint64_t(product) ^ std::uint64_t(product >> 64);
}

constexpr std::uint64_t salt_a = 0xa0761d6478bd642f;
constexpr std::uint64_t salt_b = 0xe7037ed1a0b428db;
constexpr std::uint64_t multiplier_a = 0x9e3779b97f4a7c15;
constexpr std::uint64_t multiplier_b = 0xd6e8feb86659fd93;

// A key's hash says where it lies in the map phase and which rank adds it up: only its high bits
// are good, and it is one multiplication. Its second hash is for the table of a round.

/// A word of 1-8 bytes, padded with zeros. No word holds a zero byte, so the length is implied.
struct ShortKey {
    std::uint64_t text = 0;

    static ShortKey load(char const* at, std::uint64_t length) {
        return {first_bytes(load_word(at), length)};
    }
    bool empty() const { return text == 0; }
    bool operator==(ShortKey const&) const = default;
    std::uint64_t hash() const { return text * multiplier_a; }
    std::uint64_t second_hash() const { return mix(text ^ salt_b, salt_a); }
    std::string_view view() const {
        return {reinterpret_cast<char const*>(this), std::size_t(71 - std::countl_zero(text)) / 8};
    }
};

/// A word of 9-16 bytes, padded with zeros.
struct MediumKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    static MediumKey load(char const* at, std::uint64_t length) {
        return {load_word(at), first_bytes(load_word(at + 8), length - 8)};
    }
    bool empty() const { return low == 0; }
    bool operator==(MediumKey const& other) const {
        return ((low ^ other.low) | (high ^ other.high)) == 0;
    }
    std::uint64_t hash() const { return low * multiplier_a + high * multiplier_b; }
    std::uint64_t second_hash() const { return mix(low ^ salt_a, high ^ salt_b); }
    std::string_view view() const {
        auto const high_bytes = std::size_t(71 - std::countl_zero(high)) / 8;
        return {reinterpret_cast<char const*>(this), 8 + high_bytes};
    }
};

/// Hash a word of at least 17 bytes.
inline std::uint64_t hash_long(char const* at, std::uint64_t length) {
    std::uint64_t state = length;
    char const* const last = at + length - 16;
    for (; at < last; at += 16)
        state = mix(load_word(at) ^ salt_a ^ state, load_word(at + 8) ^ salt_b);
    return mix(load_word(last) ^ salt_a ^ state, load_word(last + 8) ^ salt_b);
}

// ---- tables -------------------------------------------------------------------------------------

struct HashRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool holds(std::uint64_t hash) const { return hash >= first && hash <= last; }
};

/// As many keys with their counts as a cache line takes: 5, 3 and 2 of the three kinds of words.
template <typename Key, typename Count>
struct alignas(64) Line {
    static constexpr std::size_t width = 64 / (sizeof(Key) + sizeof(Count));

    std::array<Key, width> keys;
    std::array<Count, width> counts;
};

/// Count keys in lines. A key's home is proportional to its hash; from there on it takes the first
/// free place, in the home line and then in the following ones. So the lines lie nearly in the
/// order of the hashes, and growing or sending them reads and writes memory in order.
template <typename Key, typename Count, std::uint64_t (Key::*hash_of)() const>
class Table {
public:
    Table() : lines_(first_lines * sizeof(OneLine)), line_count_(first_lines - spare_lines) {}

    std::uint64_t used() const { return used_; }

    /// Make room for `more` new keys.
    void reserve(std::uint64_t more) {
        while ((used_ + more) * 16 > line_count_ * OneLine::width * fill_of_16) grow();
    }

    void prefetch(std::uint64_t hash) const { __builtin_prefetch(place_of(hash).line, 1); }

    /// The key at the home place of a hash; any key, or an empty one.
    Key const& key_at_home(std::uint64_t hash) const {
        Place const place = place_of(hash);
        return place.line->keys[place.column];
    }

    /// Add to the count of a key. Needs `reserve` before; `same(k)` tells whether a key in the
    /// table is this one, and `make()` gives the key to store if none is.
    template <typename Same, typename Make>
    void add(std::uint64_t hash, Count count, Same same, Make make) {
        Place const place = place_of(hash);
        if (same(place.line->keys[place.column])) [[likely]]
            increase(place.line, place.column, count);
        else
            add_away_from_home(hash, count, same, make);
    }

    /// Visit keys and counts. A key can come more than once, its counts are to be added up.
    template <typename Visit>
    void for_each(Visit visit) const {
        for_each_in({0, ~std::uint64_t{0}}, visit);
    }

    /// The same for the keys whose hash is in the range.
    template <typename Visit>
    void for_each_in(HashRange range, Visit visit) const {
        OneLine const* const last_home = place_of(range.last).line;
        bool full = false;
        for (auto* line = place_of(range.first).line; line != end(); ++line) {
            if (line > last_home && !full) break;
            full = true;
            for (std::size_t i = 0; i < OneLine::width; ++i) {
                if (line->keys[i].empty())
                    full = false;
                else if (range.holds((line->keys[i].*hash_of)()))
                    visit(line->keys[i], std::int64_t(line->counts[i]));
            }
        }
        for (Key const& key : wrapped_)
            if (range.holds((key.*hash_of)())) visit(key, wrap);
    }

    /// Forget everything, keeping the memory.
    void clear() {
        std::memset(lines_.data(), 0, std::size_t(end() - lines()) * sizeof(OneLine));
        wrapped_.clear();
        used_ = 0;
    }

private:
    using OneLine = Line<Key, Count>;
    static constexpr std::uint64_t first_lines = (128 << 10) / sizeof(OneLine);
    static constexpr std::uint64_t spare_lines = 32;  // behind the last home
    static constexpr std::uint64_t fill_of_16 = 13;
    static constexpr std::int64_t wrap = std::int64_t{1}
                                         << std::min<std::size_t>(8 * sizeof(Count), 62);

    struct Place {
        OneLine* line;
        std::size_t column;
    };

    OneLine* lines() const { return reinterpret_cast<OneLine*>(lines_.data()); }
    OneLine* end() const { return lines() + line_count_ + spare_lines; }

    Place place_of(std::uint64_t hash) const {
        auto const scaled = static_cast<unsigned __int128>(hash) * line_count_;
        std::uint64_t const fraction = std::uint64_t(scaled) >> 32;
        return {lines() + std::size_t(scaled >> 64), (fraction * OneLine::width) >> 32};
    }

    void increase(OneLine* line, std::size_t column, Count count) {
        line->counts[column] += count;
        if constexpr (std::is_unsigned_v<Count>)
            if (line->counts[column] < count) [[unlikely]]
                wrapped_.push_back(line->keys[column]);
    }

    template <typename Same, typename Make>
    [[gnu::noinline]] void add_away_from_home(std::uint64_t hash,
                                              Count count,
                                              Same same,
                                              Make make) {
        Place const home = place_of(hash);
        for (OneLine* line = home.line; line != end(); ++line) {
            for (std::size_t i = 0, column = home.column; i < OneLine::width; ++i) {
                if (same(line->keys[column])) {
                    increase(line, column, count);
                    if (line == home.line) bring_home(line, column, home.column);
                    return;
                }
                if (line->keys[column].empty()) {
                    line->keys[column] = make();
                    ++used_;
                    return increase(line, column, count);
                }
                if (++column == OneLine::width) column = 0;
            }
        }
        grow();
        add_away_from_home(hash, count, same, make);
    }

    /// Let the more frequent of two keys of a line have the place that is looked at first. All
    /// places on the way of both stay taken, so both are still found.
    void bring_home(OneLine* line, std::size_t column, std::size_t home_column) {
        if (line->counts[column] <= line->counts[home_column]) return;
        std::swap(line->counts[column], line->counts[home_column]);
        std::swap(line->keys[column], line->keys[home_column]);
    }

    /// Get twice as many lines. The old ones are given back while they are read.
    void grow() {
        Table wider(2 * line_count_);
        for (OneLine* line = lines(); line != end(); ++line) {
            auto const address = reinterpret_cast<std::uintptr_t>(line);
            if (address % (2 << 20) == 0) lines_.release_before(address);
            for (std::size_t i = 0; i < OneLine::width; ++i) {
                Key const& key = line->keys[i];
                if (key.empty()) continue;
                wider.add_away_from_home((key.*hash_of)(), line->counts[i],
                                         [](Key const&) { return false; }, [&] { return key; });
            }
        }
        wider.wrapped_ = std::move(wrapped_);
        *this = std::move(wider);
    }

    explicit Table(std::uint64_t line_count)
        : lines_((line_count + spare_lines) * sizeof(OneLine)), line_count_(line_count) {}

    Pages lines_;
    std::uint64_t line_count_;
    std::uint64_t used_ = 0;
    std::vector<Key> wrapped_;  // a key for each time its unsigned count began again at 0
};

/// Count words that fit in a `Key`.
template <typename Key, typename Count, std::uint64_t (Key::*hash_of)() const>
class InlineCounts {
public:
    void add(Key key, std::uint64_t hash, Count count) {
        table_.add(
            hash, count, [=](Key const& seen) { return seen == key; }, [=] { return key; });
    }

    auto& table() { return table_; }
    auto const& table() const { return table_; }

private:
    Table<Key, Count, hash_of> table_;
};

/// Where the text of a long word lies in an arena.
struct LongKey {
    std::uint64_t text_hash = 0;
    std::uint64_t place = 0;
    std::uint64_t length = 0;

    bool empty() const { return length == 0; }
    std::uint64_t hash() const { return text_hash; }
    std::uint64_t second_hash() const { return std::rotl(text_hash, 32); }
};

/// Count words of 17 bytes and more.
template <typename Count, std::uint64_t (LongKey::*hash_of)() const>
class LongCounts {
public:
    void add(std::string_view word, LongKey key, Count count) {
        table_.add((key.*hash_of)(), count,
                   [&](LongKey const& seen) {
                       return seen.text_hash == key.text_hash && view(seen) == word;
                   },
                   [&] { return append(word, key); });
    }

    /// Fetch the text that a word of this hash will be compared with, if it is at home.
    void prefetch_text(std::uint64_t hash) const {
        LongKey const& key = table_.key_at_home(hash);
        if (key.text_hash == hash) __builtin_prefetch(arena_.data() + key.place);
    }

    std::string_view view(LongKey const& key) const {
        return {arena_.data() + key.place, key.length};
    }

    auto& table() { return table_; }
    auto const& table() const { return table_; }

    void clear() {
        table_.clear();
        arena_used_ = 0;
    }

private:
    LongKey append(std::string_view word, LongKey key) {
        arena_.grow(arena_used_ + word.size());
        std::memcpy(arena_.data() + arena_used_, word.data(), word.size());
        key.place = std::exchange(arena_used_, arena_used_ + word.size());
        key.length = word.size();
        return key;
    }

    Table<LongKey, Count, hash_of> table_;
    Pages arena_;
    std::uint64_t arena_used_ = 0;
};

}  // namespace yardstick
