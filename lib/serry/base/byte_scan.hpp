#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace serry {

/// The words of a stretch of text: word i is its bytes [begin[i], end[i]). What lies behind the
/// last word is undefined: finders write there too.
struct WordBounds {
    static constexpr std::size_t stretch_bytes = 2048;
    static constexpr std::size_t capacity = stretch_bytes / 2 + 64;

    std::uint32_t begin[capacity];
    std::uint32_t end[capacity];
};

namespace byte_scan {

using WordFinder = std::size_t(std::string_view text, WordBounds& words);
using ByteMarker = void(char const* text,
                        std::size_t mask_count,
                        char wanted,
                        std::uint64_t* masks);

/// One way to do it, in the words of a CPU's features.
struct Way {
    char const* name;
    WordFinder* find_words;
    ByteMarker* mark_byte;
};

/// The ways that this CPU can go, the best one first. All give the same results; the last is plain
/// C++.
std::span<Way const> ways();

/// The best way. Found out at the first call, and the same for ever.
extern std::atomic<WordFinder*> best_word_finder;
extern std::atomic<ByteMarker*> best_byte_marker;

}  // namespace byte_scan

/// Find the words of `text`, maximal runs of bytes > ' ', and return how many there are. Reads no
/// byte outside of `text`. Requires text.size() <= WordBounds::stretch_bytes.
inline std::size_t find_words(std::string_view text, WordBounds& words) {
    return byte_scan::best_word_finder.load(std::memory_order_relaxed)(text, words);
}

/// Set bit i of masks[k] if byte 64 * k + i of the text is `wanted`. Reads 64 * mask_count bytes.
inline void mark_byte(char const* text, std::size_t mask_count, char wanted, std::uint64_t* masks) {
    byte_scan::best_byte_marker.load(std::memory_order_relaxed)(text, mask_count, wanted, masks);
}

/// Bit i: whether an odd number of the bits 0 to i is set. Of marked quotes: the bytes inside of
/// them, the opening ones too.
inline std::uint64_t parity_up_to(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

/// The bytes before the first one that is <= ' '.
std::size_t first_word_bytes(std::string_view text);

/// Copy `text` to `to`, with A-Z made a-z and all other bytes as they are. The two do not overlap.
void lowercase_ascii(std::string_view text, char* to);

}  // namespace serry
