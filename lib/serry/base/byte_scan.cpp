#include "serry/base/byte_scan.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace serry {
namespace byte_scan {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t every_byte = 0x0101010101010101;
constexpr std::uint64_t low_bits = 0x7f * every_byte;
constexpr std::uint64_t high_bits = 0x80 * every_byte;

std::uint64_t load_8(char const* text) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text, 8);
    return bytes;
}

/// Bit i says whether bit 7 of byte i is clear.
std::uint64_t clear_high_bits(std::uint64_t bytes) {
    return ((~bytes & high_bits) >> 7) * 0x0102040810204080 >> 56;
}

/// Bit i says whether byte i of 8 is <= ' '.
std::uint64_t blanks_8(char const* text) {
    std::uint64_t const bytes = load_8(text);
    return clear_high_bits(((bytes & low_bits) + (0x7f - ' ') * every_byte) | bytes);
}

/// Bit i says whether byte i of fewer than 64 is <= ' '.
std::uint64_t blanks_of_few(std::string_view text) {
    std::uint64_t blanks = 0;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) blanks |= blanks_8(text.data() + i) << i;
    if (i == text.size()) return blanks;
    if (i > 0) return blanks | blanks_8(text.data() + text.size() - 8) << (text.size() - 8);
    for (; i < text.size(); ++i)
        blanks |= std::uint64_t{static_cast<unsigned char>(text[i]) <= ' '} << i;
    return blanks;
}

/// Turns masks of blanks, 64 bytes each and in order, into words. A word is counted when its end is
/// seen; begin[count] is where the next one has begun, or begins if no blank comes first.
class WordList {
public:
    explicit WordList(WordBounds& words) : words_(words) { words_.begin[0] = 0; }

    /// The bytes [base, base + 64).
    [[gnu::always_inline]] void add(std::uint64_t blanks, std::size_t base) {
        std::uint64_t const before = blanks << 1 | after_blank_;
        if ((blanks & before) == 0) [[likely]]
            add_single_spaced(blanks, base);
        else
            add_any(blanks, before, base);
        after_blank_ = blanks >> 63;
    }

    std::size_t count() const { return count_; }

private:
    /// Every blank ends a word, and the next one begins behind it. Most stretches have eight words
    /// or fewer: eight stores cost less than a wrong guess of how many.
    [[gnu::always_inline]] void add_single_spaced(std::uint64_t blanks, std::size_t base) {
        std::uint32_t* end = words_.end + count_;
        std::uint32_t* next_begin = words_.begin + count_ + 1;
        count_ += static_cast<std::size_t>(std::popcount(blanks));
        for (int i = 0; i < 8; ++i) add_end(blanks, base, *end++, *next_begin++);
        while (blanks) add_end(blanks, base, *end++, *next_begin++);
    }

    [[gnu::always_inline]] static void add_end(std::uint64_t& blanks,
                                               std::size_t base,
                                               std::uint32_t& end,
                                               std::uint32_t& next_begin) {
        end = static_cast<std::uint32_t>(base + static_cast<unsigned>(std::countr_zero(blanks)));
        next_begin = static_cast<std::uint32_t>(end + 1);
        blanks &= blanks - 1;
    }

    [[gnu::always_inline]] void add_any(std::uint64_t blanks,
                                        std::uint64_t before,
                                        std::size_t base) {
        std::uint64_t const ends = blanks & ~before;
        put_positions(before & ~blanks, base, words_.begin + count_ + (after_blank_ ? 0 : 1));
        put_positions(ends, base, words_.end + count_);
        count_ += static_cast<std::size_t>(std::popcount(ends));
        // What a single-spaced stretch behind this one takes for granted.
        if (blanks >> 63) words_.begin[count_] = static_cast<std::uint32_t>(base + 64);
    }

    [[gnu::always_inline]] static void put_positions(std::uint64_t bits,
                                                     std::size_t base,
                                                     std::uint32_t* to) {
        for (; bits; bits &= bits - 1)
            *to++ =
                static_cast<std::uint32_t>(base + static_cast<unsigned>(std::countr_zero(bits)));
    }

    WordBounds& words_;
    std::size_t count_ = 0;
    std::uint64_t after_blank_ = 1;
};

std::uint64_t end_of_text(std::size_t rest_bytes) { return std::uint64_t{1} << rest_bytes; }

std::size_t find_words_plain(std::string_view text, WordBounds& words) {
    WordList list(words);
    std::size_t base = 0;
    for (; base + 64 <= text.size(); base += 64) {
        std::uint64_t blanks = 0;
        for (std::size_t i = 0; i < 64; i += 8) blanks |= blanks_8(text.data() + base + i) << i;
        list.add(blanks, base);
    }
    std::string_view const rest = text.substr(base);
    list.add(blanks_of_few(rest) | end_of_text(rest.size()), base);
    return list.count();
}

void mark_byte_plain(char const* text, std::size_t mask_count, char wanted, std::uint64_t* masks) {
    std::uint64_t const pattern = static_cast<unsigned char>(wanted) * every_byte;
    for (std::size_t k = 0; k < mask_count; ++k, text += 64) {
        masks[k] = 0;
        for (std::size_t i = 0; i < 64; i += 8) {
            std::uint64_t const differing = load_8(text + i) ^ pattern;
            masks[k] |= clear_high_bits(((differing & low_bits) + low_bits) | differing) << i;
        }
    }
}

#if defined(__x86_64__)

[[gnu::target("avx2")]] __m256i load_32(char const* text) {
    return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(text));
}

[[gnu::target("avx2")]] std::uint64_t blanks_32(char const* text) {
    __m256i const bytes = load_32(text);
    __m256i const blank = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(' ')), bytes);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(blank));
}

/// The blanks of text's last `rest_bytes` < 64 bytes. Looks at bytes before these rather than at
/// none behind them.
[[gnu::target("avx2")]] std::uint64_t blanks_of_rest(std::string_view text,
                                                     std::size_t rest_bytes) {
    char const* const end = text.data() + text.size();
    if (rest_bytes >= 32)
        return blanks_32(end - rest_bytes) | blanks_32(end - 32) << (rest_bytes - 32);
    if (text.size() >= 32) return blanks_32(end - 32) >> (32 - rest_bytes);
    return blanks_of_few(text);
}

[[gnu::target("avx2,bmi,popcnt")]] std::size_t find_words_avx2(std::string_view text,
                                                               WordBounds& words) {
    WordList list(words);
    std::size_t base = 0;
    for (; base + 64 <= text.size(); base += 64) {
        char const* const at = text.data() + base;
        list.add(blanks_32(at) | blanks_32(at + 32) << 32, base);
    }
    std::size_t const rest_bytes = text.size() - base;
    list.add(blanks_of_rest(text, rest_bytes) | end_of_text(rest_bytes), base);
    return list.count();
}

[[gnu::target("avx2")]] void mark_byte_avx2(char const* text,
                                            std::size_t mask_count,
                                            char wanted,
                                            std::uint64_t* masks) {
    __m256i const pattern = _mm256_set1_epi8(wanted);
    for (std::size_t k = 0; k < mask_count; ++k, text += 64) {
        auto const low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load_32(text), pattern));
        auto const high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(load_32(text + 32), pattern));
        masks[k] =
            static_cast<std::uint32_t>(low) | std::uint64_t{static_cast<std::uint32_t>(high)} << 32;
    }
}

/// Write 16 of 64 bytes as numbers, each plus `base`.
template <int quarter>
[[gnu::always_inline, gnu::target("avx512bw")]] inline void put_quarter(__m512i bytes,
                                                                        std::size_t base,
                                                                        std::uint32_t* to) {
    // The masks leave nothing out; without them GCC 12 warns of values that are not set.
    __m128i const sixteen = _mm512_maskz_extracti32x4_epi32(0xf, bytes, quarter);
    __m512i const numbers = _mm512_maskz_cvtepu8_epi32(0xffff, sixteen);
    _mm512_storeu_si512(to, _mm512_add_epi32(numbers, _mm512_set1_epi32(static_cast<int>(base))));
}

/// Write the positions of the set bits, each plus `base`, and return how many there are: up to 32,
/// the most words that begin, or end, in 64 bytes. Writes 16 or 32 numbers.
[[gnu::always_inline, gnu::target("avx512bw,avx512vbmi2,popcnt")]] inline std::size_t
put_positions_avx512(std::uint64_t bits, std::size_t base, std::uint32_t* to) {
    alignas(64) static constexpr auto counting = [] {
        std::array<std::uint8_t, 64> numbers{};
        for (std::uint8_t i = 0; i < 64; ++i) numbers[i] = i;
        return numbers;
    }();
    __m512i const found = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(counting.data()));
    auto const count = static_cast<std::size_t>(std::popcount(bits));
    put_quarter<0>(found, base, to);
    if (count > 16) [[unlikely]]
        put_quarter<1>(found, base, to + 16);
    return count;
}

/// No branch depends on the words. (Clang 14 breaks down over the masked load with a sanitizer's
/// checks.)
[[gnu::no_sanitize_address, gnu::target("avx512bw,avx512vbmi2,bmi,bmi2,popcnt")]] std::size_t
find_words_avx512(std::string_view text, WordBounds& words) {
    __m512i const limit = _mm512_set1_epi8(' ');
    std::uint32_t* begin = words.begin;
    std::uint32_t* end = words.end;
    std::uint64_t after_blank = 1;
    for (std::size_t base = 0;; base += 64) {
        std::size_t const left = text.size() - base;
        // Bytes that the mask leaves out are not read, and count as blanks.
        std::uint64_t const mask = left < 64 ? end_of_text(left) - 1 : ~std::uint64_t{0};
        __m512i const bytes = _mm512_maskz_loadu_epi8(mask, text.data() + base);
        std::uint64_t const blanks = _mm512_cmple_epu8_mask(bytes, limit);
        std::uint64_t const before = blanks << 1 | after_blank;
        std::uint64_t const begins = before & ~blanks;
        std::uint64_t const ends = blanks & ~before;
        begin += put_positions_avx512(begins, base, begin);
        end += put_positions_avx512(ends, base, end);
        after_blank = blanks >> 63;
        if (left < 64) return static_cast<std::size_t>(end - words.end);
    }
}

#endif

#if defined(__SSE2__)

void lowercase_16(char const* text, char* to) {
    __m128i const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(text));
    __m128i const from_a = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1));
    __m128i const to_z = _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1));
    __m128i const to_add = _mm_and_si128(_mm_and_si128(from_a, to_z), _mm_set1_epi8('a' - 'A'));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_add_epi8(bytes, to_add));
}

#endif

void lowercase_8(char const* text, char* to) {
    std::uint64_t const bytes = load_8(text);
    std::uint64_t const from_a = (bytes & low_bits) + (0x80 - 'A') * every_byte;
    std::uint64_t const behind_z = (bytes & low_bits) + (0x7f - 'Z') * every_byte;
    std::uint64_t const upper = from_a & ~behind_z & ~bytes & high_bits;
    std::uint64_t const lower = bytes + (upper >> 2);
    std::memcpy(to, &lower, 8);
}

struct Ways {
    std::array<Way, 3> all{};
    std::size_t count = 0;

    void add(Way way) { all[count++] = way; }
};

Ways find_ways() {
    Ways found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool const has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
                          && __builtin_cpu_supports("popcnt");
    if (has_avx2 && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vbmi2"))
        found.add({"avx512", find_words_avx512, mark_byte_avx2});
    if (has_avx2) found.add({"avx2", find_words_avx2, mark_byte_avx2});
#endif
    found.add({"plain", find_words_plain, mark_byte_plain});
    return found;
}

std::size_t find_words_first(std::string_view text, WordBounds& words) {
    best_word_finder = ways().front().find_words;
    return find_words(text, words);
}

void mark_byte_first(char const* text, std::size_t mask_count, char wanted, std::uint64_t* masks) {
    best_byte_marker = ways().front().mark_byte;
    mark_byte(text, mask_count, wanted, masks);
}

}  // namespace

std::span<Way const> ways() {
    static Ways const found = find_ways();
    return {found.all.data(), found.count};
}

constinit std::atomic<WordFinder*> best_word_finder{find_words_first};
constinit std::atomic<ByteMarker*> best_byte_marker{mark_byte_first};

}  // namespace byte_scan

std::size_t first_word_bytes(std::string_view text) {
    std::size_t bytes = 0;
    while (bytes + 8 <= text.size() && byte_scan::blanks_8(text.data() + bytes) == 0) bytes += 8;
    while (bytes < text.size() && static_cast<unsigned char>(text[bytes]) > ' ') ++bytes;
    return bytes;
}

void lowercase_ascii(std::string_view text, char* to) {
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= text.size(); i += 16) byte_scan::lowercase_16(text.data() + i, to + i);
    if (i > 0) {
        std::size_t const last = text.size() - 16;
        return byte_scan::lowercase_16(text.data() + last, to + last);
    }
#endif
    for (; i + 8 <= text.size(); i += 8) byte_scan::lowercase_8(text.data() + i, to + i);
    if (i > 0) {
        std::size_t const last = text.size() - 8;
        return byte_scan::lowercase_8(text.data() + last, to + last);
    }
    for (; i < text.size(); ++i) {
        char const c = text[i];
        to[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
}

}  // namespace serry
