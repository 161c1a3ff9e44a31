// Count the words of a text by hand on plain MPI: the bar that serry's word count is held against.
//
//   mpirun -np P word_count_mpi INPUT OUTPUT_DIR [--phases]
//
// Words are separated by bytes up to ' '. A word belongs to the rank whose byte range holds its
// first byte. Rank R writes OUTPUT_DIR/part-0000R with lines `word TAB count`, in no order.
// --phases prints on rank 0 how long each phase took.
//
// Map: each rank counts its words in three hash tables: words up to 8 bytes, up to 16 bytes, and
// longer ones, whose text lies in an arena. A table is made of cache lines that hold 5, 3 or 2 keys
// with 32-bit counts. Words are looked up 128 at a time, so that lines are fetched before they are
// read; with AVX-512, separators are found and words sorted by length 32-64 at a time.
// Reduce: tables lie in the order of their hashes. The hash space is cut into P equal parts, one
// for each rank, and each part into rounds of about half a MiB. In a round each rank sends one
// stretch of its table to each other rank, adds up what it gets in a table that fits the cache, and
// writes the lines. Nothing larger than a round is held beside the tables of the map phase.
#include <fcntl.h>
#include <mpi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t piece_bytes = 256 << 10;    // read from the file at a time
constexpr std::size_t group_bytes = 4 << 10;      // text whose words are looked up together
constexpr std::uint64_t round_bytes = 512 << 10;  // sent by a rank in a round, and
constexpr std::uint64_t peer_bytes = 16 << 10;    // this for each rank it sends to
constexpr std::uint64_t message_bytes = 256 << 20;
constexpr std::uint64_t longest_word = std::numeric_limits<std::int32_t>::max();

std::string system_reason() { return std::strerror(errno); }

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
                                 + system_reason() + "; use more ranks or nodes");
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

std::uint64_t load_word(char const* at) {
    std::uint64_t bits;
    std::memcpy(&bits, at, 8);
    return bits;
}

/// The first `length` bytes of `bits`, 1 to 8, and zeros above.
std::uint64_t first_bytes(std::uint64_t bits, std::uint64_t length) {
    return bits & (~std::uint64_t{0} >> (64 - 8 * length));
}

std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
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
std::uint64_t hash_long(char const* at, std::uint64_t length) {
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

// ---- reading ------------------------------------------------------------------------------------

struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

bool is_separator(char byte) { return static_cast<unsigned char>(byte) <= ' '; }

/// Read the words that begin in a byte range of a file, in pieces of whole words.
class TextReader {
public:
    /// Memory behind the end of a piece that may be read, though it means nothing.
    static constexpr std::size_t padding = 64;

    TextReader(int file, std::string const& path, ByteRange range)
        : file_(file),
          path_(path),
          at_(range.begin),
          end_(range.end),
          buffer_(front + piece_bytes + padding) {
        if (range.begin > 0) skip_word_begun_before();
    }

    /// The next piece: begins with a word or separator, ends with a separator; empty at the end.
    /// Valid until the next call.
    std::string_view next() {
        move_carry_to_front();
        while (at_ < end_) {
            std::size_t const got = read(std::min<std::uint64_t>(piece_bytes, end_ - at_));
            if (got == 0) break;
            for (std::size_t i = filled_; i > filled_ - got; --i)
                if (is_separator(buffer_.data()[i - 1])) return cut(i);
        }
        return filled_ == begin_ ? std::string_view() : finish_last_word();
    }

private:
    static constexpr std::size_t front = 4096;

    void move_carry_to_front() {
        std::size_t const carry = filled_ - begin_;
        std::size_t const to = carry <= front ? front - carry : 0;
        std::memmove(buffer_.data() + to, buffer_.data() + begin_, carry);
        begin_ = to;
        filled_ = to + carry;
    }

    std::string_view cut(std::size_t end) {
        std::size_t const begin = std::exchange(begin_, end);
        return {buffer_.data() + begin, end - begin};
    }

    /// Append up to `wanted` bytes of the file to the buffer; 0 at its end.
    std::size_t read(std::size_t wanted) {
        buffer_.grow(filled_ + wanted + padding);
        for (;;) {
            ssize_t const got = ::pread(file_, buffer_.data() + filled_, wanted, off_t(at_));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw std::runtime_error("cannot read " + path_ + ": " + system_reason());
            at_ += std::uint64_t(got);
            filled_ += std::size_t(got);
            check_word_length();
            return std::size_t(got);
        }
    }

    void check_word_length() const {
        if (filled_ - begin_ <= longest_word) return;
        throw std::runtime_error(path_ + " has a word of more than " + std::to_string(longest_word)
                                 + " bytes before byte " + std::to_string(at_)
                                 + "; split it or leave it out");
    }

    /// The range has ended within a word: read on to its end.
    std::string_view finish_last_word() {
        for (std::size_t wanted = front; std::size_t const got = read(wanted);
             wanted = piece_bytes) {
            char const* const fresh = buffer_.data() + filled_ - got;
            char const* const found = std::find_if(fresh, fresh + got, is_separator);
            if (found != fresh + got) return last(std::size_t(found - buffer_.data()));
        }
        buffer_.grow(filled_ + 1 + padding);
        buffer_.data()[filled_] = '\n';
        return last(filled_);
    }

    std::string_view last(std::size_t separator) {
        std::string_view const piece(buffer_.data() + begin_, separator + 1 - begin_);
        begin_ = filled_ = 0;
        at_ = end_;
        return piece;
    }

    void skip_word_begun_before() {
        for (--at_; at_ < end_;) {
            begin_ = filled_ = 0;
            std::size_t const got = read(std::min<std::uint64_t>(piece_bytes, end_ - at_));
            char const* const found =
                std::find_if(buffer_.data(), buffer_.data() + got, is_separator);
            begin_ = filled_ = 0;
            if (got == 0) at_ = end_;
            if (found == buffer_.data() + got) continue;
            at_ -= std::uint64_t(buffer_.data() + got - found) - 1;
            return;
        }
    }

    int file_;
    std::string const& path_;
    std::uint64_t at_;
    std::uint64_t end_;
    Pages buffer_;
    std::size_t begin_ = 0;
    std::size_t filled_ = 0;
};

// ---- map ----------------------------------------------------------------------------------------

#if defined(__AVX512VBMI2__)
/// The bytes 0, 1, ..., 63.
__m512i iota64() {
    return _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928,
                            0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
                            0x0f0e0d0c0b0a0908, 0x0706050403020100);
}
#endif

/// A bit for each of the 64 bytes at `at`: is it a separator?
std::uint64_t separators(char const* at) {
#if defined(__AVX512BW__)
    return _mm512_cmple_epu8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(' '));
#elif defined(__AVX2__)
    auto const half = [](char const* from) {
        __m256i const text = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from));
        __m256i const capped = _mm256_min_epu8(text, _mm256_set1_epi8(' '));
        return std::uint64_t(std::uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(capped, text))));
    };
    return half(at) | (half(at + 32) << 32);
#else
    std::uint64_t found = 0;
    for (int i = 0; i < 64; ++i) found |= std::uint64_t(is_separator(at[i])) << i;
    return found;
#endif
}

/// A group of words: where they begin in the text of the group, and how long they are.
struct Words {
    // Each byte can be a separator, and vector code stores up to 63 numbers beyond the last.
    static constexpr std::size_t room = group_bytes + 64;

    std::array<std::uint16_t, room> begins;
    std::array<std::uint16_t, room> lengths;
    std::size_t count = 0;
};

struct Group {
    std::array<std::uint16_t, Words::room + 32> ends;
    Words short_words;
    Words medium_words;
    Words long_words;
};

/// Note where the separators among the first `byte_count` bytes of a text are. Return how many.
std::size_t find_ends(char const* text, std::size_t byte_count, std::uint16_t* ends) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < byte_count; at += 64) {
        std::uint64_t found = separators(text + at);
        if (byte_count - at < 64) found &= (std::uint64_t{1} << (byte_count - at)) - 1;
#if defined(__AVX512VBMI2__)
        __m512i const places = _mm512_maskz_compress_epi8(found, iota64());
        __m512i const base = _mm512_set1_epi16(short(at));
        __m512i const low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places));
        _mm512_storeu_si512(ends + count, _mm512_add_epi16(base, low));
        auto const more = std::size_t(std::popcount(found));
        if (more > 32) [[unlikely]] {
            __m512i const high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(places, 1));
            _mm512_storeu_si512(ends + count + 32, _mm512_add_epi16(base, high));
        }
        count += more;
#else
        for (; found != 0; found &= found - 1)
            ends[count++] = std::uint16_t(at + std::size_t(std::countr_zero(found)));
#endif
    }
    return count;
}

#if defined(__AVX512VBMI2__)
void select(__mmask32 chosen, __m512i begins, __m512i lengths, Words& words) {
    _mm512_storeu_si512(words.begins.data() + words.count,
                        _mm512_maskz_compress_epi16(chosen, begins));
    _mm512_storeu_si512(words.lengths.data() + words.count,
                        _mm512_maskz_compress_epi16(chosen, lengths));
    words.count += std::size_t(std::popcount(chosen));
}
#else
void select(bool chosen, std::uint16_t begin, std::uint16_t length, Words& words) {
    words.begins[words.count] = begin;
    words.lengths[words.count] = length;
    words.count += chosen;
}
#endif

/// Sort the words between `count` ends by their length.
void sort_by_length(Group& group, std::size_t count) {
    group.short_words.count = group.medium_words.count = group.long_words.count = 0;
    std::uint16_t const* ends = group.ends.data() + 1;
#if defined(__AVX512VBMI2__)
    for (std::size_t i = 0; i < count; i += 32) {
        __m512i const stops = _mm512_loadu_si512(ends + i);
        __m512i const begins =
            _mm512_add_epi16(_mm512_loadu_si512(ends + i - 1), _mm512_set1_epi16(1));
        __m512i const lengths = _mm512_sub_epi16(stops, begins);
        __mmask32 const valid = count - i >= 32 ? ~__mmask32{0} : (__mmask32{1} << (count - i)) - 1;
        __mmask32 const some = _mm512_mask_test_epi16_mask(valid, lengths, lengths);
        __mmask32 const over_8 = _mm512_mask_cmpgt_epu16_mask(some, lengths, _mm512_set1_epi16(8));
        __mmask32 const over_16 =
            _mm512_mask_cmpgt_epu16_mask(some, lengths, _mm512_set1_epi16(16));
        select(some & ~over_8, begins, lengths, group.short_words);
        select(over_8 & ~over_16, begins, lengths, group.medium_words);
        if (over_16 != 0) select(over_16, begins, lengths, group.long_words);
    }
#else
    for (std::size_t i = 0; i < count; ++i) {
        auto const begin = std::uint16_t(ends[std::ptrdiff_t(i) - 1] + 1);
        auto const length = std::uint16_t(ends[i] - begin);
        select(length > 0 && length <= 8, begin, length, group.short_words);
        select(length > 8 && length <= 16, begin, length, group.medium_words);
        select(length > 16, begin, length, group.long_words);
    }
#endif
}

/// The counts of one rank.
struct Counts {
    InlineCounts<ShortKey, std::uint32_t, &ShortKey::hash> short_words;
    InlineCounts<MediumKey, std::uint32_t, &MediumKey::hash> medium_words;
    LongCounts<std::uint32_t, &LongKey::hash> long_words;
};

/// Count words of texts.
class Mapper {
public:
    explicit Mapper(Counts& counts) : counts_(counts) { group_.ends[0] = before_text; }

    /// The text ends with a separator and has `TextReader::padding` bytes behind it.
    void add(std::string_view text) {
        while (!text.empty()) {
            std::size_t const bytes = std::min(group_bytes, text.size());
            std::size_t const count = find_ends(text.data(), bytes, group_.ends.data() + 1);
            text.remove_prefix(count == 0 ? add_giant(text) : add_group(text.data(), count));
        }
    }

private:
    static constexpr std::uint16_t before_text = 0xffff;
    static constexpr std::size_t words_at_a_time = 128;

    /// Count the words before `count` separators; return the bytes up to and with the last one.
    std::size_t add_group(char const* text, std::size_t count) {
        sort_by_length(group_, count);
        add_inline<ShortKey>(counts_.short_words, text, group_.short_words);
        add_inline<MediumKey>(counts_.medium_words, text, group_.medium_words);
        add_long(text, group_.long_words);
        return group_.ends[count] + std::size_t{1};
    }

    /// Count the first word, longer than a group; return its bytes and the separator's.
    std::size_t add_giant(std::string_view text) {
        std::size_t length = group_bytes;
        while (separators(text.data() + length) == 0) length += 64;
        length += std::size_t(std::countr_zero(separators(text.data() + length)));
        counts_.long_words.table().reserve(1);
        counts_.long_words.add(text.substr(0, length), {hash_long(text.data(), length)}, 1);
        return length + 1;
    }

    template <typename Key, typename InlineCounts>
    void add_inline(InlineCounts& counts, char const* text, Words const& words) {
        std::array<Key, words_at_a_time> keys;
        std::array<std::uint64_t, words_at_a_time> hashes;
        counts.table().reserve(words.count);
        for (std::size_t at = 0; at < words.count; at += words_at_a_time) {
            std::size_t const count = std::min(words_at_a_time, words.count - at);
            for (std::size_t i = 0; i < count; ++i) {
                keys[i] = Key::load(text + words.begins[at + i], words.lengths[at + i]);
                hashes[i] = keys[i].hash();
                counts.table().prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < count; ++i) counts.add(keys[i], hashes[i], 1);
        }
    }

    void add_long(char const* text, Words const& words) {
        std::array<std::uint64_t, words_at_a_time> hashes;
        auto& counts = counts_.long_words;
        counts.table().reserve(words.count);
        for (std::size_t at = 0; at < words.count; at += words_at_a_time) {
            std::size_t const count = std::min(words_at_a_time, words.count - at);
            auto const word = [&](std::size_t i) {
                return std::string_view(text + words.begins[at + i], words.lengths[at + i]);
            };
            for (std::size_t i = 0; i < count; ++i) {
                hashes[i] = hash_long(word(i).data(), word(i).size());
                counts.table().prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < count; ++i) counts.prefetch_text(hashes[i]);
            for (std::size_t i = 0; i < count; ++i) counts.add(word(i), {hashes[i]}, 1);
        }
    }

    Counts& counts_;
    Group group_;
};

// ---- write --------------------------------------------------------------------------------------

/// Write `word TAB count` lines to a file.
class LineWriter {
public:
    explicit LineWriter(std::string path) : path_(std::move(path)), buffer_(buffer_bytes + slack) {
        file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file_ < 0) fail("cannot create");
    }

    LineWriter(LineWriter const&) = delete;
    LineWriter& operator=(LineWriter const&) = delete;
    ~LineWriter() {
        if (file_ >= 0) ::close(file_);
    }

    void add(std::string_view word, std::int64_t count) {
        if (word.size() > buffer_bytes - used_) {
            flush();
            if (word.size() > buffer_bytes) write(std::exchange(word, {}));
        }
        char* to = buffer_.data() + used_;
        std::memcpy(to, word.data(), word.size());
        to += word.size();
        *to++ = '\t';
        to = std::to_chars(to, to + 20, count).ptr;
        *to++ = '\n';
        used_ = std::size_t(to - buffer_.data());
        if (used_ > buffer_bytes) flush();
    }

    void finish() {
        flush();
        if (::close(std::exchange(file_, -1)) != 0) fail("cannot close");
    }

private:
    static constexpr std::size_t buffer_bytes = 128 << 10;
    static constexpr std::size_t slack = 64;

    void flush() { write({buffer_.data(), std::exchange(used_, 0)}); }

    void write(std::string_view text) const {
        while (!text.empty()) {
            ssize_t const done = ::write(file_, text.data(), text.size());
            if (done < 0 && errno != EINTR) fail("cannot write to");
            if (done > 0) text.remove_prefix(std::size_t(done));
        }
    }

    [[noreturn]] void fail(char const* what) const {
        throw std::runtime_error(std::string(what) + " " + path_ + ": " + system_reason());
    }

    std::string path_;
    Pages buffer_;
    std::size_t used_ = 0;
    int file_ = -1;
};

// ---- exchange -----------------------------------------------------------------------------------

struct Ranks {
    int rank = 0;
    int count = 1;
};

/// Collective. Send `outgoing[d]` to each rank d; return what came, in the order of ranks.
class Exchange {
public:
    explicit Exchange(Ranks ranks) : ranks_(ranks), sent_(ranks.count), coming_(ranks.count) {}

    std::string_view operator()(std::vector<std::string_view> const& outgoing) {
        for (std::size_t d = 0; d < sent_.size(); ++d) sent_[d] = std::int64_t(outgoing[d].size());
        MPI_Alltoall(sent_.data(), 1, MPI_INT64_T, coming_.data(), 1, MPI_INT64_T, MPI_COMM_WORLD);
        std::uint64_t total = 0;
        for (auto const bytes : coming_) total += std::uint64_t(bytes);
        incoming_.grow(total);
        requests_.clear();
        receive_all();
        for (int step = 1; step < ranks_.count; ++step) {
            int const to = (ranks_.rank + step) % ranks_.count;
            send(outgoing[std::size_t(to)], to);
        }
        MPI_Waitall(int(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
        return {incoming_.data(), total};
    }

private:
    void receive_all() {
        char* to = incoming_.data();
        for (int from = 0; from < ranks_.count; ++from) {
            auto left = std::uint64_t(coming_[std::size_t(from)]);
            for (; left > 0 && from != ranks_.rank;) {
                auto const bytes = std::min(left, message_bytes);
                MPI_Irecv(to, int(bytes), MPI_BYTE, from, 0, MPI_COMM_WORLD,
                          &requests_.emplace_back());
                to += bytes;
                left -= bytes;
            }
        }
    }

    void send(std::string_view bytes, int to) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), message_bytes)))
            MPI_Isend(bytes.data(), int(std::min(bytes.size(), message_bytes)), MPI_BYTE, to, 0,
                      MPI_COMM_WORLD, &requests_.emplace_back());
    }

    Ranks ranks_;
    std::vector<std::int64_t> sent_;
    std::vector<std::int64_t> coming_;
    std::vector<MPI_Request> requests_;
    Pages incoming_;
};

// ---- reduce -------------------------------------------------------------------------------------

/// Bytes to send, one after another.
class Packed {
public:
    void append(void const* from, std::uint64_t byte_count) {
        bytes_.grow(used_ + byte_count);
        std::memcpy(bytes_.data() + used_, from, byte_count);
        used_ += byte_count;
    }

    std::uint64_t byte_count() const { return used_; }
    std::string_view view(std::uint64_t begin, std::uint64_t end) const {
        return {bytes_.data() + begin, end - begin};
    }
    void clear() { used_ = 0; }

private:
    Pages bytes_;
    std::uint64_t used_ = 0;
};

/// How words that fit in a `Key` travel, and add up within a round.
template <typename Key>
class InlineTraffic {
public:
    using Counts = InlineCounts<Key, std::uint32_t, &Key::hash>;

    static std::uint64_t byte_count(Counts const& counts) {
        return counts.table().used() * sizeof(Record);
    }

    static void pack(Counts const&, Key key, std::int64_t count, Packed& to) {
        Record const record{key, count};
        to.append(&record, sizeof record);
    }

    void add(Counts const&, Key key, std::int64_t count) { add(key, count); }

    void add_all(std::string_view packed) {
        for (; !packed.empty(); packed.remove_prefix(sizeof(Record))) {
            Record record;
            std::memcpy(&record, packed.data(), sizeof record);
            add(record.key, record.count);
        }
    }

    void write_to(LineWriter& writer) {
        sums_.table().for_each([&](Key key, std::int64_t count) { writer.add(key.view(), count); });
        sums_.table().clear();
    }

private:
    struct Record {
        Key key;
        std::int64_t count;
    };

    void add(Key key, std::int64_t count) {
        sums_.table().reserve(1);
        sums_.add(key, key.second_hash(), count);
    }

    InlineCounts<Key, std::int64_t, &Key::second_hash> sums_;
};

/// The same for long words: a header, and the text.
class LongTraffic {
public:
    using Counts = LongCounts<std::uint32_t, &LongKey::hash>;

    static std::uint64_t byte_count(Counts const& counts) {
        std::uint64_t total = 0;
        counts.table().for_each(
            [&](LongKey const& key, std::int64_t) { total += sizeof(Header) + key.length; });
        return total;
    }

    static void pack(Counts const& counts, LongKey key, std::int64_t count, Packed& to) {
        Header const header{key.text_hash, count, key.length};
        to.append(&header, sizeof header);
        to.append(counts.view(key).data(), key.length);
    }

    void add(Counts const& counts, LongKey key, std::int64_t count) {
        add(counts.view(key), key.text_hash, count);
    }

    void add_all(std::string_view packed) {
        while (!packed.empty()) {
            Header header;
            std::memcpy(&header, packed.data(), sizeof header);
            add(packed.substr(sizeof header, header.length), header.hash, header.count);
            packed.remove_prefix(sizeof header + header.length);
        }
    }

    void write_to(LineWriter& writer) {
        sums_.table().for_each(
            [&](LongKey const& key, std::int64_t count) { writer.add(sums_.view(key), count); });
        sums_.clear();
    }

private:
    struct Header {
        std::uint64_t hash;
        std::int64_t count;
        std::uint64_t length;
    };

    void add(std::string_view word, std::uint64_t hash, std::int64_t count) {
        sums_.table().reserve(1);
        sums_.add(word, {hash}, count);
    }

    LongCounts<std::int64_t, &LongKey::second_hash> sums_;
};

/// The hashes that belong to one rank in one round.
HashRange hash_range(Ranks ranks, std::uint64_t round_count, int rank, std::uint64_t round) {
    auto const parts = std::uint64_t(ranks.count) * round_count;
    auto const start = [&](std::uint64_t part) {
        return (static_cast<unsigned __int128>(part) << 64) / parts;
    };
    std::uint64_t const part = std::uint64_t(rank) * round_count + round;
    return {std::uint64_t(start(part)), std::uint64_t(start(part + 1) - 1)};
}

/// Collective. Add up the counts of all ranks, and write those of this rank's part.
template <typename Traffic>
class Reducer {
public:
    Reducer(typename Traffic::Counts const& counts, Ranks ranks)
        : counts_(counts), ranks_(ranks), outgoing_(std::size_t(ranks.count)), exchange_(ranks) {}

    void write_sums(LineWriter& writer) {
        std::uint64_t const bytes = Traffic::byte_count(counts_);
        std::uint64_t most_bytes = 0;
        MPI_Allreduce(&bytes, &most_bytes, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
        std::uint64_t const round_count = most_bytes / bytes_a_round() + 1;
        for (std::uint64_t round = 0; round < round_count; ++round) {
            pack(round_count, round);
            std::string_view const incoming = exchange_(outgoing_);
            counts_.table().for_each_in(
                hash_range(ranks_, round_count, ranks_.rank, round),
                [&](auto const& key, std::int64_t count) { sums_.add(counts_, key, count); });
            sums_.add_all(incoming);
            sums_.write_to(writer);
        }
    }

private:
    std::uint64_t bytes_a_round() const {
        return round_bytes + peer_bytes * std::uint64_t(ranks_.count);
    }

    void pack(std::uint64_t round_count, std::uint64_t round) {
        std::vector<std::uint64_t> ends;
        packed_.clear();
        for (int to = 0; to < ranks_.count; ++to) {
            if (to != ranks_.rank)
                counts_.table().for_each_in(hash_range(ranks_, round_count, to, round),
                                            [&](auto const& key, std::int64_t count) {
                                                Traffic::pack(counts_, key, count, packed_);
                                            });
            ends.push_back(packed_.byte_count());
        }
        for (std::size_t to = 0; to < ends.size(); ++to)
            outgoing_[to] = packed_.view(to == 0 ? 0 : ends[to - 1], ends[to]);
    }

    typename Traffic::Counts const& counts_;
    Ranks ranks_;
    Packed packed_;
    std::vector<std::string_view> outgoing_;
    Exchange exchange_;
    Traffic sums_;
};

// ---- program ------------------------------------------------------------------------------------

struct Options {
    std::string input;
    std::string output_dir;
    bool phases = false;
};

struct Input {
    int file = -1;
    std::uint64_t byte_count = 0;
};

Options parse_options(int argc, char** argv) {
    std::vector<std::string> const arguments(argv + 1, argv + argc);
    bool const phases = arguments.size() == 3 && arguments[2] == "--phases";
    if (arguments.size() != 2 && !phases)
        throw std::invalid_argument("usage: word_count_mpi INPUT OUTPUT_DIR [--phases]");
    return {arguments[0], arguments[1], phases};
}

Input open_input(std::string const& path) {
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0)
        throw std::runtime_error("cannot open " + path + ": " + system_reason());
    if (!S_ISREG(status.st_mode))
        throw std::runtime_error(path + " is not a regular file; give one text file");
    return {file, std::uint64_t(status.st_size)};
}

void prepare_output_dir(std::string const& dir) {
    std::filesystem::create_directories(dir);
    for (auto const& entry : std::filesystem::directory_iterator(dir))
        if (entry.path().filename().string().starts_with("part-"))
            throw std::runtime_error(entry.path().string()
                                     + " exists already; remove it or name another OUTPUT_DIR");
}

std::string part_path(Options const& options, int rank) {
    std::string const digits = std::to_string(rank);
    return options.output_dir + "/part-"
           + std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

/// Collective. Run `f` and return whether it threw on no rank; the first such rank says why.
template <typename F>
bool all_succeed(Ranks ranks, F f) {
    std::string reason;
    int failed = ranks.count;
    try {
        f();
    } catch (std::exception const& error) {
        reason = error.what();
        failed = ranks.rank;
    }
    int first_failed = 0;
    MPI_Allreduce(&failed, &first_failed, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first_failed == ranks.rank) std::fprintf(stderr, "word_count_mpi: %s\n", reason.c_str());
    return first_failed == ranks.count;
}

void count_words(Options const& options, Input input, Ranks ranks) {
    double const start = MPI_Wtime();
    auto const boundary = [&](int rank) {
        return std::uint64_t(static_cast<unsigned __int128>(input.byte_count) * unsigned(rank)
                             / unsigned(ranks.count));
    };
    Counts counts;
    {
        Mapper mapper(counts);
        TextReader reader(input.file, options.input,
                          {boundary(ranks.rank), boundary(ranks.rank + 1)});
        for (auto text = reader.next(); !text.empty(); text = reader.next()) mapper.add(text);
    }
    double const mapped = MPI_Wtime();
    MPI_Barrier(MPI_COMM_WORLD);
    double const waited = MPI_Wtime();
    LineWriter writer(part_path(options, ranks.rank));
    Reducer<InlineTraffic<ShortKey>>(counts.short_words, ranks).write_sums(writer);
    Reducer<InlineTraffic<MediumKey>>(counts.medium_words, ranks).write_sums(writer);
    Reducer<LongTraffic>(counts.long_words, ranks).write_sums(writer);
    writer.finish();
    double const end = MPI_Wtime();
    if (options.phases && ranks.rank == 0)
        std::printf(
            "rank 0: map %.3f s, waiting for other ranks %.3f s, exchange and write %.3f s\n",
            mapped - start, waited - mapped, end - waited);
}

int run(int argc, char** argv) {
    Ranks ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks.count);
    Options options;
    Input input;
    bool const ready = all_succeed(ranks, [&] {
        options = parse_options(argc, argv);
        input = open_input(options.input);
        if (ranks.rank == 0) prepare_output_dir(options.output_dir);
    });
    if (!ready) return 1;
    count_words(options, input, ranks);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    int exit_code = 1;
    try {
        exit_code = run(argc, argv);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "word_count_mpi: %s\n", error.what());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return exit_code;
}
